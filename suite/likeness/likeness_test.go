package likeness

import (
	"context"
	"hash/fnv"
	"net/http"
	"sync"
	"testing"

	"github.com/molecule-ai/byok-conformance/fakes/gates"
	"github.com/molecule-ai/byok-conformance/gate"
	"github.com/molecule-ai/byok-conformance/registry"
	"github.com/molecule-ai/byok-conformance/scenarios"
	"github.com/molecule-ai/byok-conformance/suite"
	"github.com/molecule-ai/byok-conformance/suite/findings"
	"github.com/molecule-ai/byok-conformance/suite/govalue"
	"github.com/molecule-ai/byok-conformance/suite/internal/small"
)

// few is our own registry with a few of its providers: gates differ there as
// anywhere, and a run is over ten times as soon.
var few = sync.OnceValue(func() *registry.Registry {
	reg, err := small.Few()
	if err != nil {
		panic(err) // a test's own data
	}
	return reg
})

// found is what a run at a gate comes to, with what is like it.
func found(t *testing.T, build func(http.RoundTripper) gate.Gate, sel scenarios.Selection) []findings.Finding {
	t.Helper()
	reg := few()
	corpus, err := scenarios.Embedded()
	if err != nil {
		t.Fatal(err)
	}
	sel.Level, sel.Matrix = scenarios.Core, scenarios.PairwiseMatrix
	selected, err := corpus.Select(reg, &sel)
	if err != nil {
		t.Fatal(err)
	}
	p := suite.NewProviders(reg)
	c := findings.NewCollector(reg)
	target := govalue.New(build, p.RoundTripper())
	summary, err := suite.Run(t.Context(), suite.Config{
		Registry: reg, Scenarios: selected.Scenarios, Companions: selected.Companions, Target: target, Providers: p, Budget: budget, Seed: "target",
		Handle: func(e suite.Event) {
			if end, ok := e.(suite.Finished); ok {
				c.Add(end.Result)
			}
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	list := c.Findings(nil)
	q := Question{Registry: reg, Cases: c.Cases(), Claims: summary.Claims, Level: scenarios.Core}
	q.Fill(t.Context(), list)
	return list
}

// A faulty gate is like itself.
func TestLike(t *testing.T) {
	t.Parallel()
	for _, name := range []string{
		"any-known-credential", "fixed-for-workspace-only", "fixed-for-anthropic-only", "blank-counts", "first-name-only", "5xx-is-dead",
		"only-401-is-dead", "underivable-refused", "key-in-query", "provision-unchecked", "pattern-beats-listed", "global-first",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := gates.Find(name)
			if d == nil {
				t.Fatalf("no gate is called %s", name)
			}
			list := found(t, func(rt http.RoundTripper) gate.Gate {
				return d.Build(few(), gate.Options{Transport: rt, Budget: budget})
			}, scenarios.Selection{Rules: d.Rules})
			if len(list) == 0 || list[0].LooksLike == nil || list[0].LooksLike.Gate != name {
				t.Fatalf("it is like %+v", list[0].LooksLike)
			}
		})
	}
}

// A few verdicts are no likeness: many gates share them.
func TestFew(t *testing.T) {
	t.Parallel()
	list := found(t, func(rt http.RoundTripper) gate.Gate {
		return gates.Find("any-known-credential").Build(few(), gate.Options{Transport: rt, Budget: budget})
	}, scenarios.Selection{IDs: []string{"mismatched/report", "mismatched/foreign/anthropic-api/G*/workspace"}})
	if len(list) == 0 || len(list[0].Scenarios) >= fewest {
		t.Fatalf("found %+v", list)
	}
	if list[0].LooksLike != nil {
		t.Errorf("it is said to be like %+v", list[0].LooksLike)
	}
}

// What is like none of ours is not said to be: this one lets through at random.
func TestUnlike(t *testing.T) {
	t.Parallel()
	list := found(t, func(rt http.RoundTripper) gate.Gate {
		return sometimes{gate.NewReference(few(), gate.Options{Transport: rt, Budget: budget})}
	}, scenarios.Selection{Rules: []string{"PRE-1", "PRE-2"}})
	if len(list) == 0 {
		t.Fatal("nothing was found")
	}
	for _, f := range list {
		if f.LooksLike != nil {
			t.Errorf("%s is said to be like %+v", f.Title, f.LooksLike)
		}
	}
}

type sometimes struct{ gate.Gate }

func (s sometimes) Decide(ctx context.Context, r gate.Request) (gate.Decision, error) {
	h := fnv.New32()
	_, _ = h.Write([]byte(r.Model))
	for name := range r.Secrets.Workspace {
		_, _ = h.Write([]byte(name))
	}
	if h.Sum32()%3 == 0 {
		return gate.Decision{Verdict: gate.Allowed}, nil
	}
	return s.Gate.Decide(ctx, r)
}
