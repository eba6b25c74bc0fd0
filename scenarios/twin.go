package scenarios

import (
	"errors"
	"fmt"
	"slices"
	"strings"
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

// pair gives each scenario that must be refused the one that differs in the
// credential only and must be allowed, and returns those that are not in the list
// themselves. A refusal without one proves nothing, so a missing twin is an error.
func (c *Corpus) pair(e *expander, list []*Scenario) (companions []*Scenario, err error) {
	byID, errs := map[string]*Scenario{}, []error{}
	for _, s := range list {
		if first := byID[s.ID]; first != nil {
			errs = append(errs, fmt.Errorf("%s: id %q belongs to two cells; the first stands at %s", s.Pos, s.ID, first.Pos))
		}
		byID[s.ID] = s
	}
	candidates, err := c.candidates(e, soughtTwins(list), byID)
	if err != nil {
		return nil, err
	}
	there := map[string]*Scenario{}
	for _, s := range candidates {
		there[s.ID] = s
	}
	errs = append(errs, pairTwins(list, candidates)...)
	for _, s := range list {
		if twin := there[s.Twin]; twin != nil && byID[twin.ID] == nil {
			companions, byID[twin.ID] = append(companions, twin), twin
		}
	}
	return companions, errors.Join(errs...)
}

// candidates are what may be twins of what is sought, in the order of the corpus.
// Those that were made already are taken from have.
func (c *Corpus) candidates(e *expander, sought sought, have map[string]*Scenario) ([]*Scenario, error) {
	if len(sought.ids)+len(sought.pairs) == 0 {
		return nil, nil
	}
	classes := slices.Clone(twinClasses)
	for id := range sought.ids {
		class, _, _ := strings.Cut(id, "/")
		classes = append(classes, class)
	}
	entries, err := c.entries(classes)
	if err != nil {
		return nil, err
	}
	entries = slices.DeleteFunc(entries, func(t *template) bool { return !t.isNamed(sought.ids) && !t.mayBeTwin() })
	lists := make([][]*Scenario, len(entries))
	err = sideBySide(len(entries), func() func(int) error {
		mine := e.fork()
		return func(i int) error {
			t := entries[i]
			return mine.walk(t, func(c *Cell) error {
				s := have[string(c.id())]
				if s == nil && (sought.ids[string(c.id())] || t.mayBeTwin() && sought.keeps(c.vars)) {
					var err error
					if s, err = mine.scenario(c); err != nil {
						return err
					}
				}
				if s != nil {
					lists[i] = append(lists[i], s)
				}
				return nil
			})
		}
	})
	return slices.Concat(lists...), err
}

// sought is what the twins of some scenarios have in common with them.
type sought struct {
	// ids are the twins that the corpus names itself.
	ids       map[string]bool
	providers map[string]bool
	pairs     map[[2]string]bool
}

func soughtTwins(list []*Scenario) sought {
	out := sought{map[string]bool{}, map[string]bool{}, map[[2]string]bool{}}
	for _, s := range list {
		switch last := &s.Steps[len(s.Steps)-1]; {
		case !s.MustRefuse() || s.NotApplicable != "":
		case s.Twin != "":
			out.ids[s.Twin] = true
		default:
			// A step may write white space around the route's model (DER-1).
			out.pairs[[2]string{last.Runtime, strings.TrimSpace(last.Model)}] = true
			for _, p := range last.Expect.Providers {
				out.providers[p] = true
			}
		}
	}
	return out
}

// keeps reports whether a cell with these placeholders may hold a twin.
func (s sought) keeps(v vars) bool {
	runtime, paired := v.get("runtime")
	if paired {
		return s.pairs[[2]string{runtime, v.value("model")}]
	}
	provider, bound := v.get("provider")
	return !bound || s.providers[provider]
}

// mayBeTwin reports whether canBeTwin may hold for one of the entry's scenarios.
func (t *template) mayBeTwin() bool {
	return len(t.planned) > 0 && t.planned[len(t.planned)-1].expect.verdict == string(Allowed) && Level(t.level) == Core
}

// pairTwins sets the twin of each scenario of a list that must be refused.
func pairTwins(list, candidates []*Scenario) []error {
	twins, byID := map[pairing]*Scenario{}, map[string]*Scenario{}
	for _, s := range candidates {
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
	var errs []error
	for _, s := range list {
		if !s.MustRefuse() || s.NotApplicable != "" {
			continue
		}
		if s.Twin == "" {
			s.Twin = twinOf(s, twins)
		}
		twin := byID[s.Twin]
		switch {
		case s.Twin == "" && !slices.Contains(Classes, s.Class):
			// Somebody's own, whose walk may hold what must be allowed.
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
