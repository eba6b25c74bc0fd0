//go:build unix

package hostile

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/molecule-ai/byok-conformance/gate"
	"github.com/molecule-ai/byok-conformance/gate/server"
	"github.com/molecule-ai/byok-conformance/registry"
	"github.com/molecule-ai/byok-conformance/scenarios"
	"github.com/molecule-ai/byok-conformance/suite"
	profiled "github.com/molecule-ai/byok-conformance/suite/server"
)

const (
	// short is how long an answer is waited for that does not come, and long one
	// that does; budget bounds a probe.
	short  = 300 * time.Millisecond
	long   = time.Minute
	budget = 200 * time.Millisecond
	// bound is far more than any run here takes; one that reaches it hangs.
	bound = 5 * time.Minute
)

// A rig is a right workspace server whose creates, or whose every answer, can be
// spoilt, and the run that is driven at it.
type rig struct {
	right     *server.Server
	providers *suite.Providers
	// config and url may be changed before the run.
	config suite.Config
	url    string
}

const token = "hostile-test"

// newRig starts the server behind a handler that may spoil what it answers.
func newRig(t *testing.T, spoil func(right http.Handler) http.Handler) *rig {
	t.Helper()
	return rigAt(t, listen(t), server.Config{}, spoil)
}

func listen(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func rigAt(t *testing.T, l net.Listener, cfg server.Config, spoil func(right http.Handler) http.Handler) *rig {
	t.Helper()
	r := &rig{providers: suite.NewProviders(registry.Embedded())}
	cfg.Gate = gate.NewReference(registry.Embedded(), gate.Options{Transport: r.providers.RoundTripper(), Budget: budget})
	cfg.AdminToken = token
	var err error
	if r.right, err = server.New(cfg); err != nil {
		t.Fatal(err)
	}
	s := httptest.NewUnstartedServer(spoil(r.right))
	s.Listener.Close()
	s.Listener = l
	s.Start()
	r.url = "http://" + l.Addr().String()
	t.Cleanup(func() {
		s.CloseClientConnections() // some handlers last as long as their connection
		s.Close()
		r.right.Close()
	})
	r.config = suite.Config{
		Registry: registry.Embedded(), Providers: r.providers, Seed: "seed", RunID: "test", Budget: budget, Parallel: 16,
		Claims: []string{"create-presence", "create-liveness", "global-scope", "atomicity"},
	}
	r.reach(t, long)
	return r
}

// reach points the run at the rig's URL; no answer is waited for any longer.
func (r *rig) reach(t *testing.T, timeout time.Duration) *profiled.Target {
	t.Helper()
	profile, err := profiled.LoadProfile("workspace-server")
	if err != nil {
		t.Fatal(err)
	}
	target, err := profiled.New(profile, r.url, profiled.Options{
		Timeout: timeout, Env: func(string) (string, bool) { return token, true },
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(target.CloseIdle)
	r.config.Target, r.config.Timeout = target, timeout
	return target
}

// An ended run is its results and its summary.
type ended struct {
	results []suite.Result
	suite.Summary
}

// run replays scenarios by id; it fails the test where the run does not end, or
// where a scenario has no result.
func (r *rig) run(t *testing.T, ids ...string) ended {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), bound)
	defer cancel()
	var out ended
	r.config.Scenarios, r.config.Companions = selected(t, ids)
	handle := r.config.Handle
	r.config.Handle = func(e suite.Event) {
		if handle != nil {
			handle(e)
		}
		if f, ok := e.(suite.Finished); ok {
			out.results = append(out.results, f.Result)
		}
	}
	var err error
	if out.Summary, err = suite.Run(ctx, r.config); err != nil {
		t.Fatal(err)
	}
	if out.Interrupted || out.Ended() != out.Planned {
		t.Fatalf("%d of %d scenarios have ended, interrupted: %t", out.Ended(), out.Planned, out.Interrupted)
	}
	return out
}

var expanded = sync.OnceValues(func() ([]*scenarios.Scenario, error) {
	c, err := scenarios.Embedded()
	if err != nil {
		return nil, err
	}
	return c.Expand(registry.Embedded())
})

func selected(t *testing.T, ids []string) ([]*scenarios.Scenario, map[string]bool) {
	t.Helper()
	all, err := expanded()
	if err != nil {
		t.Fatal(err)
	}
	c, err := scenarios.Embedded()
	if err != nil {
		t.Fatal(err)
	}
	selection := scenarios.Selection{Level: scenarios.Core, IDs: ids}
	s, err := selection.Select(all, c.Rules)
	if err != nil {
		t.Fatal(err)
	}
	return s.Scenarios, s.Companions
}

// told is what a person reads of a result.
func told(r suite.Result) string {
	text := r.Reason
	for _, v := range r.Violations {
		text += v.Rule + ": " + v.Message + "; want " + v.Want + "; got " + v.Got + "\n"
	}
	return text
}
