package main

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/molecule-ai/byok-conformance/fakes/gates"
	"github.com/molecule-ai/byok-conformance/internal/spelled"
	"github.com/molecule-ai/byok-conformance/internal/strict"
	"github.com/molecule-ai/byok-conformance/registry"
	"github.com/molecule-ai/byok-conformance/scenarios"
)

// shownScenarios is how many ids of one template show prints.
const shownScenarios = 3

func showRule(w io.Writer, r *scenarios.Rule, kinds []scenarios.Kind) error {
	fmt.Fprintf(w, "%s (%s): %s\n\n%s\n\neffect: %s\n\nsource: %s\n\nscenarios:\n", r.ID, r.Level, r.Title, r.Text, r.Effect, r.Source)
	for _, kind := range kinds {
		for _, id := range kind.IDs {
			fmt.Fprintf(w, "  %s\n", id)
		}
		if more := kind.Scenarios - len(kind.IDs); more > 0 {
			fmt.Fprintf(w, "  … and %d more of this kind\n", more)
		}
	}
	if len(kinds) == 0 {
		fmt.Fprintln(w, "  none")
	}
	fmt.Fprintln(w, "\nfaulty gates that break it:")
	found := false
	for _, d := range gates.Faulty() {
		if slices.Contains(d.Rules, r.ID) {
			found = true
			fmt.Fprintf(w, "  %s: %s\n", d.Name, d.Story)
		}
	}
	if !found {
		fmt.Fprintln(w, "  none")
	}
	return nil
}

func showScenario(w io.Writer, id string, c *scenarios.Corpus) error {
	s, err := findScenario(id, c)
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "%s\n  %s\n  class %s, level %s, severity %s, needs %s\n  defined at %s\n", s.ID, s.Title, s.Class, s.Level, s.Severity, strings.Join(s.Needs, ", "), s.Pos)
	fmt.Fprintf(w, "\neffect when a gate fails it: %s\n\nrules:\n", s.Effect)
	for _, id := range s.Rules {
		fmt.Fprintf(w, "  %s: %s\n", id, c.Rules.Find(id).Title)
	}
	for _, st := range s.Steps {
		fmt.Fprintf(w, "\n%s\n  given   runtime %q, model %q, external %t\n", words(string(st.Stage), st.Name), st.Runtime, st.Model, st.External)
		showSecrets(w, "workspace", st.Secrets.Workspace)
		showSecrets(w, "global", st.Secrets.Global)
		x := st.Expect
		fmt.Fprintf(w, "  expect  %s, provider %s, upstream %s\n", words(string(x.Verdict), x.Code), cmp.Or(strings.Join(x.Providers, " or "), "none"), words(string(x.Upstream), x.Probed))
	}
	if s.Twin != "" {
		fmt.Fprintf(w, "\ntwin: %s\n", s.Twin)
	}
	return nil
}

// findScenario expands no more of the corpus than it takes to find a scenario;
// where there is none, all of it, for a suggestion.
func findScenario(id string, c *scenarios.Corpus) (*scenarios.Scenario, error) {
	if selected, err := c.Select(registry.Embedded(), &scenarios.Selection{Level: scenarios.Extended, IDs: []string{id}}); err == nil {
		if i := slices.IndexFunc(selected.Scenarios, func(s *scenarios.Scenario) bool { return s.ID == id }); i >= 0 {
			return selected.Scenarios[i], nil
		}
	}
	list, err := c.Expand(registry.Embedded())
	if err != nil {
		return nil, err
	}
	ids := make([]string, len(list))
	for i, s := range list {
		ids[i] = s.ID
	}
	return nil, fmt.Errorf("there is no rule and no scenario %q%s; conformance list prints them", id, strict.DidYouMean(id, append(ids, c.Rules.IDs()...)))
}

func showSecrets(w io.Writer, scope string, values map[string]scenarios.Value) {
	for _, name := range strict.SortedKeys(values) {
		fmt.Fprintf(w, "          %s %s = %s\n", scope, spelled.Line(name), values[name])
	}
}

// words joins two words of which the second may be empty.
func words(first, second string) string { return strings.TrimSuffix(first+" "+second, " ") }
