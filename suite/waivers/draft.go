package waivers

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"gopkg.in/yaml.v3"

	"github.com/molecule-ai/byok-conformance/internal/strict"
	"github.com/molecule-ai/byok-conformance/scenarios"
	"github.com/molecule-ai/byok-conformance/suite"
)

// draftDays is how long a drafted waiver holds; a quarter is long enough to
// repair a defect, and short enough to be asked about it.
const draftDays = 90

// A Draft collects the failures of a run for a waiver file. It keeps ids only.
type Draft struct {
	all []*scenarios.Scenario
	// failed has the violated rules of each failed scenario, joined.
	failed map[string]string
}

// NewDraft returns an empty draft. All is as for [New].
func NewDraft(all []*scenarios.Scenario) *Draft {
	return &Draft{all: all, failed: map[string]string{}}
}

// Add takes a result of the run; only failures that no waiver covers matter.
func (d *Draft) Add(r suite.Result) {
	if r.Outcome == suite.Failed {
		d.failed[r.Scenario.ID] = strings.Join(violatedRules(r), ", ")
	}
}

// Failed is the number of failures that the draft waives.
func (d *Draft) Failed() int { return len(d.failed) }

// YAML returns the waiver file: one waiver for each template, set of violated
// rules and glob, which match the failures of the run and no other scenario of
// their templates. Reasons and links are left to be filled in, and the file is
// refused until they are. The waivers expire 90 days after now.
func (d *Draft) YAML(now time.Time) []byte {
	var b strings.Builder
	fmt.Fprintf(&b, "# Drafted on %s from a run in which %d scenarios failed. Fill in every reason and\n"+
		"# link; the file is refused until then. Delete a waiver when its defect is repaired.\n", now.UTC().Format(time.DateOnly), len(d.failed))
	fmt.Fprintf(&b, "schema: %s\nwaivers:\n", Format)
	expires := now.UTC().AddDate(0, 0, draftDays).Format(time.DateOnly)
	for _, t := range templates(d.all) {
		groups := map[string][]string{}
		for _, id := range t.ids {
			if rules := d.failed[id]; rules != "" {
				groups[rules] = append(groups[rules], id)
			}
		}
		for _, rules := range strict.SortedKeys(groups) {
			for _, g := range t.compact(groups[rules]) {
				fmt.Fprintf(&b, "  # %d of %d, such as: %s\n", g.covers, len(t.ids), strings.Join(strings.Fields(t.titles[g.example]), " "))
				fmt.Fprintf(&b, "  - scenario: %s\n    violates: [%s]\n    reason: %q\n    link: %q\n    expires: %s\n",
					scalar(g.glob), rules, unfilled+": why this is known, and who repairs it", unfilled+": where it is tracked", expires)
			}
		}
	}
	return []byte(b.String())
}

// scalar writes a string as YAML does.
func scalar(s string) string {
	text, err := yaml.Marshal(s)
	if err != nil {
		return fmt.Sprintf("%q", s) // a JSON string is YAML
	}
	return strings.TrimSpace(string(text))
}

// A template is the scenarios that come from one entry of the corpus.
type template struct {
	// prefix is what their ids have in common, whole segments only.
	prefix string
	// ids are those that the registry in use can express.
	ids []string
	// titles are by id.
	titles map[string]string
}

// templates groups a corpus, in its order.
func templates(all []*scenarios.Scenario) []*template {
	var out []*template
	byPos := map[strict.Position]*template{}
	for _, s := range all {
		if s.NotApplicable != "" {
			continue
		}
		t := byPos[s.Pos]
		if t == nil {
			t = &template{prefix: s.ID, titles: map[string]string{}}
			byPos[s.Pos] = t
			out = append(out, t)
		}
		t.prefix = common(t.prefix, s.ID)
		t.ids = append(t.ids, s.ID)
		t.titles[s.ID] = s.Title
	}
	return out
}

// common is what two ids have in common, whole segments only.
func common(a, b string) string {
	x, y := strings.Split(a, "/"), strings.Split(b, "/")
	n := 0
	for n < min(len(x), len(y)) && x[n] == y[n] {
		n++
	}
	return strings.Join(x[:n], "/")
}

// A covering is a glob, how many scenarios it matches, and one of them.
type covering struct {
	glob    string
	covers  int
	example string
}

// maxSegments bounds the work of compact: 2^8 globs are tried for an id. A
// corpus id has a class, a name, and at most four axes behind them; a model with
// slashes in it makes more segments, and its ids are then listed one by one.
const maxSegments = 8

// compact returns few globs that match these ids of the template and no other
// one: any axis may become a *, the glob that covers most goes first.
func (t *template) compact(ids []string) []covering {
	failed := map[string]bool{}
	for _, id := range ids {
		failed[id] = true
	}
	counts := map[string]int{}
	spoiled := map[string]bool{}
	for _, id := range t.ids {
		for _, glob := range t.globsOf(id) {
			if counts[glob]++; !failed[id] {
				spoiled[glob] = true
			}
		}
	}
	var candidates []covering
	for glob, n := range counts {
		if !spoiled[glob] {
			candidates = append(candidates, covering{glob: glob, covers: n})
		}
	}
	slices.SortFunc(candidates, func(a, b covering) int {
		return cmp.Or(cmp.Compare(b.covers, a.covers), cmp.Compare(strings.Count(a.glob, "*"), strings.Count(b.glob, "*")), cmp.Compare(a.glob, b.glob))
	})
	var out []covering
	for left := len(ids); left > 0 && len(candidates) > 0; candidates = candidates[1:] {
		if fresh, exact := t.matches(candidates[0].glob, failed); exact && len(fresh) > 0 {
			out = append(out, covering{candidates[0].glob, len(fresh), fresh[0]})
			for _, id := range fresh {
				failed[id] = false
			}
			left -= len(fresh)
		}
	}
	return out
}

// globsOf are the globs that an id could stand behind: itself, and with any of
// the segments after the template's own replaced by a *.
func (t *template) globsOf(id string) []string {
	rest := strings.TrimPrefix(strings.TrimPrefix(id, t.prefix), "/")
	if rest == "" {
		return []string{id}
	}
	axes := strings.Split(rest, "/")
	if len(axes) > maxSegments {
		return []string{id}
	}
	var out []string
	for mask := range 1 << len(axes) {
		glob := slices.Clone(axes)
		for i := range glob {
			if mask&(1<<i) != 0 {
				glob[i] = "*"
			}
		}
		out = append(out, t.prefix+"/"+joined(glob))
	}
	return out
}

// joined writes neighbouring stars as one, which matches the same: a * takes
// slashes, too.
func joined(segments []string) string {
	return strings.Join(slices.CompactFunc(segments, func(a, b string) bool { return a == "*" && b == "*" }), "/")
}

// matches returns the failures that are not covered yet and that a glob matches.
// It is not exact where it matches a scenario besides that did not fail: a *
// takes slashes, so it may match more than the segments that it was made from.
func (t *template) matches(glob string, failed map[string]bool) (fresh []string, exact bool) {
	like := scenarios.IDMatcher(glob)
	for _, id := range t.ids {
		if !like(id) {
			continue
		}
		open, known := failed[id]
		if !known {
			return nil, false
		}
		if open {
			fresh = append(fresh, id)
		}
	}
	return fresh, true
}
