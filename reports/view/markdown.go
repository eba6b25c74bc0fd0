package view

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/molecule-ai/byok-conformance/internal/spelled"
	"github.com/molecule-ai/byok-conformance/reports"
	"github.com/molecule-ai/byok-conformance/reports/text"
)

const (
	// markdownLimit fits a comment on GitHub (65,536 characters) and GitLab.
	markdownLimit = 60_000
	// markdownLeast is room for the summary with every value at its longest.
	markdownLeast = 16_000
	// markdownPerRule is how many failures of one rule are kept to be shown.
	markdownPerRule = 10
)

var markdownDetail = text.Detail{Value: 600, Body: 400, Violations: 4, Exchanges: 8}

// WriteMarkdown writes a summary for a pull request: the verdict, the rules, and
// failures folded away, rule by rule and at least one of each where there is
// room. It is at most 60,000 bytes, which fits a comment on GitHub, and says how
// many failures are left out.
func WriteMarkdown(w io.Writer, run *reports.Run) error { return writeMarkdown(w, run, markdownLimit) }

// writeMarkdown writes at most limit bytes, of which there are at least 16,000.
func writeMarkdown(w io.Writer, run *reports.Run, limit int) error {
	m := &markdownPage{limit: max(limit, markdownLeast), folds: map[string]*fold{}, waived: map[string]int{}}
	for i, e := range run.Entries() {
		if e.Outcome == reports.Passed || e.Outcome == reports.NotClaimed {
			continue
		}
		r, err := run.At(i)
		if err != nil {
			return fmt.Errorf("write the Markdown report: %w", err)
		}
		m.add(&r)
	}
	if _, err := io.WriteString(w, m.page(run.Header, run.Footer)); err != nil {
		return fmt.Errorf("write the Markdown report: %w", err)
	}
	return nil
}

// A markdownPage gathers what is told of the failures.
type markdownPage struct {
	limit int
	folds map[string]*fold
	// waived counts the waived results by reason, which is one for each waiver.
	waived map[string]int
}

// A fold is what is kept of the failures of one rule.
type fold struct {
	blocks []string
	// size is the blocks' length in bytes.
	size  int
	total int
}

// unjudged is the fold of results that are errors.
const unjudged = "errors"

func (m *markdownPage) add(r *reports.Result) {
	if r.Outcome == reports.Waived {
		m.waived[r.Reason]++
	}
	key := foldOf(r)
	if key == "" {
		return
	}
	f := m.folds[key]
	if f == nil {
		f = &fold{}
		m.folds[key] = f
	}
	f.total++
	if len(f.blocks) < markdownPerRule && f.size < m.limit/4 {
		block := markdownBlock(r)
		f.blocks = append(f.blocks, block)
		f.size += len(block)
	}
}

// foldOf returns what a result is shown under: the first rule that it violated,
// "errors", or "" for a result that needs no explanation.
func foldOf(r *reports.Result) string {
	switch r.Outcome {
	case reports.Failed:
		return r.Violations[0].Rule
	case reports.Errored:
		return unjudged
	}
	return ""
}

func markdownBlock(r *reports.Result) string {
	lines := text.Violations(r, markdownDetail) + text.Context(r, markdownDetail)
	return fmt.Sprintf("%s %s\n\n%s\n\n", text.Code(spelled.Clip(r.ID, 300)), text.Markdown(spelled.Clip(r.Title, 300)), text.Pre(lines))
}

func (m *markdownPage) page(h reports.Header, f reports.Footer) string {
	head := markdownSummary(h, f)
	head += markdownFindings(f, (m.limit-len(head))/2)
	table := markdownTable(f.Rules, (m.limit-len(head))/2)
	waived := markdownWaived(m.waived, (m.limit-len(head)-len(table))/3)
	return head + table + waived + m.failures(m.limit-len(head)-len(table)-len(waived))
}

func markdownSummary(h reports.Header, f reports.Footer) string {
	var b strings.Builder
	fmt.Fprintf(&b, "## BYOK conformance: %s\n\n%s\n\n", f.Verdict(), text.Markdown(spelled.Clip(reports.SummaryLine(h, f), 1000)))
	if _, more := f.Ended.Reasons(); more != "" {
		b.WriteString(text.Pre(text.Indented(spelled.Clip(more, 4000))) + "\n\n")
	}
	s := f.Summary
	b.WriteString("| planned | passed | failed | errors | waived | not claimed |\n|--:|--:|--:|--:|--:|--:|\n")
	fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %s |\n\n", spelled.Number(f.Ended.Planned), spelled.Number(s.Passed),
		spelled.Number(s.Failed), spelled.Number(s.Errors), spelled.Number(s.Waived), spelled.Number(s.NotClaimed))
	row := func(label, value string) {
		if value != "" {
			fmt.Fprintf(&b, "- %s: %s\n", label, text.Code(spelled.Clip(value, 150)))
		}
	}
	row("Target", strings.TrimSpace(h.Target.Kind+" "+h.Target.Address))
	row("Profile", h.Target.Profile)
	row("Corpus", h.Corpus.Named())
	row("Registry", h.Registry.Digest)
	row("Seed", h.Seed)
	row("Shard", h.Shard)
	row("Matrix", h.Matrix)
	row("Tool", strings.TrimSpace(h.Tool.Name+" "+h.Tool.Version))
	b.WriteString("\n")
	return b.String()
}

// markdownTable returns the rules in at most room bytes.
func markdownTable(rules []reports.Rule, room int) string {
	const left = 80 // the line that says how many rules are left out
	var b strings.Builder
	b.WriteString("| rule | scenarios | passed | failed | errors | waived | not claimed | violations |\n|:--|--:|--:|--:|--:|--:|--:|--:|\n")
	for i, r := range rules {
		row := fmt.Sprintf("| %s | %s | %s | %s | %s | %s | %s | %s |\n", text.Code(spelled.Clip(r.ID, 50)), spelled.Number(r.Scenarios),
			spelled.Number(r.Passed), spelled.Number(r.Failed), spelled.Number(r.Errors), spelled.Number(r.Waived), spelled.Number(r.NotClaimed), spelled.Number(r.Violations))
		if b.Len()+len(row)+left > room {
			fmt.Fprintf(&b, "\n… %s more rules, see the JSON report\n", spelled.Number(len(rules)-i))
			break
		}
		b.WriteString(row)
	}
	b.WriteString("\n")
	return b.String()
}

// markdownWaived says what is waived, and why, in at most room bytes.
func markdownWaived(waived map[string]int, room int) string {
	if len(waived) == 0 {
		return ""
	}
	const left = 120 // the line that says how many are left out, and the end
	total := 0
	for _, n := range waived {
		total += n
	}
	var b strings.Builder
	fmt.Fprintf(&b, "<details><summary>%s waived</summary>\n\n", spelled.Counted(total, "scenario"))
	for i, reason := range slices.Sorted(maps.Keys(waived)) {
		line := fmt.Sprintf("- %s: %s\n", spelled.Counted(waived[reason], "scenario"), text.Markdown(spelled.Clip(reason, markdownDetail.Value)))
		if b.Len()+len(line)+left > room {
			fmt.Fprintf(&b, "- … %s more, see the JSON report\n", spelled.Counted(len(waived)-i, "waiver"))
			break
		}
		b.WriteString(line)
	}
	b.WriteString("\n</details>\n\n")
	return b.String()
}
