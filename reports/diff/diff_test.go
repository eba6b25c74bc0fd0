package diff

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// one is a run with at most one result.
func one(o Outcome, ms float64, rules ...string) *Run {
	run := &Run{Header: sampleHeader()}
	if o != "" {
		r := Result{ID: "a", Class: "dead", Rules: []string{"LIV-1"}, Outcome: o, DurationMS: ms, Reason: "because"}
		for _, rule := range rules {
			r.Violations = append(r.Violations, Violation{Rule: rule})
		}
		run.Results = []Result{r}
	}
	run.close()
	return run
}

func TestCompare(t *testing.T) {
	cases := []struct {
		name       string
		was, now   *Run
		list       string
		regression bool
	}{
		{"passed again", one(Passed, 10), one(Passed, 10), "same", false},
		{"failed again", one(Failed, 10, "LIV-1"), one(Failed, 10, "LIV-1"), "same", false},
		{"fails now", one(Passed, 10), one(Failed, 10, "LIV-1"), "newly failing", true},
		{"cannot be judged now", one(Passed, 10), one(Errored, 10), "newly failing", true},
		{"fails no longer waived", one(Waived, 10, "LIV-1"), one(Failed, 10, "LIV-1"), "newly failing", true},
		{"breaks another rule too", one(Failed, 10, "LIV-1"), one(Failed, 10, "LIV-1", "SEC-1"), "newly failing", true},
		{"breaks one rule less", one(Failed, 10, "LIV-1", "SEC-1"), one(Failed, 10, "LIV-1"), "same", false},
		{"new, and fails", one("", 0), one(Failed, 10, "LIV-1"), "newly failing", true},
		{"new, and passes", one("", 0), one(Passed, 10), "added", false},
		{"gone", one(Passed, 10), one("", 0), "gone", true},
		{"waived now", one(Passed, 10), one(Waived, 10, "LIV-1"), "less checked", true},
		{"not claimed now", one(Passed, 10), one(NotClaimed, 10), "less checked", true},
		{"claimed now", one(NotClaimed, 10), one(Passed, 10), "newly passing", false},
		{"passes now", one(Failed, 10, "LIV-1"), one(Passed, 10), "newly passing", false},
		{"much slower", one(Passed, 300), one(Passed, 1000), "slower", false},
		{"slower, but not by much", one(Passed, 10), one(Passed, 100), "same", false},
		{"slower, but not twice", one(Passed, 1000), one(Passed, 1900), "same", false},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			d, err := Compare(c.was, c.now, 500)
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
	other := one(Passed, 1)
	other.Header.Corpus.Digest, other.Header.Selection.Classes = "sha256:0", []string{"dead"}
	d, err := Compare(one(Passed, 1), other, 500)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"the corpus was 1.0.0 sha256:c0ffee and is 1.0.0 sha256:0", "the selections differ"}
	if diff := cmp.Diff(want, d.Notes); diff != "" {
		t.Error(diff)
	}
}

func TestCompareRefusesAPartialRun(t *testing.T) {
	partial := one(Passed, 1)
	partial.Footer = Footer{}
	for _, pair := range [][2]*Run{{partial, one(Passed, 1)}, {one(Passed, 1), partial}} {
		if _, err := Compare(pair[0], pair[1], 500); err == nil {
			t.Error("it was compared")
		}
	}
}
