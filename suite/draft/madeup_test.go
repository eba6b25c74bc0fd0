package draft

import (
	"context"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/molecule-ai/byok-conformance/fakes/gates"
	"github.com/molecule-ai/byok-conformance/gate"
	"github.com/molecule-ai/byok-conformance/registry"
)

// A house is what every made-up server has behind its API: workspaces, secrets
// and a gate. The APIs in front of it differ (apis_test.go).
type house struct {
	gate gate.Gate
	// later decides at provisioning, where no provider is asked.
	later gate.Gate

	mu     sync.Mutex
	count  int
	rooms  map[string]*room
	tenant map[string]string
}

type room struct {
	id, name, runtime, model string
	external                 bool
	secrets                  map[string]string
	state                    string
	attempts                 int
	failure                  *gate.Decision
}

// newHouse has the gate that double names; "" is the reference gate.
func newHouse(providers http.RoundTripper, double string) *house {
	build := func(options gate.Options) gate.Gate {
		switch double {
		case "":
			return gate.NewReference(registry.Embedded(), options)
		case "none":
			return none{}
		}
		return gates.Find(double).Build(registry.Embedded(), options)
	}
	options := gate.Options{Transport: providers, Budget: 500 * time.Millisecond}
	later := gate.Options{Transport: nobody{}, Budget: options.Budget}
	return &house{gate: build(options), later: build(later), rooms: map[string]*room{}, tenant: map[string]string{}}
}

// nobody answers.
type nobody struct{}

func (nobody) RoundTrip(*http.Request) (*http.Response, error) { return nil, net.ErrClosed }

// none is no gate at all.
type none struct{}

func (none) Decide(context.Context, gate.Request) (gate.Decision, error) {
	return gate.Decision{Verdict: gate.Allowed}, nil
}

func (h *house) decide(ctx context.Context, r *room, stage gate.Stage) gate.Decision {
	h.mu.Lock()
	secrets := gate.Secrets{Workspace: held(r.secrets), Global: held(h.tenant)}
	h.mu.Unlock()
	decider := h.gate
	if stage == gate.Provision {
		decider = h.later
	}
	d, err := decider.Decide(context.WithoutCancel(ctx), gate.Request{Stage: stage, Runtime: r.runtime, Model: r.model, External: r.external, Secrets: secrets})
	if err != nil {
		panic(err)
	}
	return d
}

func held(values map[string]string) map[string]gate.Secret {
	out := map[string]gate.Secret{}
	for k, v := range values {
		out[k] = gate.Secret{Value: v}
	}
	return out
}

// create returns the new room, or the refusal.
func (h *house) create(ctx context.Context, r *room) *gate.Decision {
	if d := h.decide(ctx, r, gate.Create); d.Verdict == gate.Refused {
		return &d
	}
	h.mu.Lock()
	h.count++
	r.id = strconv.Itoa(1000 + h.count)
	h.rooms[r.id] = r
	h.mu.Unlock()
	h.start(r)
	return nil
}

// start provisions a room in the background, which takes a moment.
func (h *house) start(r *room) {
	h.mu.Lock()
	r.attempts++
	r.state, r.failure = "warming", nil
	h.mu.Unlock()
	finish := func() {
		d := h.decide(context.Background(), r, gate.Provision)
		h.mu.Lock()
		defer h.mu.Unlock()
		if r.state = "alive"; d.Verdict == gate.Refused {
			r.state, r.failure = "stopped", &d
		}
	}
	time.AfterFunc(5*time.Millisecond, finish)
}

// find returns a copy of a room.
func (h *house) find(id string) (room, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	r, ok := h.rooms[id]
	if !ok {
		return room{}, false
	}
	return *r, true
}

func (h *house) all() []room {
	h.mu.Lock()
	defer h.mu.Unlock()
	out := []room{}
	for _, r := range h.rooms {
		out = append(out, *r)
	}
	return out
}

func (h *house) remove(id string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	_, ok := h.rooms[id]
	delete(h.rooms, id)
	return ok
}

func (h *house) again(id string) bool {
	h.mu.Lock()
	r, ok := h.rooms[id]
	h.mu.Unlock()
	if ok {
		h.start(r)
	}
	return ok
}

// set sets or, where value is nil, removes a secret; id is "" for the tenant's.
func (h *house) set(id, name string, value *string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	into := &h.tenant
	if id != "" {
		r, ok := h.rooms[id]
		if !ok {
			return false
		}
		into = &r.secrets
	}
	_, there := (*into)[name]
	changed := maps.Clone(*into)
	if changed == nil {
		changed = map[string]string{}
	}
	if value == nil {
		delete(changed, name)
	} else {
		changed[name] = *value
	}
	*into = changed
	return there || value != nil
}

func (h *house) tenantNames() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	out := []string{}
	for name := range h.tenant {
		out = append(out, name)
	}
	return out
}

// served serves a made-up API over loopback, and returns what to draft with.
func served(t *testing.T, api func(*house) http.Handler, double string) (Config, *house) {
	t.Helper()
	reg := registry.Embedded()
	providers := NewProviders(reg)
	h := newHouse(providers.RoundTripper(), double)
	server := httptest.NewServer(api(h))
	t.Cleanup(server.Close)
	return Config{
		Server: server.URL, Registry: reg, Providers: providers, Intercepted: true, Settle: 200 * time.Millisecond,
		Env:  func(name string) (string, bool) { return "draft-token", name == tokenVariable },
		Note: func(s string) { t.Log(s) },
	}, h
}
