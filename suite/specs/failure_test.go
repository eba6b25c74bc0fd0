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
	got := failureText([]suite.Result{passed, {Scenario: s, Outcome: suite.Errored, Reason: "no reply"}})
	want := `1 of 2 scenarios did not pass

ERROR class/id  a title
  error: no reply
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
	t.Parallel()
	out, failed := child(t, "any-known-credential", "-ginkgo.label-filter=class:mismatched && rule:REF-4 || findings", "-ginkgo.focus=door the reference gate")
	for _, part := range []string{"1 Failed", "PRE-2: a workspace that must be refused was allowed", "want: create refused with MISSING_BYOK_CREDENTIAL", "got:  allowed",
		"1 of 1 scenarios fail", "1. CRITICAL  A workspace is allowed that has no credential which counts"} {
		if !failed || !strings.Contains(out, part) {
			t.Fatalf("failed %t, want true and %q in\n%s", failed, part, out)
		}
	}
	found := regexp.MustCompile(`replay: go test -C '?[^ ]+ -count=1 -run '\^TestSpecs\$' (-ginkgo\..*)`).FindStringSubmatch(out)
	if found == nil {
		t.Fatalf("no command to replay in\n%s", out)
	}
	words, err := exec.CommandContext(t.Context(), "sh", "-c", `printf '%s\n' `+found[1]).Output()
	if err != nil {
		t.Fatal(err)
	}
	flags := strings.Split(strings.TrimSpace(string(words)), "\n")
	if out, failed = child(t, "any-known-credential", flags...); !failed || !strings.Contains(out, "Ran 1 of ") {
		t.Errorf("replayed: failed %t, want true and one spec in\n%s", failed, out)
	}
	if out, failed = child(t, "", flags...); failed || !strings.Contains(out, "Ran 1 of ") {
		t.Errorf("replayed at the reference gate: failed %t, want false and one spec in\n%s", failed, out)
	}
}

func TestFocusOn(t *testing.T) {
	for name, test := range map[string]struct {
		all  []string
		want string
	}{
		"alone":              {[]string{"a gate"}, `-ginkgo.focus=' outer a gate class (text)$'`},
		"a longer beginning": {[]string{"a gate", "a gate with more"}, `-ginkgo.focus=' outer a gate class (text)$'`},
		"the same end":       {[]string{"a gate", "not a gate"}, `-ginkgo.focus=' outer a gate class (text)$' -ginkgo.skip='not a gate class (text)$'`},
	} {
		want := strings.NewReplacer("(", `\(`, ")", `\)`).Replace(test.want)
		if got := focusOn("a gate", "outer a gate class (text)", test.all); got != want {
			t.Errorf("%s: flags are %s, want %s", name, got, want)
		}
	}
}
