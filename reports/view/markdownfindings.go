package view

import (
	"fmt"
	"strings"

	"github.com/molecule-ai/byok-conformance/internal/spelled"
	"github.com/molecule-ai/byok-conformance/reports"
	"github.com/molecule-ai/byok-conformance/reports/text"
)

// markdownFindings tells what explains the failures, in at most room bytes.
func markdownFindings(f reports.Footer, room int) string {
	const left = 80 // the line that says how many are left out
	var b strings.Builder
	for i := range f.Findings {
		x := &f.Findings[i]
		block := fmt.Sprintf("### %d. %s\n\n%s\n\n", i+1, text.Markdown(spelled.Clip(x.Title, 500)), text.Pre(x.Text(i+1, false)))
		if b.Len()+len(block) > room-left {
			fmt.Fprintf(&b, "… and %d more findings\n\n", len(f.Findings)-i)
			break
		}
		b.WriteString(block)
	}
	return b.String()
}
