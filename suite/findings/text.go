package findings

import (
	"fmt"
	"slices"
	"strings"

	"github.com/molecule-ai/byok-conformance/internal/spelled"
)

const (
	// told is how many findings are told at length; the rest get a line each.
	told = 3
	// mentioned is how many findings are told at all.
	mentioned = 12
	// maxExchangeLines is how many lines of exchanges a finding shows.
	maxExchangeLines = 8
	maxText          = 300
)

// Text tells findings on about one screen; explain names the command that tells
// one again, and may be empty.
func Text(list []Finding, explain string) string {
	var b strings.Builder
	for i := range list {
		f := &list[i]
		switch {
		case i < told:
			b.WriteString(f.Text(i+1, len(list) > 1))
			b.WriteByte('\n')
		case i < mentioned:
			fmt.Fprintf(&b, "%d. %s: %s\n", i+1, f.heading(), f.counts())
		}
	}
	if len(list) > mentioned {
		fmt.Fprintf(&b, "… and %d more findings\n", len(list)-mentioned)
	}
	if explain != "" && len(list) > 0 {
		fmt.Fprintf(&b, "more of a finding: %s %s\n", explain, list[0].ID)
	}
	return b.String()
}

func (f *Finding) heading() string { return strings.ToUpper(f.Severity) + "  " + spelled.Line(f.Title) }

func (f *Finding) counts() string {
	text := fmt.Sprintf("%s of %s tried", spelled.Number(f.Failed), spelled.Number(f.Tried))
	if f.Mixed {
		text += fmt.Sprintf(" (mixed: no short description is exact; %s exceptions, such as %s)", spelled.Number(len(f.Exceptions)), first(f.Exceptions))
	}
	return text
}

func first(list []string) string {
	if len(list) == 0 {
		return "none"
	}
	return list[0]
}

// shortened is as many lines of exchanges as a finding shows: without the bodies
// where there are too many, and then without those in the middle.
func shortened(lines []string) []string {
	if len(lines) <= maxExchangeLines {
		return lines
	}
	heads := slices.DeleteFunc(slices.Clone(lines), func(l string) bool { return strings.HasPrefix(l, "  ") })
	left := len(heads) - maxExchangeLines
	if left <= 0 {
		return heads
	}
	half := maxExchangeLines / 2
	return slices.Concat(heads[:half], []string{fmt.Sprintf("… %d more", left)}, heads[half+left:])
}

// Text tells one finding; short leaves out what the example's own text holds.
func (f *Finding) Text(number int, short bool) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d. %s\n", number, f.heading())
	line := func(label, text string) {
		if text != "" {
			fmt.Fprintf(&b, "   %-9s %s\n", label, spelled.Line(spelled.Clip(text, maxText)))
		}
	}
	line("failed", f.counts()+": "+f.Reach)
	line("not", f.NotWhere)
	line("rules", strings.Join(clipList(f.Rules, 8), ", "))
	e := &f.Example
	line("example", e.ID+"  "+e.Title)
	line("  "+e.Rule, e.Message)
	line("  want", e.Want)
	line("  got", e.Got)
	line("  not waived", e.NotWaived)
	if !short {
		for _, x := range shortened(e.Exchanges) {
			fmt.Fprintf(&b, "             %s\n", spelled.Line(x))
		}
	}
	if f.Neighbour != nil {
		line("passed", f.Neighbour.ID+"  "+f.Neighbour.Title)
	}
	line("effect", e.Effect)
	for _, w := range f.Follows {
		line("and so", fmt.Sprintf("%s (%s)", w.Kind.Title(), spelled.Number(w.Failed)))
	}
	if l := f.LooksLike; l != nil {
		line("like", fmt.Sprintf("faulty:%s, in %d of %d scenarios: %s", l.Gate, l.Agreed, l.Compared, l.Story))
	}
	line("replay", e.Replay)
	return b.String()
}

func clipList(list []string, most int) []string {
	if len(list) <= most {
		return list
	}
	return append(append([]string{}, list[:most]...), fmt.Sprintf("and %d more", len(list)-most))
}
