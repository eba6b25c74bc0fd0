package diff

import (
	"testing"

	"github.com/molecule-ai/byok-conformance/reports"
	"github.com/molecule-ai/byok-conformance/reports/reportstest"

	"github.com/google/go-cmp/cmp"
)

// one is a run with at most one result.
func one(o reports.Outcome, ms float64, rules ...string) *reportstest.Parts {
	run := &reportstest.Parts{Header: reportstest.Header()}
	if o != "" {
		r := reports.Result{ID: "a", Class: "dead", Rules: []string{"LIV-1"}, Outcome: o, DurationMS: ms, Reason: "because"}
		for _, rule := range rules {
			r.Violations = append(r.Violations, reports.Violation{Rule: rule})
		}
		run.Results = []reports.Result{r}
	}
	run.Count()
	return run
}

func TestCompare(t *testing.T) {
	cases := []struct {
		name       string
		was, now   *reportstest.Parts
		list       string
		regression bool
	}{
		{"passed again", one(reports.Passed, 10), one(reports.Passed, 10), "same", false},
		{"failed again", one(reports.Failed, 10, "LIV-1"), one(reports.Failed, 10, "LIV-1"), "same", false},
		{"fails now", one(reports.Passed, 10), one(reports.Failed, 10, "LIV-1"), "newly failing", true},
		{"cannot be judged now", one(reports.Passed, 10), one(reports.Errored, 10), "newly failing", true},
		{"fails no longer waived", one(reports.Waived, 10, "LIV-1"), one(reports.Failed, 10, "LIV-1"), "newly failing", true},
		{"breaks another rule too", one(reports.Failed, 10, "LIV-1"), one(reports.Failed, 10, "LIV-1", "SEC-1"), "newly failing", true},
		{"breaks one rule less", one(reports.Failed, 10, "LIV-1", "SEC-1"), one(reports.Failed, 10, "LIV-1"), "same", false},
		{"new, and fails", one("", 0), one(reports.Failed, 10, "LIV-1"), "newly failing", true},
		{"new, and passes", one("", 0), one(reports.Passed, 10), "added", false},
		{"gone", one(reports.Passed, 10), one("", 0), "gone", true},
		{"waived now", one(reports.Passed, 10), one(reports.Waived, 10, "LIV-1"), "less checked", true},
		{"not claimed now", one(reports.Passed, 10), one(reports.NotClaimed, 10), "less checked", true},
		{"claimed now", one(reports.NotClaimed, 10), one(reports.Passed, 10), "newly passing", false},
		{"passes now", one(reports.Failed, 10, "LIV-1"), one(reports.Passed, 10), "newly passing", false},
		{"much slower", one(reports.Passed, 300), one(reports.Passed, 1000), "slower", false},
		{"slower, but not by much", one(reports.Passed, 10), one(reports.Passed, 100), "same", false},
		{"slower, but not twice", one(reports.Passed, 1000), one(reports.Passed, 1900), "same", false},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			d, err := Runs(c.was.Run(), c.now.Run(), 500)
			if err != nil {
				t.Fatal(err)
			}
			got := map[string]int{
				"newly failing": len(d.NewlyFailing), "less checked": len(d.LessChecked), "gone": len(d.Gone),
				"newly passing": len(d.NewlyPassing), "added": len(d.Added), "slower": len(d.Slower), "same": d.Same,
			}
			for list, n := range got {
				if want := map[bool]int{true: 1}[list == c.list]; n != want {
					t.Errorf("%s has %d, want %d", list, n, want)
				}
			}
			if d.Regression != c.regression {
				t.Errorf("regression is %v", d.Regression)
			}
		})
	}
}

func TestCompareSaysInWhatElseTheRunsDiffer(t *testing.T) {
	other := one(reports.Passed, 1)
	other.Header.Corpus.Digest, other.Header.Selection.Classes = "sha256:0", []string{"dead"}
	d, err := Runs(one(reports.Passed, 1).Run(), other.Run(), 500)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"the corpus was 1.0.0 sha256:c0ffee and is 1.0.0 sha256:0", "the selections differ"}
	if diff := cmp.Diff(want, d.Notes); diff != "" {
		t.Error(diff)
	}
}

func TestCompareRefusesAPartialRun(t *testing.T) {
	partial := one(reports.Passed, 1)
	partial.Footer = reports.Footer{}
	for _, pair := range [][2]*reportstest.Parts{{partial, one(reports.Passed, 1)}, {one(reports.Passed, 1), partial}} {
		if _, err := Runs(pair[0].Run(), pair[1].Run(), 500); err == nil {
			t.Error("it was compared")
		}
	}
}
