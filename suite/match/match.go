// Package match holds Gomega matchers for single decisions of a gate, for the
// tests that a Go server writes about its own gate beside the corpus:
//
//	Expect(g.Decide(ctx, req)).To(match.BeRefusedFor(gate.MissingCredential))
//
// What lives here reads a gate.Decision and nothing else. Which decision is
// right for which request is the corpus's business (scenarios), and holding a
// whole gate to it that of suite/specs and suite/conform.
package match

import (
	"fmt"
	"slices"
	"strings"

	"github.com/onsi/gomega/types"

	"github.com/molecule-ai/byok-conformance/gate"
)

// BeAllowed matches a decision that lets the workspace through.
func BeAllowed() types.GomegaMatcher {
	return matcher{"be allowed", func(d gate.Decision) bool { return d.Verdict == gate.Allowed }}
}

// BeAllowedLoudly matches an allow without proof of life that says so (LIV-11):
// one of its notices names this provider and this credential.
func BeAllowedLoudly(provider, credential string) types.GomegaMatcher {
	return matcher{
		fmt.Sprintf("be allowed with a notice about %s of provider %s", credential, provider),
		func(d gate.Decision) bool {
			return d.Verdict == gate.Allowed && slices.ContainsFunc(d.Notices, func(n gate.Notice) bool {
				return n.Provider == provider && n.Credential == credential
			})
		},
	}
}

// BeRefusedFor matches a refusal with this code that names its provider, and,
// for a missing credential, a name that the provider accepts (REF-2).
func BeRefusedFor(code gate.Code) types.GomegaMatcher {
	return matcher{
		fmt.Sprintf("be refused with %s", code),
		func(d gate.Decision) bool {
			return d.Verdict == gate.Refused && d.Code == code && d.Provider != "" &&
				(code != gate.MissingCredential || len(d.Accepted) > 0)
		},
	}
}

// NameProvider matches a decision about this provider.
func NameProvider(name string) types.GomegaMatcher {
	return matcher{"name provider " + name, func(d gate.Decision) bool { return d.Provider == name }}
}

// A matcher is a question about a decision, and the words for it.
type matcher struct {
	want  string
	holds func(gate.Decision) bool
}

// Match implements Gomega's matcher; its error says that the actual value is no
// decision.
func (m matcher) Match(actual any) (bool, error) {
	switch d := actual.(type) {
	case gate.Decision:
		return m.holds(d), nil
	case *gate.Decision:
		if d != nil {
			return m.holds(*d), nil
		}
	}
	return false, fmt.Errorf("the matcher expects a gate.Decision, and got %T; pass what Decide returned", actual)
}

// FailureMessage implements Gomega's matcher.
func (m matcher) FailureMessage(actual any) string {
	return "Expected " + described(actual) + "\nto " + m.want
}

// NegatedFailureMessage implements Gomega's matcher.
func (m matcher) NegatedFailureMessage(actual any) string {
	return "Expected " + described(actual) + "\nnot to " + m.want
}

// described is a decision in the words of its fields; empty ones are left out.
func described(actual any) string {
	d, ok := actual.(gate.Decision)
	if p, isPointer := actual.(*gate.Decision); isPointer && p != nil {
		d, ok = *p, true
	}
	if !ok {
		return fmt.Sprintf("%T", actual)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "the decision: %s", d.Verdict)
	for _, part := range []struct{ label, value string }{
		{"code", string(d.Code)}, {"provider", d.Provider}, {"accepted", strings.Join(d.Accepted, ", ")},
		{"credential", d.Credential}, {"message", d.Message},
	} {
		if part.value != "" {
			fmt.Fprintf(&b, "\n  %s: %s", part.label, part.value)
		}
	}
	for _, n := range d.Notices {
		fmt.Fprintf(&b, "\n  notice: %s, %s: %s", n.Provider, n.Credential, n.Cause)
	}
	return b.String()
}
