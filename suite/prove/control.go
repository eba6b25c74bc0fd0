package prove

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/molecule-ai/byok-conformance/fakes/gates"
	"github.com/molecule-ai/byok-conformance/reports"
	"github.com/molecule-ai/byok-conformance/reports/proof"
	"github.com/molecule-ai/byok-conformance/scenarios"
	"github.com/molecule-ai/byok-conformance/suite"
	"github.com/molecule-ai/byok-conformance/suite/open"
)

// control replays a part of the matrix at the reference gate, which must pass,
// and at every gate that has the bypass in it, which must be found out. Without
// it "nothing was found" could mean that nothing was looked at.
func (p *proving) control(ctx context.Context) proof.Control {
	claimed := p.claimed()
	sample := p.sample(claimed)
	out := proof.Control{
		Door: "Our own gates, served on loopback by this process",
		Thinned: fmt.Sprintf("To be over in seconds, each replayed %d of the %d combinations: for each provider and shape of a scenario one foreign credential in turn, every one of the same vendor, and the first that the gate lets through.",
			len(sample), len(claimed)),
	}
	if len(p.Open.Command) > 0 {
		out.Door = "Our own gates, each a process of its own that is started behind the same kind of proxy as the server"
	}
	bypasses := gates.Bypasses()
	p.Shown.Controlling(len(sample), 1+len(bypasses))
	reference := p.hold(ctx, &gates.Double{Name: "reference"}, claimed, sample)
	out.Gates = append(append(out.Gates, reference), p.holdAll(ctx, bypasses, claimed, sample)...)
	return out
}

// controlsAtOnce is how many gates with the bypass are replayed at once. Mostly
// they wait, for what a server may still do behind its reply. The reference is
// replayed alone, because a machine that is too busy could fail it.
const controlsAtOnce = 4

func (p *proving) holdAll(ctx context.Context, doubles []gates.Double, claimed, sample []*scenarios.Scenario) []proof.ControlledBy {
	out := make([]proof.ControlledBy, len(doubles))
	slots := make(chan struct{}, controlsAtOnce)
	if len(p.Open.Command) > 0 {
		slots = make(chan struct{}, 1) // processes that start at once may be given each other's ports
	}
	var wg sync.WaitGroup
	for i := range doubles {
		wg.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			out[i] = p.hold(ctx, &doubles[i], claimed, sample)
		})
	}
	wg.Wait()
	return out
}

// hold replays the sample at one control gate, and for a gate with the bypass a
// combination that it is known to let through.
func (p *proving) hold(ctx context.Context, d *gates.Double, claimed, sample []*scenarios.Scenario) (g proof.ControlledBy) {
	g = proof.ControlledBy{Name: d.Name, Story: d.Story}
	defer func() { p.Shown.Held(g) }()
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
	options, err := p.controlOptions(d)
	if err != nil {
		return err
	}
	t, err := p.openControl(ctx, options)
	if err != nil {
		return err
	}
	defer t.Close()
	ctx, cancel := t.Watch(ctx)
	defer cancel()
	cfg := p.Config
	t.Fill(&cfg)
	cfg.Waive = nil
	cfg.Scenarios, cfg.Companions = p.withTwins(list)
	cfg.Seed += " " + d.Name
	cfg.RunID = reports.RunID(cfg.Seed)
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
	case t.Died() != nil:
		return fmt.Errorf("it died: %w", t.Died())
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
	for _, s := range p.Config.Scenarios {
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
func (p *proving) openControl(ctx context.Context, o open.Options) (t *open.Opened, err error) {
	for range 3 {
		if t, err = open.Target(ctx, p.Config.Registry, o); err == nil || ctx.Err() != nil {
			break
		}
	}
	return t, err
}

// controlBudget bounds the probe of control gates that are processes of their own.
const controlBudget = time.Second

// controlOptions lead to a control gate through the door by which the target is
// reached. It speaks the built-in profile, whatever the target's own is, and
// claims all of it.
func (p *proving) controlOptions(d *gates.Double) (open.Options, error) {
	name := d.Name
	if d.Bypass {
		name = open.Faulty + ":" + d.Name
	}
	o := open.Options{Profile: "workspace-server", Level: p.Open.Level, Registry: p.Open.Registry, Timeout: p.Open.Timeout}
	if len(p.Open.Command) == 0 {
		o.Target = name
		return o, nil
	}
	self, err := os.Executable()
	if err != nil {
		return o, fmt.Errorf("finding our own program, which serves the control gates: %w", err)
	}
	o.Budget = controlBudget
	o.Command = []string{self, "serve", "--gate", name, "--probe-budget", controlBudget.String()}
	if o.Registry != "" {
		o.Command = append(o.Command, "--registry", o.Registry)
	}
	return o, nil
}
