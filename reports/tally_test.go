package reports

import (
	"reflect"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestTallyVerdict(t *testing.T) {
	one := func(o Outcome) Result { return Result{Outcome: o} }
	cases := []struct {
		name    string
		planned int
		results []Result
		ended   Ended
		want    bool
	}{
		{"all passed", 2, []Result{one(Passed), one(Passed)}, Ended{Status: Complete}, true},
		{"waived and not claimed beside a pass", 3, []Result{one(Passed), one(Waived), one(NotClaimed)}, Ended{Status: Complete}, true},
		{"one failed", 2, []Result{one(Passed), one(Failed)}, Ended{Status: Complete}, false},
		{"one error", 2, []Result{one(Passed), one(Errored)}, Ended{Status: Complete}, false},
		{"an outcome that is none", 2, []Result{one(Passed), one("skipped")}, Ended{Status: Complete}, false},
		{"nothing selected", 0, nil, Ended{Status: Complete}, false},
		{"nothing passed", 2, []Result{one(Waived), one(NotClaimed)}, Ended{Status: Complete}, false},
		{"one never ended", 2, []Result{one(Passed)}, Ended{Status: Complete}, false},
		{"one too many", 1, []Result{one(Passed), one(Passed)}, Ended{Status: Complete}, false},
		{"interrupted", 1, []Result{one(Passed)}, Ended{Status: Interrupted}, false},
		{"all passed, and something else is wrong", 1, []Result{one(Passed)}, Ended{Status: Complete, Reason: "a waiver has outlived its cause"}, false},
		{"aborted", 1, []Result{one(Passed)}, Ended{Status: Aborted}, false},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			tally := NewTally(c.planned)
			for _, r := range c.results {
				tally.Add(r)
			}
			f := tally.Footer(c.ended, nil, nil, nil)
			if f.Summary.Conformant != c.want {
				t.Errorf("conformant is %v, want %v", f.Summary.Conformant, c.want)
			}
			if f.Ended.Planned != c.planned || f.Ended.Ended != len(c.results) {
				t.Errorf("ended is %+v, want %d of %d", f.Ended, len(c.results), c.planned)
			}
			if s := tally.Summary(nil, nil); reflect.DeepEqual(c.ended, Ended{Status: Complete}) && s.Conformant != c.want {
				t.Errorf("Summary says %v, want %v", s.Conformant, c.want)
			}
		})
	}
}

func TestTallyRules(t *testing.T) {
	tally := NewTally(6)
	breaks := func(rules ...string) []Violation {
		var list []Violation
		for _, r := range rules {
			list = append(list, Violation{Rule: r})
		}
		return list
	}
	for _, r := range []Result{
		{Rules: []string{"PRE-2", "PRE-7", "PRE-2"}, Outcome: Passed},
		{Rules: []string{"PRE-2", "PRE-7"}, Outcome: Failed, Violations: breaks("PRE-2", "PRE-2", "SEC-1")},
		{Rules: []string{"PRE-2", "PRE-7"}, Outcome: Waived, Violations: breaks("PRE-7")},
		{Rules: []string{"LIV-1"}, Outcome: NotClaimed},
		{Rules: []string{"LIV-1"}, Outcome: Errored},
		{Rules: []string{"LIV-1", "LIV-10"}, Outcome: Failed},
	} {
		tally.Add(r)
	}
	want := []Rule{
		{ID: "PRE-2", Level: "core", Scenarios: 3, Passed: 1, Failed: 1},
		{ID: "PRE-7", Level: "core", Scenarios: 3, Passed: 1, Waived: 1},
		{ID: "LIV-1", Level: "core", Scenarios: 3, NotClaimed: 1, Errors: 1, Failed: 1},
		{ID: "LIV-10", Level: "core", Scenarios: 1, Failed: 1},
		{ID: "SEC-1", Level: "core", Scenarios: 1, Failed: 1},
	}
	if diff := cmp.Diff(want, tally.Rules(func(string) string { return "core" })); diff != "" {
		t.Errorf("rules differ (-want +got):\n%s", diff)
	}
}

func TestRulesStandInTheContractsOrder(t *testing.T) {
	want := []string{"DER-1", "PRE-1", "PRE-2", "PRE-10", "LIV-1", "REF-4", "SEC-1", "PRV-1", "ROB-3", "DIA-1", "NEW-1", "XYZ"}
	got := slices.Clone(want)
	slices.Sort(got)
	slices.SortFunc(got, compareRules)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
