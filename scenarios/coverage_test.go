package scenarios_test

import (
	"testing"

	"github.com/molecule-ai/byok-conformance/scenarios"
)

// oneSided are core rules that can only show on one side, each with the side
// that is missing and why. What must be refused has a twin that must be allowed
// all the same.
var oneSided = map[string]struct {
	missing scenarios.Verdict
	reason  string
}{
	"PRE-1":  {scenarios.Allowed, "it says when to refuse; PRE-4 and PRE-5 say when to allow"},
	"PRE-4":  {scenarios.Refused, "it says what suffices; PRE-1 and PRE-2 say what does not"},
	"PRE-6":  {scenarios.Allowed, "a name that is not exact never counts; an exact one is PRE-4"},
	"PRE-7":  {scenarios.Allowed, "it is about refusals"},
	"LIV-2":  {scenarios.Refused, "it says which answers refuse nobody; LIV-1 has the others"},
	"LIV-3":  {scenarios.Refused, "it says which answers refuse nobody; LIV-1 has the others"},
	"LIV-6":  {scenarios.Refused, "a provider that does not answer refuses nobody (LIV-2)"},
	"PRE-9":  {scenarios.Allowed, "it says what must not open the gate; a server may refuse what it does not know"},
	"LIV-14": {scenarios.Refused, "a host that cannot prove its name says nothing about a key (LIV-2)"},
	"LIV-11": {scenarios.Refused, "it is about allows without proof"},
	"DER-3":  {scenarios.Refused, "the gate stays out"},
	"DER-4":  {scenarios.Refused, "the gate stays out"},
	"REF-1":  {scenarios.Allowed, "it is about refusals"},
	"REF-2":  {scenarios.Allowed, "it is about refusals"},
	"SEC-4":  {scenarios.Refused, "a redirect is no verdict about the key, so the create is allowed"},
	"ROB-1":  {scenarios.Refused, "bytes that cannot be read refuse nobody (LIV-2)"},
	"PRV-1":  {scenarios.Allowed, "it says when provisioning stops; PRV-2 has both sides"},
}

// TestRulesFromBothSides holds every rule to a scenario, and every core rule to one
// scenario that must be refused and one that must be allowed: a gate that gives
// one answer to everything must fail under every rule.
func TestRulesFromBothSides(t *testing.T) {
	seen := map[string]map[scenarios.Verdict]bool{}
	rules := embeddedCorpus(t).Rules
	for _, s := range embedded(t) {
		verdict := s.Steps[len(s.Steps)-1].Expect.Verdict
		if verdict == scenarios.Untouched {
			verdict = scenarios.Allowed
		}
		for _, rule := range s.Rules {
			if seen[rule] == nil {
				seen[rule] = map[scenarios.Verdict]bool{}
			}
			seen[rule][verdict] = true
		}
	}
	for _, rule := range rules.List {
		if seen[rule.ID] == nil {
			t.Errorf("%s: no scenario exercises it", rule.ID)
			continue
		}
		if rule.Level != scenarios.Core {
			continue
		}
		exception := oneSided[rule.ID]
		for _, side := range []scenarios.Verdict{scenarios.Refused, scenarios.Allowed} {
			switch there := seen[rule.ID][side]; {
			case !there && exception.missing != side:
				t.Errorf("%s: no scenario of it must be %s; add one, or say here why there is none", rule.ID, side)
			case there && exception.missing == side:
				t.Errorf("%s: some scenario of it must be %s, so its exception can go (%s)", rule.ID, side, exception.reason)
			}
		}
	}
	for rule, e := range oneSided {
		if seen[rule] == nil {
			t.Errorf("%s is excepted (%s), but no scenario exercises it", rule, e.reason)
		}
	}
}
