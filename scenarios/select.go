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

// check finds words that the corpus does not know; a filter that can never match
// is an error and no empty selection.
func (sel *Selection) check(rules *Rules, classes []string) error {
	for _, c := range sel.Classes {
		if !slices.Contains(classes, c) {
			return fmt.Errorf("unknown class %q%s; the classes are %s", c, strict.DidYouMean(c, classes), strings.Join(classes, ", "))
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

// Select returns the scenarios of a list that a selection asks for. An unknown
// class, rule, id or matrix is an error.
func (sel *Selection) Select(list []*Scenario, rules *Rules) (Selected, error) {
	if err := sel.check(rules, Classes); err != nil {
		return Selected{}, err
	}
	m := sel.matcher()
	if unlike := m.unlike(list); len(unlike) > 0 {
		return Selected{}, noneLike(unlike[0], ids(list))
	}
	var kept map[*Scenario]bool
	if sel.Matrix == PairwiseMatrix {
		kept = pairwise(list)
	}
	out := Selected{Companions: map[string]bool{}}
	asked, twins := make([]bool, len(list)), map[string]bool{}
	for i, s := range list {
		switch {
		case !sel.asksFor(s.Level, s.Class, s.Rules) || !m.id([]byte(s.ID)):
		case kept != nil && !kept[s]:
			out.LeftOut++
		default:
			asked[i], twins[s.Twin] = true, true
		}
	}
	for i, s := range list {
		if !asked[i] && twins[s.ID] {
			out.Companions[s.ID] = true
			if kept != nil && sel.asksFor(s.Level, s.Class, s.Rules) && m.id([]byte(s.ID)) {
				out.LeftOut-- // it comes along, after all
			}
		}
		if asked[i] || twins[s.ID] {
			out.Scenarios = append(out.Scenarios, s)
		}
	}
	return out, nil
}

func ids(list []*Scenario) []string {
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = s.ID
	}
	return out
}

func noneLike(glob string, ids []string) error {
	return fmt.Errorf("no scenario has an id like %q%s; conformance list prints them all", glob, strict.DidYouMean(glob, ids))
}

// asksFor reports whether a selection asks for scenarios of an entry; its ids may
// still be others.
func (sel *Selection) asksFor(level Level, class string, rules []string) bool {
	return (level == Core || sel.Level == Extended) &&
		(len(sel.Classes) == 0 || slices.Contains(sel.Classes, class)) &&
		(len(sel.Rules) == 0 || slices.ContainsFunc(sel.Rules, func(r string) bool { return slices.Contains(rules, r) }))
}

// classes lists the classes that a selection may find anything in; nil for all.
func (sel *Selection) classes() []string {
	if len(sel.Classes) > 0 || len(sel.IDs) == 0 {
		return sel.Classes
	}
	var out []string
	for _, glob := range sel.IDs {
		class, _, whole := strings.Cut(literal(glob), "/")
		if !whole {
			return nil
		}
		out = append(out, class)
	}
	return out
}

// literal is what a glob begins with before anything may stand for more.
func literal(glob string) string {
	if i := strings.IndexAny(glob, "*?"); i >= 0 {
		return glob[:i]
	}
	return glob
}

// A matcher asks ids; the zero value says yes to all.
type matcher struct {
	sel   *Selection
	exact map[string]bool
	globs []*regexp.Regexp
}

func (sel *Selection) matcher() *matcher {
	m := &matcher{sel: sel, exact: map[string]bool{}}
	for _, glob := range sel.IDs {
		if literal(glob) == glob {
			m.exact[glob] = true
		} else {
			m.globs = append(m.globs, globExpression(glob))
		}
	}
	return m
}

func (m *matcher) id(id []byte) bool {
	return (len(m.sel.IDs) == 0 || m.exact[string(id)] || slices.ContainsFunc(m.globs, func(re *regexp.Regexp) bool { return re.Match(id) })) &&
		(m.sel.Shards <= 1 || shardOf(id, m.sel.Shards) == m.sel.Shard)
}

// cell asks the id of a cell, and makes it only where that decides.
func (m *matcher) cell(c *Cell) bool {
	return len(m.sel.IDs) == 0 && m.sel.Shards <= 1 || m.id(c.id())
}

// unlike returns the globs that none of a list is like.
func (m *matcher) unlike(list []*Scenario) []string {
	var out []string
	for _, glob := range m.sel.IDs {
		like := IDMatcher(glob)
		if !slices.ContainsFunc(list, func(s *Scenario) bool { return like(s.ID) }) {
			out = append(out, glob)
		}
	}
	return out
}

// mayHold reports whether the id of one of the entry's scenarios may be asked for.
func (m *matcher) mayHold(t *template) bool {
	return m.sel.asksFor(Level(t.level), t.class, t.rules) && (len(m.sel.IDs) == 0 || slices.ContainsFunc(m.sel.IDs, func(glob string) bool {
		start := literal(glob)
		return strings.HasPrefix(t.id, start) || strings.HasPrefix(start, t.id+"/")
	}))
}

// ShardOf returns the shard of n, counted from 1, that a scenario id belongs to.
func ShardOf(id string, n int) int { return shardOf([]byte(id), n) }

func shardOf(id []byte, n int) int {
	h := fnv.New32a()
	h.Write(id)
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
