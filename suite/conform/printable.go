package conform

import (
	"strings"

	"github.com/molecule-ai/byok-conformance/internal/spelled"
)

// labelled writes text after a label, further lines of it under the first. What
// a reader cannot see, or would act on a terminal, is spelled out.
func labelled(b *strings.Builder, label, text string) {
	indent := strings.Repeat(" ", len(label))
	text = spelled.Text(text)
	for i, line := range strings.Split(text, "\n") {
		if i > 0 {
			label = indent
		}
		b.WriteString(strings.TrimRight(label+line, " ") + "\n")
	}
}
