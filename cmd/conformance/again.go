package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/molecule-ai/byok-conformance/internal/spelled"
	"github.com/molecule-ai/byok-conformance/reports"
	"github.com/molecule-ai/byok-conformance/scenarios"
	"github.com/molecule-ai/byok-conformance/suite"
	"github.com/molecule-ai/byok-conformance/suite/findings"
)

// An again is a run of just what failed in an earlier one.
type again struct {
	// path is the earlier run's report.
	path string
	// ids are what failed there, or could not be judged.
	ids map[string]bool
	// findings are what was said of it.
	findings []findings.Finding
	// failed are those of ids that fail again; passed those that pass.
	failed, passed map[string]bool
}

// readAgain reads what failed in a report, and takes over the level of its run
// where none was asked for.
func (f *runFlags) readAgain(levelGiven bool) (*again, error) {
	if f.failed == "" {
		return nil, nil
	}
	run, err := reports.ReadFile(f.failed, strings.NewReader(""))
	if run != nil {
		defer run.Close()
	}
	if run == nil || err != nil && !errors.Is(err, reports.ErrPartial) {
		return nil, fmt.Errorf("--failed: %w", err)
	}
	a := &again{path: f.failed, ids: map[string]bool{}, findings: run.Footer.Findings, failed: map[string]bool{}, passed: map[string]bool{}}
	for _, e := range run.Entries() {
		if e.Outcome == reports.Failed || e.Outcome == reports.Errored {
			a.ids[e.ID] = true
		}
	}
	if len(a.ids) == 0 {
		return nil, fmt.Errorf("--failed %s: nothing failed in that run, so there is nothing to replay; run without --failed", f.failed)
	}
	if !levelGiven && run.Header.Level != "" {
		f.Level = scenarios.Level(run.Header.Level)
	}
	return a, nil
}

// narrow keeps what failed, and what it needs as its twin. What the corpus no
// longer has is an error: it must not be taken for repaired.
func (a *again) narrow(s scenarios.Selected) (scenarios.Selected, error) {
	twins, found := map[string]bool{}, 0
	for _, one := range s.Scenarios {
		if a.ids[one.ID] {
			found++
			twins[one.Twin] = true
		}
	}
	if found == 0 {
		return s, fmt.Errorf("--failed %s: none of the %d scenarios that failed there is selected; loosen --level, --class, --rule, --id or --shard, or use the corpus and the registry of that run", a.path, len(a.ids))
	}
	out := scenarios.Selected{Companions: map[string]bool{}, LeftOut: s.LeftOut}
	for _, one := range s.Scenarios {
		switch {
		case a.ids[one.ID]:
		case twins[one.ID]:
			out.Companions[one.ID] = true
		default:
			continue
		}
		out.Scenarios = append(out.Scenarios, one)
	}
	return out, nil
}

func (a *again) add(r suite.Result) {
	switch {
	case a == nil || !a.ids[r.Scenario.ID]:
	case r.Outcome == suite.Passed:
		a.passed[r.Scenario.ID] = true
	default:
		a.failed[r.Scenario.ID] = true
	}
}

// text says of each finding of the earlier run what became of it.
func (a *again) text() string {
	if a == nil {
		return ""
	}
	var b strings.Builder
	told := map[string]bool{}
	for _, f := range a.findings {
		b.WriteString(a.verdict(f.Title, f.Scenarios) + "\n")
		for _, id := range f.Scenarios {
			told[id] = true
		}
	}
	var rest []string
	for id := range a.ids {
		if !told[id] {
			rest = append(rest, id)
		}
	}
	if len(rest) > 0 {
		b.WriteString(a.verdict("what else failed or could not be judged", rest) + "\n")
	}
	return b.String()
}

func (a *again) verdict(title string, ids []string) string {
	failed, passed := 0, 0
	for _, id := range ids {
		if a.failed[id] {
			failed++
		} else if a.passed[id] {
			passed++
		}
	}
	n := len(ids)
	switch {
	case passed == n:
		return fmt.Sprintf("FIXED  %s: all %s pass", spelled.Line(title), spelled.Number(n))
	case failed > 0:
		return fmt.Sprintf("STILL  %s: %s of %s fail", spelled.Line(title), spelled.Number(failed), spelled.Number(n))
	}
	return fmt.Sprintf("NOT ALL REPLAYED  %s: %s of %s pass, and %s were not replayed", spelled.Line(title), spelled.Number(passed), spelled.Number(n), spelled.Number(n-passed))
}
