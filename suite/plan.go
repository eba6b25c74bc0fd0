package suite

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/molecule-ai/byok-conformance/registry"
	"github.com/molecule-ai/byok-conformance/scenarios"
	"github.com/molecule-ai/byok-conformance/suite/target"
)

// A plan is what a run will do: groups of scenarios that see the same global
// secrets, one group after the other.
type plan struct {
	groups []*group
	// idle are results that need no replay.
	idle  []Result
	total int
	// values is how many credentials will be made, at most and but for those of
	// shared global secrets.
	values int
}

// A group is replayed phase by phase. All its scenarios have the same sets of
// global secrets, in the same order.
type group struct {
	// sets are the global secrets of each phase.
	sets    []map[string]scenarios.Value
	replays []*replay
	// apart: every replay has its provider's hosts to itself, and its set's
	// values stand in no other group.
	apart bool
	// heavy: its scenarios ask for so much at once that they come last.
	heavy bool
}

// secrets is the number of global secrets of a group's first phase.
func (g *group) secrets() int {
	if len(g.sets) == 0 {
		return 0
	}
	return len(g.sets[0])
}

// setsOf returns the global secrets of a scenario's steps, one for each phase:
// consecutive steps with the same set share a phase.
func setsOf(s *scenarios.Scenario) (sets []map[string]scenarios.Value, key string) {
	var keys []string
	for i := range s.Steps {
		g := s.Steps[i].Secrets.Global
		k := setKey(g)
		if len(keys) == 0 || keys[len(keys)-1] != k {
			keys, sets = append(keys, k), append(sets, g)
		}
	}
	return sets, strings.Join(keys, "\n")
}

func setKey(set map[string]scenarios.Value) string {
	pairs := make([]string, 0, len(set))
	for name, v := range set {
		pairs = append(pairs, name+"="+v.String())
	}
	slices.Sort(pairs)
	return strings.Join(pairs, "&")
}

func (e *engine) plan() *plan {
	p := &plan{total: len(e.cfg.Scenarios)}
	groups := map[string]*group{}
	twins := map[string]bool{}
	for _, s := range e.cfg.Scenarios {
		twins[s.Twin] = true
	}
	for i, s := range e.cfg.Scenarios {
		if reason := e.unclaimed(s); reason != "" {
			p.idle = append(p.idle, Result{Scenario: s, Outcome: NotClaimed, Reason: reason, Companion: e.cfg.Companions[s.ID]})
			continue
		}
		sets, key := []map[string]scenarios.Value(nil), ""
		if e.traits.SharedGlobals {
			sets, key = setsOf(s)
		}
		if weight(s) >= heavy {
			key = "heavy\n" + key
		}
		g := groups[key]
		if g == nil {
			g = &group{sets: sets, heavy: weight(s) >= heavy}
			groups[key] = g
			p.groups = append(p.groups, g)
		}
		g.replays = append(g.replays, e.newReplay(s, i))
		p.values += e.valuesOf(s)
	}
	p.groups = e.mergeWaiting(p.groups)
	for _, g := range p.groups {
		var ordered [3][]*replay
		for _, r := range g.replays {
			at := order(r, twins)
			ordered[at] = append(ordered[at], r)
		}
		g.replays = slices.Concat(ordered[:]...)
	}
	// What needs no global secrets comes first: most twins are among it, and
	// nothing in it waits alone. What weighs most comes last.
	slices.SortStableFunc(p.groups, func(a, b *group) int {
		return cmp.Or(
			cmp.Compare(rank(a.heavy), rank(b.heavy)),
			cmp.Compare(min(a.secrets(), 1), min(b.secrets(), 1)),
			cmp.Compare(order(a.replays[0], twins), order(b.replays[0], twins)),
		)
	})
	return p
}

func rank(yes bool) int {
	if yes {
		return 1
	}
	return 0
}

// valuesOf is how many credentials are made for a scenario by itself.
func (e *engine) valuesOf(s *scenarios.Scenario) int {
	n := 0
	for i := range s.Steps {
		n += len(s.Steps[i].Secrets.Workspace)
		if !e.traits.SharedGlobals {
			n += len(s.Steps[i].Secrets.Global)
		}
	}
	return n
}

// order puts what waits first, so that the waits overlap with everything else,
// and then the twins, so that few results wait for theirs.
func order(r *replay, twins map[string]bool) int {
	switch {
	case r.waits:
		return 0
	case twins[r.scenario.ID]:
		return 1
	}
	return 2
}

// unclaimed says why a scenario is not replayed at this target, or "".
func (e *engine) unclaimed(s *scenarios.Scenario) string {
	return Unclaimed(s, e.cfg.Registry, e.cfg.Claims, e.traits)
}

// Unclaimed says why a scenario is not replayed at a target with these claims,
// or "" where it is. Of the target's traits, HTTP, RefusesUnlisted and NoExternal count.
func Unclaimed(s *scenarios.Scenario, reg *registry.Registry, claims []string, traits target.Traits) string {
	if s.NotApplicable != "" {
		return "the registry in use does not have the pair: " + s.NotApplicable
	}
	for _, area := range s.Needs {
		if !slices.Contains(claims, area) {
			return fmt.Sprintf("the target does not claim %s", area)
		}
	}
	if !traits.HTTP && overHTTP(s) {
		return "the target is a Go value, which has no requests that could be malformed and no replies that could be read"
	}
	if traits.RefusesUnlisted && onlyByPattern(s, reg) {
		return "the server refuses models that its registry does not list, and only a pattern owns this one"
	}
	if traits.NoExternal && slices.ContainsFunc(s.Steps, func(st scenarios.Step) bool { return st.External }) {
		return "the profile's create.request.body has no $external, so no external workspace can be asked for"
	}
	return ""
}

// overHTTP reports whether a scenario spoils a request or hangs up on one, names a
// workspace, or reads what a server shows, so that there must be one.
func overHTTP(s *scenarios.Scenario) bool {
	return slices.ContainsFunc(s.Steps, func(st scenarios.Step) bool {
		return st.Malformed != "" || st.Switch != nil || st.HangUp || st.OneName || st.Stage == scenarios.Look || st.Stage == scenarios.Remove
	})
}

func onlyByPattern(s *scenarios.Scenario, reg *registry.Registry) bool {
	last := s.Steps[len(s.Steps)-1]
	d := reg.Derive(last.Runtime, last.Model, last.Secrets.InScope)
	return d.Provider != nil && !last.External && d.By == registry.Pattern
}

// untestable are claims whose precondition the target does not meet.
func (e *engine) untestable(s *scenarios.Scenario) error {
	for _, area := range s.Needs {
		switch {
		case area == "secrecy-logs" && e.cfg.Output == nil:
			return fmt.Errorf("not testable: %s is claimed, but the target's output cannot be read; start the target with `-- COMMAND`, or do not claim it", area)
		case area == "unreadable-secrets" && !e.traits.Unreadable:
			return fmt.Errorf("not testable: %s is claimed, but nothing says how to plant an unreadable secret at this target; do not claim it", area)
		}
	}
	return nil
}
