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
func checkVerdict(o *Observation, s *StepObservation) []Violation {
	var out []Violation
	for j := range s.Replies {
		r := &s.Replies[j]
		if kind, message := wrongVerdict(o, s, r); kind != "" {
			rule := o.Scenario.Rules[0]
			if kind == Deadline {
				rule = "LIV-6"
			}
			out = append(out, Violation{kind, rule, 0, message, wantOf(s.Step), r.String()})
		}
	}
	return out
}

// wrongVerdict says what is wrong with a reply's verdict; the kind is empty
// where nothing is.
func wrongVerdict(o *Observation, s *StepObservation, r *Reply) (Kind, string) {
	switch r.Outcome {
	case OutcomeFailed:
		return Fault, "the target had a fault of its own where a verdict was due"
	case OutcomeLate:
		return Deadline, "the target did not answer in time"
	}
	x := &s.Step.Expect
	switch x.Verdict {
	case scenarios.Any:
	case scenarios.Untouched:
		if r.Outcome == OutcomeRefused && !ownRefusal(o, s.Step, r) {
			return Meddled, "the gate must stay out, but it refused"
		}
	case scenarios.Either:
		const neither = "the answer is neither an allow nor the refusal that is lawful here"
		switch {
		case r.Outcome == OutcomeRejected && !x.OrRejected:
			return Rejected, neither
		case r.Outcome == OutcomeRefused && r.Code != gate.Code(x.Code) && r.Code != "":
			return WrongCode, neither
		}
	case scenarios.Allowed:
		switch r.Outcome {
		case OutcomeAllowed:
		case OutcomeRejected:
			return Rejected, "a workspace that must be allowed was refused"
		default:
			return WronglyRefused, "a workspace that must be allowed was refused"
		}
	default:
		return wrongRefusal(x, r)
	}
	return "", ""
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

// wrongRefusal says what is wrong with a reply that must be a refusal, as
// wrongVerdict does. One with no code, or one that nobody knows, is left to REF-1.
func wrongRefusal(x *scenarios.Expect, r *Reply) (Kind, string) {
	switch {
	case r.Outcome == OutcomeAllowed:
		return WronglyAllowed, "a workspace that must be refused was allowed"
	case r.Outcome == OutcomeRejected && x.OrRejected:
		return "", ""
	case r.Outcome == OutcomeRejected:
		return Rejected, "the request was refused by another rule of the server, so the gate was not seen to refuse it"
	case known(r.Code) && r.Code != gate.Code(x.Code):
		return WrongCode, "refused for the wrong reason"
	}
	return "", ""
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
