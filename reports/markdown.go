package reports

import (
	"fmt"
	"html"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/molecule-ai/byok-conformance/internal/spelled"
)

const (
	// markdownLimit fits a comment on GitHub (65,536 characters) and GitLab.
	markdownLimit = 60_000
	// markdownLeast is room for the summary with every value at its longest.
	markdownLeast = 16_000
	// markdownPerRule is how many failures of one rule are kept to be shown.
	markdownPerRule = 10
)

var markdownDetail = detail{value: 600, body: 400, violations: 4, exchanges: 4}

// NewMarkdown returns the writer of a summary for a pull request: the verdict,
// the rules, and failures folded away, rule by rule and at least one of each
// where there is room. It writes at most limit bytes, all of them at End, and
// says how many failures are left out; w is not closed. A limit of 0 is 60,000,
// which fits a comment on GitHub; less than 16,000 counts as 16,000.
func NewMarkdown(w io.Writer, limit int) Writer {
	if limit == 0 {
		limit = markdownLimit
	}
	limit = max(limit, markdownLeast)
	return &markdownWriter{order: order{name: "Markdown"}, w: w, limit: limit, folds: map[string]*fold{}, waived: map[string]int{}}
}

type markdownWriter struct {
	order order
	w     io.Writer
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

func (m *markdownWriter) Begin(h Header) error {
	_, err := m.order.begin(h)
	return err
}

func (m *markdownWriter) Result(r Result) error {
	if err := m.order.result(r); err != nil {
		return err
	}
	if r.Outcome == Waived {
		m.waived[r.Reason]++
	}
	key := foldOf(r)
	if key == "" {
		return nil
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
	return nil
}

// foldOf returns what a result is shown under: the first rule that it violated,
// "errors", or "" for a result that needs no explanation.
func foldOf(r Result) string {
	switch r.Outcome {
	case Failed:
		return r.Violations[0].Rule
	case Errored:
		return unjudged
	}
	return ""
}

func markdownBlock(r Result) string {
	text := violationsText(r, markdownDetail) + contextText(r, markdownDetail)
	return fmt.Sprintf("%s %s\n\n%s\n\n", markdownCode(spelled.Clip(r.ID, 300)), markdownText(spelled.Clip(r.Title, 300)), markdownPre(text))
}

func (m *markdownWriter) End(f Footer) error {
	if err := m.order.end(f); err != nil {
		return err
	}
	head := markdownSummary(m.order.header, f)
	head += markdownFindings(f, (m.limit-len(head))/2)
	table := markdownTable(f.Rules, (m.limit-len(head))/2)
	waived := markdownWaived(m.waived, (m.limit-len(head)-len(table))/3)
	page := head + table + waived + m.failures(m.limit-len(head)-len(table)-len(waived))
	if _, err := io.WriteString(m.w, page); err != nil {
		return fmt.Errorf("write the Markdown report: %w", err)
	}
	return nil
}

func markdownSummary(h Header, f Footer) string {
	var b strings.Builder
	fmt.Fprintf(&b, "## BYOK conformance: %s\n\n%s\n\n", f.Verdict(), markdownText(spelled.Clip(SummaryLine(h, f), 1000)))
	if _, more := reasonOf(f.Ended); more != "" {
		b.WriteString(markdownPre(indented(spelled.Clip(more, 4000))) + "\n\n")
	}
	s := f.Summary
	b.WriteString("| planned | passed | failed | errors | waived | not claimed |\n|--:|--:|--:|--:|--:|--:|\n")
	fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %s |\n\n", spelled.Number(f.Ended.Planned), spelled.Number(s.Passed),
		spelled.Number(s.Failed), spelled.Number(s.Errors), spelled.Number(s.Waived), spelled.Number(s.NotClaimed))
	row := func(label, value string) {
		if value != "" {
			fmt.Fprintf(&b, "- %s: %s\n", label, markdownCode(spelled.Clip(value, 150)))
		}
	}
	row("Target", strings.TrimSpace(h.Target.Kind+" "+h.Target.Address))
	row("Profile", h.Target.Profile)
	row("Corpus", h.Corpus.named())
	row("Registry", h.Registry.Digest)
	row("Seed", h.Seed)
	row("Shard", h.Shard)
	row("Matrix", h.Matrix)
	row("Tool", strings.TrimSpace(h.Tool.Name+" "+h.Tool.Version))
	b.WriteString("\n")
	return b.String()
}

// markdownTable returns the rules in at most room bytes.
func markdownTable(rules []Rule, room int) string {
	const left = 80 // the line that says how many rules are left out
	var b strings.Builder
	b.WriteString("| rule | scenarios | passed | failed | errors | waived | not claimed |\n|:--|--:|--:|--:|--:|--:|--:|\n")
	for i, r := range rules {
		row := fmt.Sprintf("| %s | %s | %s | %s | %s | %s | %s |\n", markdownCode(spelled.Clip(r.ID, 50)), spelled.Number(r.Scenarios),
			spelled.Number(r.Passed), spelled.Number(r.Failed), spelled.Number(r.Errors), spelled.Number(r.Waived), spelled.Number(r.NotClaimed))
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
	fmt.Fprintf(&b, "<details><summary>%s waived</summary>\n\n", counted(total, "scenario"))
	for i, reason := range slices.Sorted(maps.Keys(waived)) {
		line := fmt.Sprintf("- %s: %s\n", counted(waived[reason], "scenario"), markdownText(spelled.Clip(reason, markdownDetail.value)))
		if b.Len()+len(line)+left > room {
			fmt.Fprintf(&b, "- … %s more, see the JSON report\n", counted(len(waived)-i, "waiver"))
			break
		}
		b.WriteString(line)
	}
	b.WriteString("\n</details>\n\n")
	return b.String()
}

// markdownText returns s as text that Markdown and HTML leave alone: every
// character that either gives a meaning to is a character reference.
func markdownText(s string) string {
	return replaceMarks.Replace(html.EscapeString(spelled.Line(s)))
}

var replaceMarks = strings.NewReplacer(
	`\`, "&#92;", "`", "&#96;", "*", "&#42;", "_", "&#95;", "~", "&#126;", "|", "&#124;",
	"[", "&#91;", "]", "&#93;", "!", "&#33;", "@", "&#64;", "$", "&#36;", "://", "&#58;//", "www.", "www&#46;",
)

// markdownCode keeps, besides, mentions and links from being made of s.
func markdownCode(s string) string { return "<code>" + markdownText(s) + "</code>" }

// markdownPre is a block of text as it is. Markdown has no meaning inside.
func markdownPre(s string) string { return "<pre>\n" + escapeTags.Replace(spelled.Text(s)) + "</pre>" }

// escapeTags leaves quotes alone, which text outside of tags may hold.
var escapeTags = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")
