package judge

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/molecule-ai/byok-conformance/gate"
	"github.com/molecule-ai/byok-conformance/scenarios"
	"github.com/molecule-ai/byok-conformance/suite/target"
)

// checkVerdict holds each reply to the step's verdict. A wrong verdict
// violates the scenario's first rule.
func checkVerdict(o *Observation, s *StepObservation) []Violation {
	var out []Violation
	for j := range s.Replies {
		r := &s.Replies[j]
		if kind, message := wrongVerdict(o, s, r); kind != "" {
			out = append(out, Violation{kind, brokenBy(o, s, r, kind), 0, message, wantOf(s.Step), r.String()})
		}
	}
	return out
}

// brokenBy is the rule that a wrong verdict breaks: the scenario's first one,
// unless what decided is another's matter. Where a liveness scenario is refused
// for want of a credential, the gate did not come as far as liveness.
func brokenBy(o *Observation, s *StepObservation, r *target.Reply, kind Kind) string {
	step := s.Step
	rule := o.Scenario.Rules[0]
	switch {
	case kind == Fault && step.Malformed != "":
		return "ROB-2"
	case kind == RowLeft:
		return "REF-3"
	case (kind == Deadline || kind == Fault && r.Status == http.StatusServiceUnavailable) && nobodyAsked(s):
		return "ROB-3"
	case kind == Deadline && step.AtOnce > 1 && !o.claims("create-liveness"):
		return "ROB-3"
	case kind == Deadline:
		return "LIV-6"
	case step.Expect.Verdict != scenarios.Allowed || !isLiveness(rule):
		return rule
	case r.Code == gate.MissingCredential || !o.claims("create-liveness"):
		return presenceRule(step)
	}
	return rule
}

// nobodyAsked reports whether a server that gave no verdict had nobody to wait for: no
// provider was asked, none would have been in trouble, and the like was answered
// before. It does not take the request now, whatever the scenario is about: a slot or
// a lock may be kept by what came before.
func nobodyAsked(s *StepObservation) bool {
	if !s.AnsweredBefore || len(s.Calls) > 0 || s.Struck || s.Step.Malformed != "" {
		return false
	}
	v := s.Step.Secrets.Value(s.Step.Expect.Probed)
	return !slices.ContainsFunc(v.Answers, func(a string) bool {
		means := scenarios.AnswerOf(a).Means
		return means == scenarios.Transient || means == scenarios.Inconclusive
	})
}

// isLiveness reports whether a rule is about what a provider says of a credential.
func isLiveness(rule string) bool {
	presence := []string{"LIV-7", "LIV-8", "LIV-10"} // these say which credential is present
	return strings.HasPrefix(rule, "DIA-") || strings.HasPrefix(rule, "LIV-") && !slices.Contains(presence, rule)
}

// presenceRule is the rule that an accepted credential suffices.
func presenceRule(step *scenarios.Step) string {
	switch {
	case step.Stage == scenarios.Provision:
		return "PRV-2"
	case strings.HasPrefix(step.Expect.Probed, "global/"):
		return "PRE-5"
	}
	return "PRE-4"
}

// nameTaken reports whether a create that asks for a name again is turned away for
// that reason: with no other reason where it must be allowed, as a conflict where
// the gate has a reason of its own.
func nameTaken(x *scenarios.Expect, r *target.Reply) bool {
	switch x.Verdict {
	case scenarios.Allowed:
		return r.Outcome == target.Refused || r.Outcome == target.Rejected && !x.OrRejected
	case scenarios.Refused:
		return (r.Outcome == target.Refused || r.Outcome == target.Rejected) && r.Status == http.StatusConflict && !x.OrRejected
	}
	return false
}

// wrongVerdict says what is wrong with a reply's verdict; the kind is empty
// where nothing is.
func wrongVerdict(o *Observation, s *StepObservation, r *target.Reply) (Kind, string) {
	switch r.Outcome {
	case target.Failed:
		return Fault, "the target had a fault of its own where a verdict was due"
	case target.Late:
		return Deadline, "the target did not answer in time"
	case target.HungUp:
		return "", "" // nobody heard the verdict; what it left shows itself in the rows
	}
	x := &s.Step.Expect
	if s.NamedBefore && !Known(r.Code) && nameTaken(x, r) {
		return RowLeft, "a workspace is refused whose name a refused create asked for, and no other reason of the gate's is given"
	}
	switch x.Verdict {
	case scenarios.Any:
	case scenarios.Untouched:
		if r.Outcome == target.Refused && !ownRefusal(o, s.Step, r) {
			return Meddled, "the gate must stay out, but it refused"
		}
	case scenarios.Either:
		const neither = "the answer is neither an allow nor the refusal that is lawful here"
		switch {
		case r.Outcome == target.Rejected && !x.OrRejected:
			return Rejected, neither
		case r.Outcome == target.Refused && r.Code != gate.Code(x.Code) && r.Code != "":
			return WrongCode, neither
		}
	case scenarios.Allowed:
		switch r.Outcome {
		case target.Allowed:
		case target.Rejected:
			if x.OrRejected {
				return "", ""
			}
			return Rejected, "a workspace that must be allowed was refused"
		default:
			return WronglyRefused, "a workspace that must be allowed was refused"
		}
	default:
		if s.Kept && r.Outcome == target.Allowed && x.Code == string(gate.InvalidCredential) {
			return "", ""
		}
		return wrongRefusal(x, r)
	}
	return "", ""
}

// ownRefusal reports whether an underivable pair was refused for a reason of the
// server's own, under a code that its profile does not list (DER-3): the code is
// none of the gate's, and nothing asks for a credential.
func ownRefusal(o *Observation, step *scenarios.Step, r *target.Reply) bool {
	if !slices.Contains(o.Scenario.Rules, "DER-3") || r.RawCode == "" || Known(r.Code) || strings.Contains(r.RawCode, "CREDENTIAL") {
		return false
	}
	text := ownWords(o, step, r.Text)
	return !slices.ContainsFunc(o.Registry.CredentialNames(), func(name string) bool { return hasWord(text, name) })
}

// wrongRefusal says what is wrong with a reply that must be a refusal, as
// wrongVerdict does. One with no code, or one that nobody knows, is left to REF-1.
func wrongRefusal(x *scenarios.Expect, r *target.Reply) (Kind, string) {
	switch {
	case r.Outcome == target.Allowed:
		return WronglyAllowed, "a workspace that must be refused was allowed"
	case r.Outcome == target.Rejected && x.OrRejected:
		return "", ""
	case r.Outcome == target.Rejected:
		return Rejected, "the request was refused by another rule of the server, so the gate was not seen to refuse it"
	case Known(r.Code) && r.Code != gate.Code(x.Code):
		return WrongCode, "refused for the wrong reason"
	}
	return "", ""
}

func Known(c gate.Code) bool { return c == gate.MissingCredential || c == gate.InvalidCredential }

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
	if x.OrRejected {
		return fmt.Sprintf("%s allowed, or the request rejected by another rule", s.Stage)
	}
	return fmt.Sprintf("%s allowed", s.Stage)
}
