package conform

import (
	"fmt"

	"github.com/molecule-ai/byok-conformance/internal/spelled"
	"github.com/molecule-ai/byok-conformance/reports"
	"github.com/molecule-ai/byok-conformance/reports/text"
	"github.com/molecule-ai/byok-conformance/suite"
)

// shown is how much of a failure is printed: as much as the command line prints,
// which a test of the command line compares.
var shown = text.Detail{Value: 2000, Body: 400, Violations: 10, Exchanges: 20}

// FailureText says what the command line says about a result that is no pass:
// the violations, the effect, the exchanges, and how to replay it, which is
// left out where it is empty. The engine has masked all credentials. It is
// empty for a result that passed or is waived.
func FailureText(r suite.Result, replay string) string {
	if r.Outcome == suite.Passed || r.Outcome == suite.Waived {
		return ""
	}
	one, lines := reports.Of(&r, replay), ""
	if r.Outcome == suite.NotClaimed {
		lines = "not-claimed: " + spelled.Text(spelled.Clip(r.Reason, shown.Value)) + "\n"
	}
	lines += text.Violations(&one, shown) + text.Context(&one, shown)
	return fmt.Sprintf("%s %s  %s\n", words[r.Outcome], spelled.Line(one.ID), spelled.Line(one.Title)) + text.Indented(lines)
}

var words = map[suite.ResultOutcome]string{suite.Failed: "FAIL", suite.Errored: "ERROR", suite.NotClaimed: "NOT CLAIMED"}
