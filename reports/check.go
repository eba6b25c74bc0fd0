package reports

import (
	"errors"
	"fmt"
	"math"
	"slices"
)

func checkHeader(h Header) error {
	if h.Schema != SchemaV1 {
		return fmt.Errorf("schema is %q, and this version knows only %q; use the version of conformance that wrote it", h.Schema, SchemaV1)
	}
	if h.Planned < 0 {
		return fmt.Errorf("planned is %d; it counts scenarios and cannot be negative", h.Planned)
	}
	if h.LeftOut < 0 || h.LeftOut > 0 && h.Thinning() == "" {
		return fmt.Errorf("left_out is %d for the matrix %q; only a thinned one leaves scenarios out", h.LeftOut, h.Matrix)
	}
	return nil
}

// checkResult returns an error where a result contradicts itself.
func checkResult(r *Result) error {
	if r.ID == "" {
		return errors.New("a result has no id")
	}
	known := []Outcome{Passed, Failed, Waived, NotClaimed, Errored}
	if !slices.Contains(known, r.Outcome) {
		return fmt.Errorf("result %q: outcome is %q, not one of %q", r.ID, r.Outcome, known)
	}
	violated := r.Outcome == Failed || r.Outcome == Waived
	if violated && len(r.Violations) == 0 {
		return fmt.Errorf("result %q is %s and names no violation; say which rule was broken", r.ID, r.Outcome)
	}
	if r.Outcome == Passed && len(r.Violations) > 0 {
		return fmt.Errorf("result %q is passed and names a violation of %s; it cannot be both", r.ID, r.Violations[0].Rule)
	}
	for _, v := range r.Violations {
		if v.Rule == "" {
			return fmt.Errorf("result %q: a violation names no rule", r.ID)
		}
	}
	unexplained := r.Reason == "" && r.Outcome != Passed && r.Outcome != Failed
	if unexplained {
		return fmt.Errorf("result %q is %s and gives no reason", r.ID, r.Outcome)
	}
	if !isTime(r.DurationMS) {
		return fmt.Errorf("result %q: duration_ms is %v, which is no time", r.ID, r.DurationMS)
	}
	for _, e := range r.Exchanges {
		if !isTime(e.DurationMS) || !isTime(e.AtMS) {
			return fmt.Errorf("result %q: an exchange took %v ms at %v ms, which is no time", r.ID, e.DurationMS, e.AtMS)
		}
		if e.Direction != ToTarget && e.Direction != ToUpstream {
			return fmt.Errorf("result %q: an exchange has the direction %q, not %q or %q", r.ID, e.Direction, ToTarget, ToUpstream)
		}
	}
	return nil
}

func isTime(ms float64) bool { return ms >= 0 && !math.IsInf(ms, 1) }

// checkFooter returns an error where a footer claims what the results do not
// bear out: counts holds the results' own numbers, n is how many there were.
func checkFooter(h Header, f Footer, counts Summary, n int) error {
	s, e := f.Summary, f.Ended
	if e.Status != Complete && e.Status != Interrupted && e.Status != Aborted {
		return fmt.Errorf("ended.status is %q, not one of %q", e.Status, []Status{Complete, Interrupted, Aborted})
	}
	if e.Planned != h.Planned {
		return fmt.Errorf("ended.planned is %d and the header planned %d", e.Planned, h.Planned)
	}
	if e.Ended != n {
		return fmt.Errorf("ended.ended is %d and there are %d results", e.Ended, n)
	}
	told := [...]int{s.Passed, s.Failed, s.Waived, s.NotClaimed, s.Errors}
	seen := [...]int{counts.Passed, counts.Failed, counts.Waived, counts.NotClaimed, counts.Errors}
	if told != seen {
		return fmt.Errorf("the summary says passed, failed, waived, not claimed, errors = %d and the results say %d", told, seen)
	}
	if s.Conformant && !counts.conforms(e) {
		return fmt.Errorf("the summary says conformant, for a run that is %s with %d of %d results, %d passed, %d failed, %d errors, and the reason %q",
			e.Status, n, h.Planned, counts.Passed, counts.Failed, counts.Errors, e.Reason)
	}
	return nil
}
