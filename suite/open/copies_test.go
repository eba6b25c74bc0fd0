package open

import (
	"context"
	"maps"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/molecule-ai/byok-conformance/gate"
	"github.com/molecule-ai/byok-conformance/scenarios"
	"github.com/molecule-ai/byok-conformance/suite"
	"github.com/molecule-ai/byok-conformance/suite/internal/small"
	"github.com/molecule-ai/byok-conformance/suite/target"
)

// outcomes are what a run at so many copies of a gate comes to, and how many creates
// each of them was asked for.
func outcomes(t *testing.T, gate string, instances int) (ended map[string]string, creates []int) {
	t.Helper()
	reg, err := small.Registry()
	if err != nil {
		t.Fatal(err)
	}
	corpus, err := scenarios.Embedded()
	if err != nil {
		t.Fatal(err)
	}
	selected, err := corpus.Select(reg, &scenarios.Selection{Level: scenarios.Core, Classes: []string{"mismatched", "provision"}, Matrix: scenarios.PairwiseMatrix})
	if err != nil {
		t.Fatal(err)
	}
	opened, err := Target(t.Context(), reg, Options{Target: gate, Profile: "workspace-server", Instances: instances, Budget: 2 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	defer opened.Close()
	ended = map[string]string{}
	cfg := suite.Config{Registry: reg, Scenarios: selected.Scenarios, Companions: selected.Companions, Seed: "copies", RunID: "copies", Handle: func(e suite.Event) {
		if end, ok := e.(suite.Finished); ok {
			ended[end.Result.Scenario.ID] = string(end.Result.Outcome)
		}
	}}
	opened.Fill(&cfg)
	counters := []*counter{{Target: cfg.Target}}
	cfg.Target = counters[0]
	for i := range cfg.Copies {
		counters = append(counters, &counter{Target: cfg.Copies[i].Target})
		cfg.Copies[i].Target = counters[i+1]
	}
	summary, err := suite.Run(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	if summary.Ended() != summary.Planned || len(summary.LeftBehind) > 0 || len(summary.Leftovers) > 0 {
		t.Errorf("%d of %d ended; left behind: %v, %v", summary.Ended(), summary.Planned, summary.LeftBehind, summary.Leftovers)
	}
	for _, c := range counters {
		creates = append(creates, int(c.creates.Load()))
	}
	return ended, creates
}

// A counter counts the creates of a target.
type counter struct {
	target.Target
	creates atomic.Int64
}

func (c *counter) Create(ctx context.Context, r target.CreateRequest) target.Reply {
	c.creates.Add(1)
	return c.Target.Create(ctx, r)
}

// What is shared out among copies of a server ends as it does at one; each copy has
// its part, and a refusal finds its twin at another one.
func TestCopies(t *testing.T) {
	t.Parallel()
	one, _ := outcomes(t, "faulty:fixed-for-workspace-only", 1)
	three, creates := outcomes(t, "faulty:fixed-for-workspace-only", 3)
	if diff := cmp.Diff(one, three); diff != "" {
		t.Errorf("at one copy and at three:\n%s", diff)
	}
	if len(creates) != 3 || slices.Min(creates)*5 < len(one) {
		t.Errorf("of %d scenarios the copies had %v creates", len(one), creates)
	}
	if !slices.Contains(slices.Collect(maps.Values(three)), string(suite.Failed)) {
		t.Error("the faulty gate passes")
	}
	right, _ := outcomes(t, "reference", 3)
	for id, outcome := range right {
		if outcome == string(suite.Failed) {
			t.Errorf("the reference fails %s", id)
		}
	}
}

// holder holds global secrets; several may hold the same.
type holder struct {
	target.Target
	globals map[string]gate.Secret
}

func (h *holder) Traits() target.Traits { return target.Traits{HTTP: true, SharedGlobals: true} }

func (h *holder) SetGlobals(_ context.Context, values map[string]gate.Secret) error {
	clear(h.globals)
	maps.Copy(h.globals, values)
	return nil
}

func (h *holder) Globals(context.Context) ([]string, error) {
	return slices.Collect(maps.Keys(h.globals)), nil
}

// Copies with one state between them would be judged by each other's secrets.
func TestCopiesWithOneState(t *testing.T) {
	t.Parallel()
	first, second := map[string]gate.Secret{}, map[string]gate.Secret{}
	for name, of := range map[string]map[string]gate.Secret{"shared": first, "apart": second} {
		o := &Opened{Target: &holder{globals: first}, Claims: []string{"global-scope"}, copies: []*Opened{{Target: &holder{globals: of}, instance: 2}}}
		err := o.apart(t.Context())
		if shared := err != nil && strings.Contains(err.Error(), "copies 1 and 2 have one state"); shared != (name == "shared") {
			t.Errorf("%s: %v", name, err)
		}
		if len(first)+len(second) > 0 {
			t.Errorf("%s: a secret is left", name)
		}
	}
}

func TestInstances(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		o    Options
		want int
		err  string
	}{
		{Options{}, ownInstances, ""},
		{Options{Target: "faulty:blank-counts", Instances: 1}, 1, ""},
		{Options{Target: "http://127.0.0.1:1"}, 1, ""},
		{Options{Target: "http://127.0.0.1:1", Instances: 2}, 0, "somebody else has started"},
		{Options{Command: []string{"./server"}}, 1, ""},
		{Options{Command: []string{"./server", "--data", "/tmp/{instance}"}, Instances: 4}, 4, ""},
		{Options{Command: []string{"./server", "--data", "/tmp/{Instances}"}, Instances: 4}, 4, "write {instance}"},
		{Options{Check: true}, 1, ""},
		{Options{Command: []string{"./server"}, Instances: 4, Check: true}, 4, ""},
		{Options{Command: []string{"./server"}, Instances: 17}, 0, "from 1 to 16"},
		{Options{Command: []string{"./server"}, Instances: -1}, 0, "from 1 to 16"},
	} {
		got, err := c.o.instances()
		if c.err == "" && (err != nil || got != c.want) || c.err != "" && (err == nil || !strings.Contains(err.Error(), c.err)) {
			t.Errorf("%+v: %d, %v; want %d, %q", c.o, got, err, c.want, c.err)
		}
	}
}
