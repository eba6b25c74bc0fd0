package proof

import (
	"testing"

	"github.com/molecule-ai/byok-conformance/reports"
	"github.com/molecule-ai/byok-conformance/scenarios"
)

// The effect is that of the violated rule where the scenario is about another.
func TestEffect(t *testing.T) {
	corpus, err := scenarios.Embedded()
	if err != nil {
		t.Fatal(err)
	}
	leak := corpus.Rules.Find("SEC-2").Effect
	for rule, want := range map[string]string{"": "a workspace that cannot work", "PRE-2": "a workspace that cannot work", "SEC-2": leak} {
		c := Case{Scenario: combinationOf("missing/x", "anthropic-api", scenarios.Create, scenarios.Secrets{})}
		if rule != "" {
			c.Result.Violations = []reports.Violation{{Rule: rule}}
		}
		if got := c.effect(); got != want || got == "" {
			t.Errorf("violated %q: the effect is %q, want %q", rule, got, want)
		}
	}
}
