package suite

import (
	"fmt"

	"github.com/molecule-ai/byok-conformance/scenarios"
)

// checkAgreement holds replies to each other: the same request at once (ROB-3),
// and create against provision where both verdicts are lawful (PRV-2).
func checkAgreement(o *Observation) []Violation {
	var out []Violation
	var created *Reply
	for i := range o.Steps {
		s := &o.Steps[i]
		for j := range s.Replies {
			first, r := &s.Replies[0], &s.Replies[j]
			if r.Outcome != first.Outcome || r.Code != first.Code {
				out = append(out, Violation{"ROB-3", fmt.Sprintf("%d requests at once got different verdicts", len(s.Replies)), gotOf(first), gotOf(r)})
				break
			}
		}
		if s.Step.Expect.Verdict != scenarios.Either || len(s.Replies) == 0 {
			continue
		}
		r := &s.Replies[0]
		if created == nil {
			created = r
		} else if r.Outcome != created.Outcome {
			out = append(out, Violation{"PRV-2", "create and provision disagree about the same scope", "as at create: " + gotOf(created), gotOf(r)})
		}
	}
	return out
}
