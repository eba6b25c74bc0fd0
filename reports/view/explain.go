package view

import (
	"fmt"
	"strings"

	"github.com/molecule-ai/byok-conformance/internal/spelled"
	"github.com/molecule-ai/byok-conformance/reports"
	"github.com/molecule-ai/byok-conformance/reports/text"
	"github.com/molecule-ai/byok-conformance/suite/findings"
	"github.com/molecule-ai/byok-conformance/suite/target"
)

// explainDetail shows a failure with nothing left out but what is endless.
var explainDetail = text.Detail{Value: 4000, Body: 4000, Violations: 50, Exchanges: 100, Headers: true}

// Explain tells what a report says of one finding or of one scenario, by its id, or
// by an X-Request-ID of the scenario's that stands in the target's log; with no id, of all findings. It fails where the report has nothing of that id.
func Explain(r *reports.Run, id string) (string, error) {
	list := r.Footer.Findings
	if id == "" {
		return explainAll(r, list), nil
	}
	for i := range list {
		if list[i].ID == id {
			return explainFinding(&list[i], i+1), nil
		}
	}
	request, _ := strings.CutPrefix(id, r.Header.Run+"/")
	for i, e := range r.Entries() {
		if e.ID == id || request != id && target.RequestTail(r.Header.Seed, e.ID) == request {
			result, err := r.At(i)
			if err != nil {
				return "", err
			}
			return explainResult(&result, list), nil
		}
	}
	var known []string
	for _, f := range list {
		known = append(known, f.ID)
	}
	return "", fmt.Errorf("there is no finding and no scenario %q; the findings are %s", id, strings.Join(known, ", "))
}

func explainAll(r *reports.Run, list []findings.Finding) string {
	var b strings.Builder
	for i := range list {
		fmt.Fprintf(&b, "%s   id        %s\n\n", list[i].Text(i+1, false), list[i].ID)
	}
	if len(list) == 0 {
		b.WriteString("no findings: nothing failed, or the report is of a version without them, or was cut off\n")
	}
	if !r.Partial() {
		b.WriteString(reports.SummaryLine(r.Header, r.Footer) + "\n")
	}
	return b.String()
}

func explainFinding(f *findings.Finding, number int) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s   id        %s\n", f.Text(number, false), f.ID)
	if f.Example.Curl != "" {
		fmt.Fprintf(&b, "\nthe example by hand:\n%s\n", text.Indented(spelled.Text(f.Example.Curl)))
	}
	for _, part := range []struct {
		heading string
		ids     []string
	}{{"scenarios that fail so", f.Scenarios}, {"exceptions, which passed", f.Exceptions}} {
		if len(part.ids) == 0 {
			continue
		}
		fmt.Fprintf(&b, "\n%s: %s\n", part.heading, spelled.Number(len(part.ids)))
		for _, id := range part.ids {
			fmt.Fprintf(&b, "  %s\n", spelled.Line(id))
		}
	}
	return b.String()
}

func explainResult(r *reports.Result, list []findings.Finding) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s  %s  %s\n", r.Outcome, spelled.Line(r.ID), spelled.Line(r.Title))
	b.WriteString(text.Indented(text.Violations(r, explainDetail)))
	b.WriteString(text.Indented(text.Context(r, explainDetail)))
	for i := range list {
		f := &list[i]
		for _, id := range f.Scenarios {
			if id == r.ID {
				fmt.Fprintf(&b, "  finding: %s  %s\n", f.ID, spelled.Line(f.Title))
			}
		}
	}
	return b.String()
}
