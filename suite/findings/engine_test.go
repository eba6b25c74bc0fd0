package findings_test

import (
	"flag"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/molecule-ai/byok-conformance/fakes/gates"
	"github.com/molecule-ai/byok-conformance/gate"
	"github.com/molecule-ai/byok-conformance/registry"
	"github.com/molecule-ai/byok-conformance/scenarios"
	"github.com/molecule-ai/byok-conformance/suite"
	"github.com/molecule-ai/byok-conformance/suite/findings"
	"github.com/molecule-ai/byok-conformance/suite/govalue"
	"github.com/molecule-ai/byok-conformance/suite/internal/small"
)

// Faulty gates of every kind, and what is said of each after a run through the
// engine: people have read the file. Nine of ten need one statement, and none more
// than three. What waits for a silent provider is left out.
func TestThroughTheEngine(t *testing.T) {
	t.Parallel()
	const golden = "testdata/engine.txt"
	names := []string{
		"model-not-trimmed", "underivable-refused", "platform-gated", "external-gated", "overlap-never-decided", "any-known-credential", "fixed-for-one-runtime",
		"blank-counts", "case-folded", "first-name-only", "workspace-names-first", "only-401-is-dead", "429-is-dead", "5xx-is-dead", "key-in-query", "values-expanded",
		"no-anthropic-version", "wrong-code", "provision-unchecked", "no-liveness",
	}
	list := quick(t)
	var b strings.Builder
	one := 0
	for _, name := range names {
		found := through(t, name, sampled(list, gates.Find(name).Rules))
		if len(found) == 1 {
			one++
		}
		if len(found) == 0 || len(found) > 3 {
			t.Errorf("%s: %d findings", name, len(found))
		}
		fmt.Fprintln(&b, name)
		for _, f := range found {
			mixed := map[bool]string{true: "MIXED "}[f.Mixed]
			all := map[bool]string{true: "", false: " (some of those tried)"}[f.Failed == f.Tried]
			fmt.Fprintf(&b, "  %s%s%s\n", mixed, f.Title, all)
			for _, w := range f.Follows {
				fmt.Fprintf(&b, "    and so: %s\n", w.Kind.Title())
			}
		}
	}
	if one*10 < len(names)*9 {
		t.Errorf("%d of %d gates have one finding", one, len(names))
	}
	if flag.Lookup("update").Value.String() == "true" {
		if err := os.WriteFile(golden, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), b.String()); diff != "" {
		t.Errorf("findings (-file +now); -update writes them:\n%s", diff)
	}
}

// sampled are the scenarios that exercise one of the rules, which is where a gate
// that breaks them shows, and one in five of the others, where it does not.
func sampled(list []*scenarios.Scenario, rules []string) []*scenarios.Scenario {
	var out []*scenarios.Scenario
	for i, s := range list {
		if i%5 == 0 || slices.ContainsFunc(rules, func(rule string) bool { return slices.Contains(s.Rules, rule) }) {
			out = append(out, s)
		}
	}
	return out
}

// few is our own registry with a few of its providers.
var few = sync.OnceValue(func() *registry.Registry {
	reg, err := small.Few()
	if err != nil {
		panic(err) // a test's own data
	}
	return reg
})

// quick are the scenarios of the pairwise matrix that wait for nobody.
func quick(t *testing.T) []*scenarios.Scenario {
	t.Helper()
	corpus, err := scenarios.Embedded()
	if err != nil {
		t.Fatal(err)
	}
	selected, err := corpus.Select(few(), &scenarios.Selection{Level: scenarios.Core, Matrix: scenarios.PairwiseMatrix})
	if err != nil {
		t.Fatal(err)
	}
	var out []*scenarios.Scenario
	for _, s := range selected.Scenarios {
		if !s.Waits() {
			out = append(out, s)
		}
	}
	return out
}

func through(t *testing.T, name string, list []*scenarios.Scenario) []findings.Finding {
	t.Helper()
	d := gates.Find(name)
	if d == nil {
		t.Fatalf("no gate is called %s", name)
	}
	// Long enough for a machine that is busy; nothing here waits for it.
	const budget = 5 * time.Second
	reg := few()
	p, c := suite.NewProviders(reg), findings.NewCollector(reg)
	target := govalue.New(func(rt http.RoundTripper) gate.Gate {
		return d.Build(reg, gate.Options{Transport: rt, Budget: budget, Env: p.Decoy})
	}, p.RoundTripper())
	_, err := suite.Run(t.Context(), suite.Config{
		Registry: reg, Scenarios: list, Target: target, Providers: p, Budget: budget, Seed: "engine",
		Handle: func(e suite.Event) {
			if end, ok := e.(suite.Finished); ok {
				c.Add(end.Result)
			}
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return c.Findings(nil)
}
