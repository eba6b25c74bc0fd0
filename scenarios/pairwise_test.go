package scenarios_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/molecule-ai/byok-conformance/scenarios"
)

// thinned selects a corpus of one template with a pairwise matrix.
func thinned(t *testing.T, matrix string) (kept []string, leftOut int) {
	t.Helper()
	list, err := expandAlone(t, file(map[string]string{
		"matrix": matrix, "given": "{runtime: one, model: a-1, secrets: {workspace: {A_KEY: live}}}", "expect": "{verdict: allowed}",
	}), smallRegistry(t))
	if err != nil {
		t.Fatal(err)
	}
	sel := scenarios.Selection{Matrix: scenarios.PairwiseMatrix}
	selected, err := sel.Select(list, embeddedCorpus(t).Rules)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range selected.Scenarios {
		kept = append(kept, strings.TrimPrefix(s.ID, "missing/a"))
	}
	if len(kept)+selected.LeftOut != len(list) {
		t.Errorf("%d kept and %d left out of %d", len(kept), selected.LeftOut, len(list))
	}
	return kept, selected.LeftOut
}

// axes writes a matrix of cases: the axes case, value and scope take any words
// that the templates of these tests do not fill in anywhere.
func axes(sizes ...int) string {
	names := []string{"case", "value", "answer", "scope"}
	words := map[string][]string{"answer": {"live", "dead", "forbidden"}, "scope": {"workspace", "global", "both"}}
	var out []string
	for i, n := range sizes {
		var values []string
		for j := range n {
			if w := words[names[i]]; w != nil {
				values = append(values, w[j])
			} else {
				values = append(values, fmt.Sprintf("%c%d", 'a'+i, j))
			}
		}
		out = append(out, names[i]+": ["+strings.Join(values, ", ")+"]")
	}
	return "{" + strings.Join(out, ", ") + "}"
}

// TestPairwise pins how much of a matrix stays: nothing is thinned where there
// is no third axis, and of three axes no fewer than the two largest make.
func TestPairwise(t *testing.T) {
	tests := []struct {
		name          string
		sizes         []int
		kept, leftOut int
	}{
		{"one axis", []int{4}, 4, 0},
		{"two axes", []int{4, 5}, 20, 0},
		{"three axes", []int{4, 5, 3}, 20, 40},
		{"three axes of two", []int{2, 2, 2}, 4, 4},
		{"four axes", []int{3, 3, 3, 3}, 9, 72},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			kept, leftOut := thinned(t, axes(test.sizes...))
			// A greedy cover may need more than the fewest; never more than a fifth here.
			if len(kept) < test.kept || len(kept) > test.kept+test.kept/5 || len(kept)+leftOut != test.kept+test.leftOut {
				t.Errorf("%d kept and %d left out, want some %d and %d", len(kept), leftOut, test.kept, test.leftOut)
			}
			every := thinnedPairs(kept)
			want := 0
			for i := range test.sizes {
				for j := i + 1; j < len(test.sizes); j++ {
					want += test.sizes[i] * test.sizes[j]
				}
			}
			if len(every) != want {
				t.Errorf("%d pairs meet in what is kept, want %d", len(every), want)
			}
		})
	}
}

// thinnedPairs are the pairs of labels that meet in ids such as /a0/b1/live.
func thinnedPairs(ids []string) map[string]bool {
	out := map[string]bool{}
	for _, id := range ids {
		labels := strings.Split(id, "/")[1:]
		for i := range labels {
			for j := i + 1; j < len(labels); j++ {
				out[fmt.Sprintf("%d %s, %d %s", i, labels[i], j, labels[j])] = true
			}
		}
	}
	return out
}

// TestPairwiseCorpus holds the thinning of our own corpus to what it promises:
// every template stays, every twin is there, the numbers add up, and the same
// corpus is thinned the same way.
func TestPairwiseCorpus(t *testing.T) {
	list, rules := embedded(t), embeddedCorpus(t).Rules
	sel := scenarios.Selection{Level: scenarios.Extended, Matrix: scenarios.PairwiseMatrix}
	selected, err := sel.Select(list, rules)
	if err != nil {
		t.Fatal(err)
	}
	if got := len(selected.Scenarios) + selected.LeftOut; got != len(list) || selected.LeftOut == 0 {
		t.Errorf("%d selected and %d left out make %d, want %d with some left out", len(selected.Scenarios), selected.LeftOut, got, len(list))
	}
	positions := map[string]bool{}
	ids := map[string]bool{}
	for _, s := range selected.Scenarios {
		positions[s.Pos.String()], ids[s.ID] = true, true
	}
	for _, s := range list {
		if !positions[s.Pos.String()] {
			t.Errorf("nothing is left of the template of %s at %s", s.ID, s.Pos)
		}
	}
	for _, s := range selected.Scenarios {
		if !selected.Companions[s.ID] && s.Twin != "" && !ids[s.Twin] {
			t.Errorf("%s is kept without its twin %s", s.ID, s.Twin)
		}
	}
	again, err := sel.Select(slices.Clone(list), rules)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(selected.Companions, again.Companions); diff != "" || len(again.Scenarios) != len(selected.Scenarios) {
		t.Errorf("the same corpus was thinned in another way: %s", diff)
	}
	for i := range min(len(selected.Scenarios), len(again.Scenarios)) {
		if a, b := selected.Scenarios[i], again.Scenarios[i]; a != b {
			t.Fatalf("scenario %d is %s, and %s the second time", i, a.ID, b.ID)
		}
	}
}

// TestPairwiseMismatch holds the proof of the bypass together: every provider
// still meets every foreign name, and every foreign name every scope.
func TestPairwiseMismatch(t *testing.T) {
	list, rules := embedded(t), embeddedCorpus(t).Rules
	pairs := func(m scenarios.Matrix) map[string]bool {
		sel := scenarios.Selection{IDs: []string{"mismatched/foreign/*"}, Matrix: m}
		selected, err := sel.Select(list, rules)
		if err != nil {
			t.Fatal(err)
		}
		var ids []string
		for _, s := range selected.Scenarios {
			if !selected.Companions[s.ID] {
				ids = append(ids, strings.TrimPrefix(s.ID, "mismatched/foreign"))
			}
		}
		return thinnedPairs(ids)
	}
	if diff := cmp.Diff(pairs(scenarios.FullMatrix), pairs(scenarios.PairwiseMatrix)); diff != "" {
		t.Errorf("pairs that meet (-full +pairwise):\n%s", diff)
	}
}
