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
			r := &s.Replies[j]
			if rule, message := wrongVerdict(o, s, r); message != "" {
				out = append(out, Violation{rule, message, wantOf(s.Step), gotOf(r)})
			}
		}
	}
	return out
}

// wrongVerdict says which rule a reply violates by its verdict, and how; the
// message is empty where it is right.
func wrongVerdict(o *Observation, s *StepObservation, r *Reply) (rule, message string) {
	switch r.Outcome {
	case OutcomeFailed:
		return o.Scenario.Rules[0], "the target had a fault of its own where a verdict was due"
	case OutcomeLate:
		return "LIV-6", "the target did not answer in time"
	}
	x := &s.Step.Expect
	wrong := false
	switch x.Verdict {
	case scenarios.Any:
	case scenarios.Untouched:
		wrong, message = r.Outcome == OutcomeRefused && !ownRefusal(o, s.Step, r), "the gate must stay out, but it refused"
	case scenarios.Either:
		wrong = r.Outcome == OutcomeRejected && !x.OrRejected || (r.Outcome == OutcomeRefused && r.Code != gate.Code(x.Code) && r.Code != "")
		message = "the answer is neither an allow nor the refusal that is lawful here"
	case scenarios.Allowed:
		wrong, message = r.Outcome != OutcomeAllowed, "a workspace that must be allowed was refused"
	default:
		message = wrongRefusal(x, r)
		wrong = message != ""
	}
	if !wrong {
		return "", ""
	}
	return o.Scenario.Rules[0], message
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

// wrongRefusal says what is wrong with a reply that must be a refusal; "" where
// nothing is. One with no code, or one that nobody knows, is left to REF-1.
func wrongRefusal(x *scenarios.Expect, r *Reply) string {
	switch {
	case r.Outcome == OutcomeAllowed:
		return letThrough
	case r.Outcome == OutcomeRejected && x.OrRejected:
		return ""
	case r.Outcome == OutcomeRejected:
		return "the request was refused by another rule of the server, so the gate was not seen to refuse it"
	case known(r.Code) && r.Code != gate.Code(x.Code):
		return "refused for the wrong reason"
	}
	return ""
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
	if r.Headline != "" {
		return r.Headline
	}
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
