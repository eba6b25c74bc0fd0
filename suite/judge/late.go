package judge

import (
	"github.com/molecule-ai/byok-conformance/scenarios"
	"github.com/molecule-ai/byok-conformance/suite/target"
)

// checkLate reports refusals that are not the answer to the create (REF-4).
func checkLate(_ *Observation, s *StepObservation) []Violation {
	if s.Step.Stage != scenarios.Create || s.Later == nil || s.Later.Outcome != target.Refused {
		return nil
	}
	return []Violation{{
		LateRefusal, "REF-4", 0, "the create was answered as if it were allowed, and the refusal came afterwards",
		"the refusal is the answer to the create", s.Replies[0].String() + ", then " + s.Later.String(),
	}}
}
