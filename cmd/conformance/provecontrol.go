package main

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"sync"

	"github.com/molecule-ai/byok-conformance/cmd/conformance/progress"
	"github.com/molecule-ai/byok-conformance/fakes/gates"
	"github.com/molecule-ai/byok-conformance/internal/spelled"
	"github.com/molecule-ai/byok-conformance/reports"
	"github.com/molecule-ai/byok-conformance/reports/proof"
	"github.com/molecule-ai/byok-conformance/scenarios"
	"github.com/molecule-ai/byok-conformance/suite"
)

// control replays a part of the matrix at the reference gate, which must pass,
// and at every gate that has the bypass in it, which must be found out. Without
// it "nothing was found" could mean that nothing was looked at.
func (p *proving) control(ctx context.Context, shown progress.Display) (proof.Control, error) {
	claimed := p.claimed()
	sample := p.sample(claimed)
	out := proof.Control{
		Door: "Our own gates, served on loopback by this process",
		Thinned: fmt.Sprintf("To be over in seconds, each replayed %d of the %d combinations: for each provider and shape of a scenario one foreign credential in turn, every one of the same vendor, and the first that the gate lets through.",
			len(sample), len(claimed)),
	}
	if len(p.flags.command) > 0 {
		out.Door = "Our own gates, each a process of its own that is started behind the same kind of proxy as the server"
	}
	bypasses := gates.Bypasses()
	shown.Watch(progress.Gauge{})
	shown.Begin(fmt.Sprintf("control: trying %s combinations at", spelled.Number(len(sample))), 1+len(bypasses), "gates of our own")
	reference := p.hold(ctx, &gates.Double{Name: "reference"}, claimed, sample)
	shown.Step(held(reference))
	out.Gates = append(append(out.Gates, reference), p.holdAll(ctx, bypasses, claimed, sample, shown)...)
	if ctx.Err() != nil {
		return out, errInterrupted
	}
	return out, nil
}

func held(g proof.ControlledBy) progress.Step {
	switch g.Outcome {
	case proof.ControlFailed, proof.ControlNotFoundOut:
		return progress.Failed
	case proof.ControlNotApplicable:
		return progress.NotAsked
	}
	return progress.Passed
}

// controlsAtOnce is how many gates with the bypass are replayed at once. Mostly
// they wait, for what a server may still do behind its reply. The reference is
// replayed alone, because a machine that is too busy could fail it.
const controlsAtOnce = 4

func (p *proving) holdAll(ctx context.Context, doubles []gates.Double, claimed, sample []*scenarios.Scenario, shown progress.Display) []proof.ControlledBy {
	out := make([]proof.ControlledBy, len(doubles))
	slots := make(chan struct{}, controlsAtOnce)
	if len(p.flags.command) > 0 {
		slots = make(chan struct{}, 1) // processes that start at once may be given each other's ports
	}
	var wg sync.WaitGroup
	for i := range doubles {
		wg.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			out[i] = p.hold(ctx, &doubles[i], claimed, sample)
			shown.Step(held(out[i]))
		})
	}
	wg.Wait()
	return out
}

// hold replays the sample at one control gate, and for a gate with the bypass a
// combination that it is known to let through.
func (p *proving) hold(ctx context.Context, d *gates.Double, claimed, sample []*scenarios.Scenario) proof.ControlledBy {
	g := proof.ControlledBy{Name: d.Name, Story: d.Story}
	if d.Bypass {
		let := p.letThrough(d, claimed)
		if len(let) == 0 {
			g.Outcome, g.Note = proof.ControlNotApplicable, p.whyNotApplicable(d)
			return g
		}
		sample = union(sample, let[:1])
	}
	if err := p.try(ctx, d, sample, &g); err != nil {
		g.Outcome, g.Note = proof.ControlFailed, err.Error()
	}
	return g
}

// try replays combinations, with their twins, at one control gate.
func (p *proving) try(ctx context.Context, d *gates.Double, list []*scenarios.Scenario, g *proof.ControlledBy) error {
	flags, err := p.controlFlags(d)
	if err != nil {
		return err
	}
	t, err := p.openControl(ctx, flags)
	if err != nil {
		return err
	}
	defer t.close()
	ctx, cancel := t.watch(ctx)
	defer cancel()
	prep := *p.prepared
	prep.flags, prep.target = flags, t
	cfg := prep.config(nil)
	cfg.Waive = nil
	cfg.Scenarios, cfg.Companions = p.withTwins(list)
	cfg.Seed, cfg.RunID = p.flags.seed+" "+d.Name, reports.RunID(p.flags.seed+" "+d.Name)
	wanted := map[string]bool{}
	for _, s := range list {
		wanted[s.ID] = true
	}
	var other string
	cfg.Handle = func(e suite.Event) {
		f, ok := e.(suite.Finished)
		switch {
		case !ok:
		case wanted[f.Result.Scenario.ID] && f.Result.LetThrough():
			g.Open++
			if g.First == "" || f.Result.Scenario.ID < g.First {
				g.First = f.Result.Scenario.ID
			}
		case f.Result.Outcome != suite.Passed && other == "":
			other = f.Result.Scenario.ID + " is " + string(f.Result.Outcome) + whatFailed(f.Result)
		}
	}
	s, err := suite.Run(ctx, cfg)
	if err != nil {
		return err
	}
	g.Combinations = len(list)
	switch {
	case t.died() != nil:
		return fmt.Errorf("it died: %w", t.died())
	case s.Ended() != s.Planned:
		return fmt.Errorf("%d scenarios were planned and %d have ended", s.Planned, s.Ended())
	case !d.Bypass && s.Conformant():
		g.Outcome = proof.ControlPassed
	case !d.Bypass:
		g.Outcome, g.Note = proof.ControlFailed, cmp.Or(other, g.First+" was allowed")
	case g.Open > 0:
		g.Outcome = proof.ControlFoundOut
	default:
		g.Outcome, g.Note = proof.ControlNotFoundOut, other
	}
	return nil
}

// whatFailed is a failure's first line, for a note.
func whatFailed(r suite.Result) string {
	if len(r.Violations) > 0 {
		return fmt.Sprintf(" (%s: %s)", r.Violations[0].Rule, r.Violations[0].Message)
	}
	if r.Reason != "" {
		return " (" + r.Reason + ")"
	}
	return ""
}

// withTwins adds the twins without which a refusal proves nothing.
func (p *proving) withTwins(list []*scenarios.Scenario) ([]*scenarios.Scenario, map[string]bool) {
	wanted, twins := map[string]bool{}, map[string]bool{}
	for _, s := range list {
		wanted[s.ID], twins[s.Twin] = true, true
	}
	var out []*scenarios.Scenario
	companions := map[string]bool{}
	for _, s := range p.selected.Scenarios {
		if wanted[s.ID] || twins[s.ID] {
			out = append(out, s)
			companions[s.ID] = !wanted[s.ID]
		}
	}
	return out, companions
}

// openControl starts a control gate. It is our own program, so that a start that
// fails is the machine's doing, such as a port that was taken meanwhile, and is
// tried again twice.
func (p *proving) openControl(ctx context.Context, flags *runFlags) (t *opened, err error) {
	for range 3 {
		if t, err = openTarget(ctx, flags, p.registry); err == nil || ctx.Err() != nil {
			break
		}
	}
	return t, err
}

// controlFlags lead to a control gate through the door by which the target is
// reached. It speaks the built-in profile, whatever the target's own is, and
// claims all of it.
func (p *proving) controlFlags(d *gates.Double) (*runFlags, error) {
	name := d.Name
	if d.Bypass {
		name = "faulty:" + d.Name
	}
	f := &runFlags{
		profile: "workspace-server", level: p.flags.level, registry: p.flags.registry, parallel: p.flags.parallel, timeout: p.flags.timeout,
		seed: p.flags.seed, quiet: true,
	}
	if len(p.flags.command) == 0 {
		f.target = name
		return f, nil
	}
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("finding our own program, which serves the control gates: %w", err)
	}
	f.budget = proofBudget
	f.command = []string{self, "serve", "--gate", name, "--probe-budget", proofBudget.String()}
	if f.registry != "" {
		f.command = append(f.command, "--registry", f.registry)
	}
	return f, nil
}
