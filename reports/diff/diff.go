// Package diff says what became of each scenario between two runs. Shards of one
// run are put together by reports/merge, and printing is the command line's.
package diff

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/molecule-ai/byok-conformance/reports"
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
	Was reports.Outcome `json:"was"`
	Now reports.Outcome `json:"now"`
	// WasMS and NowMS are the durations in milliseconds.
	WasMS float64 `json:"was_ms"`
	NowMS float64 `json:"now_ms"`
	// Violations are those of the second run, without the first one's rules;
	// Reason is its reason.
	Violations []reports.Violation `json:"violations"`
	Reason     string              `json:"reason"`
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
func compareFindings(a, b reports.Footer) []FindingChange {
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

// Runs compares two whole runs, the older first. A scenario is slower when
// it took more than twice as long, and slowerMS milliseconds longer.
func Runs(a, b *reports.Run, slowerMS float64) (Diff, error) {
	if a.Partial() || b.Partial() {
		return Diff{}, errors.New("compare reports: one of them is partial, and what it does not hold cannot be told from what is gone; run again")
	}
	d := Diff{Notes: compareHeaders(a, b), Findings: compareFindings(a.Footer, b.Footer)}
	before, after := a.Entries(), b.Entries()
	old, left := 0, 0 // the entries stand in the order of their ids
	for old < len(before) || left < len(after) {
		switch order := nextOf(before[old:], after[left:]); {
		case order < 0:
			was, err := a.At(old)
			if err != nil {
				return Diff{}, fmt.Errorf("compare reports: %w", err)
			}
			d.Gone = append(d.Gone, Change{ID: was.ID, Title: was.Title, Was: was.Outcome, WasMS: was.DurationMS})
			old++
		default:
			var was reports.Result
			now, err := b.At(left)
			if order == 0 && err == nil {
				was, err = a.At(old)
				old++
			}
			if err != nil {
				return Diff{}, fmt.Errorf("compare reports: %w", err)
			}
			d.sort(was, order == 0, now, slowerMS)
			left++
		}
	}
	d.Regression = len(d.NewlyFailing)+len(d.LessChecked)+len(d.Gone) > 0
	return reports.Normal(d), nil
}

// nextOf compares the ids of the next entries of two runs; one that has no more
// comes last.
func nextOf(a, b []reports.Entry) int {
	switch {
	case len(a) == 0:
		return 1
	case len(b) == 0:
		return -1
	}
	return strings.Compare(a[0].ID, b[0].ID)
}

// sort puts a scenario of the second run where it belongs.
func (d *Diff) sort(was reports.Result, there bool, now reports.Result, slowerMS float64) {
	c := Change{
		ID: now.ID, Title: cmp.Or(now.Title, was.Title), Was: was.Outcome, Now: now.Outcome, WasMS: was.DurationMS, NowMS: now.DurationMS,
		Violations: otherRules(was, now), Reason: now.Reason,
	}
	failed := now.Outcome == reports.Failed || now.Outcome == reports.Errored
	switch {
	case failed && (!there || was.Outcome.Badness() < reports.Errored.Badness() || len(c.Violations) > 0):
		d.NewlyFailing = append(d.NewlyFailing, c)
	case !there:
		d.Added = append(d.Added, c)
	case was.Outcome == reports.Passed && (now.Outcome == reports.Waived || now.Outcome == reports.NotClaimed):
		d.LessChecked = append(d.LessChecked, c)
	case now.Outcome == reports.Passed && was.Outcome != reports.Passed:
		d.NewlyPassing = append(d.NewlyPassing, c)
	case now.DurationMS > 2*was.DurationMS && now.DurationMS > was.DurationMS+slowerMS:
		d.Slower = append(d.Slower, c)
	default:
		d.Same++
	}
}

// otherRules returns the violations of rules that were not violated before.
func otherRules(was, now reports.Result) []reports.Violation {
	var out []reports.Violation
	for _, v := range now.Violations {
		known := func(old reports.Violation) bool { return old.Rule == v.Rule }
		if !slices.ContainsFunc(was.Violations, known) {
			out = append(out, v)
		}
	}
	return out
}

// compareHeaders says in what two runs differ that a reader should know of.
func compareHeaders(a, b *reports.Run) []string {
	var notes []string
	note := func(what, x, y string) {
		if x != y {
			notes = append(notes, what+" was "+x+" and is "+y)
		}
	}
	x, y := a.Header, b.Header
	note("the target", x.Target.Kind, y.Target.Kind)
	note("the profile", x.Target.Profile+" "+x.Target.ProfileDigest, y.Target.Profile+" "+y.Target.ProfileDigest)
	note("the corpus", x.Corpus.Named(), y.Corpus.Named())
	note("the registry", x.Registry.Digest, y.Registry.Digest)
	note("the waivers", orNone(x.WaiverFiles()), orNone(y.WaiverFiles()))
	note("the level", x.Level, y.Level)
	note("the shard", orWhole(x.Shard), orWhole(y.Shard))
	note("the run", string(a.Footer.Ended.Status), string(b.Footer.Ended.Status))
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

func otherSelection(a, b reports.Header) bool {
	return !slices.Equal(a.Selection.Classes, b.Selection.Classes) || !slices.Equal(a.Selection.Rules, b.Selection.Rules) ||
		!slices.Equal(a.Selection.IDs, b.Selection.IDs)
}
