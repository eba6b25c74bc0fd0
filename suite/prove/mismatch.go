// Package prove makes the proof that a credential of another provider counts as
// absent: it replays the matrix of combinations at a target, and a sample of it at
// gates that have the bypass in them, which must be found out by the same means.
//
// What a proof says, and how it is shown, is reports/proof; how a target is opened,
// suite/open.
package prove

import (
	"context"
	"fmt"
	"strings"

	"github.com/molecule-ai/byok-conformance/internal/spelled"
	"github.com/molecule-ai/byok-conformance/reports"
	"github.com/molecule-ai/byok-conformance/reports/proof"
	"github.com/molecule-ai/byok-conformance/scenarios"
	"github.com/molecule-ai/byok-conformance/suite"
	"github.com/molecule-ai/byok-conformance/suite/open"
	"github.com/molecule-ai/byok-conformance/suite/server"
)

// Rule is what every scenario of the matrix exercises.
const Rule = "PRE-2"

// Options say what is proved about which target.
type Options struct {
	Open open.Options
	// Config has what is replayed, with its seed; the target's part of it is not read.
	Config suite.Config
	// Ready is told of the open target, before it is asked for anything; an error ends
	// the proof. May be nil.
	Ready func(context.Context, *open.Opened) error
	// Header and Result are the run, and a scenario's end, as reports have them.
	Header func(planned int) reports.Header
	Result func(suite.Result) reports.Result
	// Shown is told how far the proof is.
	Shown Shown
}

// Shown is told how far a proof is. Held is called from several goroutines.
type Shown interface {
	Phase(name string)
	// Replaying: so many combinations are replayed at the target; each ends in Finished.
	Replaying(t *open.Opened, total int)
	Finished(suite.Finished)
	// Controlling: so many combinations are tried at so many gates; each ends in Held.
	Controlling(combinations, gates int)
	Held(proof.ControlledBy)
	// Left: something was left at the target.
	Left(what string)
}

// proving is a proof in the making.
type proving struct {
	Options
	profile *server.Profile
	cases   []proof.Case
	header  reports.Header
	strays  []string
}

// Mismatch replays the matrix at the target, and then at the control gates. Where
// ctx has ended the error is that of ctx, and nothing is proved.
func Mismatch(ctx context.Context, o Options) (proof.Evidence, error) {
	p := &proving{Options: o}
	evidence := proof.Evidence{Accepts: p.accepts, Curl: p.curl}
	var err error
	if p.profile, err = server.LoadProfile(o.Open.Profile); err != nil {
		return evidence, err
	}
	o.Shown.Phase("starting the server")
	t, err := open.Target(ctx, o.Config.Registry, o.Open)
	if err != nil {
		return evidence, err
	}
	incomplete, err := p.replayTarget(ctx, t)
	evidence.Seen = t.Providers.Seen()
	t.Close()
	switch {
	case err != nil:
		return evidence, err
	case ctx.Err() != nil:
		return evidence, ctx.Err()
	}
	evidence.Header, evidence.Cases, evidence.Strays, evidence.Incomplete = p.header, p.cases, p.strays, incomplete
	if len(p.claimed()) == 0 {
		return evidence, nil // nothing was asked, so there is nothing to control
	}
	evidence.Control = p.control(ctx)
	return evidence, ctx.Err()
}

// replayTarget replays the matrix, and says why it is incomplete where it is.
func (p *proving) replayTarget(ctx context.Context, t *open.Opened) (incomplete string, err error) {
	ctx, cancel := t.Watch(ctx)
	defer cancel()
	if p.Ready != nil {
		if err := p.Ready(ctx, t); err != nil {
			return "", err
		}
	}
	cfg := p.Config
	t.Fill(&cfg)
	cfg.Waive = nil // a proof knows no excuse
	cfg.Handle = func(e suite.Event) {
		switch e := e.(type) {
		case suite.Planned:
			p.header = p.Header(e.Total)
			p.Shown.Replaying(t, e.Total)
		case suite.Finished:
			p.Shown.Finished(e)
			p.cases = append(p.cases, proof.Case{Scenario: e.Result.Scenario, Kind: kindOf(&e.Result), Result: p.Result(e.Result)})
		}
	}
	s, err := suite.Run(ctx, cfg)
	if err != nil {
		return "", err
	}
	for _, left := range s.Leftovers {
		p.Shown.Left(left)
	}
	for _, x := range s.Strays {
		p.strays = append(p.strays, x.Method+" "+x.URL)
	}
	switch {
	case t.Died() != nil:
		return fmt.Sprintf("the server died in the middle of the matrix: %v", t.Died()), nil
	case s.Ended() != s.Planned:
		return fmt.Sprintf("%d scenarios were planned and %d have ended", s.Planned, s.Ended()), nil
	}
	return "", nil
}

// kindOf says what a result means for the proof.
func kindOf(r *suite.Result) proof.Kind {
	switch {
	case r.Outcome == suite.Passed:
		return proof.KindRefused
	case r.Outcome == suite.NotClaimed:
		return proof.KindNotClaimed
	case r.Outcome == suite.Errored:
		return proof.KindUnjudged
	case r.LetThrough():
		return proof.KindOpen
	case r.Unproven():
		return proof.KindUnproven
	}
	return proof.KindViolating
}

func (p *proving) accepts(provider, name string) bool {
	owner := p.Config.Registry.Provider(provider)
	return owner != nil && owner.Accepts(name)
}

// curl shows a scenario by hand. A profile that cannot say it is no reason to
// lose the proof.
func (p *proving) curl(s *scenarios.Scenario) string {
	text, err := p.profile.Curl(s)
	if err != nil {
		return fmt.Sprintf("# the profile does not say it: %v\n", err)
	}
	server := "http://127.0.0.1:8080"
	if strings.Contains(p.Open.Target, "://") {
		server = p.Open.Target
	}
	return "SERVER=" + spelled.Shell(server) + "  # where the server listens\n" + text
}
