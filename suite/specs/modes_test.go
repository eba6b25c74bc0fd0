package specs

import (
	"encoding/json"
	"encoding/xml"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/onsi/ginkgo/v2/types"
)

// ran is how many specs Ginkgo says it ran in each round.
func ran(output string) []string {
	var counts []string
	for _, m := range regexp.MustCompile(`Ran (\d+) of`).FindAllStringSubmatch(output, -1) {
		counts = append(counts, m[1])
	}
	return counts
}

// Ginkgo's own selection works on our specs, by label and by text.
func TestSelectionByGinkgo(t *testing.T) {
	t.Parallel()
	for name, args := range map[string][]string{
		"labels":       {"-ginkgo.label-filter=class:dead && rule:LIV-1 && critical && core"},
		"focus":        {"-ginkgo.focus=the workspace server.*mismatched/report"},
		"randomize":    {"-ginkgo.randomize-all", "-ginkgo.seed=7", "-ginkgo.focus=the workspace server"},
		"a URL":        {"-ginkgo.focus=a server on loopback"},
		"not claimed":  {"-ginkgo.label-filter=not-claimed"},
		"nothing else": {"-ginkgo.label-filter=class:external", "-ginkgo.focus=the reference gate"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			out, failed := child(t, "", args...)
			if got := ran(out); failed || len(got) != 1 || got[0] == "0" {
				t.Errorf("failed %t, ran %v specs in\n%.3000s", failed, got, out)
			}
		})
	}
}

// Ginkgo's JUnit and JSON reports hold our specs with their labels, the
// outcome of every cell, and a failure in full.
func TestGinkgoReports(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	focus := "-ginkgo.focus=the workspace server"
	if out, failed := child(t, "any-known-credential", focus, "-ginkgo.json-report="+filepath.Join(dir, "r.json"), "-ginkgo.junit-report="+filepath.Join(dir, "r.xml")); !failed {
		t.Fatalf("a faulty gate passes:\n%s", out)
	}
	var reports []types.Report
	data, err := os.ReadFile(filepath.Join(dir, "r.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &reports); err != nil {
		t.Fatal(err)
	}
	failed, entries := 0, 0
	for _, s := range reports[0].SpecReports {
		if s.State == types.SpecStateFailed {
			failed++
			if !strings.Contains(s.Failure.Message, "PRE-2: ") || !strings.Contains(strings.Join(s.Labels(), " "), "class:mismatched") {
				t.Errorf("labels %v, failure %s", s.Labels(), s.Failure.Message)
			}
		}
		if s.State == types.SpecStatePassed {
			entries += len(s.ReportEntries)
		}
	}
	if failed != 1 || entries < 10 {
		t.Errorf("%d specs failed and %d cells are told, want 1 and at least 10", failed, entries)
	}
	var junit struct {
		Failures int `xml:"failures,attr"`
	}
	if data, err = os.ReadFile(filepath.Join(dir, "r.xml")); err != nil {
		t.Fatal(err)
	}
	if err := xml.Unmarshal(data, &junit); err != nil || junit.Failures != 1 {
		t.Errorf("JUnit says %d failures, %v", junit.Failures, err)
	}
}

// The ginkgo command runs the specs over several processes, and again.
func TestGinkgoCommand(t *testing.T) {
	t.Parallel()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	ginkgo := filepath.Join(dir, "ginkgo")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", ginkgo, "github.com/onsi/ginkgo/v2/ginkgo").CombinedOutput(); err != nil {
		t.Fatalf("building the ginkgo command: %v\n%s", err, out)
	}
	// The command takes a compiled suite only under this ending.
	suite := filepath.Join(dir, "specs.test")
	if err := os.Symlink(exe, suite); err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		gate   string
		args   []string
		failed bool
		rounds int
	}{
		"processes":        {"", []string{"--procs=2", "--focus=the workspace server|a server on loopback"}, false, 1},
		"repeated":         {"", []string{"--repeat=1", "--focus=the workspace server.*mismatched"}, false, 2},
		"until it fails":   {"any-known-credential", []string{"--until-it-fails", "--focus=the workspace server.*mismatched"}, true, 1},
		"processes, fails": {"any-known-credential", []string{"--procs=2", "--label-filter=class:mismatched", "--focus=the workspace server"}, true, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			args := append([]string{"--no-color"}, tt.args...)
			cmd := exec.CommandContext(t.Context(), ginkgo, append(args, suite, "--", "-test.run=^TestSpecs$")...)
			cmd.Env = append(os.Environ(), "SPECS_FAULTY_GATE="+tt.gate)
			out, err := cmd.CombinedOutput()
			if got := ran(string(out)); (err != nil) != tt.failed || len(got) != tt.rounds || got[0] == "0" {
				t.Errorf("error %v, ran %v specs, want failed %t in %d rounds in\n%.3000s", err, got, tt.failed, tt.rounds, out)
			}
		})
	}
}
