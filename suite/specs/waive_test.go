package specs

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/molecule-ai/byok-conformance/fakes/gates"
	"github.com/molecule-ai/byok-conformance/gate"
	"github.com/molecule-ai/byok-conformance/suite"
	"github.com/molecule-ai/byok-conformance/suite/conform"
	"github.com/molecule-ai/byok-conformance/suite/internal/small"
)

// waiverFile writes a file with one waiver, which holds for a long time.
func waiverFile(t *testing.T, selector, violates string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "waivers.yaml")
	text := "schema: byok-conformance/waivers/v1\nwaivers:\n  - " + selector + "\n    violates: [" + violates + "]\n    reason: known\n    link: https://tracker.example/17\n    expires: 9999-12-31\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestWaivers(t *testing.T) {
	const id = "mismatched/foreign/groq/OPENAI_API_KEY/workspace"
	tests := []struct {
		name, gate, selector, violates string
		// outcome of the scenario, whether a spec holds the waiver to its cause, and
		// whether that spec fails.
		outcome     suite.ResultOutcome
		held, stale bool
	}{
		{"a known failure", "any-known-credential", "scenario: " + id, "PRE-2", suite.Waived, true, false},
		{"a failure of another kind", "any-known-credential", "scenario: " + id, "PRE-7", suite.Failed, true, false},
		{"a failure that nobody knows", "any-known-credential", "scenario: mismatched/report", "PRE-2", suite.Failed, false, false},
		{"nothing fails any more", "", "scenario: " + id, "PRE-2", suite.Passed, true, true},
		{"one of many is declared", "", "scenario: mismatched/foreign/groq/*", "PRE-2", suite.Passed, false, false},
		{"a part of a rule is declared", "any-known-credential", "rule: PRE-2", "PRE-2", suite.Waived, false, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			double := &gates.Double{}
			if test.gate != "" {
				double = gates.Find(test.gate)
			}
			o := doubleOptions(double)
			o.IDs, o.Waivers = []string{id}, []string{waiverFile(t, test.selector, test.violates)}
			d, err := newDoor(o)
			if err != nil {
				t.Fatal(err)
			}
			results, err := d.replay(t.Context(), d.groups[0], 1, all)
			if err != nil {
				t.Fatal(err)
			}
			if got := results[0].Outcome; got != test.outcome {
				t.Errorf("%s is %s, want %s: %s", id, got, test.outcome, results[0].Reason)
			}
			if waived := strings.Contains(conform.WaivedText(results), "1 of 1 scenarios: known ("); waived != (test.outcome == suite.Waived) {
				t.Errorf("the spec's report entry: %q", conform.WaivedText(results))
			}
			if text := failureText(results); (text != "") != (test.outcome == suite.Failed) {
				t.Errorf("the spec's failure: %q", text)
			}
			if held := len(d.session.Waivers) == 1; held != test.held {
				t.Fatalf("%d specs hold the waiver to its cause, want %t", len(d.session.Waivers), test.held)
			}
			for _, n := range d.session.Waivers {
				if stale, err := d.session.Stale(t.Context(), n, "1"); err != nil || (len(stale) == 1) != test.stale {
					t.Errorf("stale: %v, error %v; want %t", stale, err, test.stale)
				}
			}
		})
	}
}

// A waiver by rule is judged where the whole core corpus is declared.
func TestWaiverByRuleIsHeld(t *testing.T) {
	few, err := small.Registry()
	if err != nil {
		t.Fatal(err)
	}
	o := doubleOptions(&gates.Double{})
	o.Registry = few
	o.Gate = func(providers http.RoundTripper) gate.Gate {
		return gate.NewReference(few, gate.Options{Transport: providers, Budget: testBudget})
	}
	o.Waivers = []string{waiverFile(t, "rule: PRE-6", "PRE-6")}
	d, err := newDoor(o)
	if err != nil {
		t.Fatal(err)
	}
	if len(d.session.Waivers) != 1 {
		t.Fatalf("%d specs hold the waiver to its cause, want 1", len(d.session.Waivers))
	}
	if stale, err := d.session.Stale(t.Context(), d.session.Waivers[0], "1"); err != nil || len(stale) != 1 {
		t.Errorf("stale: %v, error %v; want the waiver, since everything passes", stale, err)
	}
}

func TestWaiversRefused(t *testing.T) {
	for want, file := range map[string]string{
		"no such file":       filepath.Join(t.TempDir(), "missing.yaml"),
		"names no scenario":  waiverFile(t, "scenario: mismatched/repport", "PRE-2"),
		"covers all of its ": waiverFile(t, `scenario: "mismatched/*"`, "PRE-2"),
	} {
		o := doubleOptions(&gates.Double{})
		o.Waivers = []string{file}
		if _, err := newDoor(o); err == nil || !strings.Contains(err.Error(), "Options.Waivers") || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q in it", err, want)
		}
	}
}
