package conform

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/molecule-ai/byok-conformance/fakes/gates"
	"github.com/molecule-ai/byok-conformance/gate"
	"github.com/molecule-ai/byok-conformance/gate/server"
	"github.com/molecule-ai/byok-conformance/scenarios"
	"github.com/molecule-ai/byok-conformance/suite"
)

// budget is short, because what waits for a silent provider waits that long.
const budget = time.Second

var testEnv = map[string]string{"ADMIN_TOKEN": "token"}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

var unreachable = roundTrip(func(*http.Request) (*http.Response, error) { return nil, errors.New("no route") })

func double(name string) *gates.Double {
	if name == "reference" {
		return &gates.Double{Name: name}
	}
	return gates.Find(name)
}

func gateOf(name string) func(http.RoundTripper) gate.Gate {
	return func(providers http.RoundTripper) gate.Gate {
		return double(name).Build(underTest(), gate.Options{Transport: providers, Budget: budget})
	}
}

var reference = gateOf("reference")

// serverOf builds the workspace server around a gate of ours. A transport that
// is not nil takes the place of the providers.
func serverOf(name string, instead http.RoundTripper) func(http.RoundTripper) (http.Handler, error) {
	return func(providers http.RoundTripper) (http.Handler, error) {
		if double(name) == nil {
			return nil, errors.New("there is no gate " + name)
		}
		if instead != nil {
			providers = instead
		}
		return server.New(server.Config{Gate: gateOf(name)(providers), AdminToken: testEnv["ADMIN_TOKEN"]})
	}
}

// started is a server on loopback that somebody starts for the test.
func started(t *testing.T, name string) func(http.RoundTripper) (string, error) {
	return func(providers http.RoundTripper) (string, error) {
		h, err := serverOf(name, nil)(providers)
		if err != nil {
			return "", err
		}
		s := httptest.NewServer(h)
		t.Cleanup(s.Close)
		return s.URL, nil
	}
}

func replayed(t *testing.T, o Options) []suite.Result {
	t.Helper()
	o.Budget = budget
	s, err := NewSession(o)
	if err != nil {
		t.Fatal(err)
	}
	results, err := s.Replay(t.Context(), s.Claimed, "seed")
	if err != nil {
		t.Fatal(err)
	}
	if left := s.Leftovers(); len(left) > 0 {
		t.Errorf("left at the target: %v", left)
	}
	if len(results) != len(s.Claimed) {
		t.Errorf("%d scenarios, %d results", len(s.Claimed), len(results))
	}
	return results
}

// Each way to name what is tested tells a correct gate from a faulty one, under
// the rule that is broken.
func TestTargets(t *testing.T) {
	t.Parallel()
	ids := []string{"mismatched/report", "dead/answer/*", "provision/removed/*", "transient/waits/*"}
	for kind, options := range map[string]func(*testing.T, string) Options{
		"gate":    func(_ *testing.T, name string) Options { return Options{Gate: gateOf(name)} },
		"handler": func(_ *testing.T, name string) Options { return Options{Handler: serverOf(name, nil), Env: testEnv} },
		"url":     func(t *testing.T, name string) Options { return Options{URL: started(t, name), Env: testEnv} },
	} {
		for name, want := range map[string][]string{
			"reference":            nil,
			"any-known-credential": {"PRE-2"},
		} {
			t.Run(kind+"/"+name, func(t *testing.T) {
				t.Parallel()
				o := options(t, name)
				o.IDs = ids
				if diff := cmp.Diff(want, Violated(replayed(t, o))); diff != "" {
					t.Errorf("violated (-want +got):\n%s", diff)
				}
			})
		}
	}
}

// A server's own output is read where the caller connects it.
func TestOutput(t *testing.T) {
	t.Parallel()
	build := func(log *suite.Output) func(http.RoundTripper) (http.Handler, error) {
		return func(providers http.RoundTripper) (http.Handler, error) {
			return server.New(server.Config{Gate: reference(providers), AdminToken: testEnv["ADMIN_TOKEN"], Log: log})
		}
	}
	log := suite.NewOutput()
	o := Options{Handler: build(log), Env: testEnv, Output: log, IDs: []string{"transient/answer/anthropic-api/*"}}
	s, err := NewSession(o)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Contains(s.options.Claims, "secrecy-logs") {
		t.Errorf("claims are %v, want secrecy-logs among them", s.options.Claims)
	}
	if got := Violated(replayed(t, o)); got != nil {
		t.Errorf("violated: %v", got)
	}
	if len(log.Last(1)) == 0 {
		t.Error("nothing was printed")
	}
}

// Two sessions in one process share nothing, and one replays as often as asked.
func TestSessionsAreIndependent(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"a", "b"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, err := NewSession(Options{Handler: serverOf("reference", nil), Env: testEnv, Budget: budget, Rules: []string{"PRE-4"}, Matrix: scenarios.PairwiseMatrix})
			if err != nil {
				t.Fatal(err)
			}
			for range 2 {
				results, err := s.Replay(t.Context(), s.Claimed, "same seed")
				if err != nil {
					t.Fatal(err)
				}
				if got := Violated(results); got != nil {
					t.Errorf("violated: %v", got)
				}
			}
		})
	}
}
