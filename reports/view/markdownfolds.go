package view

import (
	"fmt"
	"slices"
	"strings"

	"github.com/molecule-ai/byok-conformance/internal/spelled"
	"github.com/molecule-ai/byok-conformance/reports"
	"github.com/molecule-ai/byok-conformance/reports/text"
)

// markdownOverhead is more than a fold takes besides its blocks: its heading
// with the longest rule id, and the line that counts what is left out.
const markdownOverhead = 600

// failures returns the folds in at most room bytes, blocks handed out in turn so
// that a rule that failed thousands of times does not crowd out the others.
func (m *markdownPage) failures(room int) string {
	const left = 120 // the last line
	room -= left
	names := m.foldNames()
	shown := map[string]int{}
	for i := range markdownPerRule {
		for _, name := range names {
			f := m.folds[name]
			if i >= len(f.blocks) || shown[name] < i {
				continue
			}
			cost := len(f.blocks[i])
			if i == 0 {
				cost += markdownOverhead
			}
			if cost <= room {
				room -= cost
				shown[name]++
			}
		}
	}
	var b strings.Builder
	hidden, folds := 0, 0
	for _, name := range names {
		f := m.folds[name]
		if shown[name] == 0 {
			hidden += f.total
			folds++
			continue
		}
		b.WriteString(f.markdown(name, shown[name]))
	}
	if hidden > 0 {
		fmt.Fprintf(&b, "… %s under %s more, see the JSON report\n", spelled.Counted(hidden, "result"), spelled.Counted(folds, "heading"))
	}
	return b.String()
}

func (f *fold) markdown(name string, shown int) string {
	var b strings.Builder
	heading := spelled.Counted(f.total, "failure") + " of " + text.Code(spelled.Clip(name, 50))
	if name == unjudged {
		heading = spelled.Counted(f.total, "scenario") + " that could not be judged"
	}
	fmt.Fprintf(&b, "<details><summary>%s</summary>\n\n", heading)
	for _, block := range f.blocks[:shown] {
		b.WriteString(block)
	}
	if more := f.total - shown; more > 0 {
		fmt.Fprintf(&b, "… %s more, see the JSON report\n\n", spelled.Number(more))
	}
	b.WriteString("</details>\n\n")
	return b.String()
}

// foldNames returns the errors first and then the rules, in the contract's order.
func (m *markdownPage) foldNames() []string {
	names := make([]string, 0, len(m.folds))
	for name := range m.folds {
		if name != unjudged {
			names = append(names, name)
		}
	}
	slices.SortFunc(names, reports.CompareRules)
	if m.folds[unjudged] != nil {
		names = slices.Insert(names, 0, unjudged)
	}
	return names
}
