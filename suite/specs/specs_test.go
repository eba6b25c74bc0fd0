package specs

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/molecule-ai/byok-conformance/fakes/gates"
	"github.com/molecule-ai/byok-conformance/gate"
	"github.com/molecule-ai/byok-conformance/registry"
	"github.com/molecule-ai/byok-conformance/scenarios"
	"github.com/molecule-ai/byok-conformance/suite"
	"github.com/molecule-ai/byok-conformance/suite/govalue"
)

const testBudget = 1500 * time.Millisecond

// doubleOptions are those for a gate of ours; every area that a Go value can
// be held to is claimed.
func doubleOptions(d *gates.Double) Options {
	return Options{
		Gate: func(t http.RoundTripper) gate.Gate {
			return d.Build(registry.Embedded(), gate.Options{Transport: t, Budget: testBudget})
		},
		Level:  scenarios.Extended,
		Claims: append((&govalue.Target{}).Traits().Claims, "provision-liveness"),
		Budget: testBudget,
	}
}

// A verdict is what both doors must agree about.
type verdict struct {
	Outcome suite.ResultOutcome
	Rules   []string
}

func verdictOf(r suite.Result) verdict {
	v := verdict{Outcome: r.Outcome}
	for _, x := range r.Violations {
		v.Rules = append(v.Rules, x.Rule)
	}
	return v
}

// throughRun replays everything that is claimed in one run, as the command line
// does.
func throughRun(t *testing.T, o Options) map[string]verdict {
	t.Helper()
	corpus, err := scenarios.Embedded()
	if err != nil {
		t.Fatal(err)
	}
	selected, err := corpus.Select(registry.Embedded(), &scenarios.Selection{Level: o.Level, Matrix: o.Matrix})
	if err != nil {
		t.Fatal(err)
	}
	providers := suite.NewProviders(registry.Embedded())
	out := map[string]verdict{}
	_, err = suite.Run(t.Context(), suite.Config{
		Registry: registry.Embedded(), Scenarios: selected.Scenarios, Companions: selected.Companions, Providers: providers, Target: govalue.New(o.Gate, providers.RoundTripper()),
		Claims: o.Claims, Level: o.Level, Budget: o.Budget, Seed: "one run",
		Handle: func(e suite.Event) {
			if f, ok := e.(suite.Finished); ok && f.Result.Outcome != suite.NotClaimed {
				out[f.Result.Scenario.ID] = verdictOf(f.Result)
			}
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// all wants every spec of a batch.
func all(*group) bool { return true }

// throughSpecs replays every spec's group.
func throughSpecs(t *testing.T, o Options) map[string]verdict {
	t.Helper()
	d, err := newDoor(o)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]verdict{}
	for _, g := range d.groups {
		results, err := d.replay(t.Context(), g, 1, all)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range results {
			if _, twice := out[r.Scenario.ID]; twice {
				t.Errorf("%s stands in two specs", r.Scenario.ID)
			}
			out[r.Scenario.ID] = verdictOf(r)
		}
	}
	return out
}

func TestDoorsAgree(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		double *gates.Double
		// fails is a scenario that must fail; empty where all must pass.
		fails string
	}{
		"reference":            {&gates.Double{Name: "reference"}, ""},
		"any-known-credential": {gates.Find("any-known-credential"), "mismatched/report"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := doubleOptions(tt.double)
			o.Matrix = scenarios.PairwiseMatrix // every template, provider and foreign name is in it
			want, got := throughRun(t, o), throughSpecs(t, o)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("the doors disagree (-run +specs):\n%s", diff)
			}
			for id, v := range got {
				if tt.fails == "" && v.Outcome == suite.Failed {
					t.Errorf("%s: %v", id, v)
				}
			}
			if tt.fails != "" && got[tt.fails].Outcome != suite.Failed {
				t.Errorf("%s: %v, want it failed", tt.fails, got[tt.fails])
			}
		})
	}
}

func TestGroups(t *testing.T) {
	o := doubleOptions(&gates.Double{})
	d, err := newDoor(o)
	if err != nil {
		t.Fatal(err)
	}
	texts := map[string]bool{}
	for _, g := range d.groups {
		if texts[g.text] {
			t.Errorf("two specs are called %q", g.text)
		}
		texts[g.text] = true
		for _, s := range g.scenarios {
			if got := labelsOf(s); !slices.Equal(got, g.labels) {
				t.Errorf("%s: its labels are %v, those of its spec %v", s.ID, got, g.labels)
			}
		}
	}
	for _, want := range []string{
		"mismatched/foreign/anthropic-api/*",
		"transient/waits/* while providers are silent",
		"valid/route/claude-code/* for anthropic-api",
		"forbidden/answer/groq/*",
	} {
		if !texts[want] {
			t.Errorf("no spec is called %q", want)
		}
	}
	report := d.groups[slices.IndexFunc(d.groups, func(g *group) bool { return strings.HasPrefix(g.text, "mismatched/report: ") })]
	if want := []string{"class:mismatched", "core", "critical", "rule:PRE-2"}; !slices.Equal(report.labels[:4], want) {
		t.Errorf("labels of mismatched/report are %v, want them to begin with %v", report.labels, want)
	}
}

func TestSelectionNarrowsSpecs(t *testing.T) {
	o := doubleOptions(&gates.Double{})
	o.IDs = []string{"mismatched/foreign/anthropic-api/OPENAI_API_KEY/workspace"}
	d, err := newDoor(o)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, g := range d.groups {
		for _, s := range g.scenarios {
			got = append(got, g.text+" > "+s.ID)
		}
	}
	// The spec keeps the name it has in the whole corpus, and the twin has one, too.
	want := []string{
		"mismatched/foreign/anthropic-api/* > mismatched/foreign/anthropic-api/OPENAI_API_KEY/workspace",
		"valid/route/claude-code/* for anthropic-api > valid/route/claude-code/claude-sonnet-4-6/ANTHROPIC_API_KEY",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("specs (-want +got):\n%s", diff)
	}
}
