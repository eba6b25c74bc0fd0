package conform

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/molecule-ai/byok-conformance/internal/spelled"
	"github.com/molecule-ai/byok-conformance/suite"
	"github.com/molecule-ai/byok-conformance/suite/target"
)

// How much of a failure is printed: as much as the command line prints, which a
// test of the command line compares.
const (
	maxViolations = 10
	maxExchanges  = 20
	// maxValue and maxBody are in bytes: of a violation's texts, and of a body.
	maxValue = 2000
	maxBody  = 400
)

// FailureText says what the command line says about a result that is no pass:
// the violations, the effect, the exchanges, and how to replay it, which is
// left out where it is empty. The engine has masked all credentials. It is
// empty for a result that passed or is waived.
func FailureText(r suite.Result, replay string) string {
	if r.Outcome == suite.Passed || r.Outcome == suite.Waived {
		return ""
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s  %s\n", words[r.Outcome], spelled.Line(r.Scenario.ID), spelled.Line(r.Scenario.Title))
	if r.Outcome != suite.Failed {
		labelled(&b, "  "+string(r.Outcome)+": ", spelled.Clip(r.Reason, maxValue))
	}
	for i, v := range r.Violations {
		if i == maxViolations {
			fmt.Fprintf(&b, "  … %s more violations\n", spelled.Number(len(r.Violations)-i))
			break
		}
		labelled(&b, "  "+spelled.Line(v.Rule)+": ", spelled.Clip(v.Message, maxValue))
		labelled(&b, "    want: ", spelled.Clip(v.Want, maxValue))
		labelled(&b, "    got:  ", spelled.Clip(v.Got, maxValue))
	}
	if r.Outcome == suite.Failed && r.Reason != "" {
		labelled(&b, "  not waived: ", spelled.Clip(r.Reason, maxValue))
	}
	writeContext(&b, r)
	if replay != "" {
		labelled(&b, "  replay: ", replay)
	}
	return b.String()
}

var words = map[suite.ResultOutcome]string{suite.Failed: "FAIL", suite.Errored: "ERROR", suite.NotClaimed: "NOT CLAIMED"}

// writeContext writes the effect, the steps where there are several, and the
// exchanges.
func writeContext(b *strings.Builder, r suite.Result) {
	if effect := r.Effect(); effect != "" {
		labelled(b, "  effect: ", effect)
	}
	if steps := r.Scenario.Steps; len(steps) > 1 {
		names := make([]string, len(steps))
		for i := range steps {
			names[i] = steps[i].Name
		}
		labelled(b, "  steps:  ", strings.Join(names, ", "))
	}
	for i, x := range r.Exchanges {
		if i == maxExchanges {
			fmt.Fprintf(b, "  … %s more exchanges\n", spelled.Number(len(r.Exchanges)-i))
			break
		}
		writeExchange(b, x)
	}
}

// writeExchange writes who was asked what, the answer, and both bodies.
func writeExchange(b *strings.Builder, x target.Exchange) {
	who, status := x.Direction, "no answer"
	if x.Provider != "" {
		who += " " + x.Provider
	}
	if x.Status != 0 {
		status = strconv.Itoa(x.Status)
	}
	notes := []string{millis(x.Took)}
	if x.Stage != "" {
		notes = append(notes, x.Stage)
	}
	if x.Credential != "" {
		notes = append(notes, "carrying "+x.Credential)
	}
	if x.Note != "" {
		notes = append(notes, spelled.Clip(x.Note, maxBody))
	}
	b.WriteString("  " + spelled.Line(fmt.Sprintf("%s: %s %s -> %s (%s)", who, x.Method, spelled.Clip(x.URL, maxBody), status, strings.Join(notes, "; "))) + "\n")
	for _, side := range []struct{ mark, body string }{{"> ", x.RequestBody}, {"< ", x.ResponseBody}} {
		if side.body != "" {
			b.WriteString("    " + side.mark + spelled.Line(spelled.Clip(side.body, maxBody)) + "\n")
		}
	}
}

// millis prints a time, rounded to microseconds, in milliseconds.
func millis(took time.Duration) string {
	ms := float64(took.Microseconds()) / 1000
	if ms > 0 && ms < 10 {
		return fmt.Sprintf("%.1f ms", ms)
	}
	return fmt.Sprintf("%.0f ms", ms)
}
