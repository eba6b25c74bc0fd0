package specs

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"

	"github.com/molecule-ai/byok-conformance/scenarios/strict"
	"github.com/molecule-ai/byok-conformance/suite"
)

// maxShown is how many failures of one spec are printed in full: one bug fails
// every cell of a matrix in the same way.
const maxShown = 10

// failureText says what is wrong with the results of one spec; empty where all
// have passed or are waived.
func failureText(results []suite.Result) string {
	bad := slices.DeleteFunc(slices.Clone(results), func(r suite.Result) bool {
		return r.Outcome == suite.Passed || r.Outcome == suite.Waived
	})
	if len(bad) == 0 {
		return ""
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%d of %d scenarios did not pass\n", len(bad), len(results))
	for _, r := range bad[:min(len(bad), maxShown)] {
		writeResult(&b, r)
	}
	if more := len(bad) - maxShown; more > 0 {
		fmt.Fprintf(&b, "\n… and %d more\n", more)
	}
	return b.String()
}

func writeResult(b *strings.Builder, r suite.Result) {
	fmt.Fprintf(b, "\n%s  %s\n", r.Scenario.ID, r.Scenario.Title)
	if r.Outcome != suite.Failed {
		write(b, "  "+string(r.Outcome)+": ", r.Reason)
	}
	for _, v := range r.Violations {
		write(b, "  "+v.Rule+": ", v.Message)
		write(b, "    want: ", v.Want)
		write(b, "    got:  ", v.Got)
	}
	if r.Outcome == suite.Failed && r.Reason != "" {
		write(b, "  not waived: ", r.Reason)
	}
	write(b, "  effect: ", r.Scenario.Effect)
	for _, x := range r.Exchanges {
		write(b, "  "+x.Direction+": ", exchangeText(x))
	}
}

// exchangeText is an exchange in one line; the engine has masked it.
func exchangeText(x suite.Exchange) string {
	text := fmt.Sprintf("%s %s -> ", x.Method, x.URL)
	if x.Status == 0 {
		text += "no answer"
	} else {
		text += fmt.Sprint(x.Status)
	}
	var notes []string
	for _, n := range []string{x.Stage, x.Credential, x.Note} {
		if n != "" {
			notes = append(notes, n)
		}
	}
	if len(notes) > 0 {
		text += " (" + strings.Join(notes, "; ") + ")"
	}
	return text
}

// write writes text after a label, further lines of it under the first.
func write(b *strings.Builder, label, text string) {
	text = strings.ReplaceAll(strings.TrimSpace(text), "\n", "\n"+strings.Repeat(" ", len(label)))
	b.WriteString(label + text + "\n")
}

// replayCommand is the command that runs one spec alone, with the same values.
func replayCommand(fullText string, seed int64) string {
	in := ""
	if dir, err := os.Getwd(); err == nil {
		in = "-C " + quote(dir) + " "
	}
	return fmt.Sprintf("go test %s-count=1 -ginkgo.seed=%d -ginkgo.focus=%s", in, seed, quote(regexp.QuoteMeta(fullText)+"$"))
}

// quote writes an argument for a POSIX shell.
func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }

// unclaimedText counts scenarios that are not claimed by the engine's reason.
// One that the engine would have replayed is an error: it would be lost.
func unclaimedText(results []suite.Result) (string, error) {
	counts := map[string]int{}
	for _, r := range results {
		if r.Outcome != suite.NotClaimed {
			return "", fmt.Errorf("%s was counted as not claimed, but the engine says %s %s; this is a defect of the harness", r.Scenario.ID, r.Outcome, r.Reason)
		}
		counts[r.Reason]++
	}
	var lines []string
	for _, reason := range strict.SortedKeys(counts) {
		lines = append(lines, fmt.Sprintf("%d scenarios: %s", counts[reason], reason))
	}
	return strings.Join(lines, "\n"), nil
}
