package waivers_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/molecule-ai/byok-conformance/scenarios"
	"github.com/molecule-ai/byok-conformance/suite"
	"github.com/molecule-ai/byok-conformance/suite/judge"
	"github.com/molecule-ai/byok-conformance/suite/waivers"
)

// entry is a waiver of a file, with a selector such as "rule: PRE-2".
func entry(selector, violates, expires string) string {
	return fmt.Sprintf("  - %s\n    violates: [%s]\n    reason: known\n    link: https://tracker.example/17\n    expires: %s\n", selector, violates, expires)
}

const (
	report = "mismatched/report"
	later  = "2027-02-28"
)

func TestApply(t *testing.T) {
	const known = "known (https://tracker.example/17, until 2027-02-28; w.yaml:3:5)"
	tests := []struct {
		name, waivers string
		violated      []string
		want          suite.ResultOutcome
		reason        string
	}{
		{"no waiver", entry("scenario: missing/blank/*", "PRE-3", later), []string{"PRE-2"}, suite.Failed, ""},
		{"covered by its id", entry("scenario: "+report, "PRE-2", later), []string{"PRE-2"}, suite.Waived, known},
		{"covered by a glob", entry("scenario: mismatched/re*", "PRE-2", later), []string{"PRE-2"}, suite.Waived, known},
		{"covered by a rule that it exercises", entry("rule: PRE-7", "PRE-7, PRE-2", later), []string{"PRE-2"}, suite.Waived, known},
		{"covered by a rule that it only violates", entry("rule: SEC-1", "SEC-1", later), []string{"SEC-1"}, suite.Waived, known},
		{"two violations of one rule", entry("scenario: "+report, "PRE-2", later), []string{"PRE-2", "PRE-2"}, suite.Waived, known},
		{"one of the rules that are listed", entry("scenario: "+report, "PRE-2, PRE-7", later), []string{"PRE-7"}, suite.Waived, known},
		{"another rule, too", entry("scenario: "+report, "PRE-2", later), []string{"PRE-2", "SEC-1"}, suite.Failed,
			"the waiver at w.yaml:3:5 does not cover this: it is for PRE-2, and the scenario violates SEC-1"},
		{"another rule only", entry("scenario: "+report, "PRE-2", later), []string{"SEC-1"}, suite.Failed,
			"the waiver at w.yaml:3:5 does not cover this: it is for PRE-2, and the scenario violates SEC-1"},
		{"each rule by a waiver of its own", entry("scenario: "+report, "PRE-2", later) + entry("rule: SEC-1", "SEC-1", later), []string{"PRE-2", "SEC-1"}, suite.Failed,
			"the waiver at w.yaml:3:5 does not cover this: it is for PRE-2, and the scenario violates SEC-1; " +
				"the waiver at w.yaml:8:5 does not cover this: it is for SEC-1, and the scenario violates PRE-2"},
		{"on its last day", entry("scenario: "+report, "PRE-2", "2026-11-24"), []string{"PRE-2"}, suite.Waived,
			"known (https://tracker.example/17, until 2026-11-24; w.yaml:3:5)"},
		{"on the day after", entry("scenario: "+report, "PRE-2", "2026-11-23"), []string{"PRE-2"}, suite.Failed,
			"the waiver at w.yaml:3:5 expired on 2026-11-23: repair the server (https://tracker.example/17), or argue for another day"},
		{"one has expired, another holds", entry("scenario: mismatched/repor*", "PRE-2", "2026-11-23") + entry("scenario: "+report, "PRE-2", later), []string{"PRE-2"}, suite.Waived,
			"known (https://tracker.example/17, until 2027-02-28; w.yaml:8:5)"},
		{"it passed", entry("scenario: "+report, "PRE-2", later), nil, suite.Passed, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := set(t, test.waivers).Apply(result(t, report, test.violated...))
			if got.Outcome != test.want || got.Reason != test.reason {
				t.Errorf("%s %q, want %s %q", got.Outcome, got.Reason, test.want, test.reason)
			}
			if len(got.Violations) != len(test.violated) {
				t.Errorf("%d violations, want all %d of them to stay", len(got.Violations), len(test.violated))
			}
		})
	}
}

// A result that was not judged is nobody's to waive.
func TestApplyLeavesWhatWasNotJudged(t *testing.T) {
	for _, outcome := range []suite.ResultOutcome{suite.Errored, suite.NotClaimed} {
		r := result(t, report)
		r.Outcome, r.Reason = outcome, "why"
		if got := set(t, entry("scenario: "+report, "PRE-2", later)).Apply(r); got.Outcome != outcome || got.Reason != "why" {
			t.Errorf("%s became %s %q", outcome, got.Outcome, got.Reason)
		}
	}
}

func TestStale(t *testing.T) {
	// A glob for three scenarios.
	glob := "mismatched/foreign/groq/OPENAI_API_KEY/*"
	ids := []string{"mismatched/foreign/groq/OPENAI_API_KEY/both", "mismatched/foreign/groq/OPENAI_API_KEY/global", "mismatched/foreign/groq/OPENAI_API_KEY/workspace"}
	none := suite.Result{}
	tests := []struct {
		name    string
		expires string
		// results are those of the three scenarios; none was not replayed.
		results [3]func() suite.Result
		stale   bool
	}{
		{"all passed", later, [3]func() suite.Result{passed(t, ids[0]), passed(t, ids[1]), passed(t, ids[2])}, true},
		{"all passed, long expired", "2020-01-01", [3]func() suite.Result{passed(t, ids[0]), passed(t, ids[1]), passed(t, ids[2])}, true},
		{"one failed", later, [3]func() suite.Result{passed(t, ids[0]), failed(t, ids[1], "PRE-2"), passed(t, ids[2])}, false},
		{"one failed differently", later, [3]func() suite.Result{passed(t, ids[0]), failed(t, ids[1], "SEC-1"), passed(t, ids[2])}, false},
		{"one was not selected", later, [3]func() suite.Result{passed(t, ids[0]), func() suite.Result { return none }, passed(t, ids[2])}, false},
		{"one is not claimed", later, [3]func() suite.Result{passed(t, ids[0]), ended(t, ids[1], suite.NotClaimed), passed(t, ids[2])}, false},
		{"one could not be judged", later, [3]func() suite.Result{passed(t, ids[0]), ended(t, ids[1], suite.Errored), passed(t, ids[2])}, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := set(t, entry("scenario: "+glob, "PRE-2", test.expires))
			for _, next := range test.results {
				if r := next(); r.Scenario != nil {
					s.Apply(r)
				}
			}
			if stale := s.Stale(); (len(stale) == 1) != test.stale {
				t.Errorf("stale: %v, want %t", stale, test.stale)
			} else if test.stale && !strings.Contains(stale[0].String(), "w.yaml:3:5: the waiver `scenario: "+glob+"` no longer matches a failure: none of the 3 scenarios that it may cover fails by it; delete the entry that begins on line 3") {
				t.Errorf("stale: %s", stale[0])
			}
		})
	}
}

func passed(t *testing.T, id string) func() suite.Result { return ended(t, id, suite.Passed) }

func failed(t *testing.T, id, rule string) func() suite.Result {
	return func() suite.Result { return result(t, id, rule) }
}

func ended(t *testing.T, id string, outcome suite.ResultOutcome) func() suite.Result {
	return func() suite.Result {
		r := result(t, id)
		r.Outcome = outcome
		return r
	}
}

// A waiver that names nothing is refused before the run, with the correction.
func TestNewRefuses(t *testing.T) {
	rules, all := corpus(t)
	for selector, want := range map[string]string{
		"scenario: mismatched/repport":        "w.yaml:3:5: `scenario: mismatched/repport` names no scenario; write `scenario: mismatched/report`",
		"scenario: mismatched/forein/*":       "names no scenario; write `scenario: mismatched/foreign/*`",
		"scenario: mismatched/zzzzzzzzzzzzzz": "names no scenario that the registry in use has; delete the waiver",
	} {
		list, err := waivers.Parse("w.yaml", []byte(head+entry(selector, "PRE-2", later)), rules)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := waivers.New(list, all, today); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want %q in it", selector, err, want)
		}
	}
}

// A rule may be violated by any scenario, so that its waiver is judged by a run
// of the whole core corpus only.
func TestStaleByRule(t *testing.T) {
	rules, all := corpus(t)
	for _, rule := range rules.IDs() {
		s, err := waivers.New([]waivers.Waiver{{Rule: rule, Violates: []string{rule}, Expires: today}}, all, today)
		if err != nil {
			t.Fatal(err)
		}
		var last *scenarios.Scenario
		for _, sc := range all {
			switch {
			case sc.NotApplicable != "" || sc.Level != scenarios.Core && !slices.Contains(sc.Rules, rule):
				continue
			case last != nil:
				s.Apply(suite.Result{Scenario: last, Outcome: suite.Passed})
			}
			last = sc
		}
		if stale := s.Stale(); len(stale) > 0 {
			t.Fatalf("%s: %s, though %s was not replayed", rule, stale[0], last.ID)
		}
		s.Apply(suite.Result{Scenario: last, Outcome: suite.Passed})
		if len(s.Stale()) != 1 {
			t.Fatalf("%s: not stale, though everything passed", rule)
		}
		failed := suite.Result{Scenario: last, Outcome: suite.Failed, Violations: []judge.Violation{{Rule: rule}}}
		if got := s.Apply(failed); got.Outcome != suite.Waived || len(s.Stale()) > 0 {
			t.Fatalf("%s: %s, stale: %v; want it waived and needed", rule, got.Outcome, s.Stale())
		}
	}
}

func TestDraft(t *testing.T) {
	rules, all := corpus(t)
	tests := []struct {
		name string
		// fails says what a scenario violates; empty where it passes.
		fails func(*scenarios.Scenario) []string
		globs []string
	}{
		{"one of many", only(func(id string) bool { return id == "mismatched/foreign/groq/OPENAI_API_KEY/global" }), []string{"mismatched/foreign/groq/OPENAI_API_KEY/global"}},
		{"one without axes", only(func(id string) bool { return id == report }), []string{report}},
		{"a whole template", only(regexp.MustCompile("^mismatched/foreign/").MatchString), []string{"mismatched/foreign/*"}},
		{"a provider", only(regexp.MustCompile("^mismatched/foreign/groq/").MatchString), []string{"mismatched/foreign/groq/*"}},
		{"a scope", only(regexp.MustCompile("^mismatched/foreign/.*/global$").MatchString), []string{"mismatched/foreign/*/global"}},
		{"a name in the middle", only(regexp.MustCompile("^mismatched/foreign/.*/GROQ_API_KEY/").MatchString), []string{"mismatched/foreign/*/GROQ_API_KEY/*"}},
		{"a scope and a provider", only(regexp.MustCompile("^mismatched/foreign/(.*/global|groq/.*)$").MatchString), []string{"mismatched/foreign/*/global", "mismatched/foreign/groq/*"}},
		{"two ways to fail", func(s *scenarios.Scenario) []string {
			switch {
			case !strings.HasPrefix(s.ID, "mismatched/foreign/"):
				return nil
			case strings.HasSuffix(s.ID, "/global"):
				return []string{"SEC-1", "PRE-2"}
			}
			return []string{"PRE-2"}
		}, []string{"mismatched/foreign/*/both", "mismatched/foreign/*/workspace", "mismatched/foreign/*/global"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			d := waivers.NewDraft(all)
			var failures []suite.Result
			for _, s := range all {
				r := suite.Result{Scenario: s, Outcome: suite.Passed}
				for _, rule := range test.fails(s) {
					r.Outcome = suite.Failed
					r.Violations = append(r.Violations, judge.Violation{Rule: rule})
				}
				if r.Outcome == suite.Failed {
					failures = append(failures, r)
				}
				d.Add(r)
			}
			text := string(d.YAML(today))
			for _, glob := range test.globs {
				if !strings.Contains(text, "- scenario: "+glob+"\n") {
					t.Errorf("the draft lacks %s", glob)
				}
			}
			if n := strings.Count(text, "- scenario:"); n != len(test.globs) {
				t.Errorf("%d waivers, want %d:\n%s", n, len(test.globs), text)
			}
			if _, err := waivers.Parse("d.yaml", []byte(text), rules); err == nil || !strings.Contains(err.Error(), "still to be filled in") {
				t.Errorf("the draft as it stands: error %v, want that it is to be filled in", err)
			}
			if !strings.Contains(text, "expires: 2027-02-22") {
				t.Errorf("the draft does not expire 90 days after %s", today)
			}
			covers(t, fill(text), failures)
		})
	}
}

// only makes some scenarios violate PRE-2.
func only(which func(id string) bool) func(*scenarios.Scenario) []string {
	return func(s *scenarios.Scenario) []string {
		if which(s.ID) && s.NotApplicable == "" {
			return []string{"PRE-2"}
		}
		return nil
	}
}

// fill fills a draft in, as its owner would.
func fill(draft string) string {
	draft = regexp.MustCompile(`link: .*`).ReplaceAllString(draft, "link: https://tracker.example/17")
	return regexp.MustCompile(`reason: .*`).ReplaceAllString(draft, "reason: known")
}

// covers holds a waiver file to covering every failure.
func covers(t *testing.T, text string, failures []suite.Result) {
	t.Helper()
	rules, all := corpus(t)
	list, err := waivers.Parse("d.yaml", []byte(text), rules)
	if err != nil {
		t.Fatal(err)
	}
	s, err := waivers.New(list, all, today)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range failures {
		if got := s.Apply(r); got.Outcome != suite.Waived {
			t.Fatalf("%s is %s: %s", r.Scenario.ID, got.Outcome, got.Reason)
		}
	}
}
