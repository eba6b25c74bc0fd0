package explore

// A coverage counts the pairs of values that stood together in a create.
type coverage struct {
	space *space
	// at is where the pairs of two dimensions begin, by the lesser one and the other.
	at   [dims][dims]int
	done []bool
	seen int
	all  int
}

// paired are the dimensions of a create by itself; the others say how a step differs
// from the one before.
func paired(d dim) bool { return d != kind && d != fate && d != likeness && d != change && d != name }

func newCoverage(s *space) *coverage {
	c := &coverage{space: s}
	for a := range dims {
		for b := a + 1; b < dims; b++ {
			if paired(a) && paired(b) && len(s.values[a]) > 1 && len(s.values[b]) > 1 {
				c.at[a][b] = c.all
				c.all += len(s.values[a]) * len(s.values[b])
			}
		}
	}
	c.done = make([]bool, c.all)
	return c
}

func (c *coverage) complete() bool { return c.seen == c.all }

// walk takes in the creates of a walk.
func (c *coverage) walk(w *walk) {
	for i := range w.moves {
		if m := &w.moves[i]; c.space.at(m, kind) == "create" {
			c.create(m)
		}
	}
}

func (c *coverage) create(m *move) {
	for a := range dims {
		if !paired(a) || len(c.space.values[a]) < 2 {
			continue
		}
		for b := a + 1; b < dims; b++ {
			if !paired(b) || len(c.space.values[b]) < 2 {
				continue
			}
			at := c.at[a][b] + int(m[a])*len(c.space.values[b]) + int(m[b])
			if !c.done[at] {
				c.done[at] = true
				c.seen++
			}
		}
	}
}
