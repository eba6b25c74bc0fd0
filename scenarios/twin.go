package scenarios

import (
	"fmt"
)

// pairing is what a scenario and its twin have in common: everything but the
// credential.
type pairing struct {
	stage          Stage
	runtime, model string
	external       bool
	// provider is the derived one: the same pair can lead to several (DER-2).
	provider, scope string
}

// pairingOf is the pairing of a scenario with one of the providers that it may lead to.
func pairingOf(s *Scenario, provider string) pairing {
	last := &s.Steps[len(s.Steps)-1]
	return pairing{last.Stage, last.Runtime, last.Model, last.External, provider, last.Secrets.scope()}
}

// providers are the names of those that a scenario may lead to.
func (s *Scenario) providers() []string { return s.Steps[len(s.Steps)-1].Expect.Providers }

// scope names the scopes that hold anything.
func (s Secrets) scope() string {
	switch {
	case len(s.Workspace) > 0 && len(s.Global) > 0:
		return "both"
	case len(s.Global) > 0:
		return "global"
	}
	return "workspace"
}

// pairTwins gives every scenario that must be refused the one that differs in
// the credential only and must be allowed. A refusal without one proves
// nothing, so a missing twin is an error.
func pairTwins(list []*Scenario) []error {
	twins := map[pairing]*Scenario{}
	byID := make(map[string]*Scenario, len(list))
	var errs []error
	for _, s := range list {
		if first := byID[s.ID]; first != nil {
			errs = append(errs, fmt.Errorf("%s: id %q belongs to two cells; the first stands at %s", s.Pos, s.ID, first.Pos))
		}
		byID[s.ID] = s
		if !canBeTwin(s) {
			continue
		}
		for _, p := range s.providers() {
			if key := pairingOf(s, p); twins[key] == nil {
				twins[key] = s
			}
		}
	}
	for _, s := range list {
		if !s.MustRefuse() || s.NotApplicable != "" {
			continue
		}
		if s.Twin == "" {
			s.Twin = twinOf(s, twins)
		}
		twin := byID[s.Twin]
		switch {
		case s.Twin == "":
			errs = append(errs, fmt.Errorf("%s: scenario %q must be refused, but no scenario with the same stage, runtime, model and provider must be allowed; add one to valid.yaml or provision.yaml", s.Pos, s.ID))
		case twin == nil:
			errs = append(errs, fmt.Errorf("%s: scenario %q names the twin %q, which does not exist", s.Pos, s.ID, s.Twin))
		case twin.Steps[len(twin.Steps)-1].Expect.Verdict != Allowed:
			errs = append(errs, fmt.Errorf("%s: scenario %q names the twin %q, which need not be allowed", s.Pos, s.ID, s.Twin))
		}
	}
	return errs
}

// twinOf prefers the same scope; a credential at the workspace is the next best.
func twinOf(s *Scenario, twins map[pairing]*Scenario) string {
	for _, p := range s.providers() {
		key := pairingOf(s, p)
		for _, scope := range []string{key.scope, "workspace"} {
			key.scope = scope
			if t := twins[key]; t != nil {
				return t.ID
			}
		}
	}
	return ""
}

// canBeTwin reports whether a scenario is plain enough to serve as control:
// live credentials only, no further fields.
func canBeTwin(s *Scenario) bool {
	last := s.Steps[len(s.Steps)-1]
	if last.Expect.Verdict != Allowed || s.NotApplicable != "" || s.Level != Core || len(last.Fields) > 0 || last.URL != "" || len(s.Steps) > 2 || len(s.Steps) == 2 && last.Stage == Create {
		return false
	}
	return len(last.Secrets.Workspace)+len(last.Secrets.Global) > 0 && !last.Secrets.any(func(v Value) bool {
		return v.Shape != Plain || len(v.Answers) != 1 || v.Answers[0] != "live"
	})
}
