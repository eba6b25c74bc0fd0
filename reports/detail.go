package reports

import (
	"fmt"
	"slices"
	"strings"

	"github.com/molecule-ai/byok-conformance/internal/spelled"
)

// A detail says how much of a failed result a view shows. The JSON report has
// all of it.
type detail struct {
	// value, body are the most bytes shown of a violation's text and of a body.
	value, body int
	// violations, exchanges are the most shown of each.
	violations, exchanges int
	// headers shows the exchanges' headers.
	headers bool
	// cut shortens the lines of headers and bodies; nil leaves them whole.
	cut func(string) string
}

// violationsText lists what was violated, as printable lines that each start
// with a label of ours or a blank: no text from a server starts a line.
func violationsText(r Result, d detail) string {
	var b strings.Builder
	if r.Outcome == Errored {
		labelled(&b, "error: ", spelled.Clip(r.Reason, d.value))
	}
	for i, v := range r.Violations {
		if i == d.violations {
			fmt.Fprintf(&b, "… %s more violations\n", spelled.Number(len(r.Violations)-i))
			break
		}
		labelled(&b, spelled.Line(v.Rule)+": ", spelled.Clip(v.Message, d.value))
		labelled(&b, "  want: ", spelled.Clip(v.Want, d.value))
		labelled(&b, "  got:  ", spelled.Clip(v.Got, d.value))
	}
	if r.Outcome == Failed && r.Reason != "" {
		labelled(&b, "not waived: ", spelled.Clip(r.Reason, d.value))
	}
	return b.String()
}

// contextText is what else helps to understand a failure: its effect, the
// exchanges, and the command that replays it.
func contextText(r Result, d detail) string {
	var b strings.Builder
	if r.Effect != "" {
		labelled(&b, "effect: ", r.Effect)
	}
	if len(r.Steps) > 0 {
		labelled(&b, "steps:  ", strings.Join(r.Steps, ", "))
	}
	for i, e := range r.Exchanges {
		if i == d.exchanges {
			fmt.Fprintf(&b, "… %s more exchanges\n", spelled.Number(len(r.Exchanges)-i))
			break
		}
		for _, line := range exchangeLines(e, d) {
			b.WriteString(line + "\n")
		}
	}
	if r.Replay != "" {
		labelled(&b, "replay: ", r.Replay)
	}
	return b.String()
}

// labelled writes text after a label; further lines of it stand under the first.
func labelled(b *strings.Builder, label, text string) {
	indent := strings.Repeat(" ", len(label))
	for i, line := range strings.Split(spelled.Text(text), "\n") {
		if i > 0 {
			label = indent
		}
		b.WriteString(strings.TrimRight(label+line, " ") + "\n")
	}
}

func exchangeLines(e Exchange, d detail) []string {
	lines := []string{exchangeLine(e, d)}
	add := func(line string) {
		if d.cut != nil {
			line = d.cut(line)
		}
		lines = append(lines, line)
	}
	side := func(mark string, headers map[string][]string, body string) {
		for _, name := range sortedKeys(headers) {
			for _, value := range headers[name] {
				if d.headers {
					add(fmt.Sprintf("  %s %s: %s", mark, spelled.Line(name), spelled.Line(spelled.Clip(value, d.body))))
				}
			}
		}
		if body != "" {
			add(fmt.Sprintf("  %s %s", mark, spelled.Line(spelled.Clip(body, d.body))))
		}
	}
	side(">", e.RequestHeaders, e.RequestBody)
	side("<", e.ResponseHeaders, e.ResponseBody)
	return lines
}

// exchangeLine is an exchange in one line: who was asked what, and the answer.
func exchangeLine(e Exchange, d detail) string {
	var b strings.Builder
	b.WriteString(string(e.Direction))
	if e.Provider != "" {
		b.WriteString(" " + e.Provider)
	}
	fmt.Fprintf(&b, ": %s %s -> ", e.Method, spelled.Clip(e.URL, d.body))
	if e.Status == 0 {
		b.WriteString("no answer")
	} else {
		fmt.Fprintf(&b, "%d", e.Status)
	}
	notes := []string{millis(e.DurationMS)}
	if e.Stage != "" {
		notes = append(notes, e.Stage)
	}
	if e.Credential != "" {
		notes = append(notes, "carrying "+e.Credential)
	}
	if e.Note != "" {
		notes = append(notes, spelled.Clip(e.Note, d.body))
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
