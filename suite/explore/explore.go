package explore

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/molecule-ai/byok-conformance/registry"
	"github.com/molecule-ai/byok-conformance/scenarios"
	"github.com/molecule-ai/byok-conformance/suite"
	"github.com/molecule-ai/byok-conformance/suite/judge"
)

// Options say what is explored, and for how long.
type Options struct {
	Registry *registry.Registry
	Level    scenarios.Level
	// Open opens the target. The configuration names what is under test; explore fills
	// in what to replay. It is called several times for a Go value.
	Open func(context.Context) (*Session, error)
	// For is how long walks are drawn; zero is a minute. Walks, if not zero, bounds how many.
	For   time.Duration
	Walks int
	// Pairs goes on until every pair of values has been tried, whatever For says.
	Pairs bool
	// Seed makes the walks: the same seed, the same walks.
	Seed string
	// Progress is told now and then what was tried; may be nil.
	Progress func(Tried)
	// Shrinking is told once, of how many steps; may be nil.
	Shrinking func(steps int)
}

// A Session is an open target.
type Session struct {
	// Config names target, providers, claims, budget and the like. Its registry, level
	// and scenarios are explore's.
	Config suite.Config
	// Again makes the target a new one, that remembers nothing; nil where that is not
	// cheap. A walk that is replayed by itself begins there.
	Again func() error
	// Close ends the session; may be nil.
	Close func()
}

func (s *Session) close() {
	if s.Close != nil {
		s.Close()
	}
}

// Tried is what was tried.
type Tried struct {
	Walks, Steps, Creates int
	// Pairs of PairsOf are those pairs of values of two dimensions that stood together
	// in a create.
	Pairs, PairsOf int
	Took           time.Duration
}

// A Found walk violates a rule.
type Found struct {
	// Scenario is what is left of it after shrinking, and Result what came of that.
	Scenario *scenarios.Scenario
	Result   suite.Result
	// Steps is how many steps the walk had as it was found.
	Steps int
	// Context: the walk fails behind others only. It could not be shrunk, and
	// Result is that of the walk as it was found.
	Context bool
	// Shrinking is how long it took.
	Shrinking time.Duration
}

// Violation is the first rule that the walk violates.
func (f *Found) Violation() judge.Violation { return f.Result.Violations[0] }

// An Outcome is what came of exploring.
type Outcome struct {
	// Found is nil where nothing was.
	Found *Found
	Tried Tried
	// Unjudged counts the walks that the target did not let be judged, and Why is the
	// reason of the first.
	Unjudged int
	Why      string
	// Leftovers are what could not be removed from the target.
	Leftovers []string
	// Interrupted: the context ended it.
	Interrupted bool
}

// Explore draws walks and replays them until one violates a rule or the time is over.
// The error says why it could not be done; a target that violates rules is none.
func Explore(ctx context.Context, o Options) (*Outcome, error) {
	if o.For == 0 {
		o.For = time.Minute
	}
	if o.Level == "" {
		o.Level = scenarios.Core
	}
	if o.Registry == nil {
		o.Registry = registry.Embedded()
	}
	h := &hunt{Options: o, outcome: &Outcome{}, began: time.Now(), base: seedOf(o.Seed)}
	first, err := o.Open(ctx)
	if err != nil {
		return nil, err
	}
	h.space = spaceOf(o, &first.Config)
	if len(h.space.providers) == 0 {
		first.close()
		return nil, errors.New("the registry leads to no provider that the target can be asked for")
	}
	h.tried, h.began = newCoverage(h.space), time.Now()
	if first.Config.Target.Traits().HTTP {
		err = h.server(ctx, first)
	} else {
		err = h.value(ctx, first)
	}
	h.outcome.Tried = h.tally()
	h.outcome.Interrupted = ctx.Err() != nil
	if err != nil && ctx.Err() == nil {
		return nil, err
	}
	return h.outcome, nil
}

// spaceOf is the space of a target.
func spaceOf(o Options, cfg *suite.Config) *space {
	traits := cfg.Target.Traits()
	claims := cfg.Claims
	if claims == nil {
		claims = traits.Claims
	}
	_, looks := cfg.Target.(interface {
		Globals(context.Context) ([]string, error)
	})
	s := &space{
		registry: o.Registry, level: o.Level, claimed: claims, requests: traits.HTTP, looks: traits.HTTP && looks,
		connections: cfg.Fault == nil, unlisted: !traits.RefusesUnlisted, cache: max(cfg.LivenessCache, traits.LivenessCache) > 0,
	}
	if o.Level != scenarios.Extended {
		s.claimed = slices.DeleteFunc(slices.Clone(claims), func(c string) bool { return c == "provision-liveness" })
	}
	if traits.HTTP && slices.Contains(s.claimed, "unreadable-secrets") && !traits.Unreadable {
		s.claimed = slices.DeleteFunc(slices.Clone(s.claimed), func(c string) bool { return c == "unreadable-secrets" })
	}
	return s.prepare()
}

// seedOf is a number for a text.
func seedOf(text string) uint64 {
	sum := sha256.Sum256([]byte("explore " + text))
	return binary.LittleEndian.Uint64(sum[:])
}

// seedAt is the seed of the nth walk; never zero, which rapid takes for a random one.
func seedAt(base uint64, n int) uint64 {
	z := base + uint64(n+1)*0x9e3779b97f4a7c15
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return max(1, (z^z>>31)>>1) // rapid's example takes an int
}

func idOf(n int) string { return fmt.Sprintf("explored/walk-%d", n) }
