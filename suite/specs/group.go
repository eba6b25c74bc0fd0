package specs

import (
	"slices"
	"strings"

	"github.com/molecule-ai/byok-conformance/internal/strict"
	"github.com/molecule-ai/byok-conformance/scenarios"
	"github.com/molecule-ai/byok-conformance/suite"
)

// A group is what one spec replays: one scenario, or those that a matrix makes
// for one provider, so that ten thousand scenarios are a thousand specs.
type group struct {
	// text is the spec's; no two groups have the same.
	text      string
	labels    []string
	scenarios []*scenarios.Scenario
	batch     *batch
	// replayed: there was a verdict, here or in results, in the order of scenarios,
	// which the spec has not taken yet.
	replayed bool
	results  []suite.Result
	// attempts counts the runs of the spec, so that another try has values of its own.
	attempts int
}

// A groupKey says which scenarios stand in one spec. Those that wait for a
// silent provider stand together for all providers, so that their waits, each
// as long as the probe's budget, overlap.
type groupKey struct {
	template strict.Position
	provider string
	waits    bool
}

func keyOf(s *scenarios.Scenario) groupKey {
	k := groupKey{template: s.Pos, waits: s.Waits()}
	if p := s.Steps[len(s.Steps)-1].Expect.Providers; len(p) > 0 && !k.waits {
		k.provider = p[0]
	}
	return k
}

// grouped puts the selected scenarios into groups, in the order of the corpus.
// Names come from the whole corpus, so that a spec keeps its name whatever is
// selected.
func grouped(all, selected []*scenarios.Scenario) []*group {
	whole := map[groupKey][]*scenarios.Scenario{}
	for _, s := range all {
		k := keyOf(s)
		whole[k] = append(whole[k], s)
	}
	groups := map[groupKey]*group{}
	var out []*group
	for _, s := range selected {
		k := keyOf(s)
		g := groups[k]
		if g == nil {
			g = &group{text: textOf(k, whole[k]), labels: labelsOf(s)}
			groups[k] = g
			out = append(out, g)
		}
		g.scenarios = append(g.scenarios, s)
	}
	return out
}

// textOf is the scenario's id and title, or what the ids have in common up to
// the provider.
func textOf(k groupKey, list []*scenarios.Scenario) string {
	if len(list) == 1 {
		return list[0].ID + ": " + list[0].Title
	}
	prefix := strings.Split(list[0].ID, "/")
	for _, s := range list[1:] {
		n := 0
		for other := strings.Split(s.ID, "/"); n < len(prefix) && n < len(other) && prefix[n] == other[n]; {
			n++
		}
		prefix = prefix[:n]
	}
	at := slices.Index(prefix, k.provider)
	if at >= 0 {
		prefix = prefix[:at+1]
	}
	text := strings.Join(prefix, "/") + "/*"
	switch {
	case k.waits:
		return text + " while providers are silent"
	case k.provider != "" && at < 0:
		return text + " for " + k.provider
	}
	return text
}

// labelsOf are the same for every scenario of a template.
func labelsOf(s *scenarios.Scenario) []string {
	labels := []string{"class:" + s.Class, string(s.Level), s.Severity}
	for _, rule := range s.Rules {
		labels = append(labels, "rule:"+rule)
	}
	return labels
}
