package conform

import (
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/molecule-ai/byok-conformance/internal/spelled"
	"github.com/molecule-ai/byok-conformance/scenarios"
	"github.com/molecule-ai/byok-conformance/suite"
)

// Run holds the target to the corpus: one subtest is one scenario, named by its
// id, and -run selects among them. Where scenarios fail, the test fails and says
// in few statements why (suite/findings); the simplest failures are subtests that
// fail, and with -v all of them are. Call it last in a test: the subtests
// report when the test function has returned. The test itself fails where there
// is no verdict, and logs what is not claimed.
//
// The scenarios of one Run are replayed together, Options.Parallel at once,
// whatever -parallel says; tests that each call Run may be parallel.
func Run(t *testing.T, o Options) {
	t.Helper()
	s, err := NewSession(o)
	if err != nil {
		t.Fatalf("preparing the corpus: %v", err)
	}
	var mu sync.Mutex
	var wanted []*scenarios.Scenario
	verdicts := map[string]suite.Result{}
	shown := map[string]bool{}
	for _, x := range s.Claimed {
		t.Run(x.ID, func(t *testing.T) {
			mu.Lock()
			wanted = append(wanted, x)
			mu.Unlock()
			t.Parallel() // waits until the parent has replayed them all
			report(t, verdicts, shown, x)
		})
	}
	if len(wanted) == 0 {
		return // -run names none of ours
	}
	results, err := s.Replay(t.Context(), wanted, o.seed())
	if err != nil {
		t.Errorf("no verdict: %v", err)
		return
	}
	for _, r := range results {
		verdicts[r.Scenario.ID] = r
	}
	for _, hint := range s.Hints() {
		t.Log(hint)
	}
	if text := s.explain(t.Name(), results, shown); text != "" {
		t.Error("\n" + text)
	}
	if text := s.NotReplayedText(); text != "" {
		t.Log(text)
	}
	if text := WaivedText(results); text != "" {
		t.Log("waived:\n" + text)
	}
	for _, stale := range told(s.waivers) {
		t.Error(stale)
	}
	for _, left := range s.Leftovers() {
		t.Logf("left at the target: %s", left)
	}
}

// report ends a scenario's subtest. One without a result fails. Where thousands
// fail, the parent fails, says why, and has a few of them told; with -v all are.
func report(t *testing.T, verdicts map[string]suite.Result, shown map[string]bool, x *scenarios.Scenario) {
	t.Helper()
	r, ok := verdicts[x.ID]
	if !ok {
		t.Fatal("no verdict; the parent test says why")
	}
	if text := FailureText(r, replayCommand(t.Name())); text != "" && (shown[x.ID] || testing.Verbose()) {
		t.Error("\n" + text)
	}
}

// replayCommand is the command that runs one subtest alone.
func replayCommand(name string) string {
	parts := strings.Split(name, "/")
	for i, p := range parts {
		parts[i] = "^" + regexp.QuoteMeta(p) + "$"
	}
	return "go test " + InDirectory() + "-count=1 -run " + spelled.Shell(strings.Join(parts, "/"))
}

// InDirectory is the -C flag, with a blank behind it, that makes a go command
// work from anywhere; empty where the working directory is not known.
func InDirectory() string {
	dir, err := os.Getwd()
	if err != nil {
		return ""
	}
	return "-C " + spelled.Shell(dir) + " "
}
