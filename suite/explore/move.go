package explore

import "pgregory.net/rapid"

// A move is one step of a walk as it is drawn: a place in each dimension. What it
// means depends on the moves before it, so that a walk without one of its moves is
// a walk.
type move [dims]uint8

// A walk is where it begins, and its moves.
type walk struct {
	// home is the provider that all moves have to do with, unless they say otherwise.
	home  int
	moves []move
}

// mostMoves bounds a walk: what needs more does not shrink to what a person reads.
const mostMoves = 7

// walks draws walks of a space.
func walks(s *space) *rapid.Generator[walk] {
	var places [dims]*rapid.Generator[uint8]
	for d := range places {
		if len(s.values[d]) > 1 {
			places[d] = rapid.SampledFrom(s.drawn[d])
		}
	}
	homes := make([]int, len(s.providers))
	for i := range homes {
		homes[i] = i
	}
	home := rapid.SampledFrom(homes)
	one := rapid.Custom(func(t *rapid.T) move {
		var m move
		for d, g := range places {
			if g != nil {
				m[d] = g.Draw(t, table[d].name)
			}
		}
		return m
	})
	several := rapid.SliceOfN(one, 1, mostMoves)
	return rapid.Custom(func(t *rapid.T) walk {
		return walk{home.Draw(t, "home"), several.Draw(t, "moves")}
	})
}

// at is what a move says of a dimension, in words.
func (s *space) at(m *move, d dim) string { return s.values[d][m[d]] }
