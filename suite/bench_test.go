package suite_test

import (
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/molecule-ai/byok-conformance/gate"
	"github.com/molecule-ai/byok-conformance/registry"
	"github.com/molecule-ai/byok-conformance/scenarios"
	"github.com/molecule-ai/byok-conformance/suite"
	"github.com/molecule-ai/byok-conformance/suite/govalue"
)

// expanded is the whole corpus over our own registry.
var expanded = sync.OnceValues(func() ([]*scenarios.Scenario, error) {
	c, err := scenarios.Embedded()
	if err != nil {
		return nil, err
	}
	return c.Expand(registry.Embedded())
})

// BenchmarkCell is what one cell of the matrix costs at a gate that is a Go
// value, judged and handed over. In a cell of one core, for what makes no call
// and for what makes one probe.
func BenchmarkCell(b *testing.B) {
	all, err := expanded()
	if err != nil {
		b.Fatal(err)
	}
	for _, kind := range []struct {
		name     string
		upstream scenarios.Upstream
	}{{"no call", scenarios.NoCall}, {"one probe", scenarios.OneProbe}} {
		b.Run(kind.name, func(b *testing.B) {
			list := benchedCells(all, kind.upstream)
			b.ReportAllocs()
			for b.Loop() {
				replayCells(b, list)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(list)), "ns/cell")
			b.ReportMetric(float64(len(list)), "cells")
		})
	}
}

// benchedCells are single creates with such calls and their twins.
func benchedCells(all []*scenarios.Scenario, upstream scenarios.Upstream) []*scenarios.Scenario {
	wanted := map[string]bool{}
	for _, s := range all {
		st := &s.Steps[0]
		plain := len(s.Steps) == 1 && !answersLate(st) && st.AtOnce == 1 && st.Malformed == "" && !s.Waits() && s.Level == scenarios.Core && s.Class != "robustness" && s.Class != "secrecy"
		if plain && st.Expect.Upstream == upstream && (upstream != scenarios.OneProbe || s.Class == "valid" || s.Class == "dead") {
			wanted[s.ID] = true
		}
	}
	var out []*scenarios.Scenario
	for _, s := range all {
		if wanted[s.ID] && (s.Twin == "" || wanted[s.Twin] || upstream == scenarios.NoCall) {
			out = append(out, s)
		}
	}
	return out
}

// answersLate: the provider takes its time on purpose.
func answersLate(st *scenarios.Step) bool {
	for _, values := range []map[string]scenarios.Value{st.Secrets.Workspace, st.Secrets.Global} {
		for _, v := range values {
			if slices.ContainsFunc(v.Answers, func(a string) bool { return strings.HasPrefix(a, "late-") }) {
				return true
			}
		}
	}
	return false
}

func replayCells(b *testing.B, list []*scenarios.Scenario) {
	p := suite.NewProviders(registry.Embedded())
	target := govalue.New(func(rt http.RoundTripper) gate.Gate {
		return gate.NewReference(registry.Embedded(), gate.Options{Transport: rt, Budget: budget})
	}, p.RoundTripper())
	summary, err := suite.Run(b.Context(), suite.Config{
		Registry: registry.Embedded(), Scenarios: list, Providers: p, Target: target, Seed: "bench", RunID: "bench", Budget: budget,
		Handle: func(suite.Event) {},
	})
	if err != nil || summary.Failed > 0 || summary.Ended() != len(list) {
		b.Fatalf("%+v, %v", summary, err)
	}
}
