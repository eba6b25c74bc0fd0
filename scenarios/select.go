package scenarios

import (
	"fmt"
	"hash/fnv"
	"regexp"
	"slices"
	"strings"

	"github.com/molecule-ai/byok-conformance/internal/strict"
)

// A Selection narrows a corpus. Empty fields select everything; within a field
// one match is enough, and every field must match.
type Selection struct {
	// Level: Core selects core scenarios, Extended those of both levels.
	Level          Level
	Classes, Rules []string
	// IDs are globs: * stands for any text, slashes included, ? for one character.
	IDs []string
	// Shard and Shards select one part of N by a hash of the id, which stays the
	// same as the corpus grows. Shards 0 or 1 selects everything; Shard counts from 1.
	Shard, Shards int
	// Matrix thins what the other fields select; empty means FullMatrix.
	Matrix Matrix
}

// Selected is what a selection comes to.
type Selected struct {
	// Scenarios are in the order of the corpus, companions included.
	Scenarios []*Scenario
	// Companions are the ids of those that came along only because a selected
	// one needs them as its twin.
	Companions map[string]bool
	// LeftOut counts the scenarios that only Matrix kept out.
	LeftOut int
}

// check finds words that the corpus does not know; a filter that can never
// match is an error and no empty selection.
func (sel *Selection) check(list []*Scenario, rules *Rules) error {
	if err := sel.checkWords(rules); err != nil {
		return err
	}
	for _, glob := range sel.IDs {
		re := globExpression(glob)
		if !slices.ContainsFunc(list, func(s *Scenario) bool { return re.MatchString(s.ID) }) {
			return fmt.Errorf("no scenario has an id like %q%s; conformance list prints them all", glob, strict.DidYouMean(glob, ids(list)))
		}
	}
	return nil
}

// checkWords is check of all but the ids.
func (sel *Selection) checkWords(rules *Rules) error {
	for _, c := range sel.Classes {
		if !slices.Contains(Classes, c) {
			return fmt.Errorf("unknown class %q%s; the classes are %s", c, strict.DidYouMean(c, Classes), strings.Join(Classes, ", "))
		}
	}
	for _, r := range sel.Rules {
		if rules.Find(r) == nil {
			return fmt.Errorf("unknown rule %q%s; conformance list --rules prints them all", r, strict.DidYouMean(r, rules.IDs()))
		}
	}
	if sel.Matrix != "" && !slices.Contains(Matrices, sel.Matrix) {
		return fmt.Errorf("unknown matrix %q%s; it is %s", sel.Matrix, strict.DidYouMean(string(sel.Matrix), names(Matrices)), strings.Join(names(Matrices), " or "))
	}
	if sel.Shards > 1 && (sel.Shard < 1 || sel.Shard > sel.Shards) {
		return fmt.Errorf("shard %d/%d does not exist; shards count from 1", sel.Shard, sel.Shards)
	}
	return nil
}

func ids(list []*Scenario) []string {
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = s.ID
	}
	return out
}

// Select returns the scenarios that a selection asks for. An unknown class, rule,
// id or matrix is an error.
func (sel *Selection) Select(list []*Scenario, rules *Rules) (Selected, error) {
	if err := sel.check(list, rules); err != nil {
		return Selected{}, err
	}
	var globs []*regexp.Regexp
	for _, g := range sel.IDs {
		globs = append(globs, globExpression(g))
	}
	var kept map[string]bool
	if sel.Matrix == PairwiseMatrix {
		kept = pairwise(list)
	}
	const unasked, thinned, wanted = 0, 1, 2
	asked, twins, n := make([]byte, len(list)), map[string]bool{}, 0
	for i, s := range list {
		switch {
		case !sel.matches(s, globs):
		case kept != nil && !kept[s.ID]:
			asked[i] = thinned
		default:
			asked[i], n = wanted, n+1
			if s.Twin != "" {
				twins[s.Twin] = true
			}
		}
	}
	out := Selected{Scenarios: make([]*Scenario, 0, n+len(twins)), Companions: map[string]bool{}}
	for i, s := range list {
		switch {
		case asked[i] == wanted:
			out.Scenarios = append(out.Scenarios, s)
		case twins[s.ID]:
			out.Scenarios = append(out.Scenarios, s)
			out.Companions[s.ID] = true
		case asked[i] == thinned:
			out.LeftOut++
		}
	}
	return out, nil
}

func (sel *Selection) matches(s *Scenario, globs []*regexp.Regexp) bool {
	return (s.Level == Core || sel.Level == Extended) &&
		(len(sel.Classes) == 0 || slices.Contains(sel.Classes, s.Class)) &&
		(len(sel.Rules) == 0 || slices.ContainsFunc(sel.Rules, func(r string) bool { return slices.Contains(s.Rules, r) })) &&
		(len(globs) == 0 || slices.ContainsFunc(globs, func(re *regexp.Regexp) bool { return re.MatchString(s.ID) })) &&
		(sel.Shards <= 1 || ShardOf(s.ID, sel.Shards) == sel.Shard)
}

// ShardOf returns the shard of n, counted from 1, that a scenario id belongs to.
func ShardOf(id string, n int) int {
	h := fnv.New32a()
	h.Write([]byte(id))
	return int(h.Sum32()%uint32(n)) + 1
}

// IDMatcher returns whether an id is like a glob, in which * stands for any
// text, slashes included, and ? for one character.
func IDMatcher(glob string) func(id string) bool { return globExpression(glob).MatchString }

func globExpression(glob string) *regexp.Regexp {
	quoted := regexp.QuoteMeta(glob)
	quoted = strings.ReplaceAll(strings.ReplaceAll(quoted, `\*`, `.*`), `\?`, `.`)
	return regexp.MustCompile("^(?:" + quoted + ")$")
}
