package view

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/mattn/go-runewidth"

	"github.com/molecule-ai/byok-conformance/internal/spelled"
	"github.com/molecule-ai/byok-conformance/reports"
	"github.com/molecule-ai/byok-conformance/reports/text"
)

// consolePerRule is how many failures of one rule are printed in full; the rest
// are counted, since one bug can fail thousands of scenarios.
const consolePerRule = 20

var consoleDetail = text.Detail{Value: 2000, Body: 400, Violations: 10, Exchanges: 6}

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

// NewConsole returns a console for a person at a terminal or in a CI log:
// failures as they come, more than 20 of one rule counted only, then the rules
// that failed and one summary line (see [reports.SummaryLine]). Each call is one Write,
// so that it mixes with a progress bar. What a server sent cannot colour, move
// or fake a line.
func NewConsole(w io.Writer, o ConsoleOptions) *Console {
	c := &Console{w: w, options: o, detail: consoleDetail, seen: map[string]int{}, waived: map[string]int{}}
	if o.Verbose {
		c.detail.Headers = true
		c.detail.Exchanges = 100
	}
	if o.Width > 0 {
		c.detail.Cut = func(s string) string { return runewidth.Truncate(s, max(o.Width-text.Margin, 1), "…") }
	}
	return c
}

// A Console prints a run while it happens. Make one with [NewConsole]; call Begin
// once, Result for each scenario that ended, End once. It is for one goroutine.
type Console struct {
	header  reports.Header
	w       io.Writer
	options ConsoleOptions
	detail  text.Detail
	// seen counts the failures of each rule.
	seen map[string]int
	// waived counts the waived results by reason, which is one for each waiver.
	waived map[string]int
}

// Begin is the start of the run.
func (c *Console) Begin(h reports.Header) error {
	c.header = h
	if !c.options.Verbose || c.options.Quiet {
		return nil
	}
	target := strings.TrimSpace(h.Target.Kind + " " + h.Target.Address)
	return c.print(fmt.Sprintf("%s against %s (%s), seed %s\n", spelled.Counted(h.Planned, "scenario"),
		spelled.Line(target), spelled.Line(h.Target.Profile), spelled.Line(h.Seed)))
}

// Result is a scenario that ended.
func (c *Console) Result(r *reports.Result) error {
	if c.options.Quiet {
		return nil
	}
	if r.Outcome == reports.Waived {
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
	if r.Outcome == reports.Errored {
		word = "ERROR"
	}
	fmt.Fprintf(&b, "%s %s  %s\n", c.paint(red, word), c.paint(bold, spelled.Line(r.ID)), spelled.Line(r.Title))
	b.WriteString(text.Indented(text.Violations(r, c.detail)))
	b.WriteString(text.Indented(text.Context(r, c.detail)))
	b.WriteString("\n")
	return c.print(b.String())
}

// brief prints a result that needs no explanation, where that is asked for.
func (c *Console) brief(r *reports.Result) error {
	if !c.options.Verbose {
		return nil
	}
	line := fmt.Sprintf("%s %s (%s)", r.Outcome, spelled.Line(r.ID), text.Millis(r.DurationMS))
	if r.Reason != "" {
		line += ": " + spelled.Line(r.Reason)
	}
	return c.print(line + "\n")
}

// End is the end of the run.
func (c *Console) End(f reports.Footer) error {
	var b strings.Builder
	if c.options.Verbose && !c.options.Quiet {
		b.WriteString("\n")
	}
	if !c.options.Quiet {
		b.WriteString(c.uncounted())
		b.WriteString(waivedText(c.waived))
		b.WriteString(c.table(f.Rules))
		if first, more := f.Ended.Reasons(); more != "" {
			b.WriteString(first + "\n" + text.Indented(more) + "\n")
		}
	}
	colour := red
	switch {
	case f.Summary.Conformant:
		colour = green
	case f.Ended.Status == reports.Interrupted:
		colour = yellow
	}
	b.WriteString(c.paint(colour, reports.SummaryLine(c.header, f)) + "\n")
	return c.print(b.String())
}

// uncounted says how many failures were not printed.
func (c *Console) uncounted() string {
	if c.options.Verbose {
		return ""
	}
	var keys []string
	for key, n := range c.seen {
		if n > consolePerRule {
			keys = append(keys, key)
		}
	}
	slices.SortFunc(keys, reports.CompareRules)
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
		fmt.Fprintf(&b, "WAIVED %s: %s\n", spelled.Counted(waived[reason], "scenario"), spelled.Line(reason))
	}
	if b.Len() > 0 {
		b.WriteString("\n")
	}
	return b.String()
}

// table prints the rules that failed, are waived or could not be judged; all if
// Verbose.
func (c *Console) table(rules []reports.Rule) string {
	var b strings.Builder
	for _, r := range rules {
		if !c.options.Verbose && r.Violations == 0 && r.Waived == 0 && r.Errors == 0 {
			continue
		}
		if b.Len() == 0 {
			fmt.Fprintf(&b, "%-8s %10s %8s %8s %8s %8s %12s %11s\n", "rule", "scenarios", "passed", "failed", "errors", "waived", "not claimed", "violations")
		}
		fmt.Fprintf(&b, "%-8s %10s %8s %8s %8s %8s %12s %11s\n", spelled.Line(r.ID), spelled.Number(r.Scenarios), spelled.Number(r.Passed),
			spelled.Number(r.Failed), spelled.Number(r.Errors), spelled.Number(r.Waived), spelled.Number(r.NotClaimed), spelled.Number(r.Violations))
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

func (c *Console) paint(code, s string) string {
	if !c.options.Colour {
		return s
	}
	return "\x1b[" + code + "m" + s + "\x1b[0m"
}

func (c *Console) print(s string) error {
	if _, err := io.WriteString(c.w, s); err != nil {
		return fmt.Errorf("print the report: %w", err)
	}
	return nil
}

// WriteConsole prints a whole run as a console prints it while it happens.
func WriteConsole(w io.Writer, run *reports.Run, o ConsoleOptions) error {
	run, err := run.Closed()
	if err != nil {
		return err
	}
	c := NewConsole(w, o)
	if err := c.Begin(run.Header); err != nil {
		return err
	}
	for r, err := range run.All() {
		if err != nil {
			return err
		}
		if err := c.Result(&r); err != nil {
			return err
		}
	}
	return c.End(run.Footer)
}
