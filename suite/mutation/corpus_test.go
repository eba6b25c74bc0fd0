//go:build mutation

// Package mutation holds the one test that scripts/mutation tries mutants with:
// the corpus, replayed at a copy of the reference gate and of the derivation
// below it. The harness around it, its registry included, is never changed, so
// that a mutant cannot move the ruler that it is measured with. docs/mutation.md
// says what came of it. The unit tests of gate and registry do not live here, nor
// do they take part.
package mutation

import (
	"context"
	_ "embed"
	"fmt"
	"maps"
	"net/http"
	"os"
	"slices"
	"testing"

	"github.com/molecule-ai/byok-conformance/gate"
	"github.com/molecule-ai/byok-conformance/registry"
	"github.com/molecule-ai/byok-conformance/scenarios"
	"github.com/molecule-ai/byok-conformance/suite"
	"github.com/molecule-ai/byok-conformance/suite/govalue"
)

//go:embed overlaps.yaml
var overlaps []byte

// files are the registries that the corpus is replayed with.
func files() map[string][]byte {
	return map[string][]byte{"providers.yaml": registry.EmbeddedFile(), "overlaps.yaml": overlaps}
}

// The copy keeps every rule, at both levels. The first scenario that
// fails ends the run: one is enough to kill a mutant.
func TestCorpus(t *testing.T) {
	passed, unclaimed := 0, 0
	for _, name := range slices.Sorted(maps.Keys(files())) {
		s := replay(t, name, files()[name])
		passed, unclaimed = passed+s.Passed, unclaimed+s.NotClaimed
	}
	note(t, fmt.Sprintf("lived\t-\t-\t%d scenarios passed, %d cannot be claimed", passed, unclaimed))
}

func replay(t *testing.T, name string, file []byte) suite.Summary {
	cfg := config(t, name, file)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var id, rule, what string
	cfg.Handle = func(e suite.Event) {
		f, ok := e.(suite.Finished)
		if !ok || id != "" || f.Result.Outcome != suite.Failed {
			return
		}
		v := f.Result.Violations[0]
		id, rule, what = f.Result.Scenario.ID, v.Rule, v.Message
		cancel()
	}
	summary, err := suite.Run(ctx, cfg)
	if err != nil {
		t.Fatal(err)
	}
	if id != "" {
		killed(t, id, rule, what)
	}
	if !summary.Conformant() {
		killed(t, "-", "summary", fmt.Sprintf("%+v", summary))
	}
	return summary
}

// config selects the whole corpus, and holds the gate to every claim that a Go
// value can make.
func config(t *testing.T, name string, file []byte) suite.Config {
	reg, err := registry.Load(name, file)
	if err != nil {
		t.Fatal(err)
	}
	corpus, err := scenarios.Embedded()
	if err != nil {
		t.Fatal(err)
	}
	all, err := corpus.Expand(reg)
	if err != nil {
		t.Fatal(err)
	}
	selected, err := (&scenarios.Selection{Level: scenarios.Extended}).Select(all, corpus.Rules)
	if err != nil {
		t.Fatal(err)
	}
	cfg := suite.Config{
		Registry: reg, Scenarios: selected.Scenarios, Companions: selected.Companions, Level: scenarios.Extended,
		Providers: suite.NewProviders(reg), Seed: "mutation", Parallel: 8,
	}
	cfg.Target = govalue.New(func(providers http.RoundTripper) gate.Gate {
		g, err := newTried(providers, name, file)
		if err != nil {
			killed(t, "-", "load", err.Error())
		}
		return g
	}, cfg.Providers.RoundTripper())
	cfg.Claims = append(cfg.Target.Traits().Claims, "provision-liveness")
	return cfg
}

// killed ends the test: a scenario and a rule told the copy from the original.
func killed(t *testing.T, scenario, rule, what string) {
	note(t, "killed\t"+scenario+"\t"+rule+"\t"+what)
	t.Fatalf("%s: %s: %s", scenario, rule, what)
}

// note adds a line to the file that MUTATION_LOG names, so that a mutant that
// the corpus killed can be told from one that did not compile.
func note(t *testing.T, line string) {
	name := os.Getenv("MUTATION_LOG")
	if name == "" {
		return
	}
	f, err := os.OpenFile(name, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err == nil {
		_, err = fmt.Fprintln(f, line)
	}
	if err != nil {
		t.Fatalf("noting the outcome in MUTATION_LOG: %v", err)
	}
	if err := f.Close(); err != nil {
		t.Fatalf("noting the outcome in MUTATION_LOG: %v", err)
	}
}
