//go:build unix

package hostile

import (
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/molecule-ai/byok-conformance/suite"
	"github.com/molecule-ai/byok-conformance/suite/target"
)

// TestConnectionsThatComeToNothing are spoilt before there is a request.
func TestConnectionsThatComeToNothing(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name    string
		accept  func(net.Conn)
		timeout time.Duration
		told    []string
		// also may be said instead: what was under way when the target was given up.
		also []string
	}{
		{"closes at accept", func(c net.Conn) { c.Close() }, long, []string{fault, "the connection ended before the reply did: "}, nil},
		{"accepts and is silent", func(c net.Conn) { _, _ = io.Copy(io.Discard, c); c.Close() }, short, []string{"ROB-3: the server stopped answering to anything"}, append(late, "the target stopped answering to anything, and it is not ours to start again")},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			l := listen(t)
			var open sync.WaitGroup
			open.Go(func() {
				for {
					c, err := l.Accept()
					if err != nil {
						return
					}
					open.Go(func() { test.accept(c) })
				}
			})
			t.Cleanup(func() { l.Close(); open.Wait() })
			r := newRig(t, func(right http.Handler) http.Handler { return right })
			r.url = "http://" + l.Addr().String()
			reached := r.reach(t, test.timeout)
			r.config.Claims = []string{"create-presence", "create-liveness"}
			holdsTo(t, r.run(t, asked...), test.told, test.also...)
			if err := target.FirstWrong(reached.Prepare(t.Context(), false)); err == nil || !strings.Contains(err.Error(), r.url+" cannot be reached") {
				t.Errorf("asked beforehand it says %v", err)
			}
		})
	}
}

// TestRedirectsAreNotFollowed: neither in a circle nor elsewhere, which would
// carry our authorisation and a tenant's credentials there.
func TestRedirectsAreNotFollowed(t *testing.T) {
	var elsewhere atomic.Int64
	other := newRig(t, func(http.Handler) http.Handler {
		return http.HandlerFunc(func(http.ResponseWriter, *http.Request) { elsewhere.Add(1) })
	})
	for _, to := range []string{"/workspaces", other.url + "/workspaces"} {
		for _, status := range []int{301, 302, 303, 307, 308} {
			r := newRig(t, onCreate(func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, to, status) }))
			holdsTo(t, r.run(t, "mismatched/report"), []string{"got fault (status 30"})
		}
	}
	if n := elsewhere.Load(); n != 0 {
		t.Errorf("%d requests went elsewhere", n)
	}
}

// A phoenix serves at one address, and can die and come back there.
type phoenix struct {
	addr    string
	handler http.Handler

	mu     sync.Mutex
	server *http.Server
}

func (p *phoenix) rise(l net.Listener) {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := &http.Server{Handler: p.handler}
	p.server = s
	go func() { _ = s.Serve(l) }() // it ends when the server is closed
}

func (p *phoenix) die() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.server.Close()
}

// TestAServerThatDiesAndComesBack: what it was asked in between is no verdict,
// what came before and after is.
func TestAServerThatDiesAndComesBack(t *testing.T) {
	const creates, missed = 6, 5
	var asked atomic.Int64
	started := 0
	p := &phoenix{}
	r := newRig(t, func(right http.Handler) http.Handler {
		p.handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/workspaces" && r.Method == http.MethodPost {
				if asked.Add(1) == creates {
					p.die()
					panic(http.ErrAbortHandler)
				}
			}
			right.ServeHTTP(w, r)
		})
		return p.handler
	})
	l := listen(t)
	p.addr = l.Addr().String()
	p.rise(l)
	t.Cleanup(p.die)
	r.url = "http://" + p.addr
	r.reach(t, long)
	r.config.Parallel = 1
	r.config.Claims = []string{"create-presence", "create-liveness"}
	r.config.Handle = func(e suite.Event) {
		if _, ok := e.(suite.Started); !ok {
			return
		}
		if started++; started == creates+missed {
			l, err := net.Listen("tcp", p.addr)
			if err != nil {
				t.Error(err)
				return
			}
			p.rise(l)
		}
	}
	e := r.run(t, "missing/none/codex/*", "missing/none/claude-code/*")
	var died, refused int
	for _, res := range e.results {
		text := told(res)
		switch {
		case res.Outcome == suite.Failed && strings.Contains(text, "the connection ended before the reply did"):
			died++
		case res.Outcome == suite.Errored && strings.Contains(text, "connect: connection refused"):
			refused++
		case res.Outcome != suite.Passed:
			t.Errorf("%s: %s\n%s", res.Scenario.ID, res.Outcome, text)
		}
	}
	if died < 1 || refused < missed-1 || e.Passed < creates {
		t.Errorf("%d broke off, %d found nobody, %d passed of %d", died, refused, e.Passed, e.Planned)
	}
	if e.Conformant() {
		t.Error("the run is called conformant")
	}
	if left := r.right.Workspaces(); left != len(e.Leftovers) {
		t.Errorf("%d workspaces are left, and %q are named", left, e.Leftovers)
	}
}

// silentOn answers one route with silence, once it was asked often enough.
func silentOn(method, path string, from int64) func(http.Handler) http.Handler {
	var n atomic.Int64
	return func(right http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method == method && strings.HasPrefix(r.URL.Path, path) && n.Add(1) >= from {
				_, _ = io.Copy(io.Discard, r.Body)
				<-r.Context().Done()
				return
			}
			right.ServeHTTP(w, r)
		})
	}
}

// TestServersThatStopAnswering: each route falls silent in the middle of more
// scenarios than could be waited for one after the other.
func TestServersThatStopAnswering(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, method, path string
		from               int64
		ids                []string
		told               string
	}{
		{"creates", "POST", "/workspaces", 50, []string{"mismatched/foreign/anthropic-api/*"}, "not asked any more to create a workspace: it did not answer 16 times in a row"},
		{"deletes", "DELETE", "/workspaces/", 5, []string{"valid/route/*"}, "not asked any more to delete a workspace: it did not answer 16 times in a row"},
		{"lists", "GET", "/workspaces", 1, []string{"missing/none/codex/*"}, "not testable: atomicity is claimed, but the target's workspaces cannot be listed: "},
		{"global secrets", "PUT", "/settings/secrets", 1, []string{"missing/*/global*", "valid/scope/*"}, "could not set the global secrets: "},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, silentOn(test.method, test.path, test.from))
			r.reach(t, short)
			r.config.Parallel = 4
			e := r.run(t, test.ids...)
			if e.Conformant() {
				t.Error("the run is called conformant")
			}
			said := 0
			for _, res := range e.results {
				if strings.Contains(told(res), test.told) {
					said++
				}
			}
			if said == 0 {
				t.Errorf("none of %d results says %q; the first: %s", len(e.results), test.told, told(e.results[0]))
			}
			if left := r.right.Workspaces(); left > len(e.Leftovers) && !mayBeMore(e.Leftovers) {
				t.Errorf("%d workspaces are left, and %q are named", left, e.Leftovers)
			}
		})
	}
}

// TestASilentRouteEndsWhatNeedsIt: restarts that are never answered end the
// scenarios that restart, and no create.
func TestASilentRouteEndsWhatNeedsIt(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(right http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if strings.HasSuffix(r.URL.Path, "/restart") {
				_, _ = io.Copy(io.Discard, r.Body)
				<-r.Context().Done()
				return
			}
			right.ServeHTTP(w, r)
		})
	})
	r.reach(t, short)
	r.config.Parallel, r.config.Claims = 4, []string{"create-presence", "create-liveness", "provision-presence"}
	e := r.run(t, "provision/removed/*", "valid/route/*")
	errors, judged := 0, 0
	for _, res := range e.results {
		restarts := len(res.Scenario.Steps) > 1
		switch {
		case restarts && res.Outcome == suite.Errored:
			errors++
		case !restarts && res.Outcome == suite.Passed:
			judged++
		default:
			t.Errorf("%s", told(res))
		}
	}
	if errors == 0 || judged == 0 {
		t.Errorf("%d that restart end with errors, %d that do not are judged", errors, judged)
	}
}

// mayBeMore: what is left says that creates were cut off, and that their
// workspaces could not be looked for.
func mayBeMore(leftovers []string) bool {
	return slices.ContainsFunc(leftovers, func(l string) bool {
		return strings.HasPrefix(l, "workspaces whose creation was cut off, if any (names begin with byok-test-): ")
	})
}
