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

// pairwise returns the ids of the scenarios that a pairwise matrix keeps. A
// template with fewer than two axes keeps all. The same list gives the same ids.
func pairwise(list []*Scenario) map[string]bool {
	kept := make(map[string]bool, len(list))
	var order []string
	byTemplate := map[string][]*Scenario{}
	for _, s := range list {
		if len(s.cell) < 2 {
			kept[s.ID] = true
			continue
		}
		if byTemplate[s.template] == nil {
			order = append(order, s.template)
		}
		byTemplate[s.template] = append(byTemplate[s.template], s)
	}
	met := map[string]map[pair]bool{}
	for _, template := range order {
		cells := byTemplate[template]
		class := cells[0].Class
		if met[class] == nil {
			met[class] = map[pair]bool{}
		}
		cover(cells, met[class], kept)
	}
	return kept
}

// A pair is two values of a cell. Values of different axes are never the same words.
type pair struct{ a, b string }

// cover adds to kept, greedily, the cells of a template that show most pairs
// not yet met; of equals the first. As the number of new pairs of a cell only
// falls, one pass for each number finds what a search for the best cell would.
// Then come cells for values that the template does not show yet. What the
// registry cannot express shows nothing, so it comes last.
func cover(cells []*Scenario, met map[pair]bool, kept map[string]bool) {
	shown := map[string]bool{}
	keep := func(s *Scenario) {
		kept[s.ID] = true
		for i, a := range s.cell {
			shown[a] = true
			for _, b := range s.cell[i+1:] {
				met[pair{a, b}] = true
			}
		}
	}
	width := len(cells[0].cell)
	for _, applicable := range []bool{true, false} {
		for n := width * (width - 1) / 2; n >= 0; n-- {
			for _, s := range cells {
				switch {
				case (s.NotApplicable == "") != applicable || kept[s.ID]:
				case n > 0 && freshPairs(s.cell, met) >= n, n == 0 && freshValue(s.cell, shown):
					keep(s)
				}
			}
		}
	}
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
