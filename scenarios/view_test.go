package scenarios_test

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/molecule-ai/byok-conformance/registry"
	"github.com/molecule-ai/byok-conformance/scenarios"
)

// The built-in corpus has its twins where they are sought, and a file for each class.
func TestBuiltInIsTheFolder(t *testing.T) {
	folder, err := scenarios.Load(os.DirFS("."))
	if err != nil {
		t.Fatal(err)
	}
	want, err := folder.Expand(registry.Embedded())
	if err != nil {
		t.Fatal(err)
	}
	got := embedded(t)
	if len(got) != len(want) || len(got) < 30_000 {
		t.Fatalf("%d scenarios, and the folder has %d", len(got), len(want))
	}
	for i, s := range got {
		if s.ID != want[i].ID || s.Twin != want[i].Twin {
			t.Fatalf("%s with the twin %q, and the folder has %s with %q", s.ID, s.Twin, want[i].ID, want[i].Twin)
		}
		if class, _, _ := strings.Cut(filepath.Base(s.Pos.File), "."); class != s.Class {
			t.Fatalf("%s stands in %s", s.ID, s.Pos.File)
		}
	}
}

// What is expanded for a selection alone is what the whole corpus gives for it.
func TestSelectingExpandsTheSame(t *testing.T) {
	corpus := embeddedCorpus(t)
	few := []scenarios.Selection{
		{Level: scenarios.Extended, Shard: 3, Shards: 40},
		{IDs: []string{"mismatched/report"}},
		{IDs: []string{"*/groq/*"}, Shard: 1, Shards: 4},
		{IDs: []string{"missing/none/codex/*", "valid/scope*", "provision/rem?ved/*"}},
	}
	// Every class and some rules over a registry of two providers: over a large one
	// the same code reads the same tables, for minutes.
	many := []scenarios.Selection{
		{Level: scenarios.Extended, Matrix: scenarios.PairwiseMatrix},
		{Classes: []string{"missing"}, Matrix: scenarios.PairwiseMatrix},
		{Rules: []string{"LIV-9"}, Classes: []string{"dead", "transient"}, Matrix: scenarios.PairwiseMatrix, Shard: 2, Shards: 3},
	}
	for _, class := range scenarios.Classes {
		many = append(many, scenarios.Selection{Level: scenarios.Extended, Classes: []string{class}, Shard: 1, Shards: 4})
	}
	for _, rule := range []string{"DER-2", "REF-2", "LIV-10", "SEC-6", "PRV-1"} {
		many = append(many, scenarios.Selection{Level: scenarios.Extended, Rules: []string{rule}, Shard: 1, Shards: 4})
	}
	t.Run("embedded", func(t *testing.T) { selectsTheSame(t, corpus, registry.Embedded(), few) })
	t.Run("small", func(t *testing.T) { selectsTheSame(t, corpus, smallRegistry(t), many) })
}

// selectsTheSame holds what a corpus selects to what is selected of the whole.
func selectsTheSame(t *testing.T, corpus *scenarios.Corpus, reg *registry.Registry, selections []scenarios.Selection) {
	all, err := corpus.Expand(reg)
	if err != nil {
		t.Fatal(err)
	}
	for _, sel := range selections {
		t.Run(fmt.Sprintf("%+v", sel), func(t *testing.T) {
			if sel.Level == "" {
				sel.Level = scenarios.Core
			}
			want, err := sel.Select(all, corpus.Rules)
			if err != nil {
				t.Fatal(err)
			}
			got, err := corpus.Select(reg, &sel)
			if err != nil {
				t.Fatal(err)
			}
			if len(want.Scenarios) == 0 && sel.Level == scenarios.Extended && sel.Shards == 0 {
				t.Fatal("the selection is empty, and proves nothing")
			}
			if !reflect.DeepEqual(want, got) { // a difference of thousands takes its time
				t.Errorf("(-whole corpus +narrow):\n%.2000s", cmp.Diff(want, got, cmpopts.IgnoreUnexported(scenarios.Scenario{})))
			}
		})
	}
	if n, err := corpus.Count(reg); err != nil || n != len(all) {
		t.Errorf("%d scenarios are counted (%v), want %d", n, err, len(all))
	}
}

func TestSelectingNothingSuggests(t *testing.T) {
	corpus, err := scenarios.Embedded()
	if err != nil {
		t.Fatal(err)
	}
	_, err = corpus.Select(registry.Embedded(), &scenarios.Selection{Level: scenarios.Core, IDs: []string{"mismatched/reprot"}})
	if want := `no scenario has an id like "mismatched/reprot" (did you mean "mismatched/report"?)`; err == nil || !strings.HasPrefix(err.Error(), want) {
		t.Errorf("error is %v, want %s…", err, want)
	}
}
