package findings

import (
	"cmp"
	"slices"
)

// A literal is a condition with the units that fulfil it.
type literal struct {
	axis   axis
	values []string
	not    bool
	units  set
	weight float64
}

// A clause is a conjunction of literals that explains failures of one group.
type clause struct {
	*group
	literals []literal
	// units are those that it explains.
	units set
	// exact: it covers nothing that passed.
	exact bool
	// consequence: it follows from something else.
	consequence bool
	// exceptions are units that it covers and that passed.
	exceptions set
}

const (
	maxLiterals = 4
	maxClauses  = 4
	beamWidth   = 16
	// nodeLimit bounds the search for the smallest conjunction.
	nodeLimit = 2000
)

// all are the literals that hold in all of some failures, simplest first.
func (t *table) holding(g *group, failed set) []literal {
	var out []literal
	for i, f := range t.facts {
		switch {
		case failed.within(t.of[i]):
			out = append(out, literal{f.Axis, []string{f.Value}, false, t.of[i], weightOf(f, false)})
		case f.Axis != inEntry && f.Axis != withModel && f.Axis != verdictDue && failed.meets(t.of[i]) == 0 && g.passed.meets(t.of[i]) > 0:
			out = append(out, literal{f.Axis, []string{f.Value}, true, t.of[i], weightOf(f, true)})
		}
	}
	return append(out, t.listed(g, failed)...)
}

// longest is how many values of an axis a description lists, or half as many that
// it leaves out.
var longest = map[axis]int{ofProvider: 16, inRuntime: 8, byAnswer: 12, malformedAs: 8, bySpelling: 4, byField: 6, deciderName: 4, byShape: 5, byBlank: 4, byName: 3, withModel: 2, inEntry: 2}

// listed are the literals that list values of an axis: those at which something fails.
func (t *table) listed(g *group, failed set) []literal {
	var out []literal
	for _, a := range many {
		var in []string
		units, covered := newSet(len(t.units)), newSet(len(t.units))
		for i, f := range t.facts {
			if f.Axis == a && failed.meets(t.of[i]) > 0 {
				in = append(in, f.Value)
				units.join(t.of[i])
			}
		}
		covered.join(units)
		if len(in) < 2 || !failed.within(covered) || len(in) > longest[a] && t.values(g, a)-len(in) > longest[a]/2 {
			continue
		}
		slices.Sort(in)
		w := weightOf(Fact{Axis: a}, false) + 0.3*float64(min(len(in), t.values(g, a)-len(in)+1)-1)
		out = append(out, literal{a, in, false, units, w})
	}
	return out
}

// values counts the values of an axis that were tried in a group.
func (t *table) values(g *group, a axis) int {
	n := 0
	for i, f := range t.facts {
		if f.Axis == a && (g.passed.meets(t.of[i]) > 0 || g.failed.meets(t.of[i]) > 0) {
			n++
		}
	}
	return n
}

// single is the smallest conjunction that holds in all of some failures and in
// nothing that passed; nil where there is none.
func (t *table) single(g *group, failed set) *clause {
	lits := t.holding(g, failed)
	if !excluded(g.passed, lits) {
		return nil
	}
	slices.SortStableFunc(lits, func(a, b literal) int {
		switch {
		case a.weight < b.weight:
			return -1
		case a.weight > b.weight:
			return 1
		}
		return 0
	})
	lits = distinct(g, lits)
	// What excludes each unit that passed; alike ones are one.
	seen := map[string]bool{}
	var must []set
	g.passed.each(func(n int) {
		ex := newSet(len(lits))
		for i := range lits {
			if lits[i].units.has(n) == lits[i].not {
				ex.add(i)
			}
		}
		key := ex.key()
		if seen[key] {
			return
		}
		seen[key] = true
		must = append(must, ex)
	})
	chosen := smallest(lits, must)
	if chosen == nil {
		return nil
	}
	c := &clause{group: g, exact: true}
	cover := slices.Clone(g.failed)
	for _, i := range chosen {
		c.literals = append(c.literals, lits[i])
		if lits[i].not {
			cover = cover.minus(lits[i].units)
		} else {
			cover = cover.and(lits[i].units)
		}
	}
	c.units = cover
	return c
}

// excluded reports whether each of some units lacks one of the literals.
func excluded(units set, lits []literal) bool {
	left := slices.Clone(units)
	for i := range lits {
		for w := range left {
			if lits[i].not {
				left[w] &^= lits[i].units[w]
			} else {
				left[w] &= lits[i].units[w]
			}
		}
	}
	return left.empty()
}

// distinct leaves out literals that say the same of the units that passed as a
// simpler one.
func distinct(g *group, lits []literal) []literal {
	seen := map[string]bool{}
	return slices.DeleteFunc(lits, func(l literal) bool {
		in := g.passed.and(l.units)
		if l.not {
			in = g.passed.minus(l.units)
		}
		if in.len() == g.passed.len() {
			return true // it excludes nothing
		}
		key := in.key()
		if seen[key] {
			return true
		}
		seen[key] = true
		return false
	})
}

func (s set) key() string {
	b := make([]byte, 0, 8*len(s))
	for _, w := range s {
		for range 8 {
			b = append(b, byte(w))
			w >>= 8
		}
	}
	return string(b)
}

// smallest picks literals of the least weight such that each set of must has one
// of them: a hitting set, by branch and bound.
func smallest(lits []literal, must []set) []int {
	if len(must) == 0 {
		return []int{}
	}
	must = minimal(must)
	s := search{lits: lits, best: 1e9}
	s.descend(must, nil, 0)
	return s.found
}

// minimal drops the sets that hold another one: who hits that one hits them.
func minimal(must []set) []set {
	slices.SortStableFunc(must, func(a, b set) int { return a.len() - b.len() })
	var out []set
	for _, m := range must {
		if !slices.ContainsFunc(out, func(o set) bool { return o.within(m) }) {
			out = append(out, m)
		}
		if len(out) > 400 {
			break
		}
	}
	return out
}

type search struct {
	lits  []literal
	best  float64
	found []int
	nodes int
}

func (s *search) descend(must []set, chosen []int, weight float64) {
	if weight >= s.best {
		return
	}
	if len(must) == 0 {
		s.best, s.found = weight, slices.Clone(chosen)
		return
	}
	if s.nodes++; s.nodes > nodeLimit || len(chosen) > 7 {
		return
	}
	next := must[0]
	for _, m := range must {
		if m.len() < next.len() {
			next = m
		}
	}
	// Those that exclude most come first.
	type option struct {
		at   int
		left []set
	}
	var options []option
	next.each(func(i int) {
		if weight+s.lits[i].weight >= s.best {
			return
		}
		var left []set
		for _, m := range must {
			if !m.has(i) {
				left = append(left, m)
			}
		}
		options = append(options, option{i, left})
	})
	slices.SortStableFunc(options, func(a, b option) int { return len(a.left) - len(b.left) })
	for _, o := range options {
		s.descend(o.left, append(chosen, o.at), weight+s.lits[o.at].weight)
	}
}

// A state is a conjunction under construction, in the beam.
type state struct {
	lits           []int
	failed, passed set
	nf, np         int
	weight         float64
}

// part finds the failures of the largest conjunction around the simplest failure
// that is left, which holds in nothing that passed; nil where there is none.
func (t *table) part(g *group, rest set) set {
	seed, first := -1, 0
	rest.each(func(n int) {
		if rank, _ := t.simplicity(n); seed < 0 || rank < first {
			seed, first = n, rank
		}
	})
	var lits []literal
	for i, f := range t.facts {
		not := !t.of[i].has(seed)
		if not && (f.Axis == inEntry || f.Axis == withModel || f.Axis == byName || f.Axis == verdictDue) || g.passed.meets(t.of[i]) == 0 && rest.meets(t.of[i]) == 0 {
			continue
		}
		lits = append(lits, literal{f.Axis, []string{f.Value}, not, t.of[i], weightOf(f, not)})
	}
	beam := []state{{failed: rest, passed: g.passed, nf: rest.len(), np: g.passed.len()}}
	var best *state
	for range maxLiterals {
		var next []state
		seen := map[[2]int]bool{}
		for _, b := range beam {
			for i := range lits {
				if slices.Contains(b.lits, i) {
					continue
				}
				var s state
				if lits[i].not {
					s.passed = b.passed.minus(lits[i].units)
				} else {
					s.passed = b.passed.and(lits[i].units)
				}
				if s.np = s.passed.len(); s.np == b.np {
					continue
				}
				if lits[i].not {
					s.failed = b.failed.minus(lits[i].units)
				} else {
					s.failed = b.failed.and(lits[i].units)
				}
				s.nf = s.failed.len()
				key := [2]int{s.nf, s.np}
				if seen[key] {
					continue
				}
				seen[key] = true
				s.lits, s.weight = append(slices.Clone(b.lits), i), b.weight+lits[i].weight
				if s.np == 0 && (best == nil || better(&s, best)) {
					best = &s
				}
				if s.np > 0 {
					next = append(next, s)
				}
			}
		}
		slices.SortStableFunc(next, func(a, b state) int {
			x, y := a.score(), b.score()
			switch {
			case x > y:
				return -1
			case x < y:
				return 1
			}
			return 0
		})
		beam = next[:min(len(next), beamWidth)]
	}
	if best == nil {
		return nil
	}
	return best.failed
}

// score prefers states that keep failures and lose what passed.
func (s *state) score() float64 {
	return float64(s.nf) * float64(s.nf) / (float64(s.nf) + 3*float64(s.np) + s.weight)
}

// better: it explains more, or as much in fewer words.
func better(a, b *state) bool {
	x, y := float64(a.nf)/(2+a.weight), float64(b.nf)/(2+b.weight)
	return x > y
}

// simpler orders literals that do the same, so that a description does not depend
// on the order in which facts were found.
func simpler(a, b *literal) bool {
	return cmp.Or(cmp.Compare(a.weight, b.weight), cmp.Compare(a.axis, b.axis), slices.Compare(a.values, b.values)) < 0
}

// closest covers all of what is left with as little that passed as can be.
func (t *table) closest(g *group, rest set) *clause {
	c := &clause{group: g, units: rest, exceptions: slices.Clone(g.passed)}
	lits := t.holding(g, rest)
	for range 3 {
		at, left := -1, c.exceptions.len()
		for i, l := range lits {
			n := c.exceptions.meets(l.units)
			if l.not {
				n = c.exceptions.len() - n
			}
			if n < left || n == left && at >= 0 && simpler(&l, &lits[at]) {
				at, left = i, n
			}
		}
		if at < 0 {
			break
		}
		c.literals = append(c.literals, lits[at])
		if lits[at].not {
			c.exceptions = c.exceptions.minus(lits[at].units)
		} else {
			c.exceptions = c.exceptions.and(lits[at].units)
		}
	}
	return c
}
