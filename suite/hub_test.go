package suite

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/molecule-ai/byok-conformance/fakes/upstream"
	"github.com/molecule-ai/byok-conformance/registry"
	"github.com/molecule-ai/byok-conformance/scenarios"
	"github.com/molecule-ai/byok-conformance/suite/judge"
	"github.com/molecule-ai/byok-conformance/suite/secrets"
	"github.com/molecule-ai/byok-conformance/suite/target"
)

// hubOf is providers with replays under way, each with a step open and a
// credential of its own.
type hubOf struct {
	*Providers
	replays []*replay
	windows []*window
	own     []*secrets.Credential
}

func newHub(t *testing.T, pairs ...string) *hubOf {
	t.Helper()
	h := &hubOf{Providers: NewProviders(registry.Embedded())}
	h.hold = time.Second
	e, _ := planOf(t, Config{}, target.Traits{}, planned(t, "none", "claude-code", opus))
	for i, model := range pairs {
		s := planned(t, model, "claude-code", model, "workspace.K=live")
		r := e.newReplay(s, i)
		e.reset(r)
		c := credentialOf(t, model, "workspace", "K", "live")
		c.Owner = r
		h.ring.Add([]*secrets.Credential{c})
		h.enter(r)
		h.replays, h.windows, h.own = append(h.replays, r), append(h.windows, r.open(0, 1)...), append(h.own, c)
	}
	return h
}

// dialled is an exchange at a host that carries credentials.
func dialled(host string, carried ...*secrets.Credential) *upstream.Exchange {
	x := &upstream.Exchange{Method: "GET", Scheme: "https", Host: host, Path: "/v1/models", Known: host != "elsewhere.invalid", Status: 200, Answer: "live"}
	for _, c := range carried {
		x.Sightings = append(x.Sightings, upstream.Sighting{Credential: &c.Credential, Where: "header x-api-key", Read: true})
	}
	return x
}

func (h *hubOf) seeing(t *testing.T, x *upstream.Exchange) {
	t.Helper()
	h.arrive(t.Context(), x)
	h.observe(x)
}

// seenBy are the numbers of calls that each replay is held to, and of those
// that nobody is.
func (h *hubOf) seenBy() (calls []int, ambiguous []bool, strays int) {
	for _, r := range h.replays {
		calls, ambiguous = append(calls, len(r.steps[0].Calls)), append(ambiguous, r.unclear())
	}
	return calls, ambiguous, len(h.strays)
}

func TestCallsAreAttributed(t *testing.T) {
	global := credentialOf(t, "global", "global", "G", "live")
	tests := []struct {
		name string
		do   func(*hubOf)
		// calls of the replays for Anthropic and for Kimi, and strays.
		calls     []int
		ambiguous []bool
		strays    int
	}{
		{"its own credential", func(h *hubOf) { h.seeing(t, dialled("api.anthropic.com", h.own[0])) }, []int{1, 0}, []bool{false, false}, 0},
		{"its own credential at somebody else's host", func(h *hubOf) { h.seeing(t, dialled("api.kimi.com", h.own[0])) }, []int{1, 0}, []bool{false, false}, 0},
		{"no credential at a known host: lawful for both", func(h *hubOf) { h.seeing(t, dialled("api.anthropic.com")) }, []int{0, 0}, []bool{false, false}, 0},
		{"no credential at a known host, and one of them may call nobody", func(h *hubOf) {
			h.replays[1].scenario.Steps[0].Expect.Upstream = scenarios.NoCall
			h.seeing(t, dialled("api.anthropic.com"))
		}, []int{0, 0}, []bool{false, true}, 0},
		{"no credential at a known host, and both may call nobody", func(h *hubOf) {
			for _, r := range h.replays {
				r.scenario.Steps[0].Expect.Upstream = scenarios.NoCall
			}
			h.seeing(t, dialled("api.anthropic.com"))
		}, []int{0, 0}, []bool{true, true}, 1},
		{"no credential, while no two share a host", func(h *hubOf) {
			h.setApart(true)
			h.seeing(t, dialled("api.anthropic.com"))
		}, []int{1, 0}, []bool{false, false}, 0},
		{"no credential at an unknown host: nobody's", func(h *hubOf) { h.seeing(t, dialled("elsewhere.invalid")) }, []int{0, 0}, []bool{false, false}, 1},
		{"no credential while one is alone", func(h *hubOf) { h.setAlone(h.replays[1]); h.seeing(t, dialled("api.anthropic.com")) }, []int{0, 1}, []bool{false, false}, 0},
		{"no credential while one is under way", func(h *hubOf) { h.leave(h.replays[0]); h.seeing(t, dialled("api.anthropic.com")) }, []int{0, 1}, []bool{false, false}, 0},
		{"no credential while one is under way that may call nobody", func(h *hubOf) {
			h.leave(h.replays[0])
			h.replays[1].scenario.Steps[0].Expect.Upstream = scenarios.NoCall
			h.seeing(t, dialled("api.anthropic.com"))
		}, []int{0, 0}, []bool{false, true}, 1},
		{"a global one: whose provider lives there", func(h *hubOf) {
			global.Owner = newGlobalSet(h.replays)
			h.ring.Add([]*secrets.Credential{global})
			h.seeing(t, dialled(h.replays[1].hosts[0], global))
		}, []int{0, 1}, []bool{false, false}, 0},
		{"a global one at a host of neither", func(h *hubOf) {
			global.Owner = newGlobalSet(h.replays)
			h.ring.Add([]*secrets.Credential{global})
			h.seeing(t, dialled("elsewhere.invalid", global))
		}, []int{0, 0}, []bool{true, true}, 1},
		{"a global one of a set that one runs under", func(h *hubOf) {
			global.Owner = newGlobalSet(h.replays[:1])
			h.ring.Add([]*secrets.Credential{global})
			h.seeing(t, dialled("elsewhere.invalid", global))
		}, []int{1, 0}, []bool{false, false}, 0},
		{"after it was judged", func(h *hubOf) { h.replays[0].judged = true; h.seeing(t, dialled("api.anthropic.com", h.own[0])) }, []int{0, 0}, []bool{false, false}, 1},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			h := newHub(t, opus, "kimi-for-coding")
			test.do(h)
			calls, ambiguous, strays := h.seenBy()
			if diff := cmp.Diff(test.calls, calls); diff != "" {
				t.Errorf("calls (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(test.ambiguous, ambiguous); diff != "" {
				t.Errorf("ambiguous (-want +got):\n%s", diff)
			}
			if strays != test.strays || !h.Seen() {
				t.Errorf("%d strays, want %d; seen %v", strays, test.strays, h.Seen())
			}
		})
	}
}

// TestCallsOfTheCreate tells calls that the create waits for from those of the
// provisioning after it, also where they overlap.
func TestCallsOfTheCreate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHub(t, opus)
		r, w, c := h.replays[0], h.windows[0], h.own[0]
		first, second := dialled("api.anthropic.com", c), dialled("api.anthropic.com", c)
		first.Status = 401
		h.seeing(t, first)
		// After a 401, a second call would be a retry; it is held back until the
		// create has answered, and so it is the provisioning's.
		timer := time.AfterFunc(h.hold/2, func() { r.close(w) })
		defer timer.Stop()
		h.seeing(t, second)
		late := dialled("api.anthropic.com", c)
		h.seeing(t, late)
		var got []bool
		for _, c := range r.steps[0].Calls {
			got = append(got, c.InCreate)
		}
		if diff := cmp.Diff([]bool{true, false, false}, got); diff != "" {
			t.Errorf("in the create (-want +got):\n%s", diff)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		h := newHub(t, opus)
		c := h.own[0]
		for range judge.MaxCalls {
			h.seeing(t, dialled("api.anthropic.com", c))
		}
		start := time.Now()
		h.seeing(t, dialled("api.anthropic.com", c)) // the create waits for it
		if took := time.Since(start); took != h.hold {
			t.Errorf("a call too many was held for %s, want %s", took, h.hold)
		}
		if calls := h.replays[0].steps[0].Calls; len(calls) != 3 || !calls[2].InCreate {
			t.Errorf("the third call: %+v", calls)
		}
	})
}

// TestNobodyWaitsForLong holds a call that follows one without a credential not back
// at all, and calls too many of a target that always makes them for a while only.
func TestNobodyWaitsForLong(t *testing.T) {
	took := func(do func()) time.Duration {
		start := time.Now()
		do()
		return time.Since(start)
	}
	synctest.Test(t, func(t *testing.T) {
		h := newHub(t, opus)
		h.setAlone(h.replays[0])
		anonymous := dialled("api.anthropic.com")
		anonymous.Status = 401
		h.seeing(t, anonymous)
		probe := dialled("api.anthropic.com", h.own[0])
		probe.Status = 500
		if held := took(func() { h.seeing(t, probe); h.seeing(t, dialled("api.anthropic.com", h.own[0])) }); held != 0 {
			t.Errorf("a probe and its retry after a call without a credential were held for %s", held)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		for before, want := range map[int]time.Duration{0: time.Second, patience - 1: time.Second, patience: time.Second / patience} {
			h := newHub(t, opus)
			h.tooMany = before
			for range judge.MaxCalls {
				h.seeing(t, dialled("api.anthropic.com", h.own[0]))
			}
			if held := took(func() { h.seeing(t, dialled("api.anthropic.com", h.own[0])) }); held != want || h.tooMany != before+1 {
				t.Errorf("after %d in vain a call too many was held for %s, want %s; %d are counted", before, held, want, h.tooMany)
			}
		}
	})
}

// TestRestartForgetsEarlierCalls holds a call that ends after a new
// provisioning began to belong to the one before.
func TestRestartForgetsEarlierCalls(t *testing.T) {
	h := newHub(t, opus)
	r, w, c := h.replays[0], h.windows[0], h.own[0]
	slow, next := dialled("api.anthropic.com", c), dialled("api.anthropic.com", c)
	slow.Status, next.Status = 401, 200
	h.arrive(t.Context(), slow)
	r.restart(w)
	h.observe(slow)
	if n := len(r.steps[0].Calls); n != 0 || w.final {
		t.Errorf("%d calls of the one before are kept, final %v", n, w.final)
	}
	again := dialled("api.anthropic.com", c)
	again.Status = 403
	h.arrive(t.Context(), again)
	r.restart(w)
	h.arrive(t.Context(), next)
	h.observe(again)
	h.observe(next)
	if calls := r.steps[0].Calls; len(calls) != 1 || calls[0].Status != 200 {
		t.Errorf("calls of the new provisioning: %+v", calls)
	}
}

// TestCallsInTheBackground tells the calls of what an earlier step left running
// from those of the step under way, which has the same secrets and another provider.
func TestCallsInTheBackground(t *testing.T) {
	for _, test := range []struct {
		name string
		// answers: the create under way is answered while the call is held back.
		answers bool
		calls   []int
	}{
		{"the create does not wait for it", true, []int{1, 0}},
		{"the create waits for it", false, []int{0, 1}},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := newHub(t)
				s := planned(t, "two", "claude-code", opus, "workspace.K=live", "workspace.K=live")
				s.Steps[1].Stage, s.Steps[1].Model, s.Steps[1].Expect.Providers = scenarios.Create, "kimi-for-coding", []string{"kimi-coding"}
				e, _ := planOf(t, Config{}, target.Traits{}, s)
				r := e.newReplay(s, 0)
				e.reset(r)
				c := credentialOf(t, "two", "workspace", "K", "live")
				c.Owner = r
				h.ring.Add([]*secrets.Credential{c})
				h.enter(r)
				first := r.open(0, 1)[0]
				first.secrets = []string{c.Value}
				r.close(first)
				second := r.open(1, 2)[0]
				second.secrets = []string{c.Value}
				if test.answers {
					defer time.AfterFunc(h.hold/2, func() { r.close(second) }).Stop()
				}
				h.seeing(t, dialled("api.anthropic.com", c))
				if got := []int{len(r.steps[0].Calls), len(r.steps[1].Calls)}; !slices.Equal(got, test.calls) || len(h.strays) > 0 {
					t.Errorf("calls %v, want %v; %d strays", got, test.calls, len(h.strays))
				}
				for _, list := range r.steps {
					for _, call := range list.Calls {
						if call.InCreate == test.answers || call.Status != 200 {
							t.Errorf("the call: %+v", call)
						}
					}
				}
			})
		})
	}
}

// TestCallsWhereSecretsWereChangedForTheStep: a target that restarts by itself may ask
// for an earlier workspace, too, so that only the first call surely is the create's.
func TestCallsWhereSecretsWereChangedForTheStep(t *testing.T) {
	for _, restarts := range []bool{false, true} {
		h := newHub(t, opus)
		h.windows[0].restarts = restarts
		for range 2 {
			h.seeing(t, dialled("api.anthropic.com", h.own[0]))
		}
		calls := h.replays[0].steps[0].Calls
		if len(calls) != 2 || calls[0].Changed || calls[1].Changed != restarts {
			t.Errorf("where it restarts by itself: %v: %+v, want two calls, of which only the second may be another's", restarts, calls)
		}
	}
}

// TestSecretsOfTheNextPhase: a provisioning in the background that meets global
// secrets which were set after its create was answered is held against no step.
func TestSecretsOfTheNextPhase(t *testing.T) {
	for _, later := range []bool{true, false} {
		h := newHub(t, opus)
		r, w := h.replays[0], h.windows[0]
		global := credentialOf(t, "global", "global", "G", "live")
		set := newGlobalSet([]*replay{r})
		set.credentials = secrets.Credentials{global}
		global.Owner = set
		h.ring.Add(set.credentials)
		if !later {
			w.globals = 1
		}
		r.close(w)
		h.seeing(t, dialled("api.anthropic.com", global))
		want := map[bool]int{true: 0, false: 1}[later]
		if got := len(r.steps[0].Calls); got != want || len(h.strays) > 0 {
			t.Errorf("set later %v: %d calls, want %d; %d strays", later, got, want, len(h.strays))
		}
	}
}
