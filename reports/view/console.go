package view

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/mattn/go-runewidth"

	"github.com/molecule-ai/byok-conformance/internal/spelled"
	"github.com/molecule-ai/byok-conformance/reports"
	"github.com/molecule-ai/byok-conformance/reports/text"
	"github.com/molecule-ai/byok-conformance/suite/findings"
)

// reasonsTold is how many reasons are told for which scenarios could not be judged.
const reasonsTold = 5

var consoleDetail = text.Detail{Value: 2000, Body: 400, Violations: 10, Exchanges: 20}

// ConsoleOptions say how a run is printed. The zero value is plain text.
type ConsoleOptions struct {
	// Colour adds ANSI colours.
	Colour bool
	// Quiet prints the summary line alone, and wins over Verbose.
	Quiet bool
	// Verbose prints every result in a line, every failure in full with its
	// headers, and all rules.
	Verbose bool
	// Failures is how many failures are printed in full as they come; with Verbose
	// it is a bound if it is greater than zero.
	Failures int
	// Explain is the command that tells more of a finding; empty where there is none.
	Explain string
	// Note is printed before the last verdict; nil is nothing.
	Note func() string
	// Width cuts headers and bodies of exchanges to so many columns; 0 leaves
	// them. Nothing else is cut: the command that replays is copied whole.
	Width int
}

// NewConsole returns a console for a person at a terminal or in a CI log: the
// verdict, what explains the failures on about one screen, and the verdict again
// (see [reports.SummaryLine]). Each call is one Write, so that it mixes with a
// progress bar. What a server sent cannot colour, move or fake a line.
func NewConsole(w io.Writer, o ConsoleOptions) *Console {
	c := &Console{w: w, options: o, detail: consoleDetail, unjudged: map[string]int{}, waived: map[string]int{}}
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
	// printed counts the failures that were printed in full.
	printed int
	// unjudged counts the scenarios that could not be judged, by reason.
	unjudged map[string]int
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
	if r.Outcome == reports.Errored {
		c.unjudged[r.Reason]++
	}
	if foldOf(r) == "" {
		return c.brief(r)
	}
	if most := c.options.Failures; !c.options.Verbose && c.printed >= most || c.options.Verbose && most > 0 && c.printed >= most {
		return nil
	}
	c.printed++
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
	colour := red
	switch {
	case f.Summary.Conformant:
		colour = green
	case f.Ended.Status == reports.Interrupted:
		colour = yellow
	}
	verdict := c.paint(colour, reports.SummaryLine(c.header, f)) + "\n"
	if c.options.Quiet {
		return c.print(verdict)
	}
	var b strings.Builder
	if c.options.Verbose {
		b.WriteString("\n")
	}
	body := c.unjudgedText() + waivedText(c.waived)
	if c.options.Verbose || len(f.Findings) == 0 {
		body += c.table(f.Rules)
	}
	if first, more := f.Ended.Reasons(); more != "" {
		body += first + "\n" + text.Indented(more) + "\n"
	}
	body += findings.Text(f.Findings, c.options.Explain)
	if len(f.Findings) > 0 {
		b.WriteString(verdict + "\n")
	}
	b.WriteString(body)
	if c.options.Note != nil {
		b.WriteString(c.options.Note())
	}
	if len(f.Findings) > 0 {
		b.WriteString("\n")
	}
	b.WriteString(verdict)
	return c.print(b.String())
}

// unjudgedText says for which reasons how many scenarios could not be judged.
func (c *Console) unjudgedText() string {
	reasons := slices.SortedFunc(maps.Keys(c.unjudged), func(a, b string) int {
		return cmp.Or(c.unjudged[b]-c.unjudged[a], strings.Compare(a, b))
	})
	var b strings.Builder
	for i, reason := range reasons {
		if i == reasonsTold {
			fmt.Fprintf(&b, "… and %s more reasons\n", spelled.Number(len(reasons)-i))
			break
		}
		fmt.Fprintf(&b, "%s %s that could not be judged: %s\n", c.paint(red, "ERROR"), spelled.Counted(c.unjudged[reason], "scenario"), spelled.Line(spelled.Clip(reason, 400)))
	}
	if b.Len() > 0 {
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
