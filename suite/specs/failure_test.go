package specs

import (
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/molecule-ai/byok-conformance/scenarios"
	"github.com/molecule-ai/byok-conformance/suite"
)

func TestFailureText(t *testing.T) {
	s := &scenarios.Scenario{ID: "class/id", Title: "a title", Effect: "an effect"}
	passed := suite.Result{Scenario: s, Outcome: suite.Passed}
	if got := failureText([]suite.Result{passed}); got != "" {
		t.Errorf("of what has passed: %q", got)
	}
	got := failureText([]suite.Result{passed, {
		Scenario: s, Outcome: suite.Failed,
		Violations: []suite.Violation{{Rule: "PRE-2", Message: "a message", Want: "this", Got: "that\nPRE-9: forged"}},
		Exchanges: []suite.Exchange{
			{Direction: "upstream", Method: "GET", URL: "https://a.example/v1", Status: 403, Stage: "create", Credential: "workspace/A", Note: "forbidden"},
			{Direction: "upstream", Method: "GET", URL: "https://b.example/v1"},
		},
	}, {Scenario: s, Outcome: suite.Errored, Reason: "no reply"}, {Scenario: s, Outcome: suite.NotClaimed, Reason: "not claimed"}})
	want := `3 of 4 scenarios did not pass

class/id  a title
  PRE-2: a message
    want: this
    got:  that
          PRE-9: forged
  effect: an effect
  upstream: GET https://a.example/v1 -> 403 (create; workspace/A; forbidden)
  upstream: GET https://b.example/v1 -> no answer

class/id  a title
  error: no reply
  effect: an effect

class/id  a title
  not-claimed: not claimed
  effect: an effect
`
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("text (-want +got):\n%s", diff)
	}
}

func TestFailureTextIsBounded(t *testing.T) {
	var results []suite.Result
	for i := range maxShown + 3 {
		results = append(results, suite.Result{Scenario: &scenarios.Scenario{ID: fmt.Sprintf("class/%d", i)}, Outcome: suite.Errored, Reason: "no reply"})
	}
	got := failureText(results)
	if strings.Count(got, "error: no reply") != maxShown || !strings.HasSuffix(got, "\n… and 3 more\n") {
		t.Errorf("text is\n%s", got)
	}
}

func TestUnclaimedText(t *testing.T) {
	s := &scenarios.Scenario{ID: "class/id"}
	lacking := func(area string) suite.Result {
		return suite.Result{Scenario: s, Outcome: suite.NotClaimed, Reason: "the target does not claim " + area}
	}
	got, err := unclaimedText([]suite.Result{lacking("b"), lacking("a"), lacking("b")})
	want := "1 scenarios: the target does not claim a\n2 scenarios: the target does not claim b"
	if err != nil || got != want {
		t.Errorf("text is %q, %v, want %q", got, err, want)
	}
	if _, err := unclaimedText([]suite.Result{{Scenario: s, Outcome: suite.Passed}}); err == nil || !strings.Contains(err.Error(), "class/id was counted as not claimed") {
		t.Errorf("one that the engine replayed: %v", err)
	}
}

// child runs this package's Ginkgo suite in a process of its own.
func child(t *testing.T, gate string, args ...string) (output string, failed bool) {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), exe, append([]string{"-test.run=^TestSpecs$", "-ginkgo.no-color"}, args...)...)
	cmd.Env = append(os.Environ(), "SPECS_FAULTY_GATE="+gate)
	out, err := cmd.CombinedOutput()
	if _, exited := err.(*exec.ExitError); err != nil && !exited {
		t.Fatal(err)
	}
	return string(out), err != nil
}

// A faulty gate fails in Ginkgo, too, and the command that the failure prints
// replays the failing spec alone.
func TestSpecsFailForFaultyGate(t *testing.T) {
	out, failed := child(t, "any-known-credential", "-ginkgo.label-filter=class:mismatched && rule:REF-4")
	for _, part := range []string{"1 Failed", "PRE-2: a workspace that must be refused was allowed", "want: create refused with MISSING_BYOK_CREDENTIAL", "got:  allowed"} {
		if !failed || !strings.Contains(out, part) {
			t.Fatalf("failed %t, want true and %q in\n%s", failed, part, out)
		}
	}
	found := regexp.MustCompile(`replay: go test -C '[^']+' -count=1 (-ginkgo\.seed=\d+) (-ginkgo\.focus=)'([^']+)'`).FindStringSubmatch(out)
	if found == nil {
		t.Fatalf("no command to replay in\n%s", out)
	}
	if out, failed = child(t, "any-known-credential", found[1], found[2]+found[3]); !failed || !strings.Contains(out, "Ran 1 of ") {
		t.Errorf("replayed: failed %t, want true and one spec in\n%s", failed, out)
	}
	if out, failed = child(t, "", found[1], found[2]+found[3]); failed || !strings.Contains(out, "Ran 1 of ") {
		t.Errorf("replayed at the reference gate: failed %t, want false and one spec in\n%s", failed, out)
	}
}
