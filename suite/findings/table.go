package findings

import (
	"cmp"
	"slices"
	"strings"

	"github.com/molecule-ai/byok-conformance/registry"
	"github.com/molecule-ai/byok-conformance/scenarios"
	"github.com/molecule-ai/byok-conformance/suite/judge"
)

// A unit is one step of one case.
type unit struct {
	place, step int
	due         string
	// passed: nothing is wrong with it, and it can tell where something is not.
	passed bool
}

// A table holds all units and the facts about them.
type table struct {
	cases []Case
	units []unit
	// of are the units that have a fact.
	facts []Fact
	index map[Fact]int
	of    []set
	// first is the number of a case's first unit.
	first []int
}

// newTable describes the steps of cases.
func newTable(reg *registry.Registry, cases []Case) *table {
	t := (&table{index: map[Fact]int{}}).judged(cases)
	d := newDescriber(reg)
	for n, u := range t.units {
		d.facts(t.cases[u.place].Scenario, u.step, func(a axis, value string) { t.add(n, Fact{a, value}) })
	}
	t.sort()
	return t
}

// judged is the table for what became of the same scenarios elsewhere: it shares
// the facts.
func (t *table) judged(cases []Case) *table {
	cases = slices.Clone(cases)
	slices.SortFunc(cases, func(a, b Case) int { return cmp.Compare(a.Scenario.ID, b.Scenario.ID) })
	t = &table{cases: cases, facts: t.facts, index: t.index, of: t.of}
	for i := range cases {
		t.first = append(t.first, len(t.units))
		wrong := firstWrong(&cases[i])
		for at := range cases[i].Scenario.Steps {
			st := &cases[i].Scenario.Steps[at]
			t.units = append(t.units, unit{i, at, dueOf(&st.Expect), at < wrong})
		}
	}
	return t
}

// firstWrong is the first step that a case fails at, or the number of its steps.
func firstWrong(c *Case) int {
	n := len(c.Scenario.Steps)
	for _, v := range c.Violations {
		n = min(n, stepOf(c, v))
	}
	return n
}

func stepOf(c *Case, v Violation) int {
	if v.Step < 0 || v.Step >= len(c.Scenario.Steps) {
		return len(c.Scenario.Steps) - 1
	}
	return v.Step
}

// sort orders the facts by what they say. They are found in the order of maps, and
// of descriptions that are equally good the first is taken.
func (t *table) sort() {
	facts, of := slices.Clone(t.facts), slices.Clone(t.of)
	slices.SortFunc(t.facts, func(a, b Fact) int {
		return cmp.Or(cmp.Compare(a.Axis, b.Axis), cmp.Compare(a.Value, b.Value))
	})
	old := make(map[Fact]int, len(facts))
	for i, f := range facts {
		old[f] = i
	}
	for i, f := range t.facts {
		t.index[f], t.of[i] = i, of[old[f]]
	}
}

func (t *table) add(unit int, f Fact) {
	i, known := t.index[f]
	if !known {
		i = len(t.facts)
		t.index[f] = i
		t.facts = append(t.facts, f)
		t.of = append(t.of, newSet(len(t.units)))
	}
	t.of[i].add(unit)
}

// A group is all violations of one kind where the same was due.
type group struct {
	kind  judge.Kind
	due   string
	rules map[string]int
	// kinds are all kinds that were joined, with their numbers.
	kinds map[judge.Kind]int
	// failed and passed are units: those that fail so, and those where it could
	// have been seen and was not.
	failed, passed set
}

func (t *table) groups() []*group {
	byKey := map[string]*group{}
	for i := range t.cases {
		for _, v := range t.cases[i].Violations {
			n := t.first[i] + stepOf(&t.cases[i], v)
			kind, due := v.Kind, ""
			key := string(kind)
			if slices.Contains(dueSplits, kind) {
				due = t.units[n].due
				key += " " + due
			}
			g := byKey[key]
			if g == nil {
				g = &group{kind: kind, due: due, rules: map[string]int{}, kinds: map[judge.Kind]int{}, failed: newSet(len(t.units)), passed: newSet(len(t.units))}
				byKey[key] = g
			}
			g.failed.add(n)
			g.rules[v.Rule]++
			g.kinds[kind]++
		}
	}
	var out []*group
	for _, key := range sortedKeys(byKey) {
		g := byKey[key]
		dues := map[string]bool{}
		g.failed.each(func(n int) { dues[t.units[n].due] = true })
		for n, u := range t.units {
			if u.passed && (g.due == "" || dues[u.due]) && couldShow(g.kind, &t.cases[u.place].Scenario.Steps[u.step]) {
				g.passed.add(n)
			}
		}
		out = append(out, g)
	}
	return out
}

func sortedKeys[V any](m map[string]V) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}

// simplicity orders units: fewest secrets and steps, plain values, the runtime
// that most people use.
func (t *table) simplicity(n int) (int, string) {
	u := t.units[n]
	s := t.cases[u.place].Scenario
	return simplicityOf(s, u.step), s.ID
}

func simplicityOf(s *scenarios.Scenario, at int) int {
	st := &s.Steps[at]
	rank := 10*len(s.Steps) + 3*(len(st.Secrets.Workspace)+len(st.Secrets.Global)) + 2*len(st.Fields)
	if len(st.Secrets.Global) > 0 {
		rank++
	}
	if st.AtOnce > 1 || st.Malformed != "" || st.URL != "" || st.External {
		rank += 5
	}
	for _, scope := range []map[string]scenarios.Value{st.Secrets.Workspace, st.Secrets.Global} {
		for _, v := range scope {
			rank += exotic(v.String())
		}
	}
	if st.Runtime != "claude-code" {
		rank += 2
	}
	if strings.HasSuffix(s.ID, "/report") {
		rank -= 2 // the case that this suite was written for
	}
	return rank
}

func exotic(v string) int {
	if v == "live" || v == "dead" || v == "blank" || v == "empty" {
		return 0
	}
	return 1
}
