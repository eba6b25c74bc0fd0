package reports

import (
	"fmt"

	"github.com/molecule-ai/byok-conformance/internal/spelled"
)

// counted prints "1 rule", "2 rules".
func counted(n int, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return spelled.Number(n) + " " + noun
}

// millis prints a time of ms milliseconds.
func millis(ms float64) string {
	if ms > 0 && ms < 10 {
		return fmt.Sprintf("%.1f ms", ms)
	}
	return fmt.Sprintf("%.0f ms", ms)
}
