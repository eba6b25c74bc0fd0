package judge

import (
	"fmt"
	"reflect"

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
// lawful (PRV-2). Steps with other secrets, or whose values the provider answers
// differently by then, may well end differently.
func checkStages(o *Observation) []Violation {
	var out []Violation
	var created *target.Reply
	var asked *scenarios.Step
	for i := range o.Steps {
		s := &o.Steps[i]
		if s.Step.Expect.Verdict != scenarios.Either || len(s.Replies) == 0 {
			continue
		}
		r := &s.Replies[0]
		switch {
		case asked == nil:
			created, asked = r, s.Step
		case changes(s.Step.Secrets) || !reflect.DeepEqual(s.Step.Secrets, asked.Secrets):
		case r.Outcome != created.Outcome:
			out = append(out, Violation{StagesDisagree, "PRV-2", i, "create and provision disagree about the same scope", "as at create: " + created.String(), r.String()})
		}
	}
	return out
}

// changes reports whether a provider answers differently to one of the values later on.
func changes(secrets scenarios.Secrets) bool {
	for _, scope := range []map[string]scenarios.Value{secrets.Workspace, secrets.Global} {
		for _, v := range scope {
			if len(v.Then) > 0 {
				return true
			}
		}
	}
	return false
}
