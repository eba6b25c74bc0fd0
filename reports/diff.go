package reports

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// A Diff is what became of each scenario between two runs. Every list is sorted
// by id; scenarios that ended alike are counted only.
type Diff struct {
	// Notes say in what the runs differ besides their results: other corpus,
	// registry, level, selection, target. May be nil.
	Notes []string `json:"notes"`
	// NewlyFailing failed or could not be judged in the second run and not in
	// the first, or violate a rule that they did not.
	NewlyFailing []Change `json:"newly_failing"`
	// LessChecked passed in the first run and are waived or not claimed now.
	LessChecked []Change `json:"less_checked"`
	// Gone stand in the first run only.
	Gone []Change `json:"gone"`
	// NewlyPassing pass now and did not; Added stand in the second run only and
	// do not fail.
	NewlyPassing []Change `json:"newly_passing"`
	Added        []Change `json:"added"`
	// Slower took more than twice as long, and longer by more than a threshold.
	Slower []Change `json:"slower"`
	// Findings say which statements are new, and which are no longer made. Nil
	// where neither run has any.
	Findings []FindingChange `json:"findings"`
	// Same counts the scenarios that are in none of the lists above.
	Same int `json:"same"`
	// Regression: something fails, or is no longer checked, that was not so.
	Regression bool `json:"regression"`
}

// A Change is one scenario in two runs.
type Change struct {
	ID    string `json:"id"`
	Title string `json:"title"`
	// Was and Now are the outcomes; empty where the run does not have it.
	Was Outcome `json:"was"`
	Now Outcome `json:"now"`
	// WasMS and NowMS are the durations in milliseconds.
	WasMS float64 `json:"was_ms"`
	NowMS float64 `json:"now_ms"`
	// Violations are those of the second run, without the first one's rules;
	// Reason is its reason.
	Violations []Violation `json:"violations"`
	Reason     string      `json:"reason"`
}

// A FindingChange is one finding in two runs: how many scenarios failed so, 0
// where the run does not have it.
type FindingChange struct {
	ID    string `json:"id"`
	Title string `json:"title"`
	Was   int    `json:"was"`
	Now   int    `json:"now"`
}

// compareFindings lists the findings whose numbers differ, those of the second run first.
func compareFindings(a, b Footer) []FindingChange {
	was := map[string]int{}
	for _, f := range a.Findings {
		was[f.ID] = f.Failed
	}
	var out []FindingChange
	now := map[string]bool{}
	for _, f := range b.Findings {
		now[f.ID] = true
		if was[f.ID] != f.Failed {
			out = append(out, FindingChange{f.ID, f.Title, was[f.ID], f.Failed})
		}
	}
	for _, f := range a.Findings {
		if !now[f.ID] {
			out = append(out, FindingChange{f.ID, f.Title, f.Failed, 0})
		}
	}
	return out
}

// Compare compares two whole runs, the older first. A scenario is slower when
// it took more than twice as long, and slowerMS milliseconds longer.
func Compare(a, b Report, slowerMS float64) (Diff, error) {
	if partial(a) || partial(b) {
		return Diff{}, errors.New("compare reports: one of them is partial, and what it does not hold cannot be told from what is gone; run again")
	}
	d := Diff{Notes: compareHeaders(a, b), Findings: compareFindings(a.Foot(), b.Foot())}
	before, after := a.Entries(), b.Entries()
	old, left := byID(before), byID(after)
	for len(old)+len(left) > 0 {
		switch order := nextOf(before, after, old, left); {
		case order < 0:
			was, err := a.At(old[0])
			if err != nil {
				return Diff{}, fmt.Errorf("compare reports: %w", err)
			}
			d.Gone = append(d.Gone, Change{ID: was.ID, Title: was.Title, Was: was.Outcome, WasMS: was.DurationMS})
			old = old[1:]
		default:
			var was Result
			now, err := b.At(left[0])
			if order == 0 && err == nil {
				was, err = a.At(old[0])
				old = old[1:]
			}
			if err != nil {
				return Diff{}, fmt.Errorf("compare reports: %w", err)
			}
			d.sort(was, order == 0, now, slowerMS)
			left = left[1:]
		}
	}
	d.Regression = len(d.NewlyFailing)+len(d.LessChecked)+len(d.Gone) > 0
	return normal(d), nil
}

// nextOf compares the ids of the next entries of two reports; one that has no
// more comes last.
func nextOf(a, b []Entry, atA, atB []int) int {
	switch {
	case len(atA) == 0:
		return 1
	case len(atB) == 0:
		return -1
	}
	return strings.Compare(a[atA[0]].ID, b[atB[0]].ID)
}

// sort puts a scenario of the second run where it belongs.
func (d *Diff) sort(was Result, there bool, now Result, slowerMS float64) {
	c := Change{
		ID: now.ID, Title: now.Title, Was: was.Outcome, Now: now.Outcome, WasMS: was.DurationMS, NowMS: now.DurationMS,
		Violations: otherRules(was, now), Reason: now.Reason,
	}
	failed := now.Outcome == Failed || now.Outcome == Errored
	switch {
	case failed && (!there || badness(was.Outcome) < badness(Errored) || len(c.Violations) > 0):
		d.NewlyFailing = append(d.NewlyFailing, c)
	case !there:
		d.Added = append(d.Added, c)
	case was.Outcome == Passed && (now.Outcome == Waived || now.Outcome == NotClaimed):
		d.LessChecked = append(d.LessChecked, c)
	case now.Outcome == Passed && was.Outcome != Passed:
		d.NewlyPassing = append(d.NewlyPassing, c)
	case now.DurationMS > 2*was.DurationMS && now.DurationMS > was.DurationMS+slowerMS:
		d.Slower = append(d.Slower, c)
	default:
		d.Same++
	}
}

// otherRules returns the violations of rules that were not violated before.
func otherRules(was, now Result) []Violation {
	var out []Violation
	for _, v := range now.Violations {
		known := func(old Violation) bool { return old.Rule == v.Rule }
		if !slices.ContainsFunc(was.Violations, known) {
			out = append(out, v)
		}
	}
	return out
}

// compareHeaders says in what two runs differ that a reader should know of.
func compareHeaders(a, b Report) []string {
	var notes []string
	note := func(what, x, y string) {
		if x != y {
			notes = append(notes, what+" was "+x+" and is "+y)
		}
	}
	x, y := a.Head(), b.Head()
	note("the target", x.Target.Kind, y.Target.Kind)
	note("the profile", x.Target.Profile+" "+x.Target.ProfileDigest, y.Target.Profile+" "+y.Target.ProfileDigest)
	note("the corpus", x.Corpus.named(), y.Corpus.named())
	note("the registry", x.Registry.Digest, y.Registry.Digest)
	note("the waivers", orNone(waiverFiles(x)), orNone(waiverFiles(y)))
	note("the level", x.Level, y.Level)
	note("the shard", orWhole(x.Shard), orWhole(y.Shard))
	note("the run", string(a.Foot().Ended.Status), string(b.Foot().Ended.Status))
	if otherSelection(x, y) {
		notes = append(notes, "the selections differ")
	}
	return notes
}

func orNone(files string) string { return cmp.Or(files, "none") }

func orWhole(shard string) string {
	if shard == "" {
		return "the whole"
	}
	return shard
}

func otherSelection(a, b Header) bool {
	return !slices.Equal(a.Selection.Classes, b.Selection.Classes) || !slices.Equal(a.Selection.Rules, b.Selection.Rules) ||
		!slices.Equal(a.Selection.IDs, b.Selection.IDs)
}
