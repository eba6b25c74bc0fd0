package main

import (
	"errors"
	"fmt"
	"reflect"

	"github.com/molecule-ai/byok-conformance/registry"
	"github.com/molecule-ai/byok-conformance/reports"
	"github.com/molecule-ai/byok-conformance/scenarios"
	"github.com/molecule-ai/byok-conformance/suite/target"
)

// ruleTable counts a run's results by rule once more.
func ruleTable(run reports.Report) error {
	tally := reports.NewTally(run.Head().Planned)
	for r, err := range reports.All(run) {
		if err != nil {
			return err
		}
		tally.Add(r)
	}
	recorded := map[string]reports.Rule{}
	for _, r := range run.Foot().Rules {
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
func (v *verifier) scenarios(run reports.Report, reg *registry.Registry) {
	h := run.Head()
	selected, err := selectionOf(h, reg)
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
	v.holds(each(run, func(r *reports.Result) error {
		s := known[r.ID]
		if s == nil {
			return errors.New("the selection does not have it")
		}
		return sameScenario(r, s, selected.Companions[r.ID])
	}), "each result is about the corpus' scenario of that id: rules, what is given, what is expected")
	v.holds(each(run, func(r *reports.Result) error { return agrees(r, known[r.ID]) }),
		"each scenario that passed was answered as it expects")
}

// each returns the first error, with the id of the result that it is about.
func each(run reports.Report, check func(*reports.Result) error) error {
	for r, err := range reports.All(run) {
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
	if err := parseShard(h.Shard, &sel); err != nil {
		return scenarios.Selected{}, err
	}
	return corpus.Select(reg, &sel)
}

func sameScenario(r *reports.Result, s *scenarios.Scenario, companion bool) error {
	want := reports.Result{
		Title: s.Title, Class: s.Class, Level: string(s.Level), Severity: s.Severity, Rules: s.Rules, Companion: companion,
	}
	got := reports.Result{Title: r.Title, Class: r.Class, Level: r.Level, Severity: r.Severity, Rules: r.Rules, Companion: r.Companion}
	if !reflect.DeepEqual(want, got) {
		return fmt.Errorf("the corpus has %+v, and the report %+v", want, got)
	}
	steps := records(s, nil)
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

// agrees holds a result that passed to the replies that were recorded. What
// else the judge looks at is not all in the report.
func agrees(r *reports.Result, s *scenarios.Scenario) error {
	if r.Outcome != reports.Passed || s == nil {
		return nil
	}
	for i, step := range r.Records {
		want := map[string]target.Outcome{string(scenarios.Refused): target.Refused, string(scenarios.Allowed): target.Allowed}[step.Expect.Verdict]
		if len(step.Seen.Replies) == 0 && step.Stage != string(scenarios.Look) {
			return fmt.Errorf("step %d passed without a reply", i+1)
		}
		for _, reply := range step.Seen.Replies {
			lawful := reply.Outcome == string(want) || want == "" || reply.Outcome == string(target.Rejected) && s.Steps[i].Expect.OrRejected
			if !lawful {
				return fmt.Errorf("step %d passed, was to be %s and was answered %q", i+1, step.Expect.Verdict, reply.Outcome)
			}
		}
	}
	return nil
}
