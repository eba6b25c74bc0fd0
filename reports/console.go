package reports

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/mattn/go-runewidth"

	"github.com/molecule-ai/byok-conformance/internal/spelled"
)

// consolePerRule is how many failures of one rule are printed in full; the rest
// are counted, since one bug can fail thousands of scenarios.
const consolePerRule = 20

var consoleDetail = detail{value: 2000, body: 400, violations: 10, exchanges: 6}

// ConsoleOptions say how a run is printed. The zero value is plain text.
type ConsoleOptions struct {
	// Colour adds ANSI colours.
	Colour bool
	// Quiet prints the summary line alone, and wins over Verbose.
	Quiet bool
	// Verbose prints every result in a line, every failure in full with its
	// headers, and all rules.
	Verbose bool
	// Width cuts headers and bodies of exchanges to so many columns; 0 leaves
	// them. Nothing else is cut: the command that replays is copied whole.
	Width int
}

// NewConsole returns the writer for a person at a terminal or in a CI log:
// failures as they come, more than 20 of one rule counted only, then the rules
// that failed and one summary line (see [SummaryLine]). Each call is one Write,
// so that it mixes with a progress bar. What a server sent cannot colour, move
// or fake a line.
func NewConsole(w io.Writer, o ConsoleOptions) Writer {
	c := &consoleWriter{order: order{name: "console"}, w: w, options: o, detail: consoleDetail, seen: map[string]int{}, waived: map[string]int{}}
	if o.Verbose {
		c.detail.headers = true
		c.detail.exchanges = 100
	}
	if o.Width > 0 {
		c.detail.cut = func(s string) string { return runewidth.Truncate(s, max(o.Width-consoleIndent, 1), "…") }
	}
	return c
}

type consoleWriter struct {
	order   order
	w       io.Writer
	options ConsoleOptions
	detail  detail
	// seen counts the failures of each rule.
	seen map[string]int
	// waived counts the waived results by reason, which is one for each waiver.
	waived map[string]int
}

func (c *consoleWriter) Begin(h Header) error {
	h, err := c.order.begin(h)
	if err != nil || !c.options.Verbose || c.options.Quiet {
		return err
	}
	target := strings.TrimSpace(h.Target.Kind + " " + h.Target.Address)
	return c.print(fmt.Sprintf("%s against %s (%s), seed %s\n", counted(h.Planned, "scenario"),
		spelled.Line(target), spelled.Line(h.Target.Profile), spelled.Line(h.Seed)))
}

func (c *consoleWriter) Result(r Result) error {
	if err := c.order.result(r); err != nil {
		return err
	}
	if c.options.Quiet {
		return nil
	}
	if r.Outcome == Waived {
		c.waived[r.Reason]++
	}
	key := foldOf(r)
	if key == "" {
		return c.brief(r)
	}
	c.seen[key]++
	if c.seen[key] > consolePerRule && !c.options.Verbose {
		return nil
	}
	var b strings.Builder
	word := "FAIL"
	if r.Outcome == Errored {
		word = "ERROR"
	}
	fmt.Fprintf(&b, "%s %s  %s\n", c.paint(red, word), c.paint(bold, spelled.Line(r.ID)), spelled.Line(r.Title))
	b.WriteString(indented(violationsText(r, c.detail)))
	b.WriteString(indented(contextText(r, c.detail)))
	b.WriteString("\n")
	return c.print(b.String())
}

// brief prints a result that needs no explanation, where that is asked for.
func (c *consoleWriter) brief(r Result) error {
	if !c.options.Verbose {
		return nil
	}
	line := fmt.Sprintf("%s %s (%s)", r.Outcome, spelled.Line(r.ID), millis(r.DurationMS))
	if r.Reason != "" {
		line += ": " + spelled.Line(r.Reason)
	}
	return c.print(line + "\n")
}

func (c *consoleWriter) End(f Footer) error {
	if err := c.order.end(f); err != nil {
		return err
	}
	var b strings.Builder
	if c.options.Verbose && !c.options.Quiet {
		b.WriteString("\n")
	}
	if !c.options.Quiet {
		b.WriteString(c.uncounted())
		b.WriteString(waivedText(c.waived))
		b.WriteString(c.table(f.Rules))
		if first, more := reasonOf(f.Ended); more != "" {
			b.WriteString(first + "\n" + indented(more) + "\n")
		}
	}
	colour := red
	switch {
	case f.Summary.Conformant:
		colour = green
	case f.Ended.Status == Interrupted:
		colour = yellow
	}
	b.WriteString(c.paint(colour, SummaryLine(c.order.header, f)) + "\n")
	return c.print(b.String())
}

// uncounted says how many failures were not printed.
func (c *consoleWriter) uncounted() string {
	if c.options.Verbose {
		return ""
	}
	var keys []string
	for key, n := range c.seen {
		if n > consolePerRule {
			keys = append(keys, key)
		}
	}
	slices.SortFunc(keys, compareRules)
	var b strings.Builder
	for _, key := range keys {
		of := "of " + spelled.Line(key)
		if key == unjudged {
			of = "that could not be judged"
		}
		fmt.Fprintf(&b, "… and %s more %s\n", spelled.Number(c.seen[key]-consolePerRule), of)
	}
	if len(keys) > 0 {
		b.WriteString("\n")
	}
	return b.String()
}

// waivedText says what is waived, and why, one line for each waiver.
func waivedText(waived map[string]int) string {
	var b strings.Builder
	for _, reason := range slices.Sorted(maps.Keys(waived)) {
		fmt.Fprintf(&b, "WAIVED %s: %s\n", counted(waived[reason], "scenario"), spelled.Line(reason))
	}
	if b.Len() > 0 {
		b.WriteString("\n")
	}
	return b.String()
}

// table prints the rules that failed, are waived or could not be judged; all if
// Verbose.
func (c *consoleWriter) table(rules []Rule) string {
	var b strings.Builder
	for _, r := range rules {
		if !c.options.Verbose && r.Failed == 0 && r.Waived == 0 && r.Errors == 0 {
			continue
		}
		if b.Len() == 0 {
			fmt.Fprintf(&b, "%-8s %10s %8s %8s %8s %8s %12s\n", "rule", "scenarios", "passed", "failed", "errors", "waived", "not claimed")
		}
		fmt.Fprintf(&b, "%-8s %10s %8s %8s %8s %8s %12s\n", spelled.Line(r.ID), spelled.Number(r.Scenarios), spelled.Number(r.Passed),
			spelled.Number(r.Failed), spelled.Number(r.Errors), spelled.Number(r.Waived), spelled.Number(r.NotClaimed))
	}
	if b.Len() > 0 {
		b.WriteString("\n")
	}
	return b.String()
}

const (
	red    = "31"
	green  = "32"
	yellow = "33"
	bold   = "1"
)

func (c *consoleWriter) paint(code, s string) string {
	if !c.options.Colour {
		return s
	}
	return "\x1b[" + code + "m" + s + "\x1b[0m"
}

const consoleIndent = 2

// indented moves every line of text to the right of the margin.
func indented(text string) string {
	text = strings.TrimSuffix(text, "\n")
	if text == "" {
		return ""
	}
	margin := strings.Repeat(" ", consoleIndent)
	return margin + strings.ReplaceAll(text, "\n", "\n"+margin) + "\n"
}

func (c *consoleWriter) print(s string) error {
	if _, err := io.WriteString(c.w, s); err != nil {
		return fmt.Errorf("print the report: %w", err)
	}
	return nil
}
