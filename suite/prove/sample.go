package prove

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"

	"github.com/molecule-ai/byok-conformance/fakes/gates"
	"github.com/molecule-ai/byok-conformance/gate"
	"github.com/molecule-ai/byok-conformance/internal/strict"
	"github.com/molecule-ai/byok-conformance/reports/proof"
	"github.com/molecule-ai/byok-conformance/scenarios"
)

// claimed are the combinations that the target was asked for.
func (p *proving) claimed() []*scenarios.Scenario {
	asked := map[string]bool{}
	for i := range p.cases {
		if c := &p.cases[i]; c.Kind != proof.KindNotClaimed {
			asked[c.Scenario.ID] = true
		}
	}
	return slices.DeleteFunc(p.combinations(), func(s *scenarios.Scenario) bool { return !asked[s.ID] })
}

// combinations is the whole matrix, in the corpus' order.
func (p *proving) combinations() []*scenarios.Scenario {
	return slices.DeleteFunc(slices.Clone(p.Config.Scenarios), func(s *scenarios.Scenario) bool { return !s.MustRefuse() || s.NotApplicable != "" })
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
	own := p.Config.Registry.Provider(provider)
	if own == nil || own.VendorLogo == "" {
		return false
	}
	for _, other := range p.Config.Registry.Providers {
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
	g := d.Build(p.Config.Registry, gate.Options{Transport: refusing{}})
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
