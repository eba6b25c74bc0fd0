package findings

import (
	"slices"

	"github.com/molecule-ai/byok-conformance/suite/judge"
)

// explain finds clauses for all groups. What one simple conjunction describes
// together is one statement, of whatever kinds it is; what none describes exactly
// is cut into few parts; and what is left after that is mixed.
func (t *table) explain(groups []*group) []*clause {
	consequences, items := split(groups)
	out := t.joined(items)
	for i, c := range out {
		if c.literals == nil && !c.exact {
			out[i] = nil
			rest := c.failed.minus(t.explained(out))
			if rest.empty() {
				continue
			}
			out = append(out, t.parts(c.group, rest)...)
		}
	}
	out = slices.DeleteFunc(out, func(c *clause) bool { return c == nil })
	if len(out) == 0 {
		return t.joined(consequences)
	}
	for _, g := range consequences {
		out = append(out, &clause{group: g, units: g.failed, consequence: true})
	}
	return out
}

// explained are the units of exact clauses.
func (t *table) explained(list []*clause) set {
	out := newSet(len(t.units))
	for _, c := range list {
		if c != nil && c.exact {
			out.join(c.units)
		}
	}
	return out
}

// joined joins groups for as long as one simple conjunction describes two of
// them together. A clause that is not exact has no conjunction yet.
func (t *table) joined(groups []*group) []*clause {
	var list []*clause
	for _, g := range groups {
		list = append(list, t.alone(g))
	}
	if len(list) > 2 {
		if c := t.together(list); c != nil {
			return []*clause{c}
		}
	}
	tried := map[[2]*clause]*clause{}
	for {
		at, with, best := -1, -1, (*clause)(nil)
		for i := range list {
			for j := range i {
				if related(list[i], list[j]) {
					pair := [2]*clause{list[i], list[j]}
					c, known := tried[pair]
					if !known {
						c = t.together(pair[:])
						tried[pair] = c
					}
					if c != nil && (best == nil || c.weight() < best.weight()) {
						at, with, best = i, j, c
					}
				}
			}
		}
		if best == nil {
			return list
		}
		list[with] = best
		list = slices.Delete(list, at, at+1)
	}
}

// alone is the conjunction for one group, or what stands for it until then.
func (t *table) alone(g *group) *clause {
	if c := t.single(g, g.failed); c != nil && c.simple(maxLiterals) {
		return c
	}
	return &clause{group: g, units: g.failed}
}

// together is one simple conjunction for several clauses; nil where there is none.
func (t *table) together(list []*clause) *clause {
	g := &group{kind: list[0].kind, due: list[0].due, rules: map[string]int{}, kinds: map[judge.Kind]int{}, failed: newSet(len(t.units)), passed: newSet(len(t.units))}
	for _, c := range list {
		g.failed.join(c.failed)
		g.passed.join(c.passed)
		for rule, n := range c.rules {
			g.rules[rule] += n
		}
		for kind, n := range c.kinds {
			g.kinds[kind] += n
		}
	}
	g.kind, g.due = headline(list, g.kinds)
	g.passed = g.passed.minus(g.failed)
	if c := t.single(g, g.failed); c != nil && c.simple(maxLiterals-1) {
		return c
	}
	return nil
}

func (c *clause) weight() float64 {
	w := 0.0
	for _, l := range c.literals {
		w += l.weight
	}
	return w
}

// simple: few words, and not a list of cases.
func (c *clause) simple(most int) bool {
	return len(c.literals) <= most && !slices.ContainsFunc(c.literals, func(l literal) bool { return l.axis == inEntry && len(l.values) > 1 })
}

// parts describes what is left of a group by a short union.
func (t *table) parts(g *group, rest set) []*clause {
	if c := t.single(g, rest); c != nil && c.simple(maxLiterals) {
		return []*clause{c}
	}
	all := rest
	rest = slices.Clone(rest)
	var out []*clause
	for !rest.empty() && len(out) < maxClauses {
		part := t.part(g, rest)
		if part == nil {
			break
		}
		c := t.single(g, part)
		if c == nil {
			break
		}
		out = append(out, c)
		rest = rest.minus(c.units)
	}
	if !rest.empty() {
		if c := t.single(g, g.failed); c != nil {
			return []*clause{c} // long, but exact
		}
		return []*clause{t.closest(g, all)} // fragments would tell no more
	}
	return out
}

// headline is the kind that says most, of those that are no rare by-product.
func headline(list []*clause, kinds map[judge.Kind]int) (judge.Kind, string) {
	most := 0
	for _, n := range kinds {
		most = max(most, n)
	}
	var best *clause
	for _, c := range list {
		if kinds[c.kind]*4 >= most && (best == nil || saysMore(c.group, best.group)) {
			best = c
		}
	}
	if best == nil {
		best = list[0]
	}
	return best.kind, best.due
}
