package match_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/onsi/gomega"
	"github.com/onsi/gomega/types"

	"github.com/molecule-ai/byok-conformance/gate"
	"github.com/molecule-ai/byok-conformance/suite/match"
)

var (
	allowed = gate.Decision{Verdict: gate.Allowed, Provider: "openai-api"}
	loud    = gate.Decision{Verdict: gate.Allowed, Provider: "openai-api", Notices: []gate.Notice{{Provider: "openai-api", Credential: "OPENAI_API_KEY", Cause: "no answer"}}}
	missing = gate.Decision{Verdict: gate.Refused, Code: gate.MissingCredential, Provider: "openai-api", Accepted: []string{"OPENAI_API_KEY"}}
	dead    = gate.Decision{Verdict: gate.Refused, Code: gate.InvalidCredential, Provider: "openai-api", Credential: "OPENAI_API_KEY"}
	bare    = gate.Decision{Verdict: gate.Refused, Code: gate.MissingCredential}
	nothing = gate.Decision{}
)

func TestMatchers(t *testing.T) {
	all := []gate.Decision{allowed, loud, missing, dead, bare, nothing}
	for name, tt := range map[string]struct {
		matcher types.GomegaMatcher
		// matches has one letter for each of all: y or n.
		matches string
	}{
		"allowed":            {match.BeAllowed(), "yynnnn"},
		"allowed loudly":     {match.BeAllowedLoudly("openai-api", "OPENAI_API_KEY"), "nynnnn"},
		"loud, other name":   {match.BeAllowedLoudly("openai-api", "GROQ_API_KEY"), "nnnnnn"},
		"loud, other vendor": {match.BeAllowedLoudly("groq", "OPENAI_API_KEY"), "nnnnnn"},
		"refused: missing":   {match.BeRefusedFor(gate.MissingCredential), "nnynnn"},
		"refused: invalid":   {match.BeRefusedFor(gate.InvalidCredential), "nnnynn"},
		"provider":           {match.NameProvider("openai-api"), "yyyynn"},
	} {
		t.Run(name, func(t *testing.T) {
			for i, d := range all {
				want := tt.matches[i] == 'y'
				for _, actual := range []any{d, &d} {
					if got, err := tt.matcher.Match(actual); got != want || err != nil {
						t.Errorf("%+v: %t, %v, want %t", actual, got, err, want)
					}
				}
			}
		})
	}
}

func TestOtherValuesAreErrors(t *testing.T) {
	for _, actual := range []any{nil, "refused", (*gate.Decision)(nil), gate.Refused} {
		if _, err := match.BeAllowed().Match(actual); err == nil || !strings.Contains(err.Error(), "expects a gate.Decision") {
			t.Errorf("%T: error %v", actual, err)
		}
	}
}

// What Gomega prints says what was wanted and what the decision was.
func TestFailure(t *testing.T) {
	var said string
	g := gomega.NewGomega(func(message string, _ ...int) { said = message })
	g.Expect(missing, nil).To(match.BeAllowed())
	want := "Expected the decision: refused\n  code: MISSING_BYOK_CREDENTIAL\n  provider: openai-api\n  accepted: OPENAI_API_KEY\nto be allowed"
	if said != want {
		t.Errorf("message is\n%s\nwant\n%s", said, want)
	}
	g.Expect(loud).NotTo(match.BeAllowed())
	if want := "Expected the decision: allowed\n  provider: openai-api\n  notice: openai-api, OPENAI_API_KEY: no answer\nnot to be allowed"; said != want {
		t.Errorf("message is\n%s\nwant\n%s", said, want)
	}
	said = ""
	g.Expect(missing, errors.New("the gate failed")).To(match.BeRefusedFor(gate.MissingCredential))
	if !strings.Contains(said, "the gate failed") {
		t.Errorf("an error beside the decision says %q", said)
	}
}
