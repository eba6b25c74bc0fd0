package conform

import (
	"fmt"
	"strings"

	"github.com/molecule-ai/byok-conformance/internal/spelled"
	"github.com/molecule-ai/byok-conformance/suite"
	"github.com/molecule-ai/byok-conformance/suite/findings"
)

// toldInFull is how many failures a test tells in full where more fail.
const toldInFull = 5

// explain says why scenarios failed, and marks in shown those to be told in full:
// the examples first. It is empty where nothing failed.
func (s *Session) explain(test string, results []suite.Result, shown map[string]bool) string {
	c := findings.NewCollector(s.options.Registry)
	var wrong []string
	for _, r := range results {
		c.Add(r)
		if r.Outcome == suite.Failed || r.Outcome == suite.Errored {
			wrong = append(wrong, r.Scenario.ID)
		}
	}
	if len(wrong) == 0 {
		return ""
	}
	list := c.Findings(func(id string) string { return replayCommand(test + "/" + id) })
	for _, f := range list {
		if len(shown) < toldInFull {
			shown[f.Example.ID] = true
		}
	}
	for _, id := range wrong {
		if len(shown) < toldInFull {
			shown[id] = true
		}
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s of %s scenarios fail", spelled.Number(len(wrong)), spelled.Number(len(results)))
	if len(wrong) > len(shown) {
		fmt.Fprintf(&b, "; %d of them are told as subtests, and with -v all are", len(shown))
	}
	b.WriteString("\n\n" + findings.Text(list, ""))
	return b.String()
}
