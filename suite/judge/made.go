package judge

import (
	"github.com/molecule-ai/byok-conformance/internal/spelled"
)

// checkMade reports replies that name a workspace which their create did not make.
func checkMade(_ *Observation, s *StepObservation) []Violation {
	var out []Violation
	for i := range s.Replies {
		if r := &s.Replies[i]; r.NotMade {
			out = append(out, Violation{
				Kind: NotMade, Rule: "ROB-3", Message: "the reply names a workspace that this create did not make",
				Want: "an id of its own", Got: "the id " + spelled.Line(r.Workspace.ID) + ", which was there before, or which another create was answered with",
			})
		}
	}
	return out
}
