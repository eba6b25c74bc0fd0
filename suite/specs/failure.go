package specs

import (
	"fmt"
	"slices"
	"strings"

	"github.com/molecule-ai/byok-conformance/suite"
	"github.com/molecule-ai/byok-conformance/suite/conform"
)

// maxShown is how many failures of one spec are printed in full: one bug fails
// every cell of a matrix in the same way.
const maxShown = 10

// failureText says what is wrong with the results of one spec; empty where all
// have passed or are waived.
func failureText(results []suite.Result) string {
	bad := slices.DeleteFunc(slices.Clone(results), func(r suite.Result) bool { return conform.FailureText(r, "") == "" })
	if len(bad) == 0 {
		return ""
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%d of %d scenarios did not pass\n", len(bad), len(results))
	for _, r := range bad[:min(len(bad), maxShown)] {
		b.WriteString("\n" + conform.FailureText(r, ""))
	}
	if more := len(bad) - maxShown; more > 0 {
		fmt.Fprintf(&b, "\n… and %d more\n", more)
	}
	return b.String()
}
