package scenarios_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/molecule-ai/byok-conformance/registry"
	"github.com/molecule-ai/byok-conformance/scenarios"
)

// What is named is what is selected, with the same titles.
func TestNamingNamesWhatIsSelected(t *testing.T) {
	corpus := embeddedCorpus(t)
	for _, sel := range []scenarios.Selection{
		{Level: scenarios.Extended}, {Level: scenarios.Core}, {Level: scenarios.Core, Classes: []string{"dead"}, Rules: []string{"LIV-9"}},
		{Level: scenarios.Extended, Shard: 2, Shards: 7}, {Level: scenarios.Core, IDs: []string{"mismatched/rep*", "valid/*groq*"}},
	} {
		t.Run(fmt.Sprintf("%+v", sel), func(t *testing.T) {
			selected, err := corpus.Select(registry.Embedded(), &sel)
			if err != nil {
				t.Fatal(err)
			}
			var want, got []string
			for _, s := range selected.Scenarios {
				if !selected.Companions[s.ID] {
					want = append(want, s.ID+" "+s.Title)
				}
			}
			n, err := corpus.Name(registry.Embedded(), &sel, func(id, title []byte) { got = append(got, string(id)+" "+string(title)) })
			if err != nil || n != len(want) || n == 0 || !slices.Equal(got, want) {
				t.Errorf("%d are named (%v), %d in all, and are not the %d that are selected", n, err, len(got), len(want))
			}
		})
	}
}

func TestNamingRefuses(t *testing.T) {
	for _, test := range []struct {
		sel  scenarios.Selection
		want string
	}{
		{scenarios.Selection{Matrix: scenarios.PairwiseMatrix}, "pairwise"},
		{scenarios.Selection{Classes: []string{"deaf"}}, `unknown class "deaf" (did you mean "dead"?)`},
		{scenarios.Selection{Rules: []string{"PRE-99"}}, `unknown rule "PRE-99"`},
		{scenarios.Selection{IDs: []string{"mismatched/reprot"}}, `no scenario has an id like "mismatched/reprot"`},
		{scenarios.Selection{Shard: 3, Shards: 2}, "shard 3/2 does not exist"},
	} {
		_, err := embeddedCorpus(t).Name(registry.Embedded(), &test.sel, func(id, _ []byte) { t.Errorf("%s is named", id) })
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%+v: error %v, want %q", test.sel, err, test.want)
		}
	}
}

// What a rule's kinds count is what exercises it.
func TestExercisingCountsEveryScenario(t *testing.T) {
	corpus := embeddedCorpus(t)
	for _, rule := range []string{"PRE-2", "LIV-12", "DIA-1"} {
		selected, err := corpus.Select(registry.Embedded(), &scenarios.Selection{Level: scenarios.Extended, Rules: []string{rule}})
		if err != nil {
			t.Fatal(err)
		}
		kinds, err := corpus.Exercising(registry.Embedded(), rule, 2)
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for _, kind := range kinds {
			n += kind.Scenarios
			if len(kind.IDs) != min(2, kind.Scenarios) {
				t.Errorf("%s: %d ids of a kind of %d scenarios", rule, len(kind.IDs), kind.Scenarios)
			}
		}
		if want := len(selected.Scenarios) - len(selected.Companions); n != want || n == 0 {
			t.Errorf("%s: the kinds count %d scenarios, want %d", rule, n, want)
		}
	}
}
