package prove_test

import (
	"sync/atomic"
	"testing"

	"github.com/molecule-ai/byok-conformance/registry"
	"github.com/molecule-ai/byok-conformance/reports"
	"github.com/molecule-ai/byok-conformance/reports/proof"
	"github.com/molecule-ai/byok-conformance/scenarios"
	"github.com/molecule-ai/byok-conformance/suite"
	"github.com/molecule-ai/byok-conformance/suite/open"
	"github.com/molecule-ai/byok-conformance/suite/prove"
)

// counted is a Shown that only counts.
type counted struct{ finished, held atomic.Int64 }

func (*counted) Phase(string)                   {}
func (*counted) Replaying(*open.Opened, int)    {}
func (*counted) Controlling(int, int)           {}
func (*counted) Left(string)                    {}
func (c *counted) Finished(suite.Finished)      { c.finished.Add(1) }
func (c *counted) Held(held proof.ControlledBy) { c.held.Add(1) }

// A proof is made by a Go test as by the command: closed at the reference, open at a
// gate with the bypass, and each time the control gates are found out.
func TestMismatch(t *testing.T) {
	reg := registry.Embedded()
	corpus, err := scenarios.Embedded()
	if err != nil {
		t.Fatal(err)
	}
	selected, err := corpus.Select(reg, &scenarios.Selection{Level: scenarios.Core, Rules: []string{prove.Rule}, IDs: []string{"mismatched/report", "mismatched/foreign/groq/*"}})
	if err != nil {
		t.Fatal(err)
	}
	for target, want := range map[string]proof.Verdict{"reference": proof.Closed, "faulty:any-known-credential": proof.Open} {
		t.Run(target, func(t *testing.T) {
			var shown counted
			evidence, err := prove.Mismatch(t.Context(), prove.Options{
				Open:   open.Options{Target: target, Profile: "workspace-server"},
				Config: suite.Config{Scenarios: selected.Scenarios, Companions: selected.Companions, Registry: reg, Seed: "seed", RunID: "test"},
				Header: func(int) reports.Header { return reports.Header{} },
				Result: func(r suite.Result) reports.Result { return reports.Of(&r, "") },
				Shown:  &shown,
			})
			if err != nil {
				t.Fatal(err)
			}
			if p := proof.New(evidence); p.Verdict != want {
				t.Errorf("the verdict is %s, want %s: %s", p.Verdict, want, p.Sentence)
			}
			if n := int(shown.finished.Load()); n != len(selected.Scenarios) || shown.held.Load() == 0 {
				t.Errorf("%d of %d scenarios finished, and %d gates were found out", n, len(selected.Scenarios), shown.held.Load())
			}
		})
	}
}
