package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"

	"github.com/molecule-ai/byok-conformance/fakes/gates"
	"github.com/molecule-ai/byok-conformance/gate"
	"github.com/molecule-ai/byok-conformance/reports"
	"github.com/molecule-ai/byok-conformance/scenarios"
	"github.com/molecule-ai/byok-conformance/scenarios/strict"
	"github.com/molecule-ai/byok-conformance/suite"
)

// control replays a part of the matrix at the reference gate, which must pass,
// and at every gate that has the bypass in it, which must be found out. Without
// it "nothing was found" could mean that nothing was looked at.
func (p *proving) control(ctx context.Context, progress io.Writer) (reports.ProofControl, error) {
	claimed := p.claimed()
	sample := p.sample(claimed)
	out := reports.ProofControl{
		Door: "our own gates, served on loopback by this process",
		Thinned: fmt.Sprintf("Thinned, to be over in seconds: %d of %d combinations, which are one foreign credential, in turn, for each provider and shape of a scenario, all those of the same vendor, and the first one that each gate lets through.",
			len(sample), len(claimed)),
	}
	if len(p.flags.command) > 0 {
		out.Door = "our own gates, each a process of its own that is started behind the same kind of proxy as the server"
	}
	doubles := append([]gates.Double{{Name: "reference"}}, gates.Bypasses()...)
	for i := range doubles {
		d := &doubles[i]
		g := reports.ControlledBy{Name: d.Name, Story: d.Story}
		list := sample
		if d.Bypass {
			let := p.letThrough(d, claimed)
			if len(let) == 0 {
				g.Outcome, g.Note = reports.ControlNotApplicable, p.whyNotApplicable(d)
				out.Gates = append(out.Gates, g)
				continue
			}
			list = union(sample, let[:1])
		}
		if !p.flags.quiet {
			fmt.Fprintf(progress, "control gate %s: %d combinations\n", d.Name, len(list))
		}
		err := p.try(ctx, d, list, &g)
		if ctx.Err() != nil {
			return out, errInterrupted
		}
		if err != nil {
			g.Outcome, g.Note = reports.ControlFailed, err.Error()
		}
		out.Gates = append(out.Gates, g)
	}
	return out, nil
}

// claimed are the combinations that the target was asked for.
func (p *proving) claimed() []*scenarios.Scenario {
	asked := map[string]bool{}
	for i := range p.cases {
		if c := &p.cases[i]; c.Kind != reports.KindNotClaimed {
			asked[c.Scenario.ID] = true
		}
	}
	return slices.DeleteFunc(p.combinations(), func(s *scenarios.Scenario) bool { return !asked[s.ID] })
}

// combinations is the whole matrix, in the corpus' order.
func (p *proving) combinations() []*scenarios.Scenario {
	return slices.DeleteFunc(slices.Clone(p.selected), func(s *scenarios.Scenario) bool { return !s.MustRefuse() || s.NotApplicable != "" })
}

// sample takes one combination of each provider and shape, with another foreign
// credential each time, and all those whose foreign credential has the vendor's
// name on it: few, and the likeliest to be mistaken.
func (p *proving) sample(list []*scenarios.Scenario) []*scenarios.Scenario {
	type shape struct {
		template        strict.Position
		provider, scope string
	}
	groups := map[shape][]*scenarios.Scenario{}
	var order []shape
	var out []*scenarios.Scenario
	for _, s := range list {
		last := &s.Steps[len(s.Steps)-1]
		k := shape{s.Pos, first(last.Expect.Providers), fmt.Sprint(len(last.Secrets.Workspace), len(last.Secrets.Global))}
		if groups[k] == nil {
			order = append(order, k)
		}
		groups[k] = append(groups[k], s)
		if p.sameVendor(k.provider, last.Secrets) {
			out = append(out, s)
		}
	}
	for i, k := range order {
		out = append(out, groups[k][i%len(groups[k])])
	}
	return union(out, nil)
}

func first(list []string) string {
	if len(list) == 0 {
		return ""
	}
	return list[0]
}

// sameVendor reports whether a credential in scope belongs to another provider
// of the same vendor.
func (p *proving) sameVendor(provider string, secrets scenarios.Secrets) bool {
	own := p.registry.Provider(provider)
	if own == nil || own.VendorLogo == "" {
		return false
	}
	for _, other := range p.registry.Providers {
		if other == own || other.VendorLogo != own.VendorLogo {
			continue
		}
		if slices.ContainsFunc(other.AuthEnv, func(name string) bool { return !own.Accepts(name) && secrets.InScope(name) }) {
			return true
		}
	}
	return false
}

// union joins two lists, each scenario once, in the order of their ids.
func union(a, b []*scenarios.Scenario) []*scenarios.Scenario {
	out := slices.Concat(a, b)
	slices.SortFunc(out, func(x, y *scenarios.Scenario) int { return cmp.Compare(x.ID, y.ID) })
	return slices.Compact(out)
}

// letThrough asks a faulty gate itself, without any server, which combinations
// it allows. A gate that allows none with this registry is not faulty there.
func (p *proving) letThrough(d *gates.Double, list []*scenarios.Scenario) []*scenarios.Scenario {
	g := d.Build(p.registry, gate.Options{Transport: refusing{}})
	return slices.DeleteFunc(slices.Clone(list), func(s *scenarios.Scenario) bool {
		last := &s.Steps[len(s.Steps)-1]
		decision, err := g.Decide(context.Background(), gate.Request{
			Stage: gate.Stage(last.Stage), Runtime: last.Runtime, Model: last.Model,
			Secrets: gate.Secrets{Workspace: stand(last.Secrets.Workspace), Global: stand(last.Secrets.Global)},
		})
		return err != nil || decision.Verdict != gate.Allowed
	})
}

// stand replaces symbolic values by ones that stand for them.
func stand(values map[string]scenarios.Value) map[string]gate.Secret {
	out := map[string]gate.Secret{}
	for name, v := range values {
		s := gate.Secret{Value: " "}
		if v.Present() {
			s.Value = "placeholder"
		}
		out[name] = s
	}
	return out
}

// refusing is the transport of gates that are asked without a server: no
// combination has a credential that may be sent anywhere.
type refusing struct{}

func (refusing) RoundTrip(*http.Request) (*http.Response, error) {
	return nil, errors.New("no call is made without a right credential")
}

func (p *proving) whyNotApplicable(d *gates.Double) string {
	if len(p.letThrough(d, p.combinations())) > 0 {
		return "the target does not claim the areas in which it differs"
	}
	return "with this registry it lets no combination through"
}

// try replays combinations, with their twins, at one control gate.
func (p *proving) try(ctx context.Context, d *gates.Double, list []*scenarios.Scenario, g *reports.ControlledBy) error {
	flags, err := p.controlFlags(d)
	if err != nil {
		return err
	}
	t, err := openTarget(ctx, flags, p.registry)
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
	cfg.Seed, cfg.RunID = p.flags.seed+" "+d.Name, runID(p.flags.seed+" "+d.Name)
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
		g.Outcome = reports.ControlPassed
	case !d.Bypass:
		g.Outcome, g.Note = reports.ControlFailed, cmp.Or(other, g.First+" was allowed")
	case g.Open > 0:
		g.Outcome = reports.ControlFoundOut
	default:
		g.Outcome, g.Note = reports.ControlNotFoundOut, other
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
	for _, s := range p.all {
		if wanted[s.ID] || twins[s.ID] {
			out = append(out, s)
			companions[s.ID] = !wanted[s.ID]
		}
	}
	return out, companions
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
