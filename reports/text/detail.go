// Package text is the lines and escapes that the views of a run and of a proof
// share: what a violation, an exchange and a failed result look like in plain
// text, and how any text becomes harmless in Markdown.
//
// What does not live here: making a server's text fit to be shown at all, which
// is scenarios/spelled's, and whole views, which are reports/view's and
// reports/proof's.
package text

import (
	"fmt"
	"slices"
	"strings"

	"github.com/molecule-ai/byok-conformance/internal/spelled"
	"github.com/molecule-ai/byok-conformance/reports"
)

// A Detail says how much of a failed result a view shows. The JSON report has
// all of it.
type Detail struct {
	// Value, Body are the most bytes shown of a violation's text and of a body.
	Value, Body int
	// Violations, Exchanges are the most shown of each.
	Violations, Exchanges int
	// Headers shows the exchanges' headers.
	Headers bool
	// Cut shortens the lines of headers and bodies; nil leaves them whole.
	Cut func(string) string
}

// Violations lists what was violated, as printable lines that each start
// with a label of ours or a blank: no text from a server starts a line.
func Violations(r *reports.Result, d Detail) string {
	var b strings.Builder
	if r.Outcome == reports.Errored {
		Labelled(&b, "error: ", spelled.Clip(r.Reason, d.Value))
	}
	for i, v := range r.Violations {
		if i == d.Violations {
			fmt.Fprintf(&b, "… %s more violations\n", spelled.Number(len(r.Violations)-i))
			break
		}
		Labelled(&b, spelled.Line(v.Rule)+": ", spelled.Clip(v.Message, d.Value))
		Labelled(&b, "  want: ", spelled.Clip(v.Want, d.Value))
		Labelled(&b, "  got:  ", spelled.Clip(v.Got, d.Value))
	}
	if r.Outcome == reports.Failed && r.Reason != "" {
		Labelled(&b, "not waived: ", spelled.Clip(r.Reason, d.Value))
	}
	return b.String()
}

// Context is what else helps to understand a failure: its effect, the
// exchanges, and the command that replays it.
func Context(r *reports.Result, d Detail) string {
	var b strings.Builder
	if r.Effect != "" {
		Labelled(&b, "effect: ", r.Effect)
	}
	if len(r.Steps) > 0 {
		Labelled(&b, "steps:  ", strings.Join(r.Steps, ", "))
	}
	for i := range r.Exchanges {
		if i == d.Exchanges {
			fmt.Fprintf(&b, "… %s more exchanges\n", spelled.Number(len(r.Exchanges)-i))
			break
		}
		for _, line := range ExchangeLines(&r.Exchanges[i], d) {
			b.WriteString(line + "\n")
		}
	}
	if r.Replay != "" {
		Labelled(&b, "replay: ", r.Replay)
	}
	return b.String()
}

// Labelled writes text after a label; further lines of it stand under the first.
func Labelled(b *strings.Builder, label, text string) {
	indent := strings.Repeat(" ", len(label))
	for i, line := range strings.Split(spelled.Text(text), "\n") {
		if i > 0 {
			label = indent
		}
		b.WriteString(strings.TrimRight(label+line, " ") + "\n")
	}
}

// ExchangeLines is an exchange as printable lines: who was asked what and the
// answer, then the headers and bodies that d shows.
func ExchangeLines(e *reports.Exchange, d Detail) []string {
	lines := []string{exchangeLine(e, d)}
	add := func(line string) {
		if d.Cut != nil {
			line = d.Cut(line)
		}
		lines = append(lines, line)
	}
	side := func(mark string, headers map[string][]string, body string) {
		for _, name := range sortedKeys(headers) {
			for _, value := range headers[name] {
				if d.Headers {
					add(fmt.Sprintf("  %s %s: %s", mark, spelled.Line(name), spelled.Line(spelled.Clip(value, d.Body))))
				}
			}
		}
		if body != "" {
			add(fmt.Sprintf("  %s %s", mark, spelled.Line(spelled.Clip(body, d.Body))))
		}
	}
	side(">", e.RequestHeaders, e.RequestBody)
	side("<", e.ResponseHeaders, e.ResponseBody)
	return lines
}

// exchangeLine is an exchange in one line: who was asked what, and the answer.
func exchangeLine(e *reports.Exchange, d Detail) string {
	var b strings.Builder
	b.WriteString(string(e.Direction))
	if e.Provider != "" {
		b.WriteString(" " + e.Provider)
	}
	fmt.Fprintf(&b, ": %s %s -> ", e.Method, spelled.Clip(e.URL, d.Body))
	if e.Status == 0 {
		b.WriteString("no answer")
	} else {
		fmt.Fprintf(&b, "%d", e.Status)
	}
	notes := []string{Millis(e.DurationMS)}
	if e.Stage != "" {
		notes = append(notes, e.Stage)
	}
	if e.Credential != "" {
		notes = append(notes, "carrying "+e.Credential)
	}
	if e.Note != "" {
		notes = append(notes, spelled.Clip(e.Note, d.Body))
	}
	fmt.Fprintf(&b, " (%s)", strings.Join(notes, "; "))
	return spelled.Line(b.String())
}

func sortedKeys(m map[string][]string) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// Millis prints a time of ms milliseconds.
func Millis(ms float64) string {
	if ms > 0 && ms < 10 {
		return fmt.Sprintf("%.1f ms", ms)
	}
	return fmt.Sprintf("%.0f ms", ms)
}

// Margin is how far [Indented] moves text.
const Margin = 2

// Indented moves every line of text to the right of the margin.
func Indented(text string) string {
	text = strings.TrimSuffix(text, "\n")
	if text == "" {
		return ""
	}
	margin := strings.Repeat(" ", Margin)
	return margin + strings.ReplaceAll(text, "\n", "\n"+margin) + "\n"
}
