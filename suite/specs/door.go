package specs

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/molecule-ai/byok-conformance/gate"
	"github.com/molecule-ai/byok-conformance/registry"
	"github.com/molecule-ai/byok-conformance/scenarios"
	"github.com/molecule-ai/byok-conformance/scenarios/strict"
	"github.com/molecule-ai/byok-conformance/suite"
)

// A door is one container: the scenarios that it declares, and the gate.
type door struct {
	opts   Options
	groups []*group
	// unclaimed are the scenarios that the gate does not claim; nil if there are none.
	unclaimed *group
	byID      map[string]*scenarios.Scenario

	// prepare builds target and providers when the first spec runs.
	prepare   sync.Once
	target    suite.Target
	providers *suite.Providers
}

// newDoor selects and groups the scenarios. It starts nothing, because it runs
// while Ginkgo still builds its tree.
func newDoor(o Options) (*door, error) {
	if err := o.complete(); err != nil {
		return nil, err
	}
	corpus, err := scenarios.Embedded()
	if err != nil {
		return nil, fmt.Errorf("reading the corpus: %w", err)
	}
	all, err := corpus.Expand(o.Registry)
	if err != nil {
		return nil, fmt.Errorf("expanding the corpus over the registry: %w", err)
	}
	sel := scenarios.Selection{Level: o.Level, Classes: o.Classes, IDs: o.IDs}
	chosen, err := sel.Select(all, corpus.Rules)
	if err != nil {
		return nil, err
	}
	selected := chosen.Scenarios
	d := &door{opts: o, byID: make(map[string]*scenarios.Scenario, len(all))}
	for _, s := range all {
		d.byID[s.ID] = s
	}
	claimed, unclaimed := split(selected, o.Claims)
	if len(claimed) == 0 {
		return nil, fmt.Errorf("none of the %d selected scenarios can be replayed with the claims %s; loosen Level, Classes, IDs or Claims", len(selected), strings.Join(o.Claims, ", "))
	}
	d.groups = grouped(all, claimed)
	if len(unclaimed) > 0 {
		d.unclaimed = &group{text: fmt.Sprintf("%d scenarios are not claimed", len(unclaimed)), labels: []string{"not-claimed"}, scenarios: unclaimed}
	}
	return d, nil
}

// complete checks the options and fills in what they leave out.
func (o *Options) complete() error {
	if o.Gate == nil {
		return errors.New("Options.Gate is nil; it must build the gate under test")
	}
	o.Level = cmp.Or(o.Level, scenarios.Core)
	if o.Level != scenarios.Core && o.Level != scenarios.Extended {
		return fmt.Errorf("unknown Options.Level %q; it is core or extended", o.Level)
	}
	if o.Budget < 0 {
		return fmt.Errorf("Options.Budget is %s; it must be greater than zero, or zero for 6 s", o.Budget)
	}
	for _, c := range o.Claims {
		if !slices.Contains(scenarios.Claims, c) {
			return fmt.Errorf("unknown claim %q in Options.Claims%s; the claims are %s", c, strict.DidYouMean(c, scenarios.Claims), strings.Join(scenarios.Claims, ", "))
		}
	}
	if o.Registry == nil {
		o.Registry = registry.Embedded()
	}
	if o.Claims == nil {
		o.Claims = (&suite.GateTarget{}).Traits().Claims
	}
	return nil
}

// split tells what is replayed from what is only counted. The engine decides on
// its own; a spec whose scenarios it sees otherwise fails.
func split(list []*scenarios.Scenario, claims []string) (claimed, unclaimed []*scenarios.Scenario) {
	for _, s := range list {
		lacks := slices.ContainsFunc(s.Needs, func(area string) bool { return !slices.Contains(claims, area) })
		if lacks || s.NotApplicable != "" {
			unclaimed = append(unclaimed, s)
		} else {
			claimed = append(claimed, s)
		}
	}
	return claimed, unclaimed
}

// open builds the gate, once. A gate that keeps state between requests keeps it
// between specs, as it would in production.
func (d *door) open() error {
	d.prepare.Do(func() {
		d.providers = suite.NewProviders(d.opts.Registry)
		var built gate.Gate
		target := suite.NewGateTarget(func(t http.RoundTripper) gate.Gate {
			built = d.opts.Gate(t)
			return built
		}, d.providers.RoundTripper())
		if built != nil {
			d.target = target
		}
	})
	if d.target == nil {
		return errors.New("Options.Gate returned no gate")
	}
	return nil
}

// replay runs the scenarios of a group, with the twins that prove their
// refusals, and returns one result for each scenario of the group, in order. An
// error means that there is no verdict.
func (d *door) replay(ctx context.Context, g *group, seed int64) ([]suite.Result, error) {
	if err := d.open(); err != nil {
		return nil, err
	}
	list, companions := d.withTwins(g.scenarios)
	ended := make(map[string]suite.Result, len(list))
	summary, err := suite.Run(ctx, suite.Config{
		Registry: d.opts.Registry, Scenarios: list, Companions: companions, Target: d.target, Providers: d.providers,
		Claims: d.opts.Claims, Level: d.opts.Level, Budget: d.opts.Budget,
		Seed: fmt.Sprintf("%d %s", seed, g.text), RunID: "specs",
		Handle: func(e suite.Event) {
			if f, ok := e.(suite.Finished); ok {
				ended[f.Result.Scenario.ID] = f.Result
			}
		},
	})
	switch {
	case err != nil:
		return nil, fmt.Errorf("replaying %s: %w", g.text, err)
	case summary.Interrupted:
		return nil, fmt.Errorf("%s was interrupted after %d of %d scenarios: %w", g.text, summary.Ended(), summary.Planned, context.Cause(ctx))
	}
	results := make([]suite.Result, 0, len(g.scenarios))
	for _, s := range g.scenarios {
		r, ok := ended[s.ID]
		if !ok {
			return nil, fmt.Errorf("%s was planned and has not ended; this is a defect of the harness, and no verdict", s.ID)
		}
		results = append(results, r)
	}
	return results, nil
}

// withTwins adds the twins that a group lacks. They have specs of their own, so
// that here they only stand as controls.
func (d *door) withTwins(list []*scenarios.Scenario) ([]*scenarios.Scenario, map[string]bool) {
	have := make(map[string]bool, len(list))
	for _, s := range list {
		have[s.ID] = true
	}
	out, companions := slices.Clone(list), map[string]bool{}
	for _, s := range list {
		if twin := d.byID[s.Twin]; twin != nil && !have[twin.ID] {
			have[twin.ID], companions[twin.ID] = true, true
			out = append(out, twin)
		}
	}
	return out, companions
}
