package scenarios

import "slices"

// needsKey is all that the claims of a scenario depend on.
type needsKey struct {
	template                                *template
	provision, liveness, global, unreadable bool
}

// needsOf returns the claims that a scenario's template names and those that
// follow from what the scenario does: one list for all that need the same.
func (e *expander) needsOf(t *template, s *Scenario) []string {
	last := &s.Steps[len(s.Steps)-1]
	key := needsKey{template: t, provision: last.Stage == Provision, liveness: last.Expect.Code == "BYOK_CREDENTIAL_INVALID" && last.Expect.Verdict == Refused}
	for i := range s.Steps {
		secrets := &s.Steps[i].Secrets
		key.global = key.global || len(secrets.Global) > 0
		key.unreadable = key.unreadable || secrets.any(func(v Value) bool { return v.Shape == Unreadable })
	}
	if known, ok := e.needs[key]; ok {
		return known
	}
	e.needs[key] = key.claims()
	return e.needs[key]
}

func (k needsKey) claims() []string {
	out := slices.Clone(k.template.needs)
	add := func(claim string, when bool) {
		if when && !slices.Contains(out, claim) {
			out = append(out, claim)
		}
	}
	if k.provision {
		add("provision-presence", !k.liveness)
		add("provision-liveness", k.liveness)
	} else {
		add("create-presence", !k.liveness && len(k.template.needs) == 0)
		add("create-liveness", k.liveness)
	}
	add("global-scope", k.global)
	add("unreadable-secrets", k.unreadable)
	return out
}
