package suite

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/molecule-ai/byok-conformance/gate"
	"github.com/molecule-ai/byok-conformance/registry"
	"github.com/molecule-ai/byok-conformance/scenarios"
	"github.com/molecule-ai/byok-conformance/suite/govalue"
	"github.com/molecule-ai/byok-conformance/suite/judge"
	"github.com/molecule-ai/byok-conformance/suite/target"
	"github.com/molecule-ai/byok-conformance/suite/timing"
)

// A fragile target is the reference gate, but stops answering once it is asked for
// what stops says, until it is started again.
type fragile struct {
	*govalue.Target
	stops func(target.CreateRequest) bool
	// slow: it answers again when it is asked whether it does.
	slow bool
	// stuck is why it cannot be started again; nil where it can.
	stuck error

	mu       sync.Mutex
	stopped  bool
	restarts int
	// ids are the scenarios by the X-Request-ID of their creates, order those by their
	// first create.
	ids   map[string]string
	order []string
}

func (f *fragile) Create(ctx context.Context, req target.CreateRequest) target.Reply {
	f.mu.Lock()
	id := f.ids[req.RequestID]
	if len(f.order) == 0 || f.order[len(f.order)-1] != id {
		f.order = append(f.order, id)
	}
	f.stopped = f.stopped || f.stops(req)
	stopped := f.stopped
	f.mu.Unlock()
	if stopped {
		return target.Reply{Outcome: target.Late, Err: timing.ErrLate}
	}
	return f.Target.Create(ctx, req)
}

func (f *fragile) Answers(context.Context) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.stopped = f.stopped && !f.slow; f.stopped {
		return timing.ErrLate
	}
	return nil
}

func (f *fragile) restart(context.Context) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.restarts++
	f.stopped = f.stuck != nil
	return f.stuck
}

// many reports whether a create is one of at-once-foreign's at one provider.
func many(provider string) func(target.CreateRequest) bool {
	return func(req target.CreateRequest) bool {
		return req.RequestID == madeFor("robustness/at-once-foreign/"+provider)
	}
}

func TestATargetThatStopsAnswering(t *testing.T) {
	const groq, zai = "robustness/at-once-foreign/groq", "robustness/at-once-foreign/zai"
	const plain, blank = "valid/padded/groq/GROQ_API_KEY/workspace", "missing/none/openclaw/*"
	for _, test := range []struct {
		name    string
		target  *fragile
		ours    bool
		ids     []string
		want    map[string]ResultOutcome
		started int
	}{
		{"ours: one failure, what is alike is not tried, and the rest goes on",
			&fragile{stops: many("groq")}, true, []string{groq, "robustness/at-once-foreign/*", plain},
			map[string]ResultOutcome{groq: Failed, plain: Passed}, 1},
		{"somebody else's: one failure, and what came before it is judged",
			&fragile{stops: many("groq")}, false, []string{groq, plain}, map[string]ResultOutcome{groq: Failed, plain: Passed}, 0},
		{"it cannot be started again",
			&fragile{stops: many("zai"), stuck: errors.New("no such file")}, true, []string{groq, zai, plain},
			map[string]ResultOutcome{zai: Failed, groq: Errored, plain: Passed}, 1},
		{"it is only slow: no fault but the lateness, and nothing is started",
			&fragile{stops: many("groq"), slow: true}, true, []string{groq, plain}, map[string]ResultOutcome{groq: Failed, plain: Passed}, 0},
		{"a single create stops it, and is told by itself",
			&fragile{stops: func(req target.CreateRequest) bool { return req.RequestID == madeFor(plain) }}, true, []string{plain, zai},
			map[string]ResultOutcome{plain: Failed, zai: Passed}, 1},
		{"it stops at everything: it is not started for ever",
			&fragile{stops: func(target.CreateRequest) bool { return true }}, true, []string{"valid/padded/*", blank},
			map[string]ResultOutcome{}, mostRestarts},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			results, summary, events := test.target.run(t, test.ours, test.ids...)
			for id, want := range test.want {
				if r := results[id]; r.Outcome != want {
					t.Errorf("%s: %s, want %s: %v %s", id, r.Outcome, want, r.Violations, r.Reason)
				}
			}
			if test.target.restarts != test.started || !strings.Contains(test.name, "cannot") && summary.Restarts != test.started {
				t.Errorf("started %d times, and said %d; want %d", test.target.restarts, summary.Restarts, test.started)
			}
			stops, failed := 0, 0
			for _, r := range results {
				for _, v := range r.Violations {
					if v.Kind == judge.StoppedAnswering {
						stops++
					}
				}
				if r.Outcome == Failed {
					failed++
				}
			}
			if want := min(len(events), mostRestarts+1); stops != want || test.target.slow && stops > 0 {
				t.Errorf("%d scenarios stopped it, of %d that failed; the run told %d times", stops, failed, want)
			}
			if summary.Planned != summary.Ended() {
				t.Errorf("%d planned, %d ended", summary.Planned, summary.Ended())
			}
		})
	}
}

// TestWhatIsAlikeIsNotTried names the reason, so that nobody takes it for judged.
func TestWhatIsAlikeIsNotTried(t *testing.T) {
	f := &fragile{stops: many("anthropic-api")}
	results, _, _ := f.run(t, true, "robustness/at-once-foreign/*")
	errored := 0
	for id, r := range results {
		if r.Outcome == Errored && strings.Contains(r.Reason, "not replayed: robustness/at-once-foreign/anthropic-api asks for the same") {
			errored++
			continue
		}
		if r.Outcome != Passed && id != "robustness/at-once-foreign/anthropic-api" {
			t.Errorf("%s: %s %s", id, r.Outcome, r.Reason)
		}
	}
	if errored == 0 {
		t.Error("all were replayed")
	}
}

// TestTheHeaviestComeLast: what may stop a target is asked when all else is judged.
func TestTheHeaviestComeLast(t *testing.T) {
	f := &fragile{stops: func(target.CreateRequest) bool { return false }}
	f.run(t, true, "robustness/at-once-*/groq", "robustness/long-secret/groq*", "missing/none/*", "valid/padded/groq/*")
	light := 0
	for i, id := range f.order {
		if !strings.HasPrefix(id, "robustness/at-once") && !strings.HasPrefix(id, "robustness/long") {
			light = i
		}
	}
	for i, id := range f.order {
		if strings.HasPrefix(id, "robustness/at-once") && i < light {
			t.Errorf("%s is number %d, and a light one %d", id, i, light)
		}
	}
	if light == 0 || light == len(f.order)-1 {
		t.Errorf("light and heavy were not both replayed: %v", f.order)
	}
}

func (f *fragile) run(t *testing.T, ours bool, ids ...string) (map[string]Result, Summary, []Stopped) {
	t.Helper()
	reg := registry.Embedded()
	corpus, err := scenarios.Embedded()
	if err != nil {
		t.Fatal(err)
	}
	selected, err := corpus.Select(reg, &scenarios.Selection{Level: scenarios.Core, IDs: ids})
	if err != nil {
		t.Fatal(err)
	}
	f.ids = map[string]string{}
	for _, s := range selected.Scenarios {
		f.ids[madeFor(s.ID)] = s.ID
	}
	p := NewProviders(reg)
	f.Target = govalue.New(func(rt http.RoundTripper) gate.Gate {
		return gate.NewReference(reg, gate.Options{Transport: rt, Budget: hinderedBudget})
	}, p.RoundTripper())
	cfg := Config{
		Registry: reg, Scenarios: selected.Scenarios, Companions: selected.Companions, Target: f, Providers: p, Budget: hinderedBudget,
		Seed: "seed", Parallel: 1, pulse: &timing.Pulse{},
	}
	if ours {
		cfg.Restart = f.restart
	}
	results, stops := map[string]Result{}, []Stopped(nil)
	cfg.Handle = func(e Event) {
		switch e := e.(type) {
		case Finished:
			results[e.Result.Scenario.ID] = e.Result
		case Stopped:
			stops = append(stops, e)
		}
	}
	summary, err := Run(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	return results, summary, stops
}
