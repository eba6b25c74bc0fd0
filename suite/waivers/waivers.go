// Package waivers reads what a server is known to violate, and tells the known
// failures of a run from the others.
//
// A waiver names scenarios, by an id glob or by a rule, the rules that they
// violate, a reason, a link and a last day. A scenario is covered only where
// every rule that it violates stands in one waiver that has not expired: failing
// differently is a failure. A [Set] is pure bookkeeping over the results of the
// engine, which shows it each of them once (suite.Config.Waive), so that the
// command line and the Ginkgo specs waive the same.
//
// What lives here: reading, matching, finding waivers that no longer match a
// failure, drafting a file from a run. What does not: running and judging (suite),
// and the choice of exit statuses (cmd/conformance).
package waivers

import (
	"fmt"
	"slices"
	"time"

	"github.com/molecule-ai/byok-conformance/internal/strict"
	"github.com/molecule-ai/byok-conformance/scenarios"
)

// Format is the value of a waiver file's schema field.
const Format = "byok-conformance/waivers/v1"

// A Waiver says that some scenarios are known to fail, and how.
type Waiver struct {
	// Scenario is an id glob as --id takes it; empty where Rule is set.
	Scenario string
	// Rule stands for every scenario that exercises or violates it; empty where
	// Scenario is set.
	Rule string
	// Violates are the rules that the scenarios may violate; never empty.
	Violates []string
	Reason   string
	// Link is the http or https address where the defect is tracked.
	Link string
	// Expires is the last day, in UTC, on which the waiver holds.
	Expires time.Time
	// Pos is where the waiver stands in its file.
	Pos strict.Position
}

// selector is what the waiver names, as its file has it.
func (w *Waiver) selector() string {
	if w.Rule != "" {
		return "rule: " + w.Rule
	}
	return "scenario: " + w.Scenario
}

// same reports whether two waivers say the same, wherever they stand.
func (w *Waiver) same(o *Waiver) bool {
	return w.selector() == o.selector() && slices.Equal(w.Violates, o.Violates) && w.Reason == o.Reason && w.Link == o.Link && w.Expires.Equal(o.Expires)
}

// expired reports whether the waiver's last day is over.
func (w *Waiver) expired(now time.Time) bool { return !now.UTC().Before(w.Expires.AddDate(0, 0, 1)) }

func (w *Waiver) day() string { return w.Expires.Format(time.DateOnly) }

// Names reports whether the waiver names a scenario by its id, or by a rule that
// it exercises.
func (w *Waiver) Names(s *scenarios.Scenario) bool { return w.matcher()(s) }

func (w *Waiver) matcher() func(*scenarios.Scenario) bool {
	if w.Rule != "" {
		return func(s *scenarios.Scenario) bool { return slices.Contains(s.Rules, w.Rule) }
	}
	like := scenarios.IDMatcher(w.Scenario)
	return func(s *scenarios.Scenario) bool { return like(s.ID) }
}

// Scenarios returns those of a corpus that the waiver may cover: those that it
// names, and, because every scenario is held to rules such as SEC-1 that only
// few are about, all core scenarios where it names a rule. What the registry in
// use cannot express is left out.
func (w *Waiver) Scenarios(all []*scenarios.Scenario) []*scenarios.Scenario {
	var out []*scenarios.Scenario
	named := w.matcher()
	for _, s := range all {
		if s.NotApplicable == "" && (w.Rule != "" && s.Level == scenarios.Core || named(s)) {
			out = append(out, s)
		}
	}
	return out
}

func (w *Waiver) String() string { return fmt.Sprintf("the waiver at %s", w.Pos) }
