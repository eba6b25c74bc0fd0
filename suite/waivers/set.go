package waivers

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/molecule-ai/byok-conformance/internal/strict"
	"github.com/molecule-ai/byok-conformance/scenarios"
	"github.com/molecule-ai/byok-conformance/suite"
)

// A Set is the waivers of one run, with what the run has shown of them. It is
// for one goroutine, which is how the engine calls it.
type Set struct {
	uses []use
	now  time.Time
}

// A use is one waiver in one run.
type use struct {
	Waiver
	// waits are the scenarios that the waiver may cover and whose results have
	// not shown yet that they do not fail by it.
	waits map[string]bool
	// scenarios is how many there were at first.
	scenarios int
	// failed: a scenario that the waiver names, or that violates its rule, failed.
	failed bool
}

// New returns the set for a run at that moment. All is the whole corpus over the
// run's registry, at both levels and before any selection: a waiver that names
// no scenario of it that can be replayed is an error, with the correction.
func New(list []Waiver, all []*scenarios.Scenario, now time.Time) (*Set, error) {
	s := &Set{now: now}
	var errs []error
	for _, w := range list {
		u := use{Waiver: w, waits: map[string]bool{}}
		for _, sc := range w.Scenarios(all) {
			u.waits[sc.ID] = true
		}
		if u.scenarios = len(u.waits); u.scenarios == 0 {
			errs = append(errs, fmt.Errorf("%s: `%s` names no scenario%s", w.Pos, w.selector(), correction(&w, all)))
		}
		s.uses = append(s.uses, u)
	}
	if len(errs) > 0 {
		return nil, fmt.Errorf("a waiver that matches nothing waives nothing, and is no reason to be calm:\n%w", errors.Join(errs...))
	}
	return s, nil
}

// correction is the line that the author may have meant.
func correction(w *Waiver, all []*scenarios.Scenario) string {
	if near := strict.Nearest(w.Scenario, globs(all)); w.Scenario != "" && near != "" {
		return fmt.Sprintf("; write `scenario: %s`", near)
	}
	return " that the registry in use has; delete the waiver"
}

// globs are the ids of a corpus, and one glob for each template that has several.
func globs(all []*scenarios.Scenario) []string {
	var out []string
	for _, t := range templates(all) {
		if len(t.ids) > 1 {
			out = append(out, t.prefix+"/*")
		}
		out = append(out, t.ids...)
	}
	return out
}

// Apply returns the result with the outcome Waived where a waiver covers the
// failure. Where one names the scenario and does not cover it, because it has
// expired or because the scenario fails differently, the result stays a failure
// and its Reason says so. The engine calls it once for every result.
func (s *Set) Apply(r suite.Result) suite.Result {
	violated := violatedRules(r)
	var covering *use
	var notes []string
	for i := range s.uses {
		u := &s.uses[i]
		if !u.see(r, violated) {
			continue
		}
		if note := u.uncovered(violated, s.now); note != "" {
			notes = append(notes, note)
		} else if covering == nil {
			covering = u
		}
	}
	switch {
	case covering != nil:
		r.Outcome = suite.Waived
		r.Reason = fmt.Sprintf("%s (%s, until %s; %s)", covering.Reason, covering.Link, covering.day(), covering.Pos)
	case len(notes) > 0:
		r.Reason = strings.Join(notes, "; ")
	}
	return r
}

// see takes note of a result, and reports whether it is a failure that the
// waiver is about.
func (u *use) see(r suite.Result, violated []string) bool {
	named := u.waits[r.Scenario.ID] && u.Names(r.Scenario) // ids first: matching costs more
	switch {
	case r.Outcome == suite.Failed && (named || slices.Contains(violated, u.Rule)):
		u.failed = true
		return true
	case r.Outcome == suite.Passed || !named:
		delete(u.waits, r.Scenario.ID)
	}
	return false
}

// uncovered says why a waiver does not cover a failure of a scenario that it
// names; empty where it does.
func (u *use) uncovered(violated []string, now time.Time) string {
	if beyond := slices.DeleteFunc(slices.Clone(violated), func(rule string) bool { return slices.Contains(u.Violates, rule) }); len(beyond) > 0 {
		return fmt.Sprintf("%s does not cover this: it is for %s, and the scenario violates %s", &u.Waiver, strings.Join(u.Violates, ", "), strings.Join(beyond, ", "))
	}
	if u.expired(now) {
		return fmt.Sprintf("%s expired on %s: repair the server (%s), or argue for another day", &u.Waiver, u.day(), u.Link)
	}
	return ""
}

// violatedRules returns the rules that a result violated, each once, sorted.
func violatedRules(r suite.Result) []string {
	var rules []string
	for _, v := range r.Violations {
		rules = append(rules, v.Rule)
	}
	slices.Sort(rules)
	return slices.Compact(rules)
}

// A Stale waiver no longer matches a failure.
type Stale struct {
	Pos strict.Position
	// Text says what was seen, and what to do.
	Text string
}

func (s Stale) String() string { return fmt.Sprintf("%s: %s", s.Pos, s.Text) }

// Stale lists the waivers that no longer match a failure. A waiver of which a
// run has seen a part only, because it was narrowed, sharded, cut short, or does
// not claim an area, is not judged. Call it when the run has ended.
func (s *Set) Stale() []Stale {
	var out []Stale
	for i := range s.uses {
		u := &s.uses[i]
		if !u.failed && len(u.waits) == 0 {
			out = append(out, Stale{u.Pos, fmt.Sprintf("the waiver `%s` no longer matches a failure: none of the %d scenarios that it may cover fails by it; delete the entry that begins on line %d",
				u.selector(), u.scenarios, u.Pos.Line)})
		}
	}
	return out
}
