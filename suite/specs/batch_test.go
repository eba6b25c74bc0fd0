package specs

import (
	"context"
	"net/http"
	"sync/atomic"
	"testing"

	"github.com/onsi/ginkgo/v2"
	"github.com/onsi/ginkgo/v2/types"

	"github.com/molecule-ai/byok-conformance/fakes/gates"
	"github.com/molecule-ai/byok-conformance/gate"
)

func TestBatches(t *testing.T) {
	d, err := newDoor(doubleOptions(&gates.Double{}))
	if err != nil {
		t.Fatal(err)
	}
	batchOf := map[*group]*batch{}
	for _, b := range d.batches {
		size := 0
		for _, g := range b.groups {
			if batchOf[g] != nil || g.batch != b {
				t.Errorf("%s stands in two batches, or in none", g.text)
			}
			batchOf[g] = b
			size += len(g.scenarios)
			for _, s := range g.scenarios {
				if s.Class != b.text {
					t.Errorf("%s is in a batch of %s", s.ID, b.text)
				}
			}
		}
		if size > batchSize && len(b.groups) > 1 {
			t.Errorf("a batch of %s has %d scenarios", b.text, size)
		}
	}
	if len(batchOf) != len(d.groups) {
		t.Errorf("%d of %d groups stand in a batch", len(batchOf), len(d.groups))
	}
}

// The first spec of a batch replays what is wanted of it, later ones take their
// results, and another attempt is another replay.
func TestBatchIsReplayedOnce(t *testing.T) {
	var decided atomic.Int64
	o := doubleOptions(&gates.Double{})
	build := o.Gate
	o.Gate = func(providers http.RoundTripper) gate.Gate { return counting{build(providers), &decided} }
	o.IDs = []string{"mismatched/foreign/*/workspace"}
	d, err := newDoor(o)
	if err != nil {
		t.Fatal(err)
	}
	first, second, third := d.groups[0], d.groups[1], d.groups[2]
	wanted := func(g *group) bool { return g == first || g == second }
	for _, step := range []struct {
		name string
		take *group
		asks bool
	}{
		{"the first replays both that are wanted", first, true},
		{"the second has its results", second, false},
		{"one that was not foreseen is replayed", third, true},
		{"so is another attempt", second, true},
	} {
		before := decided.Load()
		results, err := d.replay(t.Context(), step.take, 1, wanted)
		if err != nil || len(results) != len(step.take.scenarios) {
			t.Fatalf("%s: %d results, %v; want %d", step.name, len(results), err, len(step.take.scenarios))
		}
		for i, r := range results {
			if r.Scenario != step.take.scenarios[i] {
				t.Errorf("%s: result %d is about %s, want %s", step.name, i, r.Scenario.ID, step.take.scenarios[i].ID)
			}
		}
		if asked := decided.Load() > before; asked != step.asks {
			t.Errorf("%s: the gate was asked: %t, want %t", step.name, asked, step.asks)
		}
	}
	if d.groups[3].replayed {
		t.Error("a spec that is not wanted was replayed")
	}
}

type counting struct {
	gate.Gate
	decided *atomic.Int64
}

func (c counting) Decide(ctx context.Context, r gate.Request) (gate.Decision, error) {
	c.decided.Add(1)
	return c.Gate.Decide(ctx, r)
}

func TestWantedByGinkgosFlags(t *testing.T) {
	current := ginkgo.SpecReport{
		ContainerHierarchyTexts:  []string{"our gate", "dead"},
		ContainerHierarchyLabels: [][]string{{"slow"}, {}},
	}
	g := &group{text: "dead/answer/groq/*", labels: []string{"class:dead", "critical"}}
	for name, tt := range map[string]struct {
		flags types.SuiteConfig
		want  bool
	}{
		"no flags":               {types.SuiteConfig{}, true},
		"its label":              {types.SuiteConfig{LabelFilter: "class:dead && critical"}, true},
		"a container's label":    {types.SuiteConfig{LabelFilter: "slow"}, true},
		"another label":          {types.SuiteConfig{LabelFilter: "class:valid"}, false},
		"focus on its text":      {types.SuiteConfig{FocusStrings: []string{"nosuch", "our gate dead dead/answer/groq"}}, true},
		"focus on something":     {types.SuiteConfig{FocusStrings: []string{"anthropic"}}, false},
		"skipped":                {types.SuiteConfig{SkipStrings: []string{"groq"}}, false},
		"something else skipped": {types.SuiteConfig{SkipStrings: []string{"anthropic"}}, true},
	} {
		t.Run(name, func(t *testing.T) {
			if got := wantedBy(tt.flags, current)(g); got != tt.want {
				t.Errorf("wanted: %t, want %t", got, tt.want)
			}
		})
	}
}
