package proof

import (
	"fmt"
	"io"
	"strings"

	"github.com/molecule-ai/byok-conformance/internal/spelled"
	"github.com/molecule-ai/byok-conformance/reports"
	"github.com/molecule-ai/byok-conformance/reports/text"
)

// Print prints a proof for a person at a terminal: the sentence first. Quiet
// prints nothing else.
func Print(w io.Writer, p *Proof, quiet bool) error {
	var b strings.Builder
	b.WriteString(spelled.Text(p.Sentence) + "\n")
	if !quiet {
		b.WriteString("\n")
		if p.Smallest != nil {
			b.WriteString("The smallest open combination:\n\n" + text.Indented(p.Smallest.text()) + "\n")
		}
		p.tables(&b)
		// The tables are long, and the last lines are what a terminal shows.
		b.WriteString("\n" + spelled.Text(p.Sentence) + "\n")
	}
	if _, err := io.WriteString(w, b.String()); err != nil {
		return fmt.Errorf("print the proof: %w", err)
	}
	return nil
}

func (p *Proof) tables(b *strings.Builder) {
	fmt.Fprintf(b, "%-20s %21s %27s\n%-20s %7s %7s %5s %11s %9s %5s\n", "", "at create", "at provision", "provider", "asked", "refused", "open", "asked", "refused", "open")
	for _, row := range p.Providers {
		fmt.Fprintf(b, "%-20s %7s %7s %5s %11s %9s %5s\n", spelled.Line(row.Provider), spelled.Number(row.Create.judged()), spelled.Number(row.Create.Refused), spelled.Number(row.Create.Open),
			spelled.Number(row.Provision.judged()), spelled.Number(row.Provision.Refused), spelled.Number(row.Provision.Open))
	}
	fmt.Fprintf(b, "\nWith a right credential: %s, %s as the rules say.\n", spelled.Counted(p.Right.Scenarios, "scenario"), spelled.Number(p.Right.Passed))
	for _, v := range p.Violations {
		fmt.Fprintf(b, "%s: %s (%s, first %s)\n", spelled.Line(v.Rule), spelled.Line(v.Message), spelled.Counted(v.Scenarios, "scenario"), spelled.Line(v.First))
	}
	fmt.Fprintf(b, "\nControl:\n\n  %s.\n  %s\n\n", spelled.Line(p.Control.Door), spelled.Line(p.Control.Thinned))
	for _, g := range p.Control.Gates {
		b.WriteString("  " + g.line() + "\n")
	}
	b.WriteString("\nNot claimed, or not checked:\n\n")
	for _, s := range p.gaps() {
		b.WriteString("  - " + spelled.Line(s) + "\n")
	}
}

// line is a control gate in one line.
func (g *ControlledBy) line() string {
	line := fmt.Sprintf("%-28s %s: %s", spelled.Line(g.Name), g.Outcome, spelled.Line(g.counts()))
	if first := g.first(); first != "" {
		line += ", first " + spelled.Line(first)
	}
	return line
}

// counts say how many combinations a control gate refused, or let through, or
// why that is not known.
func (g *ControlledBy) counts() string {
	switch g.Outcome {
	case ControlFoundOut:
		return fmt.Sprintf("%s of %s open", spelled.Number(g.Open), spelled.Counted(g.Combinations, "combination"))
	case ControlPassed:
		return fmt.Sprintf("all of %s refused", spelled.Counted(g.Combinations, "combination"))
	}
	return g.Note
}

// first is the first combination that a control gate let through; empty where
// it was not found out.
func (g *ControlledBy) first() string {
	if g.Outcome == ControlFoundOut {
		return g.First
	}
	return ""
}

// gaps are what is not claimed and what is not checked.
func (p *Proof) gaps() []string {
	var out []string
	for _, area := range p.NotClaimedAreas {
		out = append(out, "Not claimed: "+area)
	}
	return append(out, p.NotChecked...)
}

// inFull shows the smallest open combination in full: it is only one.
var inFull = text.Detail{Value: 2000, Body: 2000, Violations: 10, Exchanges: 12}

// text is the combination, what was asked and answered, and how to see it again.
func (o *OpenCombination) text() string {
	var b strings.Builder
	text.Labelled(&b, "scenario: ", o.ID)
	text.Labelled(&b, "          ", o.Title)
	text.Labelled(&b, "asked:    ", fmt.Sprintf("%s of runtime %s, model %s, which %s serves, with %s", o.Stage, o.Runtime, o.Model, o.Provider, o.scope()))
	b.WriteString(text.Violations(&reports.Result{Outcome: reports.Failed, Violations: o.Violations}, inFull))
	for i := range o.Exchanges {
		if i == inFull.Exchanges {
			fmt.Fprintf(&b, "… %s more exchanges\n", spelled.Number(len(o.Exchanges)-i))
			break
		}
		for _, line := range text.ExchangeLines(&o.Exchanges[i], inFull) {
			b.WriteString(line + "\n")
		}
	}
	text.Labelled(&b, "effect: ", o.Effect)
	text.Labelled(&b, "replay: ", o.Replay)
	if o.Curl != "" {
		b.WriteString("by hand:\n" + text.Indented(spelled.Text(o.Curl)))
	}
	return b.String()
}

// scope says which credentials there were.
func (o *OpenCombination) scope() string {
	var parts []string
	for _, s := range o.Secrets {
		parts = append(parts, fmt.Sprintf("%s (%s) at %s scope", s.Name, s.Value, s.Scope))
	}
	return strings.Join(parts, ", ")
}
