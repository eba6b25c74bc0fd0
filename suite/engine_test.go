package suite_test

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/molecule-ai/byok-conformance/fakes/gates"
	"github.com/molecule-ai/byok-conformance/gate"
	"github.com/molecule-ai/byok-conformance/gate/server"
	"github.com/molecule-ai/byok-conformance/registry"
	"github.com/molecule-ai/byok-conformance/scenarios"
	"github.com/molecule-ai/byok-conformance/suite"
	"github.com/molecule-ai/byok-conformance/suite/govalue"
	profiled "github.com/molecule-ai/byok-conformance/suite/server"
	"github.com/molecule-ai/byok-conformance/suite/target"
)

// budget bounds the probes of these tests; what waits, waits for it.
const budget = 600 * time.Millisecond

// corpora are the selections that tests have made, by what they select: many
// replay the same one, and to select takes longer than to replay a little.
var corpora sync.Map

func corpus(t *testing.T, sel scenarios.Selection) ([]*scenarios.Scenario, map[string]bool) {
	t.Helper()
	selecting, _ := corpora.LoadOrStore(fmt.Sprintf("%+v", sel), sync.OnceValues(func() (scenarios.Selected, error) {
		c, err := scenarios.Embedded()
		if err != nil {
			return scenarios.Selected{}, err
		}
		return c.Select(registry.Embedded(), &sel)
	}))
	selected, err := selecting.(func() (scenarios.Selected, error))()
	if err != nil {
		t.Fatal(err)
	}
	return selected.Scenarios, selected.Companions
}

// A replayed run is its results by id, and its summary.
type replayed struct {
	results map[string]suite.Result
	summary suite.Summary
}

func (r replayed) outcomes() map[string]suite.ResultOutcome {
	out := map[string]suite.ResultOutcome{}
	for id, res := range r.results {
		out[id] = res.Outcome
	}
	return out
}

func replay(t *testing.T, ctx context.Context, cfg suite.Config, sel scenarios.Selection) replayed {
	t.Helper()
	cfg.Scenarios, cfg.Companions = corpus(t, sel)
	return run(t, ctx, cfg)
}

func run(t *testing.T, ctx context.Context, cfg suite.Config) replayed {
	t.Helper()
	r := replayed{results: map[string]suite.Result{}}
	if cfg.Registry == nil {
		cfg.Registry = registry.Embedded()
	}
	cfg.Budget, cfg.RunID = budget, "test"
	cfg.Handle = func(e suite.Event) {
		if f, ok := e.(suite.Finished); ok {
			r.results[f.Result.Scenario.ID] = f.Result
		}
	}
	var err error
	if r.summary, err = suite.Run(ctx, cfg); err != nil {
		t.Fatal(err)
	}
	return r
}

// inProcess returns a run's configuration with a gate that is a Go value.
func inProcess(build func(http.RoundTripper) gate.Gate) suite.Config {
	p := suite.NewProviders(registry.Embedded())
	return suite.Config{Providers: p, Target: govalue.New(build, p.RoundTripper()), Seed: "seed"}
}

func double(d gates.Double) func(http.RoundTripper) gate.Gate {
	return func(rt http.RoundTripper) gate.Gate {
		return d.Build(registry.Embedded(), gate.Options{Transport: rt, Budget: budget})
	}
}

// overHTTP returns a run's configuration with the reference server on loopback.
func overHTTP(t *testing.T, build func(http.RoundTripper) gate.Gate) (suite.Config, *server.Server) {
	t.Helper()
	p := suite.NewProviders(registry.Embedded())
	output := suite.NewOutput()
	s, err := server.New(server.Config{Gate: build(p.RoundTripper()), AdminToken: "token", Log: output})
	if err != nil {
		t.Fatal(err)
	}
	h := httptest.NewServer(s)
	t.Cleanup(func() { h.Close(); s.Close() })
	return suite.Config{Providers: p, Target: reached(t, h.URL), Output: output, Seed: "seed"}, s
}

// reached is the server at a URL, as a target.
func reached(t *testing.T, url string) target.Target {
	t.Helper()
	profile, err := profiled.LoadProfile("workspace-server")
	if err != nil {
		t.Fatal(err)
	}
	target, err := profiled.New(profile, url, profiled.Options{Env: func(string) (string, bool) { return "token", true }})
	if err != nil {
		t.Fatal(err)
	}
	return target
}

var some = scenarios.Selection{Level: scenarios.Core, IDs: []string{
	"mismatched/report", "mismatched/foreign/anthropic-api/*/workspace", "mismatched/foreign/anthropic-api/G*", "mismatched/foreign/openai-subscription/*/workspace", "missing/*/kimi-coding*",
	"dead/answer/*", "valid/scope/*", "provision/removed*/zai*", "provision/swapped/zai/*", "provision/swapped-for-global/zai/G*", "transient/answer/groq/*", "transient/waits/zai/*", "robustness/*/nvidia*", "secrecy/*/openrouter*",
}}

// few is a part of some, for what is replayed often or one at a time.
var few = scenarios.Selection{Level: scenarios.Core, IDs: []string{
	"mismatched/report", "mismatched/foreign/anthropic-api/G*", "missing/*/kimi-coding*", "dead/answer/groq*", "dead/answer/zai*", "valid/scope/zai*",
	"provision/removed*/zai*", "transient/answer/groq/*", "transient/waits/zai/*", "robustness/*/nvidia*", "secrecy/*/openrouter*",
}}

func TestTheTwoDoorsAgree(t *testing.T) {
	t.Parallel()
	for _, d := range []gates.Double{{Name: "reference"}, *gates.Find("fixed-at-create-only"), *gates.Find("only-403-is-dead")} {
		t.Run(d.Name, func(t *testing.T) {
			t.Parallel()
			a := replay(t, t.Context(), inProcess(double(d)), some)
			cfg, s := overHTTP(t, double(d))
			b := replay(t, t.Context(), cfg, some)
			in, over := a.outcomes(), b.outcomes()
			for id, outcome := range in {
				if outcome == suite.NotClaimed { // it needs requests or replies
					delete(in, id)
					delete(over, id)
				}
			}
			if diff := cmp.Diff(in, over); diff != "" || len(in) < 350 {
				t.Errorf("%d outcomes, which differ (-in process +over HTTP):\n%s", len(in), diff)
			}
			if got, want := b.summary.Conformant(), d.Name == "reference"; got != want {
				t.Errorf("conformant = %t, want %t", got, want)
			}
			if n := s.Workspaces(); n != 0 {
				t.Errorf("%d workspaces were left at the target; it says %q", n, b.summary.Leftovers)
			}
		})
	}
}

func TestParallelismDoesNotChangeVerdicts(t *testing.T) {
	t.Parallel()
	d := *gates.Find("fixed-for-workspace-only")
	var first map[string]suite.ResultOutcome
	for _, parallel := range []int{1, 32} {
		cfg, _ := overHTTP(t, double(d))
		cfg.Parallel = parallel
		got := replay(t, t.Context(), cfg, few).outcomes()
		if first == nil {
			first = got
		}
		if diff := cmp.Diff(first, got); diff != "" {
			t.Errorf("--parallel %d differs from the first run:\n%s", parallel, diff)
		}
	}
}

// TestOrderDoesNotChangeVerdicts replays the same scenarios twenty times through
// each door, each time in another order and so many at once.
func TestOrderDoesNotChangeVerdicts(t *testing.T) {
	t.Parallel()
	d := *gates.Find("fixed-for-workspace-only")
	list, companions := corpus(t, unhurried)
	for name, open := range map[string]func() suite.Config{
		"in process": func() suite.Config { return inProcess(double(d)) },
		"over HTTP":  func() suite.Config { cfg, _ := overHTTP(t, double(d)); return cfg },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			seed := uint64(time.Now().UnixNano())
			random := rand.New(rand.NewPCG(seed, 0))
			var first map[string]suite.ResultOutcome
			for n := range 20 {
				cfg := open()
				cfg.Scenarios, cfg.Companions, cfg.Parallel = slices.Clone(list), companions, 1+random.IntN(32)
				random.Shuffle(len(list), func(i, j int) {
					cfg.Scenarios[i], cfg.Scenarios[j] = cfg.Scenarios[j], cfg.Scenarios[i]
				})
				got := run(t, t.Context(), cfg).outcomes()
				if first == nil {
					first = got
				}
				if diff := cmp.Diff(first, got); diff != "" {
					t.Fatalf("order %d of seed %d, %d at once, differs from the first:\n%s", n, seed, cfg.Parallel, diff)
				}
			}
			if outcomes := slices.Collect(maps.Values(first)); !slices.Contains(outcomes, suite.Passed) || !slices.Contains(outcomes, suite.Failed) {
				t.Errorf("of %d outcomes, none is %s or none is %s", len(outcomes), suite.Passed, suite.Failed)
			}
		})
	}
}

// unhurried is a part of few in which nothing waits.
var unhurried = scenarios.Selection{Level: scenarios.Core, IDs: []string{
	"mismatched/report", "mismatched/foreign/anthropic-api/G*", "missing/*/kimi-coding*", "dead/answer/groq*", "dead/answer/zai*",
	"valid/scope/zai*", "provision/removed*/zai*", "provision/swapped-for-global/zai/G*", "secrecy/*/openrouter*",
}}

// A constant gate gives one answer to everything.
type constant func(context.Context, gate.Request) (gate.Decision, error)

func (c constant) Decide(ctx context.Context, r gate.Request) (gate.Decision, error) {
	return c(ctx, r)
}

func TestConstantGatesProveNothing(t *testing.T) {
	t.Parallel()
	for name, g := range map[string]constant{
		"refuses everything with the right code": func(_ context.Context, r gate.Request) (gate.Decision, error) {
			p := registry.Embedded().Derive(r.Runtime, r.Model, r.Secrets.InScope).Provider
			if p == nil {
				return gate.Decision{Verdict: gate.Refused, Code: gate.MissingCredential}, nil
			}
			return gate.Decision{Verdict: gate.Refused, Code: gate.MissingCredential, Provider: p.Name, Accepted: p.AuthEnv}, nil
		},
		"allows everything": func(context.Context, gate.Request) (gate.Decision, error) {
			return gate.Decision{Verdict: gate.Allowed}, nil
		},
		"decides nothing":      func(context.Context, gate.Request) (gate.Decision, error) { return gate.Decision{}, nil },
		"panics":               func(context.Context, gate.Request) (gate.Decision, error) { panic("no") },
		"never comes back":     func(ctx context.Context, _ gate.Request) (gate.Decision, error) { <-ctx.Done(); select {} },
		"fails with an error":  func(context.Context, gate.Request) (gate.Decision, error) { return gate.Decision{}, context.Canceled },
		"has its own verdicts": func(context.Context, gate.Request) (gate.Decision, error) { return gate.Decision{Verdict: "ok"}, nil },
	} {
		t.Run(name, func(t *testing.T) {
			cfg := inProcess(func(http.RoundTripper) gate.Gate { return g })
			cfg.Timeout, cfg.Parallel = 200*time.Millisecond, 64
			sel := scenarios.Selection{Level: scenarios.Core, IDs: []string{"missing/none/codex/*", "dead/answer/groq/*", "mismatched/report", "provision/removed/zai/*"}}
			r := replay(t, t.Context(), cfg, sel)
			if r.summary.Conformant() {
				t.Error("it is called conformant")
			}
			for id, res := range r.results {
				if res.Outcome == suite.Passed && res.Scenario.MustRefuse() {
					t.Errorf("%s passed, though this gate tells nothing apart", id)
				}
			}
		})
	}
}

func TestAnInterruptedRunCleansUp(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cfg, s := overHTTP(t, double(gates.Double{}))
	n := 0
	if cfg.Registry == nil {
		cfg.Registry = registry.Embedded()
	}
	cfg.Budget, cfg.RunID = budget, "test"
	cfg.Scenarios, cfg.Companions = corpus(t, scenarios.Selection{Level: scenarios.Core, Classes: []string{"valid", "provision"}})
	cfg.Handle = func(e suite.Event) {
		if _, ok := e.(suite.Started); ok {
			if n++; n == 200 {
				cancel()
			}
		}
	}
	summary, err := suite.Run(ctx, cfg)
	if err != nil {
		t.Fatal(err)
	}
	if !summary.Interrupted || summary.Conformant() || summary.Ended() >= summary.Planned {
		t.Errorf("summary = %+v; want it interrupted, not conformant, and short", summary)
	}
	if summary.Failed != 0 || summary.Errors != 0 {
		t.Errorf("%d failed and %d errors; what was cut off has no result", summary.Failed, summary.Errors)
	}
	if left := s.Workspaces(); left != 0 || len(summary.Leftovers) != 0 {
		t.Errorf("%d workspaces left, leftovers %q", left, summary.Leftovers)
	}
}

func TestNothingSelectedIsAnError(t *testing.T) {
	if _, err := suite.Run(t.Context(), inConfig(t)); err == nil {
		t.Error("a run of no scenario has no error")
	}
}

func inConfig(t *testing.T) suite.Config {
	t.Helper()
	cfg := inProcess(double(gates.Double{}))
	cfg.Registry = registry.Embedded()
	return cfg
}

// TestRequestsAreForetold holds the number of requests that a run is said to send
// to what it sends.
func TestRequestsAreForetold(t *testing.T) {
	cfg, _ := overHTTP(t, double(gates.Double{}))
	cfg.Scenarios, cfg.Companions = corpus(t, scenarios.Selection{Level: scenarios.Core, Matrix: "pairwise", Classes: []string{"mismatched", "missing", "provision"}, Shard: 1, Shards: 3})
	said := suite.Requests(cfg)
	run(t, t.Context(), cfg)
	sent := cfg.Target.(interface{ Sent() int }).Sent()
	if said < sent/2 || said > 2*sent {
		t.Errorf("%d were foretold, and %d sent", said, sent)
	}
}
