package judge

import (
	"testing"

	"github.com/molecule-ai/byok-conformance/registry"
	"github.com/molecule-ai/byok-conformance/scenarios"
	"github.com/molecule-ai/byok-conformance/suite/target"
)

// TestLoudLine holds a profile's own words for a loud allow to the names.
func TestLoudLine(t *testing.T) {
	const line = target.LoudLine(`^WARN unproven provider=\"?{provider}\"? key={credential}( |$)`)
	step := &scenarios.Step{Expect: scenarios.Expect{Providers: []string{"groq", "google"}, Probed: "global/GROQ_API_KEY"}}
	tests := []struct {
		name, text string
		want       bool
	}{
		{"as the profile says", "WARN unproven provider=groq key=GROQ_API_KEY", true},
		{"the other lawful provider", "WARN unproven provider=google key=GROQ_API_KEY cause=timeout", true},
		{"quoted", `WARN unproven provider="groq" key=GROQ_API_KEY`, true},
		{"both names in other words", "WARN groq: GROQ_API_KEY is refused", false},
		{"another provider", "WARN unproven provider=openai-api key=GROQ_API_KEY", false},
		{"another credential", "WARN unproven provider=groq key=HF_TOKEN", false},
		{"a longer credential", "WARN unproven provider=groq key=GROQ_API_KEY_2", false},
		{"of another scenario", "WARN unproven provider=groq key=GROQ_API_KEY id=b59d/dead/answer/groq", false},
		{"of this scenario", "WARN unproven provider=groq key=GROQ_API_KEY id=b59d/transient/answer/groq", true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			o := &Observation{Scenario: &scenarios.Scenario{ID: "transient/answer/groq"}, Registry: registry.Embedded(), RunID: "b59d", Request: "transient/answer/groq", Loud: line}
			if got := IsLoudLine(o, step, test.text); got != test.want {
				t.Errorf("loud %v, want %v", got, test.want)
			}
		})
	}
}
