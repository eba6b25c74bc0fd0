package judge

import (
	"fmt"

	"github.com/molecule-ai/byok-conformance/scenarios"
	"github.com/molecule-ai/byok-conformance/suite/target"
)

// checkAtOnce holds the replies to the same request at once to each other (ROB-3).
func checkAtOnce(_ *Observation, s *StepObservation) []Violation {
	if s.Step.HangUp || s.Step.OneName {
		return nil // who came first may get what the others do not
	}
	for j := range s.Replies {
		first, r := &s.Replies[0], &s.Replies[j]
		if r.Outcome != first.Outcome || r.Code != first.Code {
			return []Violation{{Unstable, "ROB-3", 0, fmt.Sprintf("%d requests at once got different verdicts", len(s.Replies)), first.String(), r.String()}}
		}
	}
	return nil
}

// checkStages holds create and provision to each other where both verdicts are
// lawful (PRV-2).
func checkStages(o *Observation) []Violation {
	var out []Violation
	var created *target.Reply
	for i := range o.Steps {
		s := &o.Steps[i]
		if s.Step.Expect.Verdict != scenarios.Either || len(s.Replies) == 0 {
			continue
		}
		r := &s.Replies[0]
		if created == nil {
			created = r
		} else if r.Outcome != created.Outcome {
			out = append(out, Violation{StagesDisagree, "PRV-2", i, "create and provision disagree about the same scope", "as at create: " + created.String(), r.String()})
		}
	}
	return out
}
