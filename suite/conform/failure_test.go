package conform

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/molecule-ai/byok-conformance/scenarios"
	"github.com/molecule-ai/byok-conformance/suite"
	"github.com/molecule-ai/byok-conformance/suite/judge"
	"github.com/molecule-ai/byok-conformance/suite/target"
)

func TestFailureText(t *testing.T) {
	s := &scenarios.Scenario{ID: "class/id", Title: "a title", Effect: "an effect"}
	for name, tt := range map[string]struct {
		result suite.Result
		want   string
	}{
		"passed": {suite.Result{Outcome: suite.Passed}, ""},
		"failed": {suite.Result{
			Outcome:    suite.Failed,
			Violations: []judge.Violation{{Rule: "PRE-2", Message: "a message", Want: "this", Got: "that\nPRE-9: \x1b[2Jforged"}},
			Exchanges: []target.Exchange{
				{Direction: "target", Method: "POST", URL: "http://server.test/workspaces", Status: 201, RequestBody: `{"name":"x"}`, ResponseBody: strings.Repeat("y", shown.Body+7)},
				{Direction: "upstream", Provider: "anthropic-api", Method: "GET", URL: "https://a.example/v1", Stage: "create", Credential: "workspace/A", Note: "silent"},
			},
		}, `FAIL class/id  a title
  PRE-2: a message
    want: this
    got:  that
          PRE-9: \x1b[2Jforged
  effect: ` + s.EffectOf("PRE-2") + `
  target: POST http://server.test/workspaces -> 201 (0 ms)
    > {"name":"x"}
    < ` + strings.Repeat("y", shown.Body) + `… (7 more bytes)
  upstream anthropic-api: GET https://a.example/v1 -> no answer (0 ms; create; carrying workspace/A; silent)
  replay: this way
`},
		"error":       {suite.Result{Outcome: suite.Errored, Reason: "no reply"}, "ERROR class/id  a title\n  error: no reply\n  effect: an effect\n  replay: this way\n"},
		"not claimed": {suite.Result{Outcome: suite.NotClaimed, Reason: "why"}, "NOT CLAIMED class/id  a title\n  not-claimed: why\n  effect: an effect\n  replay: this way\n"},
	} {
		t.Run(name, func(t *testing.T) {
			tt.result.Scenario = s
			if diff := cmp.Diff(tt.want, FailureText(tt.result, "this way")); diff != "" {
				t.Errorf("text (-want +got):\n%s", diff)
			}
		})
	}
}

func TestFailureTextIsBounded(t *testing.T) {
	r := suite.Result{Scenario: &scenarios.Scenario{}, Outcome: suite.Failed, Exchanges: make([]target.Exchange, shown.Exchanges+3)}
	got := FailureText(r, "")
	if strings.Count(got, "no answer") != shown.Exchanges || !strings.HasSuffix(got, "  … 3 more exchanges\n") {
		t.Errorf("text is\n%s", got)
	}
}
