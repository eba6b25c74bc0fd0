package findings

import "slices"

// A folded clause has others that come with it.
type folded struct {
	*clause
	follows []*clause
}

// fold picks the clauses that explain the others: one follows from another whose
// failing scenarios hold all of its own, if its kind may follow from that one's.
func (t *table) fold(all []*clause) []*folded {
	places := map[*clause]set{}
	for _, c := range all {
		places[c] = t.places(c.units)
	}
	order := slices.Clone(all)
	slices.SortStableFunc(order, func(a, b *clause) int {
		switch {
		case a.consequence != b.consequence:
			return map[bool]int{true: 1, false: -1}[a.consequence]
		case a.exact != b.exact:
			return map[bool]int{true: -1, false: 1}[a.exact]
		}
		fa, pa := place(a.kind)
		fb, pb := place(b.kind)
		if fa != fb {
			return fa - fb
		}
		if d := places[b].len() - places[a].len(); d != 0 {
			return d
		}
		return pa - pb
	})
	var out []*folded
	covered := newSet(len(t.cases))
	for _, c := range order {
		if len(out) > 0 && (c.consequence || places[c].within(covered)) {
			to := out[0]
			for _, f := range out {
				if places[c].meets(places[f.clause]) > places[c].meets(places[to.clause]) {
					to = f
				}
			}
			to.follows = append(to.follows, c)
			continue
		}
		out = append(out, &folded{clause: c})
		covered.join(places[c])
	}
	return out
}

// places are the cases of units.
func (t *table) places(units set) set {
	out := newSet(len(t.cases))
	units.each(func(n int) { out.add(t.units[n].place) })
	return out
}
