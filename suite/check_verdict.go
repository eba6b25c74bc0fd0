package suite

import (
	"fmt"
	"slices"
	"strings"

	"github.com/molecule-ai/byok-conformance/gate"
	"github.com/molecule-ai/byok-conformance/scenarios"
)

// checkVerdict holds each reply to the step's verdict. A wrong verdict
// violates the scenario's first rule.
func checkVerdict(o *Observation) []Violation {
	var out []Violation
	for i := range o.Steps {
		s := &o.Steps[i]
		for j := range s.Replies {
			if v, bad := wrongVerdict(o, s, &s.Replies[j]); bad {
				out = append(out, v)
			}
		}
	}
	return out
}

func wrongVerdict(o *Observation, s *StepObservation, r *Reply) (Violation, bool) {
	v := Violation{Rule: o.Scenario.Rules[0], Want: wantOf(s.Step), Got: gotOf(r)}
	switch r.Outcome {
	case OutcomeFailed:
		v.Message = "the target had a fault of its own where a verdict was due"
		return v, true
	case OutcomeLate:
		v.Rule, v.Message = "LIV-6", "the target did not answer in time"
		return v, true
	}
	x := s.Step.Expect
	switch x.Verdict {
	case scenarios.Any:
		return v, false
	case scenarios.Untouched:
		v.Message = "the gate must stay out, but it refused"
		return v, r.Outcome == OutcomeRefused && !ownRefusal(o, s.Step, r)
	case scenarios.Either:
		v.Message = "the answer is neither an allow nor the refusal that is lawful here"
		return v, r.Outcome == OutcomeRejected && !x.OrRejected || (r.Outcome == OutcomeRefused && r.Code != gate.Code(x.Code) && r.Code != "")
	case scenarios.Allowed:
		v.Message = "a workspace that must be allowed was refused"
		return v, r.Outcome != OutcomeAllowed
	}
	return wrongRefusal(v, x, r)
}

// ownRefusal reports whether an underivable pair was refused for a reason of the
// server's own, under a code that its profile does not list (DER-3): the code is
// none of the gate's, and nothing asks for a credential.
func ownRefusal(o *Observation, step *scenarios.Step, r *Reply) bool {
	if !slices.Contains(o.Scenario.Rules, "DER-3") || r.RawCode == "" || known(r.Code) || strings.Contains(r.RawCode, "CREDENTIAL") {
		return false
	}
	text := ownWords(o, step, r.Text)
	return !slices.ContainsFunc(o.Registry.CredentialNames(), func(name string) bool { return hasWord(text, name) })
}

// wrongRefusal judges a reply that must be a refusal. One with no code, or one
// that nobody knows, is left to REF-1.
func wrongRefusal(v Violation, x scenarios.Expect, r *Reply) (Violation, bool) {
	switch {
	case r.Outcome == OutcomeAllowed:
		v.Message = "a workspace that must be refused was allowed"
		return v, true
	case r.Outcome == OutcomeRejected && x.OrRejected:
		return v, false
	case r.Outcome == OutcomeRejected:
		v.Message = "the request was refused by another rule of the server, so the gate was not seen to refuse it"
		return v, true
	case known(r.Code) && r.Code != gate.Code(x.Code):
		v.Message = "refused for the wrong reason"
		return v, true
	}
	return v, false
}

func known(c gate.Code) bool { return c == gate.MissingCredential || c == gate.InvalidCredential }

func wantOf(s *scenarios.Step) string {
	x := s.Expect
	switch x.Verdict {
	case scenarios.Refused:
		return fmt.Sprintf("%s refused with %s", s.Stage, x.Code)
	case scenarios.Either:
		return fmt.Sprintf("%s allowed, or refused with %s", s.Stage, x.Code)
	case scenarios.Untouched:
		return fmt.Sprintf("%s not refused by this gate", s.Stage)
	case scenarios.Any:
		return fmt.Sprintf("%s answered with a 4xx or a normal verdict", s.Stage)
	}
	return fmt.Sprintf("%s allowed", s.Stage)
}

func gotOf(r *Reply) string {
	text := string(r.Outcome)
	if r.RawCode != "" {
		text += " with " + r.RawCode
	}
	if r.Status != 0 {
		text += fmt.Sprintf(" (status %d)", r.Status)
	}
	if r.Err != nil {
		text += ": " + r.Err.Error()
	}
	return text
}
