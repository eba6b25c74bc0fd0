package scenarios_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/molecule-ai/byok-conformance/scenarios"
)

// few is a corpus of five scenarios, two of them with twins.
func few(t *testing.T) ([]*scenarios.Scenario, *scenarios.Rules) {
	t.Helper()
	rules, err := scenarios.LoadRules("rules.yaml", []byte(twoRules))
	if err != nil {
		t.Fatal(err)
	}
	one := func(id, class, rule, twin string, level scenarios.Level) *scenarios.Scenario {
		return &scenarios.Scenario{ID: id, Class: class, Rules: []string{rule}, Twin: twin, Level: level}
	}
	return []*scenarios.Scenario{
		one("dead/answer/a", "dead", "LIV-1", "valid/a", scenarios.Core),
		one("missing/a", "missing", "PRE-1", "valid/a", scenarios.Core),
		one("missing/a/b", "missing", "PRE-1", "valid/b", scenarios.Extended),
		one("valid/a", "valid", "PRE-1", "", scenarios.Core),
		one("valid/b", "valid", "LIV-1", "", scenarios.Core),
	}, rules
}

func TestSelect(t *testing.T) {
	tests := []struct {
		name string
		sel  scenarios.Selection
		// want are the selected ids; with a plus those that come along as twins.
		want []string
	}{
		{"nothing said: all of core", scenarios.Selection{}, []string{"dead/answer/a", "missing/a", "valid/a", "valid/b"}},
		{"extended is both levels", scenarios.Selection{Level: scenarios.Extended}, []string{"dead/answer/a", "missing/a", "missing/a/b", "valid/a", "valid/b"}},
		{"class, and its twins", scenarios.Selection{Classes: []string{"missing"}}, []string{"missing/a", "+valid/a"}},
		{"a twin that is selected is no companion", scenarios.Selection{Classes: []string{"missing", "valid"}}, []string{"missing/a", "valid/a", "valid/b"}},
		{"rule", scenarios.Selection{Rules: []string{"LIV-1"}}, []string{"dead/answer/a", "+valid/a", "valid/b"}},
		{"every field must match", scenarios.Selection{Classes: []string{"dead"}, Rules: []string{"PRE-1"}}, nil},
		{"exact id", scenarios.Selection{IDs: []string{"valid/b"}}, []string{"valid/b"}},
		{"* stands for slashes, too", scenarios.Selection{IDs: []string{"dead/*"}}, []string{"dead/answer/a", "+valid/a"}},
		{"* in the middle", scenarios.Selection{IDs: []string{"*/a"}}, []string{"dead/answer/a", "missing/a", "valid/a"}},
		{"? stands for one character", scenarios.Selection{IDs: []string{"valid/?"}}, []string{"valid/a", "valid/b"}},
		{"one glob is enough", scenarios.Selection{IDs: []string{"valid/b", "missing/a"}}, []string{"missing/a", "+valid/a", "valid/b"}},
		{"a glob is no prefix", scenarios.Selection{IDs: []string{"missing/a"}, Level: scenarios.Extended}, []string{"missing/a", "+valid/a"}},
		{"an id at a level that is not selected", scenarios.Selection{IDs: []string{"missing/a/b"}}, nil},
	}
	list, rules := few(t)
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			selected, err := test.sel.Select(list, rules)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, s := range selected.Scenarios {
				id := s.ID
				if selected.Companions[id] {
					id = "+" + id
				}
				got = append(got, id)
			}
			if diff := cmp.Diff(test.want, got, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("selected (-want +got):\n%s", diff)
			}
		})
	}
}

func TestSelectErrors(t *testing.T) {
	tests := []struct {
		sel  scenarios.Selection
		want string
	}{
		{scenarios.Selection{Classes: []string{"ded"}}, `unknown class "ded" (did you mean "dead"?); the classes are missing, mismatched, dead, forbidden, transient, rate-limited, valid, underivable, platform, external, unprobeable, unreadable, refusal, secrecy, provision, robustness, dialect`},
		{scenarios.Selection{Rules: []string{"PRE-9"}}, `unknown rule "PRE-9" (did you mean "PRE-1"?); conformance list --rules prints them all`},
		{scenarios.Selection{IDs: []string{"valid/*", "missing/c"}}, `no scenario has an id like "missing/c" (did you mean "missing/a"?); conformance list prints them all`},
		{scenarios.Selection{IDs: []string{"valid"}}, `no scenario has an id like "valid" (did you mean "valid/a"?); conformance list prints them all`},
		{scenarios.Selection{IDs: []string{"missing.a"}}, `no scenario has an id like "missing.a" (did you mean "missing/a"?); conformance list prints them all`},
		{scenarios.Selection{Matrix: "pairwse"}, `unknown matrix "pairwse" (did you mean "pairwise"?); it is full or pairwise`},
		{scenarios.Selection{Shard: 3, Shards: 2}, "shard 3/2 does not exist; shards count from 1"},
		{scenarios.Selection{Shard: 0, Shards: 2}, "shard 0/2 does not exist; shards count from 1"},
	}
	list, rules := few(t)
	for _, test := range tests {
		if _, err := test.sel.Select(list, rules); err == nil || err.Error() != test.want {
			t.Errorf("%+v: %v\nwant %s", test.sel, err, test.want)
		}
	}
}

// TestShards holds every id to exactly one shard of N, and each shard to its
// fair part of the corpus.
func TestShards(t *testing.T) {
	list, rules := embedded(t), embeddedCorpus(t).Rules
	for _, n := range []int{1, 2, 3, 7} {
		owner := map[string]int{}
		for shard := 1; shard <= n; shard++ {
			sel := scenarios.Selection{Level: scenarios.Extended, Shard: shard, Shards: n}
			selected, err := sel.Select(list, rules)
			if err != nil {
				t.Fatal(err)
			}
			own, there := 0, map[string]bool{}
			for _, s := range selected.Scenarios {
				there[s.ID] = true
			}
			for _, s := range selected.Scenarios {
				if selected.Companions[s.ID] {
					continue
				}
				own++
				if owner[s.ID] != 0 {
					t.Errorf("%s is in shards %d and %d of %d", s.ID, owner[s.ID], shard, n)
				}
				owner[s.ID] = shard
				if s.Twin != "" && !there[s.Twin] {
					t.Fatalf("%s is in shard %d of %d without its twin", s.ID, shard, n)
				}
			}
			if fair := len(list) / n; own < fair*8/10 || own > fair*12/10 {
				t.Errorf("shard %d of %d has %d of %d scenarios", shard, n, own, len(list))
			}
		}
		if len(owner) != len(list) {
			t.Errorf("%d shards hold %d of %d scenarios", n, len(owner), len(list))
		}
	}
}

// TestShardOf pins the hash: a scenario stays in its shard from one version to
// the next.
func TestShardOf(t *testing.T) {
	want := map[string]string{"mismatched/report": "3/3 3/7", "valid/tie": "3/3 4/7", "provision/platform/claude-code/anthropic/claude-opus-4-7": "2/3 5/7"}
	for id, shards := range want {
		if got := fmt.Sprintf("%d/3 %d/7", scenarios.ShardOf(id, 3), scenarios.ShardOf(id, 7)); got != shards {
			t.Errorf("%s is in shards %s, want %s", id, got, shards)
		}
	}
}
