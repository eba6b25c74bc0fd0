package explore

import (
	"slices"

	"pgregory.net/rapid"
)

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

// A turn is one thing in which a move is not plain.
type turn struct {
	d  dim
	at uint8
}

// mostTurns bounds how many things of one move are not plain.
const mostTurns = 9

// walks draws walks of a space. A move is its kind and a few turns among the dimensions
// that count for that kind, so that what does not matter can be left out by shrinking.
func walks(s *space) *rapid.Generator[walk] {
	kinds := rapid.SampledFrom(s.drawn)
	var turns []*rapid.Generator[[]turn]
	for _, k := range s.values[kind] {
		turns = append(turns, rapid.SliceOfN(turnsOf(s, k), 0, mostTurns))
	}
	homes := make([]int, len(s.providers))
	for i := range homes {
		homes[i] = i
	}
	home := rapid.SampledFrom(homes)
	one := rapid.Custom(func(t *rapid.T) move {
		var m move
		m[kind] = kinds.Draw(t, table[kind].name)
		for _, u := range turns[m[kind]].Draw(t, "turns") {
			m[u.d] = u.at
		}
		return m
	})
	several := rapid.SliceOfN(one, 1, mostMoves)
	return rapid.Custom(func(t *rapid.T) walk {
		return walk{home.Draw(t, "home"), several.Draw(t, "moves")}
	})
}

// turnsOf draws a turn of a move of a kind: a dimension, as often as it is not to be
// plain, and one of its values.
func turnsOf(s *space, kindOf string) *rapid.Generator[turn] {
	var among []dim
	values := map[dim]*rapid.Generator[uint8]{}
	for d := kind + 1; d < dims; d++ {
		n := len(s.values[d])
		if n < 2 || !table[d].countsFor(kindOf) {
			continue
		}
		places := make([]uint8, n-1)
		for i := range places {
			places[i] = uint8(i + 1)
		}
		values[d] = rapid.SampledFrom(places)
		for range max(1, (100-table[d].plain)/5) {
			among = append(among, d)
		}
	}
	if len(among) == 0 {
		return rapid.Just(turn{})
	}
	which := rapid.SampledFrom(among)
	return rapid.Custom(func(t *rapid.T) turn {
		d := which.Draw(t, "dimension")
		return turn{d, values[d].Draw(t, table[d].name)}
	})
}

// countsFor reports whether a dimension makes a difference to a step of a kind.
func (d *dimension) countsFor(kindOf string) bool {
	of := d.of
	if of == nil {
		of = []string{"create"}
	}
	return slices.Contains(of, kindOf)
}

// at is what a move says of a dimension, in words.
func (s *space) at(m *move, d dim) string { return s.values[d][m[d]] }
