package conform

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/molecule-ai/byok-conformance/internal/spelled"
	"github.com/molecule-ai/byok-conformance/internal/strict"
	"github.com/molecule-ai/byok-conformance/registry"
	"github.com/molecule-ai/byok-conformance/scenarios"
	"github.com/molecule-ai/byok-conformance/suite"
	"github.com/molecule-ai/byok-conformance/suite/target"
	"github.com/molecule-ai/byok-conformance/suite/waivers"
)

// A Session holds one gate under test to the selected scenarios. The gate is
// built once; one that keeps state between requests keeps it between replays,
// as it would in production. Sessions share nothing, so that several may be
// used at once.
type Session struct {
	options Options
	// All are the corpus's scenarios for the registry, whatever is selected.
	All []*scenarios.Scenario
	// Claimed are the selected scenarios that are replayed, in the corpus's order.
	Claimed []*scenarios.Scenario
	// LeftOut counts the scenarios that the matrix leaves out.
	LeftOut int
	// NotClaimed counts the selected scenarios that are not, by reason.
	NotClaimed map[string]int
	// Waivers are those that can be held to their cause here.
	Waivers []Waived
	waivers *waivers.Set
	byID    map[string]*scenarios.Scenario

	// replays run one after the other: global secrets are the target's state.
	mu        sync.Mutex
	opened    *opened
	leftovers []string
	hints     []string
}

// NewSession checks the options and selects the scenarios. It starts nothing:
// the target is built by the first Replay.
func NewSession(o Options) (*Session, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	profile, err := o.profile()
	if err != nil {
		return nil, err
	}
	if o.Claims == nil {
		o.Claims = o.ownClaims(profile)
	}
	if profile != nil {
		if o.Registry, err = profile.Registry(o.Registry); err != nil {
			return nil, err
		}
	}
	corpus, err := scenarios.Embedded()
	if err != nil {
		return nil, fmt.Errorf("reading the corpus: %w", err)
	}
	all, err := expanded(corpus, o.Registry)
	if err != nil {
		return nil, fmt.Errorf("expanding the corpus over the registry: %w", err)
	}
	sel := scenarios.Selection{Level: o.Level, Classes: o.Classes, Rules: o.Rules, IDs: o.IDs, Matrix: o.Matrix}
	sel.Matrix = sel.MatrixOver(o.Registry)
	selected, err := sel.Select(all, corpus.Rules)
	if err != nil {
		return nil, err
	}
	o.Matrix = sel.Matrix
	s := &Session{options: o, All: all, NotClaimed: map[string]int{}, byID: make(map[string]*scenarios.Scenario, len(all))}
	for _, x := range all {
		s.byID[x.ID] = x
	}
	traits := target.Traits{HTTP: profile != nil, RefusesUnlisted: profile != nil && profile.RefusesUnlisted(), NoExternal: profile != nil && profile.NoExternal()}
	if selected.LeftOut > 0 {
		s.LeftOut = selected.LeftOut
	}
	for _, x := range selected.Scenarios {
		if reason := suite.Unclaimed(x, o.Registry, o.Claims, traits); reason != "" {
			s.NotClaimed[reason]++
		} else {
			s.Claimed = append(s.Claimed, x)
		}
	}
	if !slices.ContainsFunc(s.Claimed, func(x *scenarios.Scenario) bool { return !selected.Companions[x.ID] }) {
		return nil, fmt.Errorf("none of the %d selected scenarios can be replayed with the claims %s; loosen Level, Classes, Rules, IDs or Claims", len(selected.Scenarios)-len(selected.Companions), strings.Join(o.Claims, ", "))
	}
	return s, s.openWaivers(corpus.Rules, selected.Scenarios)
}

// builtIn is the corpus over the built-in registry. It is made once, because it
// takes longer than replaying a part of it, and nobody changes it.
var builtIn = sync.OnceValues(func() ([]*scenarios.Scenario, error) {
	corpus, err := scenarios.Embedded()
	if err != nil {
		return nil, err
	}
	return corpus.Expand(registry.Embedded())
})

func expanded(corpus *scenarios.Corpus, r *registry.Registry) ([]*scenarios.Scenario, error) {
	if r == registry.Embedded() {
		return builtIn()
	}
	return corpus.Expand(r)
}

// NotReplayedText says how many scenarios are left out, by the choice of who runs
// the tests, and how many are not claimed, and why; it is empty if there are none.
func (s *Session) NotReplayedText() string {
	var lines []string
	if bounded := scenarios.Bounded(s.options.Registry); bounded != "" {
		lines = append(lines, bounded)
	}
	if s.LeftOut > 0 {
		lines = append(lines, fmt.Sprintf("left out: %s, since Matrix is %s", spelled.Counted(s.LeftOut, "scenario"), s.options.Matrix))
	}
	for _, reason := range strict.SortedKeys(s.NotClaimed) {
		lines = append(lines, fmt.Sprintf("not claimed: %s: %s", spelled.Counted(s.NotClaimed[reason], "scenario"), reason))
	}
	return strings.Join(lines, "\n")
}

// Leftovers are workspaces of ours that could not be deleted, and global
// secrets that could not be cleared, in all replays so far.
func (s *Session) Leftovers() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.leftovers)
}

// Hints say what probably lies behind many failures at once, such as a server
// none of whose calls reached our providers, and how to find out.
func (s *Session) Hints() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.hints)
}

// Shared reports whether the gate under test may be one that other processes
// use, too, so that no other replay may run beside ours.
func (s *Session) Shared() bool { return s.options.URL != nil }

// Replay replays scenarios of the session, with the twins that prove their
// refusals, and returns one result for each of them, in order. An error means
// that there is no verdict. The same seed makes the same credential values.
func (s *Session) Replay(ctx context.Context, list []*scenarios.Scenario, seed string) ([]suite.Result, error) {
	return s.replay(ctx, list, seed, s.waivers)
}

func (s *Session) replay(ctx context.Context, list []*scenarios.Scenario, seed string, set *waivers.Set) ([]suite.Result, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	all, companions := s.withTwins(list)
	ended := make(map[string]suite.Result, len(all))
	summary, err := s.run(ctx, suite.Config{
		Registry: s.options.Registry, Scenarios: all, Companions: companions, Claims: s.options.Claims, Level: s.options.Level,
		LivenessCache: s.options.LivenessCache, Budget: s.options.Budget, Timeout: s.options.Timeout, Parallel: s.options.Parallel, Seed: seed, RunID: runID(seed),
		Output: s.options.Output, Waive: set.Apply,
		Handle: func(e suite.Event) {
			if f, ok := e.(suite.Finished); ok {
				ended[f.Result.Scenario.ID] = f.Result
			}
		},
	})
	s.leftovers = append(s.leftovers, summary.Leftovers...)
	switch {
	case err != nil:
		return nil, err
	case summary.Interrupted:
		return nil, fmt.Errorf("interrupted after %d of %d scenarios: %w", summary.Ended(), summary.Planned, context.Cause(ctx))
	}
	return suite.InOrder(list, ended)
}

// withTwins adds the twins that a list lacks, as controls only.
func (s *Session) withTwins(list []*scenarios.Scenario) ([]*scenarios.Scenario, map[string]bool) {
	have := make(map[string]bool, len(list))
	for _, x := range list {
		have[x.ID] = true
	}
	out, companions := slices.Clone(list), map[string]bool{}
	for _, x := range list {
		if twin := s.byID[x.Twin]; twin != nil && !have[twin.ID] {
			have[twin.ID], companions[twin.ID] = true, true
			out = append(out, twin)
		}
	}
	return out, companions
}

// Violated lists the rules that results violate, sorted, each once.
func Violated(results []suite.Result) []string {
	var rules []string
	for _, r := range results {
		for _, v := range r.Violations {
			if !slices.Contains(rules, v.Rule) {
				rules = append(rules, v.Rule)
			}
		}
	}
	slices.Sort(rules)
	return rules
}

// runID names a run in request ids and in the names of workspaces.
func runID(seed string) string {
	sum := sha256.Sum256([]byte("run " + seed))
	return hex.EncodeToString(sum[:4])
}

// seed is the caller's, or a random one.
func (o *Options) seed() string {
	if o.Seed == "" {
		return rand.Text()
	}
	return o.Seed
}
