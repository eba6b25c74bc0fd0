package findings

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strings"

	"github.com/molecule-ai/byok-conformance/suite/judge"
)

func (t *table) findings(list []*folded) []Finding {
	var out []Finding
	for _, f := range list {
		x := Finding{Kind: f.kind, Kinds: f.kinds, Rules: rulesOf(f.rules), Where: []Condition{}, Mixed: !f.exact}
		for _, l := range f.literals {
			x.Where = append(x.Where, Condition{string(l.axis), l.values, l.not})
		}
		if f.exceptions != nil {
			x.Exceptions = t.ids(f.exceptions)
		}
		x.Scenarios = t.ids(f.units)
		x.Failed = len(x.Scenarios)
		x.Tried = x.Failed + len(x.Exceptions)
		x.Severity = t.severity(f.units)
		x.Title = t.title(f)
		x.Reach, x.NotWhere = t.reach(f), t.notWhere(f)
		t.exemplify(&x, f)
		for _, c := range f.follows {
			x.Follows = append(x.Follows, Follow{c.kind, rulesOf(c.rules), t.places(c.units).len()})
		}
		x.ID = idOf(&x, f.due)
		out = append(out, x)
	}
	return out
}

// exemplify picks the simplest failing step and its neighbour.
func (t *table) exemplify(x *Finding, f *folded) {
	units := t.ordered(f.units)
	if len(units) == 0 {
		return
	}
	// What the title says is best seen where just that happened.
	at := max(0, slices.IndexFunc(units, func(n int) bool { return t.shows(n, f.kind) }))
	u := t.units[units[at]]
	c := &t.cases[u.place]
	x.Example = Example{ID: c.Scenario.ID, Title: c.Scenario.Title, Step: u.step, Effect: c.Scenario.Effect}
	for _, v := range c.Violations {
		if stepOf(c, v) == u.step && (x.Example.Rule == "" || v.Kind == f.kind) {
			x.Example.Rule, x.Example.Effect = v.Rule, c.Scenario.EffectOf(v.Rule)
		}
	}
	if n := t.nearest(units[at], f.passed); n >= 0 {
		s := t.cases[t.units[n].place].Scenario
		x.Neighbour = &Neighbour{s.ID, s.Title}
	}
}

// shows reports whether a unit failed with a kind.
func (t *table) shows(n int, kind judge.Kind) bool {
	u := t.units[n]
	c := &t.cases[u.place]
	return slices.ContainsFunc(c.Violations, func(v Violation) bool { return v.Kind == kind && stepOf(c, v) == u.step })
}

// nearest is the unit that passed and has most facts in common with another; -1
// where there is none.
func (t *table) nearest(unit int, passed set) int {
	differ := make([]float64, len(t.units))
	for i, f := range t.facts {
		w := 1.0
		if f.Axis == inEntry || f.Axis == withModel {
			w = 0.1
		}
		if t.of[i].has(unit) {
			for n := range differ {
				differ[n] -= w // what both have counts for it
			}
			passed.minus(t.of[i]).each(func(n int) { differ[n] += 2 * w })
		} else {
			passed.and(t.of[i]).each(func(n int) { differ[n] += w })
		}
	}
	best := -1
	passed.each(func(n int) {
		if len(t.cases[t.units[n].place].Violations) > 0 {
			return
		}
		if best < 0 || differ[n] < differ[best] {
			best = n
		}
	})
	return best
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
	out := []string{}
	seen := map[int]bool{}
	for _, n := range t.ordered(units) {
		if at := t.units[n].place; !seen[at] {
			seen[at] = true
			out = append(out, t.cases[at].Scenario.ID)
		}
	}
	return out
}

// severities, the worst first.
var severities = []string{"critical", "high", "medium", "low", "warning"}

func (t *table) severity(units set) string {
	at := len(severities) - 1
	units.each(func(n int) {
		if i := slices.Index(severities, t.cases[t.units[n].place].Scenario.Severity); i >= 0 {
			at = min(at, i)
		}
	})
	return severities[at]
}

// idOf is the same for the same statement.
func idOf(x *Finding, due string) string {
	data, _ := json.Marshal([]any{x.Kind, due, x.Where}) // strings and booleans can always be encoded
	sum := sha256.Sum256(data)
	return string(x.Kind) + "-" + hex.EncodeToString(sum[:3])
}

func rulesOf(counts map[string]int) []string {
	out := sortedKeys(counts)
	slices.SortStableFunc(out, func(a, b string) int { return counts[b] - counts[a] })
	return out
}
