package judge

import (
	"fmt"
	"slices"
	"strings"

	"github.com/molecule-ai/byok-conformance/scenarios"
	"github.com/molecule-ai/byok-conformance/suite/target"
)

// checkTrace looks for the trace of an allow without proof of life (LIV-11): a
// line of output, a header or a field of the reply that holds the provider's
// name and the credential's. It is judged where secrecy-logs is claimed, since
// otherwise the line may be there without our seeing it, and where the target
// says that it proves liveness at all.
func checkTrace(o *Observation, s *StepObservation) []Violation {
	proves := o.claims("create-liveness") || slices.Contains(o.Scenario.Rules, "LIV-10")
	if o.HTTP && (!o.claims("secrecy-logs") || !proves) || !s.Step.Expect.Loud {
		return nil
	}
	var out []Violation
	for j := range s.Replies {
		if r := &s.Replies[j]; r.Outcome == target.Allowed && !Traced(o, s, r) {
			_, name, _ := strings.Cut(s.Step.Expect.Probed, "/")
			out = append(out, Violation{
				SilentAllow, loudRule(o.Scenario), 0, "the workspace was allowed without proof of life, and nothing says so",
				fmt.Sprintf("a line of output or a field of the reply with %s and %s", strings.Join(s.Step.Expect.Providers, " or "), name),
				fmt.Sprintf("%d lines of output and a reply without them", len(s.Traces)),
			})
		}
	}
	return out
}

// loudRule is the rule that asks for the trace: that of the dialect in which an
// answer proves nothing, SEC-6 by itself where a value cannot be sent, and LIV-11
// for every other allow without proof.
func loudRule(s *scenarios.Scenario) string {
	if slices.Contains([]string{"DIA-2", "DIA-3", "DIA-4", "DIA-5"}, s.Rules[0]) {
		return s.Rules[0]
	}
	if slices.Contains(s.Rules, "SEC-6") && !slices.Contains(s.Rules, "LIV-11") {
		return "SEC-6"
	}
	return "LIV-11"
}

func Traced(o *Observation, s *StepObservation, r *target.Reply) bool {
	for _, n := range r.Notices {
		if isTrace(o, s.Step, n.Provider+" "+n.Credential) {
			return true
		}
	}
	for _, line := range s.Traces {
		if IsLoudLine(o, s.Step, line) {
			return true
		}
	}
	return replyTraces(o, s.Step, r)
}

// replyTraces looks into the reply's headers and, field by field, into its body.
func replyTraces(o *Observation, step *scenarios.Step, r *target.Reply) bool {
	for _, values := range r.Header {
		for _, v := range values {
			if isTrace(o, step, v) {
				return true
			}
		}
	}
	for _, field := range target.TopFields(r.Body) {
		if isTrace(o, step, field) {
			return true
		}
	}
	return false
}

// IsLoudLine reports whether a line of output is the trace of a step.
func IsLoudLine(o *Observation, step *scenarios.Step, line string) bool {
	if o.Loud == "" {
		return isTrace(o, step, line)
	}
	return !ofAnother(o, line) && loudMatches(o.Loud, o, step, line)
}

func ofAnother(o *Observation, text string) bool {
	return o.Scenario != nil && othersLine(text, o.RunID, o.Request)
}

func isTrace(o *Observation, step *scenarios.Step, text string) bool {
	if ofAnother(o, text) {
		return false
	}
	_, name, _ := strings.Cut(step.Expect.Probed, "/")
	text = ownWords(o, step, text)
	if !hasWord(text, name) {
		return false
	}
	for _, provider := range step.Expect.Providers {
		p := o.Registry.Provider(provider)
		if hasWord(text, provider) || p != nil && p.DisplayName != "" && hasWord(text, p.DisplayName) {
			return true
		}
	}
	return false
}
