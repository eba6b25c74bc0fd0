package verify

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/molecule-ai/byok-conformance/gate"
	"github.com/molecule-ai/byok-conformance/registry"
	"github.com/molecule-ai/byok-conformance/reports"
	"github.com/molecule-ai/byok-conformance/scenarios"
	"github.com/molecule-ai/byok-conformance/suite"
	"github.com/molecule-ai/byok-conformance/suite/target"
)

// ruleTable counts a run's results by rule once more.
func ruleTable(run *reports.Run) error {
	tally := reports.NewTally(run.Header.Planned)
	for r, err := range run.All() {
		if err != nil {
			return err
		}
		tally.Add(&r)
	}
	recorded := map[string]reports.Rule{}
	for _, r := range run.Footer.Rules {
		recorded[r.ID] = r
	}
	counted := tally.Rules(nil)
	if len(counted) != len(recorded) {
		return fmt.Errorf("the results name %d rules, and the table has %d", len(counted), len(recorded))
	}
	for _, r := range counted {
		row := recorded[r.ID]
		r.Level, r.Title = row.Level, row.Title
		if r != row {
			return fmt.Errorf("%s: the results say %+v, and the table %+v", r.ID, r, row)
		}
	}
	return nil
}

// scenarios holds a run to the corpus: it planned what its selection selects,
// what ended is part of that, and each result is about the scenario of its id.
func (v *verifier) scenarios(run *reports.Run, reg *registry.Registry) {
	h := run.Header
	reg, err := reg.WithPrecedence(h.Target.Precedence)
	var selected scenarios.Selected
	if err == nil {
		selected, err = selectionOf(h, reg)
	}
	switch planned, leftOut := len(selected.Scenarios), selected.LeftOut; {
	case err != nil:
	case planned != h.Planned:
		err = fmt.Errorf("the selection has %d scenarios with their twins, and %d were planned", planned, h.Planned)
	case leftOut != h.LeftOut:
		err = fmt.Errorf("the matrix leaves out %d scenarios, and the report says %d", leftOut, h.LeftOut)
	}
	if !v.holds(err, "the selection has the %d scenarios that were planned", h.Planned) {
		return
	}
	known := map[string]*scenarios.Scenario{}
	for _, s := range selected.Scenarios {
		known[s.ID] = s
	}
	if !v.holds(each(run, func(r *reports.Result) error {
		s := known[r.ID]
		if s == nil {
			return errors.New("the selection does not have it")
		}
		return sameScenario(r, s, selected.Companions[r.ID])
	}), "each result is about the corpus' scenario of that id: rules, what is given, what is expected") {
		return
	}
	v.holds(each(run, func(r *reports.Result) error { return agrees(run, r, known[r.ID]) }),
		"each scenario that passed was answered as it expects, with that code and status, and made no calls that it must not")
	v.holds(each(run, func(r *reports.Result) error { return claimed(h, r, known[r.ID], reg) }),
		"what is not claimed was not judged, and what is claimed was")
}

// each returns the first error, with the id of the result that it is about.
func each(run *reports.Run, check func(*reports.Result) error) error {
	for r, err := range run.All() {
		if err != nil {
			return err
		}
		if err := check(&r); err != nil {
			return fmt.Errorf("%s: %w", r.ID, err)
		}
	}
	return nil
}

func selectionOf(h reports.Header, reg *registry.Registry) (scenarios.Selected, error) {
	corpus, err := scenarios.Embedded()
	if err != nil {
		return scenarios.Selected{}, err
	}
	sel := scenarios.Selection{Level: scenarios.Level(h.Level), Classes: h.Selection.Classes, Rules: h.Selection.Rules, IDs: h.Selection.IDs, Matrix: scenarios.Matrix(h.Matrix)}
	if err := sel.ParseShard(h.Shard); err != nil {
		return scenarios.Selected{}, err
	}
	return corpus.Select(reg, &sel)
}

// sameScenario holds a result to the corpus. One that passed, or is not claimed,
// leaves out what the corpus has.
func sameScenario(r *reports.Result, s *scenarios.Scenario, companion bool) error {
	want := reports.Result{
		Title: s.Title, Class: s.Class, Level: string(s.Level), Severity: s.Severity, Rules: s.Rules, Companion: companion,
	}
	got := reports.Result{Title: r.Title, Class: r.Class, Level: r.Level, Severity: r.Severity, Rules: r.Rules, Companion: r.Companion}
	slim := r.Outcome == reports.Passed || r.Outcome == reports.NotClaimed
	if slim {
		want.Title, want.Level, want.Severity, got.Title, got.Level, got.Severity = "", "", "", "", "", ""
	}
	if !reflect.DeepEqual(want, got) {
		return fmt.Errorf("the corpus has %+v, and the report %+v", want, got)
	}
	steps := reports.Expected(s)
	if slim && len(r.Records) == 0 {
		return nil
	}
	if len(r.Records) != len(steps) {
		return fmt.Errorf("the corpus has %d steps, and the report %d", len(steps), len(r.Records))
	}
	for i, step := range steps {
		recorded := r.Records[i]
		recorded.Seen = reports.Seen{}
		if !reflect.DeepEqual(step, recorded) {
			return fmt.Errorf("step %d: the corpus has %+v, and the report %+v", i+1, step, recorded)
		}
	}
	return nil
}

// statusRefused is the status of every refusal (REF-1).
const statusRefused = 422

// agrees holds a result that passed to what was seen. What else the judge looks
// at is not all in the report.
func agrees(run *reports.Run, r *reports.Result, s *scenarios.Scenario) error {
	if r.Outcome != reports.Passed || s == nil {
		return nil
	}
	seen := run.Seen(r)
	if len(seen) != len(s.Steps) {
		return fmt.Errorf("it passed with %d steps, and the report says of %d what was seen", len(s.Steps), len(seen))
	}
	for i := range s.Steps {
		if run.Header.Target.LivenessCache != "" && mayBeKept(s, i) {
			continue
		}
		if err := stepAgrees(&s.Steps[i], seen[i]); err != nil {
			return fmt.Errorf("step %d passed, and %w", i+1, err)
		}
	}
	return asked(run.Header, s, seen)
}

// mayBeKept reports whether a live verdict of an earlier step may decide a step (LIV-13).
func mayBeKept(s *scenarios.Scenario, step int) bool {
	st := &s.Steps[step]
	return s.Pauses() && step > 0 && st.After != scenarios.WholeCache && st.Expect.Code == string(gate.InvalidCredential)
}

func stepAgrees(st *scenarios.Step, seen reports.Seen) error {
	if len(seen.Replies) == 0 && st.Stage != scenarios.Look {
		return errors.New("there was no reply")
	}
	want := map[scenarios.Verdict]target.Outcome{scenarios.Refused: target.Refused, scenarios.Allowed: target.Allowed}[st.Expect.Verdict]
	for _, reply := range seen.Replies {
		rejected := reply.Outcome == string(target.Rejected) && st.Expect.OrRejected
		if reply.Outcome != string(want) && want != "" && !rejected {
			return fmt.Errorf("was to be %s and was answered %q", st.Expect.Verdict, reply.Outcome)
		}
		if want != target.Refused || rejected || st.Stage != scenarios.Create {
			continue
		}
		if reply.Status != 0 && reply.Status != statusRefused {
			return fmt.Errorf("was refused with status %d, and a refusal has %d", reply.Status, statusRefused)
		}
		if otherCode(st.Expect.Code, reply.Code) {
			return fmt.Errorf("was to be refused with %s and was with %s", st.Expect.Code, reply.Code)
		}
	}
	if string(st.Expect.Upstream) != "none" {
		return nil
	}
	for _, c := range seen.Calls {
		if len(c.Credentials) > 0 {
			return fmt.Errorf("made a call to %s with %s, where none may be made", c.Host, strings.Join(c.Credentials, ", "))
		}
	}
	return nil
}

// otherCode reports whether a refusal's code is the other one of the contract's
// two. A profile may map spellings of its own, which says nothing here.
func otherCode(want, got string) bool {
	codes := []string{string(gate.MissingCredential), string(gate.InvalidCredential)}
	return want != got && slices.Contains(codes, want) && slices.Contains(codes, got)
}

// claimed holds what was judged to what the target claims. Whether a server lists
// models, and whether it is reached over HTTP, is not in the report.
func claimed(h reports.Header, r *reports.Result, s *scenarios.Scenario, reg *registry.Registry) error {
	none := suite.Unclaimed(s, reg, h.Claims, target.Traits{HTTP: true})
	some := suite.Unclaimed(s, reg, h.Claims, target.Traits{RefusesUnlisted: true, NoExternal: true})
	switch {
	case r.Outcome != reports.NotClaimed && none != "":
		return fmt.Errorf("it is %s, and %s", r.Outcome, none)
	case r.Outcome == reports.NotClaimed && some == "":
		return errors.New("it is not-claimed, and the target claims all that it needs")
	}
	return nil
}

// claims holds the areas that a report names to each other.
func claims(run *reports.Run) error {
	h, s := run.Header, run.Footer.Summary
	if !slices.Equal(h.Claims, s.Claims) || !slices.Equal(h.NotClaimedAreas, s.NotClaimedAreas) {
		return errors.New("the summary names other areas than the header")
	}
	for _, area := range scenarios.Claims {
		if slices.Contains(h.Claims, area) == slices.Contains(h.NotClaimedAreas, area) {
			return fmt.Errorf("%s has to stand among what is claimed or among what is not", area)
		}
	}
	return nil
}

// times holds what a report says of time to itself: a run ends after it began, and
// nothing in it took longer than the whole.
func times(run *reports.Run) error {
	began, ended := run.Header.Started, run.Footer.Ended.Finished
	if began.IsZero() || ended.IsZero() {
		return errors.New("it does not say when it began and ended")
	}
	whole := ended.Sub(began)
	if whole < 0 {
		return fmt.Errorf("it ended at %s, before it began at %s", ended, began)
	}
	for _, e := range run.Entries() {
		if took := time.Duration(e.DurationMS * float64(time.Millisecond)); took > whole+time.Second {
			return fmt.Errorf("%s took %s, and the whole run %s", e.ID, took, whole)
		}
	}
	return nil
}
