package scenarios

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

// cover adds to kept, greedily, the cells of a template that show most values
// and pairs not yet seen; of equals the first. As the number of new ones of a
// cell only falls, one pass for each number finds what a search for the best
// cell would. What the registry cannot express shows nothing, so it comes last.
func cover(cells []*Scenario, met map[pair]bool, kept map[string]bool) {
	shown := map[string]bool{}
	each := func(s *Scenario, f func(isNew bool, see func())) {
		for i, a := range s.cell {
			f(!shown[a], func() { shown[a] = true })
			for _, b := range s.cell[i+1:] {
				f(!met[pair{a, b}], func() { met[pair{a, b}] = true })
			}
		}
	}
	width := len(cells[0].cell)
	for _, applicable := range []bool{true, false} {
		for n := width * (width + 1) / 2; n > 0; n-- {
			for _, s := range cells {
				if (s.NotApplicable == "") != applicable || kept[s.ID] {
					continue
				}
				fresh := 0
				each(s, func(isNew bool, _ func()) {
					if isNew {
						fresh++
					}
				})
				if fresh >= n {
					kept[s.ID] = true
					each(s, func(_ bool, see func()) { see() })
				}
			}
		}
	}
}
