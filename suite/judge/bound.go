package judge

import (
	"fmt"
	"time"

	"github.com/molecule-ai/byok-conformance/scenarios"
	"github.com/molecule-ai/byok-conformance/suite/target"
)

// BoundSlack is what a create may take on top of the probe's budget (LIV-6).
const BoundSlack = 2 * time.Second

// checkBound holds every create to the probe's budget plus the slack, and counts
// only the time in which the harness itself was running.
func checkBound(o *Observation, s *StepObservation) []Violation {
	if s.Step.Stage != scenarios.Create || s.Step.Expect.Upstream == scenarios.NoCall || !o.claims("create-liveness") {
		return nil
	}
	var out []Violation
	for j := range s.Replies {
		if r := &s.Replies[j]; r.Outcome != target.Late && r.Took-r.Stalled > o.Budget+BoundSlack {
			out = append(out, Violation{
				Deadline, "LIV-6", 0, "the create outlasted the probe's bound",
				fmt.Sprintf("an answer within %s", o.Budget+BoundSlack), answeredAfter(r),
			})
		}
	}
	return out
}

func answeredAfter(r *target.Reply) string {
	text := fmt.Sprintf("an answer after %s", r.Took.Round(time.Millisecond))
	if r.Stalled > 0 {
		text += fmt.Sprintf(", of which the harness itself did not run for %s", r.Stalled.Round(time.Millisecond))
	}
	return text
}
