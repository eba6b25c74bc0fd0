package findings

import (
	"cmp"
	"slices"
	"strings"
)

func (t *table) findings(list []*folded) []Finding {
	var out []Finding
	for _, f := range list {
		failed := t.places(f.units)
		x := Finding{Kind: f.kind, Due: f.due, Rules: rulesOf(f.rules), Kinds: f.kinds, Mixed: !f.exact}
		for _, l := range f.literals {
			x.Where = append(x.Where, Condition{string(l.axis), l.values, l.not})
		}
		if !f.exact {
			if f.exceptions != nil {
				x.Exceptions = t.ids(f.exceptions)
			}
		}
		x.Failed = t.ids(f.units)
		if first := t.ordered(f.units); len(first) > 0 {
			x.Example, x.Step = t.cases[t.units[first[0]].place].Scenario.ID, t.units[first[0]].step
		}
		x.Tried = failed.len() + len(x.Exceptions)
		for _, c := range f.follows {
			x.Follows = append(x.Follows, Follow{c.kind, rulesOf(c.rules), t.places(c.units).len()})
		}
		out = append(out, x)
	}
	return out
}

// ordered are units, the simplest first.
func (t *table) ordered(units set) []int {
	type ranked struct {
		n, rank int
		id      string
	}
	var list []ranked
	units.each(func(n int) {
		rank, id := t.simplicity(n)
		list = append(list, ranked{n, rank, id})
	})
	slices.SortFunc(list, func(a, b ranked) int { return cmp.Or(a.rank-b.rank, strings.Compare(a.id, b.id), a.n-b.n) })
	out := make([]int, len(list))
	for i, r := range list {
		out[i] = r.n
	}
	return out
}

// ids are the scenarios of units, the simplest first.
func (t *table) ids(units set) []string {
	var out []string
	for _, n := range t.ordered(units) {
		out = append(out, t.cases[t.units[n].place].Scenario.ID)
	}
	return uniq(out)
}

func uniq(list []string) []string {
	seen := map[string]bool{}
	return slices.DeleteFunc(list, func(s string) bool {
		if seen[s] {
			return true
		}
		seen[s] = true
		return false
	})
}

func rulesOf(counts map[string]int) []string {
	out := sortedKeys(counts)
	slices.SortStableFunc(out, func(a, b string) int { return counts[b] - counts[a] })
	return out
}
