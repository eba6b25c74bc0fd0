package findings

import (
	"testing"

	"github.com/molecule-ai/byok-conformance/registry"
	"github.com/molecule-ai/byok-conformance/scenarios"
	"github.com/molecule-ai/byok-conformance/suite"
	"github.com/molecule-ai/byok-conformance/suite/judge"
)

// A leak in a scenario about something else is told with what a leak does.
func TestEffectIsTheRules(t *testing.T) {
	all, err := scenarios.Embedded()
	if err != nil {
		t.Fatal(err)
	}
	for _, rule := range []string{"SEC-2", "ROB-1"} {
		s := *corpus(t, "robustness")[0]
		s.Rules = []string{"ROB-1"}
		want := s.Effect
		if rule == "SEC-2" {
			want = all.Rules.Find(rule).Effect
		}
		c := NewCollector(registry.Embedded())
		c.Add(suite.Result{Scenario: &s, Outcome: suite.Failed, Violations: []judge.Violation{{Kind: judge.Fault, Rule: rule, Message: "m"}}})
		list := c.Findings(nil)
		if len(list) != 1 || list[0].Example.Effect != want || want == "" {
			t.Errorf("%s: findings are %+v, want one with the effect %q", rule, list, want)
		}
	}
}
