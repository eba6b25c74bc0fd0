package conform

import (
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/molecule-ai/byok-conformance/registry"
	"github.com/molecule-ai/byok-conformance/suite/internal/small"
)

// faultyGate names the environment variable by which a test that runs this
// binary again puts another gate into TestConformance and TestBesides.
const faultyGate = "CONFORM_GATE"

func gateUnderTest() string {
	if name := os.Getenv(faultyGate); name != "" {
		return name
	}
	return "reference"
}

// underTest is our own registry, and the small one in a child process.
func underTest() *registry.Registry {
	if os.Getenv(faultyGate) == "" {
		return registry.Embedded()
	}
	few, err := small.Registry()
	if err != nil {
		panic(err)
	}
	return few
}

// TestConformance and TestBesides are what a vendor writes; they run in
// parallel, as two servers in one process.
func TestConformance(t *testing.T) {
	t.Parallel()
	Run(t, Options{Registry: underTest(), Handler: serverOf(gateUnderTest(), nil), Env: testEnv, Budget: budget, IDs: []string{"mismatched/report", "mismatched/foreign/anthropic-api/*", "dead/beside-foreign/*", "provision/removed/*", "missing/none/*"}})
}

func TestBesides(t *testing.T) {
	t.Parallel()
	Run(t, Options{Registry: underTest(), Gate: gateOf(gateUnderTest()), Budget: budget, Classes: []string{"external", "platform", "dead", "transient"}})
}

// child runs this test binary again with its own arguments.
func child(t *testing.T, gate string, args ...string) (output string, failed bool) {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), exe, args...)
	cmd.Env = append(os.Environ(), faultyGate+"="+gate)
	out, err := cmd.CombinedOutput()
	if _, exited := err.(*exec.ExitError); err != nil && !exited {
		t.Fatal(err)
	}
	return string(out), err != nil
}

// ended lists the scenarios that a verbose run says have passed or failed.
func ended(output, word string) []string {
	var ids []string
	for _, m := range regexp.MustCompile(`--- `+word+`: Test\w+/(\S+)`).FindAllStringSubmatch(output, -1) {
		ids = append(ids, m[1])
	}
	return ids
}

// A faulty gate fails by name, and the command that a failure prints replays
// that scenario alone.
func TestFailureReplays(t *testing.T) {
	t.Parallel()
	out, failed := child(t, "any-known-credential", "-test.v", "-test.run=^TestConformance$/mismatched/report")
	if diff := cmp.Diff([]string{"mismatched/report"}, ended(out, "FAIL")); diff != "" || !failed {
		t.Fatalf("failed %t, scenarios (-want +got):\n%s\n%s", failed, diff, out)
	}
	for _, part := range []string{
		"mismatched/report  claude-code with", "PRE-2: a workspace that must be refused was allowed", "want: create refused with MISSING_BYOK_CREDENTIAL",
		"got:  allowed (status 201)", "effect: ", "target: POST http://server.test/workspaces -> 201",
	} {
		if !strings.Contains(out, part) {
			t.Errorf("there is no %q in\n%s", part, out)
		}
	}
	found := regexp.MustCompile(`replay: go test -C \S+ -count=1 -run '([^']+)'`).FindStringSubmatch(out)
	if found == nil {
		t.Fatalf("no command to replay in\n%s", out)
	}
	if out, failed = child(t, "any-known-credential", "-test.v", "-test.run="+found[1]); !failed || len(ended(out, "FAIL")) != 1 {
		t.Errorf("replayed: failed %t, want true and one scenario in\n%s", failed, out)
	}
	if out, failed = child(t, "reference", "-test.v", "-test.run="+found[1]); failed || len(ended(out, "PASS")) != 1 {
		t.Errorf("replayed at the reference gate: failed %t, want false and one scenario in\n%s", failed, out)
	}
}

// Every scenario that is not judged is red.
func TestNoVerdictIsRed(t *testing.T) {
	t.Parallel()
	out, failed := child(t, "unreachable", "-test.v", "-test.run=^TestConformance$/mismatched/report")
	if !failed || len(ended(out, "PASS")) != 0 || !strings.Contains(out, "no verdict: building the server under test") {
		t.Errorf("failed %t, want true and the reason in\n%s", failed, out)
	}
}

// What go test offers works: shuffled, more than once, -run at any depth.
func TestGoTestFlags(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		args   []string
		passed int
	}{
		"shuffled, twice":  {[]string{"-test.run=^TestConformance$/^mismatched$/^report$", "-test.shuffle=on", "-test.count=2"}, 2},
		"by class":         {[]string{"-test.run=^TestBesides$/^external$"}, -1},
		"nothing selected": {[]string{"-test.run=^TestConformance$/^nosuch$"}, 0},
		"one at a time":    {[]string{"-test.run=^TestConformance$/^dead$/^beside-foreign$", "-test.parallel=1"}, -1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			out, failed := child(t, "reference", append(tt.args, "-test.v")...)
			got := len(ended(out, "PASS"))
			if failed || tt.passed >= 0 && got != tt.passed || tt.passed < 0 && got < 5 {
				t.Errorf("failed %t, %d scenarios passed, want %d (-1: many) in\n%.3000s", failed, got, tt.passed, out)
			}
		})
	}
}
