package reports_test

import (
	"reflect"
	"slices"
	"testing"

	"github.com/molecule-ai/byok-conformance/reports"

	"github.com/google/go-cmp/cmp"
)

func TestTallyVerdict(t *testing.T) {
	one := func(o reports.Outcome) reports.Result { return reports.Result{Outcome: o} }
	cases := []struct {
		name    string
		planned int
		results []reports.Result
		ended   reports.Ended
		want    bool
	}{
		{"all passed", 2, []reports.Result{one(reports.Passed), one(reports.Passed)}, reports.Ended{Status: reports.Complete}, true},
		{"waived and not claimed beside a pass", 3, []reports.Result{one(reports.Passed), one(reports.Waived), one(reports.NotClaimed)}, reports.Ended{Status: reports.Complete}, true},
		{"one failed", 2, []reports.Result{one(reports.Passed), one(reports.Failed)}, reports.Ended{Status: reports.Complete}, false},
		{"one error", 2, []reports.Result{one(reports.Passed), one(reports.Errored)}, reports.Ended{Status: reports.Complete}, false},
		{"an outcome that is none", 2, []reports.Result{one(reports.Passed), one("skipped")}, reports.Ended{Status: reports.Complete}, false},
		{"nothing selected", 0, nil, reports.Ended{Status: reports.Complete}, false},
		{"nothing passed", 2, []reports.Result{one(reports.Waived), one(reports.NotClaimed)}, reports.Ended{Status: reports.Complete}, false},
		{"one never ended", 2, []reports.Result{one(reports.Passed)}, reports.Ended{Status: reports.Complete}, false},
		{"one too many", 1, []reports.Result{one(reports.Passed), one(reports.Passed)}, reports.Ended{Status: reports.Complete}, false},
		{"interrupted", 1, []reports.Result{one(reports.Passed)}, reports.Ended{Status: reports.Interrupted}, false},
		{"all passed, and something else is wrong", 1, []reports.Result{one(reports.Passed)}, reports.Ended{Status: reports.Complete, Reason: "a waiver no longer matches a failure"}, false},
		{"aborted", 1, []reports.Result{one(reports.Passed)}, reports.Ended{Status: reports.Aborted}, false},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			tally := reports.NewTally(c.planned)
			for _, r := range c.results {
				tally.Add(&r)
			}
			f := tally.Footer(c.ended, nil, nil, nil)
			if f.Summary.Conformant != c.want {
				t.Errorf("conformant is %v, want %v", f.Summary.Conformant, c.want)
			}
			if f.Ended.Planned != c.planned || f.Ended.Ended != len(c.results) {
				t.Errorf("ended is %+v, want %d of %d", f.Ended, len(c.results), c.planned)
			}
			if s := tally.Summary(nil, nil); reflect.DeepEqual(c.ended, reports.Ended{Status: reports.Complete}) && s.Conformant != c.want {
				t.Errorf("Summary says %v, want %v", s.Conformant, c.want)
			}
		})
	}
}

func TestTallyRules(t *testing.T) {
	tally := reports.NewTally(6)
	breaks := func(rules ...string) []reports.Violation {
		var list []reports.Violation
		for _, r := range rules {
			list = append(list, reports.Violation{Rule: r})
		}
		return list
	}
	for _, r := range []reports.Result{
		{Rules: []string{"PRE-2", "PRE-7", "PRE-2"}, Outcome: reports.Passed},
		{Rules: []string{"PRE-2", "PRE-7"}, Outcome: reports.Failed, Violations: breaks("PRE-2", "PRE-2", "SEC-1")},
		{Rules: []string{"PRE-2", "PRE-7"}, Outcome: reports.Waived, Violations: breaks("PRE-7")},
		{Rules: []string{"LIV-1"}, Outcome: reports.NotClaimed},
		{Rules: []string{"LIV-1"}, Outcome: reports.Errored},
		{Rules: []string{"LIV-1", "LIV-10"}, Outcome: reports.Failed},
	} {
		tally.Add(&r)
	}
	want := []reports.Rule{
		{ID: "PRE-2", Level: "core", Scenarios: 3, Passed: 1, Failed: 1, Waived: 1, Violations: 2},
		{ID: "PRE-7", Level: "core", Scenarios: 3, Passed: 1, Failed: 1, Waived: 1},
		{ID: "LIV-1", Level: "core", Scenarios: 3, NotClaimed: 1, Errors: 1, Failed: 1},
		{ID: "LIV-10", Level: "core", Scenarios: 1, Failed: 1},
		{ID: "SEC-1", Level: "core", Violations: 1},
	}
	for _, r := range tally.Rules(nil) {
		if sum := r.Passed + r.Failed + r.Errors + r.Waived + r.NotClaimed; sum != r.Scenarios {
			t.Errorf("%s has %d scenarios, and its outcomes add up to %d", r.ID, r.Scenarios, sum)
		}
	}
	if diff := cmp.Diff(want, tally.Rules(func(string) string { return "core" })); diff != "" {
		t.Errorf("rules differ (-want +got):\n%s", diff)
	}
}

func TestRulesStandInTheContractsOrder(t *testing.T) {
	want := []string{"DER-1", "PRE-1", "PRE-2", "PRE-10", "LIV-1", "REF-4", "SEC-1", "PRV-1", "ROB-3", "DIA-1", "NEW-1", "XYZ"}
	got := slices.Clone(want)
	slices.Sort(got)
	slices.SortFunc(got, reports.CompareRules)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
