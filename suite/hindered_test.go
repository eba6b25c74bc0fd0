package suite

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/molecule-ai/byok-conformance/fakes/upstream"
	"github.com/molecule-ai/byok-conformance/gate"
	"github.com/molecule-ai/byok-conformance/registry"
	"github.com/molecule-ai/byok-conformance/scenarios"
	"github.com/molecule-ai/byok-conformance/suite/govalue"
	"github.com/molecule-ai/byok-conformance/suite/secrets"
	"github.com/molecule-ai/byok-conformance/suite/target"
	"github.com/molecule-ai/byok-conformance/suite/timing"
)

// hinderedBudget bounds the probes of these tests; nothing waits for it.
const hinderedBudget = time.Second

// A hindered target is the reference gate, but for its first creates of each
// scenario, which end as wrong says, and during which the harness stands still.
type hindered struct {
	*govalue.Target
	pulse *timing.Pulse
	// first is how many creates of each scenario are wrong; stall is how long the
	// harness stands still during one.
	first int
	stall time.Duration
	wrong func(target.Reply, target.CreateRequest) target.Reply

	mu      sync.Mutex
	creates map[string]int
}

func (h *hindered) Pace(p *timing.Pulse) { h.pulse = p; h.Target.Pace(p) }

func (h *hindered) Create(ctx context.Context, req target.CreateRequest) target.Reply {
	reply := h.Target.Create(ctx, req)
	h.mu.Lock()
	h.creates[req.RequestID]++
	n := h.creates[req.RequestID]
	h.mu.Unlock()
	if n > h.first {
		return reply
	}
	h.pulse.Lose(h.stall)
	return h.wrong(reply, req)
}

func (h *hindered) total() (n int) {
	for _, creates := range h.creates {
		n += creates
	}
	return n
}

// run replays scenarios at the target and returns the results by id.
func (h *hindered) run(t *testing.T, ids ...string) (map[string]Result, Summary) {
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
	p := NewProviders(reg)
	h.creates = map[string]int{}
	h.Target = govalue.New(func(rt http.RoundTripper) gate.Gate {
		return gate.NewReference(reg, gate.Options{Transport: rt, Budget: hinderedBudget})
	}, p.RoundTripper())
	results := map[string]Result{}
	summary, err := Run(t.Context(), Config{
		Registry: reg, Scenarios: selected.Scenarios, Companions: selected.Companions, Target: h, Providers: p, Budget: hinderedBudget, Seed: "seed", Parallel: 1, pulse: &timing.Pulse{},
		Handle: func(e Event) {
			if f, ok := e.(Finished); ok {
				results[f.Result.Scenario.ID] = f.Result
			}
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return results, summary
}

func allows(r target.Reply, _ target.CreateRequest) target.Reply {
	return target.Reply{Outcome: target.Allowed, Workspace: r.Workspace}
}

func takesLong(r target.Reply, _ target.CreateRequest) target.Reply {
	r.Took = time.Minute
	return r
}

func gives(_ target.Reply, _ target.CreateRequest) target.Reply {
	return target.Reply{Outcome: target.NoReply, Err: errors.New("no route")}
}

func shows(r target.Reply, req target.CreateRequest) target.Reply {
	for _, s := range req.Secrets {
		r.Text += s.Value
	}
	return r
}

// madeFor is the X-Request-ID of a scenario's creates in these runs.
func madeFor(id string) string { return "run/" + target.RequestTail("seed", id) }

func TestFailuresWhileTheHarnessStoodStill(t *testing.T) {
	const dead = "dead/answer/groq/GROQ_API_KEY/workspace"
	for _, test := range []struct {
		name     string
		target   *hindered
		outcome  ResultOutcome
		attempts int
	}{
		{"allowed once, after a stall", &hindered{first: 1, stall: time.Minute, wrong: allows}, Passed, 2},
		{"allowed once, after a stall that explains nothing", &hindered{first: 1, stall: hinderedBudget / 10, wrong: allows}, Failed, 1},
		{"allowed once, without a stall", &hindered{first: 1, wrong: allows}, Failed, 1},
		{"allowed twice, each time after a stall", &hindered{first: 2, stall: time.Minute, wrong: allows}, Passed, 3},
		{"allowed always, each time after a stall", &hindered{first: 100, stall: time.Minute, wrong: allows}, Failed, mostAttempts},
		{"a minute, of which the harness ran no second", &hindered{first: 100, stall: time.Minute, wrong: takesLong}, Passed, 1},
		{"a minute, of which the harness stood still for half", &hindered{first: 1, stall: time.Minute / 2, wrong: takesLong}, Passed, 2},
		{"a minute", &hindered{first: 1, wrong: takesLong}, Failed, 1},
		{"no reply once, after a stall", &hindered{first: 1, stall: time.Minute, wrong: gives}, Passed, 2},
		{"no reply once", &hindered{first: 1, wrong: gives}, Errored, 1},
		{"a credential shown once, after a stall", &hindered{first: 1, stall: time.Minute, wrong: shows}, Failed, 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			h := test.target
			results, summary := h.run(t, dead)
			r := results[dead]
			if r.Outcome != test.outcome {
				t.Errorf("%s, want %s: %v %s", r.Outcome, test.outcome, r.Violations, r.Reason)
			}
			if got := h.creates[madeFor(dead)]; got != test.attempts {
				t.Errorf("created %d times, want %d", got, test.attempts)
			}
			if again := summary.ReplayedAgain > 0; again != (test.attempts > 1) {
				t.Errorf("%d are said to have been replayed again, after %d attempts", summary.ReplayedAgain, test.attempts)
			}
		})
	}
}

// TestAFaultyTargetIsNotReplayedForEver gives up where to replay again does not help.
func TestAFaultyTargetIsNotReplayedForEver(t *testing.T) {
	h := &hindered{first: 1000, stall: time.Minute, wrong: allows}
	n := 0
	results, _ := h.run(t, "dead/answer/*")
	for id, r := range results {
		if strings.HasPrefix(id, "dead/") {
			if n++; r.Outcome != Failed {
				t.Errorf("%s: %s", id, r.Outcome)
			}
		}
	}
	if again := h.total() - len(h.creates); n < 2*inVainAgain || again != inVainAgain*(mostAttempts-1) {
		t.Errorf("%d scenarios, and %d creates again; want %d", n, again, inVainAgain*(mostAttempts-1))
	}
}

// A haunted target asks a provider about a credential of the scenario before,
// now and then: a probe that comes late, or a verdict that is kept for too long.
type haunted struct {
	*govalue.Target
	providers *Providers
	last      string
	// late is how many creates are followed by such a call.
	late int
}

func (h *haunted) Create(ctx context.Context, req target.CreateRequest) target.Reply {
	reply := h.Target.Create(ctx, req)
	if h.last != "" && h.late > 0 {
		h.late--
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://api.groq.com/openai/v1/models", nil)
		if err != nil {
			return target.Reply{Outcome: target.Failed, Err: err}
		}
		r.Header.Set("Authorization", "Bearer "+h.last)
		if resp, err := h.providers.RoundTripper().RoundTrip(r); err == nil {
			resp.Body.Close()
		}
	}
	for _, s := range req.Secrets {
		h.last = s.Value
	}
	return reply
}

func TestCallsForAnEarlierScenario(t *testing.T) {
	for _, test := range []struct {
		name    string
		late    int
		outcome ResultOutcome
	}{
		{"come late, once", 1, Passed},
		{"come late, twice", 2, Passed},
		{"come again and again", 1000, Failed},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			reg := registry.Embedded()
			p := NewProviders(reg)
			h := &haunted{providers: p, late: test.late, Target: govalue.New(func(rt http.RoundTripper) gate.Gate {
				return gate.NewReference(reg, gate.Options{Transport: rt, Budget: hinderedBudget})
			}, p.RoundTripper())}
			r := &replay{scenario: nothingPresent(t)}
			e, err := newEngine(Config{Registry: reg, Scenarios: []*scenarios.Scenario{r.scenario}, Target: h, Providers: p, Budget: hinderedBudget, Seed: "seed", pulse: &timing.Pulse{}})
			if err != nil {
				t.Fatal(err)
			}
			dropped := &secrets.Credential{Credential: upstream.Credential{Name: "GROQ_API_KEY", Value: "value-abcdefghijklmnopqrstuvwxyz"}, Scope: "workspace", Secret: secrets.Secret{Random: "abcdefghijklmnopqrstuvwxyz"}}
			p.ring.Add([]*secrets.Credential{dropped})
			p.ring.Drop([]*secrets.Credential{dropped})
			h.last = dropped.Value
			var result Result
			e.cfg.Handle = func(ev Event) {
				if f, ok := ev.(Finished); ok {
					result = f.Result
				}
			}
			r.attempt = &attempt{ambiguous: true}
			e.alone(t.Context(), r, func() { e.turn(t.Context(), nil, r, e.slots) })
			e.finisher.drain()
			e.finisher.flush(false)
			if result.Outcome != test.outcome {
				t.Errorf("%s after %d attempts, want %s: %v %s", result.Outcome, r.attempts, test.outcome, result.Violations, result.Reason)
			}
		})
	}
}

// nothingPresent is a scenario that must be refused for absence, by itself.
func nothingPresent(t *testing.T) *scenarios.Scenario {
	t.Helper()
	s := planned(t, "absent", "openclaw", "groq:llama-3.3-70b-versatile")
	e := &s.Steps[0].Expect
	e.Verdict, e.Code, e.Upstream, e.Probed = scenarios.Refused, string(gate.MissingCredential), scenarios.NoCall, ""
	return s
}
