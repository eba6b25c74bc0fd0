package scenarios

// A Matrix says how many cells of the templates' matrices are replayed.
type Matrix string

const (
	// FullMatrix keeps every combination; it is the proof.
	FullMatrix Matrix = "full"
	// PairwiseMatrix keeps cells in which every pair of axis values still
	// meets, for servers that are slow or limit their clients. A defect that
	// needs three values at once may hide in what it leaves out.
	PairwiseMatrix Matrix = "pairwise"
)

// Matrices are the values of Selection.Matrix; empty means FullMatrix.
var Matrices = []Matrix{FullMatrix, PairwiseMatrix}

// pairwise returns the ids of the scenarios that a pairwise matrix keeps: per
// template, cells that hold every pair of values of two axes. A template with
// fewer than two axes keeps all. The same list gives the same ids.
func pairwise(list []*Scenario) map[string]bool {
	kept := make(map[string]bool, len(list))
	byTemplate := map[string][]*Scenario{}
	for _, s := range list {
		if len(s.cell) < 2 {
			kept[s.ID] = true
			continue
		}
		byTemplate[s.template] = append(byTemplate[s.template], s)
	}
	for _, cells := range byTemplate {
		cover(cells, kept)
	}
	return kept
}

// A pair is a value of one axis beside a value of a later one.
type pair struct {
	first, second int
	a, b          string
}

func pairsOf(cell []string) []pair {
	var out []pair
	for i, a := range cell {
		for j := i + 1; j < len(cell); j++ {
			out = append(out, pair{i, j, a, cell[j]})
		}
	}
	return out
}

// cover adds to kept, greedily, the cells that show most pairs not yet seen;
// of equals the first. As the number of new pairs of a cell only falls, one pass
// for each number finds what a search for the best cell would. What the
// registry cannot express shows nothing, so it comes last.
func cover(cells []*Scenario, kept map[string]bool) {
	seen := map[pair]bool{}
	fresh := func(s *Scenario) (n int) {
		for _, p := range pairsOf(s.cell) {
			if !seen[p] {
				n++
			}
		}
		return n
	}
	most := len(pairsOf(cells[0].cell))
	for _, applicable := range []bool{true, false} {
		for n := most; n > 0; n-- {
			for _, s := range cells {
				if (s.NotApplicable == "") != applicable || kept[s.ID] || fresh(s) < n {
					continue
				}
				kept[s.ID] = true
				for _, p := range pairsOf(s.cell) {
					seen[p] = true
				}
			}
		}
	}
}
