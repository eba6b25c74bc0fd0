package scenarios

import "slices"

// A Matrix says how many cells of the templates' matrices are replayed.
type Matrix string

const (
	// FullMatrix keeps every combination; it is the proof.
	FullMatrix Matrix = "full"
	// PairwiseMatrix keeps cells in which every value of an axis still stands
	// in its template, and every pair of values still meets in its class, for
	// servers that are slow or limit their clients. A defect that needs three
	// values at once, or a pair in one template only, may hide in what it
	// leaves out.
	PairwiseMatrix Matrix = "pairwise"
)

// Matrices are the values of Selection.Matrix; empty means FullMatrix.
var Matrices = []Matrix{FullMatrix, PairwiseMatrix}

// pairwise returns the scenarios that a pairwise matrix keeps of a list. An entry
// with fewer than two axes keeps all. The same list gives the same.
func pairwise(list []*Scenario) map[*Scenario]bool {
	kept := make(map[*Scenario]bool, len(list))
	var order []*template
	byEntry := map[*template][]*Scenario{}
	for _, s := range list {
		if len(s.cell) < 2 {
			kept[s] = true
			continue
		}
		if byEntry[s.entry] == nil {
			order = append(order, s.entry)
		}
		byEntry[s.entry] = append(byEntry[s.entry], s)
	}
	met := map[string]map[pair]bool{}
	for _, t := range order {
		list := byEntry[t]
		if met[t.class] == nil {
			met[t.class] = map[pair]bool{}
		}
		shown := func(i int) []string { return list[i].cell }
		for i := range cover(len(list), shown, func(i int) bool { return list[i].NotApplicable == "" }, met[t.class]) {
			kept[list[i]] = true
		}
	}
	return kept
}

// thinned makes those scenarios of an entry that a pairwise matrix keeps and that
// are asked for, and counts what is asked for and left out.
func (e *expander) thinned(t *template, met map[pair]bool, asked func(*Cell) bool) (out []*Scenario, leftOut int, err error) {
	var cells []Cell
	if err := e.walk(t, func(c *Cell) error { cells = append(cells, c.kept()); return nil }); err != nil || len(cells) == 0 {
		return nil, 0, err
	}
	var kept map[int]bool
	if len(cells[0].labels) > 1 {
		kept = cover(len(cells), func(i int) []string { return cells[i].labels }, func(i int) bool {
			if !e.foreign || err != nil {
				return true // our own registry can express all of the corpus
			}
			var s *Scenario
			s, err = e.scenario(&cells[i])
			return err == nil && s.NotApplicable == ""
		}, met)
	}
	for i := range cells {
		switch {
		case err != nil:
			return nil, 0, err
		case !asked(&cells[i]):
		case kept != nil && !kept[i]:
			leftOut++
		default:
			var s *Scenario
			s, err = e.scenario(&cells[i])
			out = append(out, s)
		}
	}
	return out, leftOut, err
}

// A pair is two values of a cell. Values of different axes are never the same words.
type pair struct{ a, b string }

// cover chooses, greedily, those of n cells of an entry that show most pairs not
// yet met; of equals the first. As the number of new pairs of a cell only falls,
// one pass for each number finds what a search for the best cell would. Then come
// cells for values that the entry does not show yet. What the registry cannot
// express shows nothing, so it comes last; applicable is asked of no more cells
// than are about to be kept.
func cover(n int, labels func(int) []string, applicable func(int) bool, met map[pair]bool) map[int]bool {
	kept, out, shown := map[int]bool{}, map[int]bool{}, map[string]bool{}
	keep := func(i int) {
		kept[i] = true
		cell := labels(i)
		for j, a := range cell {
			shown[a] = true
			for _, b := range cell[j+1:] {
				met[pair{a, b}] = true
			}
		}
	}
	width := len(labels(0))
	for _, last := range []bool{false, true} {
		for fresh := width * (width - 1) / 2; fresh >= 0; fresh-- {
			for i := range n {
				cell := labels(i)
				switch {
				case kept[i] || out[i] != last:
				case fresh > 0 && freshPairs(cell, met) < fresh, fresh == 0 && !freshValue(cell, shown):
				case last || applicable(i):
					keep(i)
				default:
					out[i] = true
				}
			}
		}
	}
	return kept
}

func freshPairs(cell []string, met map[pair]bool) int {
	fresh := 0
	for i, a := range cell {
		for _, b := range cell[i+1:] {
			if !met[pair{a, b}] {
				fresh++
			}
		}
	}
	return fresh
}

func freshValue(cell []string, shown map[string]bool) bool {
	return slices.ContainsFunc(cell, func(a string) bool { return !shown[a] })
}
