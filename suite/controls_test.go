package suite_test

import (
	"context"
	"net/http"
	"regexp"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/molecule-ai/byok-conformance/fakes/gates"
	"github.com/molecule-ai/byok-conformance/gate"
	"github.com/molecule-ai/byok-conformance/registry"
	"github.com/molecule-ai/byok-conformance/scenarios"
	"github.com/molecule-ai/byok-conformance/suite"
	"github.com/molecule-ai/byok-conformance/suite/govalue"
	"github.com/molecule-ai/byok-conformance/suite/internal/small"
	"github.com/molecule-ai/byok-conformance/suite/judge"
)

// TestEveryRefusalTellsSomethingApart replays both levels, thinned, at gates that
// refuse in the best of forms but cannot tell a good credential from a bad one,
// and at one that refuses nothing. No scenario that must be refused may pass.
func TestEveryRefusalTellsSomethingApart(t *testing.T) {
	t.Parallel()
	reg, err := small.Few()
	if err != nil {
		t.Fatal(err)
	}
	c, err := scenarios.Embedded()
	if err != nil {
		t.Fatal(err)
	}
	selected, err := c.Select(reg, &scenarios.Selection{Level: scenarios.Extended, Matrix: scenarios.PairwiseMatrix})
	if err != nil {
		t.Fatal(err)
	}
	// refusing is the reference gate, which asks as it should and then finds every credential dead.
	refusing := func(rt http.RoundTripper) gate.Gate {
		g := gate.NewReference(reg, gate.Options{Transport: rt, Budget: budget})
		probe := g.Probe
		g.Probe = func(ctx context.Context, p *registry.Provider, c gate.Credential) gate.Outcome {
			out := probe(ctx, p, c)
			out.Finding = gate.Dead
			return out
		}
		return g
	}
	allowing := func(http.RoundTripper) gate.Gate {
		return constant(func(context.Context, gate.Request) (gate.Decision, error) {
			return gate.Decision{Verdict: gate.Allowed}, nil
		})
	}
	for _, test := range []struct {
		name  string
		build func(http.RoundTripper) gate.Gate
		// failed: an error is not enough, the refusal itself must fail.
		failed bool
	}{{"refuses everything, with the right code", refusing, false}, {"allows everything", allowing, true}} {
		t.Run(test.name, func(t *testing.T) {
			p := suite.NewProviders(reg)
			cfg := suite.Config{Providers: p, Target: govalue.New(test.build, p.RoundTripper()), Seed: "seed", Registry: reg, Scenarios: selected.Scenarios, Companions: selected.Companions}
			cfg.Parallel, cfg.Claims = 32, append(cfg.Target.Traits().Claims, "provision-liveness")
			r := run(t, t.Context(), cfg)
			refusals := 0
			for id, res := range r.results {
				if !res.Scenario.MustRefuse() {
					continue
				}
				refusals++
				switch res.Outcome {
				case suite.Failed:
				case suite.NotClaimed:
					// A Go value keeps no rows, and takes no request that could be spoilt or
					// hold a switch, nor can its workspaces be deleted.
					of := func(st scenarios.Step) bool {
						return st.Malformed != "" || st.Switch != nil || st.HangUp || st.OneName || st.Stage == scenarios.Look || st.Stage == scenarios.Remove
					}
					if !slices.Contains(res.Scenario.Needs, "atomicity") && !slices.ContainsFunc(res.Scenario.Steps, of) {
						t.Errorf("%s is not claimed: %s", id, res.Reason)
					}
				case suite.Errored:
					if test.failed {
						t.Errorf("%s could not be judged: %s", id, res.Reason)
					}
				default:
					t.Errorf("%s %s", id, res.Outcome)
				}
			}
			if refusals == 0 || r.summary.Conformant() {
				t.Errorf("of %d refusals; conformant %v", refusals, r.summary.Conformant())
			}
		})
	}
}

// told is what a report says of a run, but for times.
type told struct {
	Outcome    suite.ResultOutcome
	Reason     string
	Violations []judge.Violation
}

func (r replayed) told() map[string]told {
	out := map[string]told{}
	for id, res := range r.results {
		out[id] = told{res.Outcome, res.Reason, res.Violations}
	}
	return out
}

// TestTheSameSeedTellsTheSame holds two runs to the same words, at a gate that
// fails in many ways and through either door.
func TestTheSameSeedTellsTheSame(t *testing.T) {
	t.Parallel()
	d := *gates.Find("any-known-credential")
	doors := map[string]func() suite.Config{
		"in process": func() suite.Config { return inProcess(double(d)) },
		"over HTTP":  func() suite.Config { cfg, _ := overHTTP(t, double(d)); return cfg },
	}
	for name, open := range doors {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			first := replay(t, t.Context(), open(), few).told()
			again := open()
			again.Parallel = 1
			if diff := cmp.Diff(first, replay(t, t.Context(), again, few).told()); diff != "" {
				t.Errorf("the second run, one at a time, says (-first +second):\n%s", diff)
			}
		})
	}
}

// randomPart is what no text but a credential's own holds: 20 letters and
// digits in a row.
var randomPart = regexp.MustCompile(`[A-Za-z0-9]{20}`)

// TestNothingOfACredentialIsReported holds every text of a report to masks, at
// a gate that repeats what it was given instead of what a refusal must say.
func TestNothingOfACredentialIsReported(t *testing.T) {
	repeating := func(rt http.RoundTripper) gate.Gate {
		ref := gate.NewReference(registry.Embedded(), gate.Options{Transport: rt, Budget: budget})
		return constant(func(ctx context.Context, r gate.Request) (gate.Decision, error) {
			d, err := ref.Decide(ctx, r)
			d.Provider, d.Accepted, d.Message = "", nil, "no:"
			for _, scope := range []map[string]gate.Secret{r.Secrets.Workspace, r.Secrets.Global} {
				for _, s := range scope {
					d.Message += " " + s.Value
				}
			}
			return d, err
		})
	}
	doors := map[string]func() suite.Config{
		"in process": func() suite.Config { return inProcess(repeating) },
		"over HTTP":  func() suite.Config { cfg, _ := overHTTP(t, repeating); return cfg },
	}
	for name, open := range doors {
		t.Run(name, func(t *testing.T) {
			cfg := open()
			cfg.Trace = true
			r := replay(t, t.Context(), cfg, scenarios.Selection{IDs: []string{"mismatched/foreign/groq/*", "dead/answer/groq/*", "provision/swapped-for-global/groq/*"}})
			texts := 0
			for id, res := range r.results {
				if res.Scenario.MustRefuse() && res.Scenario.Class != "provision" && res.Outcome != suite.Failed {
					t.Errorf("%s %s, though the refusal holds the credential", id, res.Outcome)
				}
				for _, text := range textsOf(res) {
					texts++
					if leak := randomPart.FindString(text); leak != "" {
						t.Errorf("%s: a report would show %.300s", id, text)
					}
				}
			}
			if texts == 0 {
				t.Error("there is no text to look at")
			}
		})
	}
}

// textsOf are the texts of a result that a report may show.
func textsOf(res suite.Result) []string {
	texts := []string{res.Reason}
	for _, v := range res.Violations {
		texts = append(texts, v.Message, v.Want, v.Got)
	}
	for _, x := range res.Exchanges {
		texts = append(texts, x.URL, x.RequestBody, x.ResponseBody)
		for _, h := range []http.Header{x.RequestHeaders, x.ResponseHeaders} {
			for _, values := range h {
				texts = append(texts, values...)
			}
		}
	}
	return texts
}
