package scenarios

import (
	"fmt"
	"strings"
	"testing"

	"github.com/molecule-ai/byok-conformance/registry"
)

// largeRegistry has n providers with a name each, under one runtime.
func largeRegistry(t *testing.T, n int) *registry.Registry {
	t.Helper()
	var providers, natives strings.Builder
	for i := range n {
		fmt.Fprintf(&providers, "  - {name: p-%03d, display_name: P, auth_mode: anthropic_api, auth_env: [P%03d_API_KEY], protocol: openai, base_url_template: 'https://p%03d.example/v1', model_prefix_match: '^p-%03d/'}\n", i, i, i, i)
		fmt.Fprintf(&natives, "      - {name: p-%03d, models: [p-%03d/m]}\n", i, i)
	}
	reg, err := registry.Load("large.yaml", []byte("schema_version: 1\nproviders:\n"+providers.String()+"runtimes:\n  one:\n    providers:\n"+natives.String()))
	if err != nil {
		t.Fatal(err)
	}
	return reg
}

// A registry whose matrix would not end is bounded by itself, says so, and leaves
// no provider and no name out.
func TestLargeRegistriesAreBounded(t *testing.T) {
	reg := largeRegistry(t, 110)
	c, err := Embedded()
	if err != nil {
		t.Fatal(err)
	}
	full := Selection{Classes: []string{"mismatched"}, IDs: []string{"mismatched/foreign/*"}, Matrix: FullMatrix}
	selected, err := c.Select(reg, &full)
	if err != nil {
		t.Fatal(err)
	}
	tried := map[string]map[string]bool{"provider": {}, "foreign": {}}
	pairs := map[string]bool{}
	for _, s := range selected.Scenarios {
		parts := strings.Split(s.ID, "/")
		if len(parts) < 4 || parts[0] != "mismatched" {
			continue
		}
		step := s.Steps[0]
		for _, provider := range step.Expect.Providers {
			tried["provider"][provider] = true
			for _, names := range []map[string]Value{step.Secrets.Workspace, step.Secrets.Global} {
				for name := range names {
					tried["foreign"][name], pairs[provider+name] = true, true
				}
			}
		}
	}
	if len(tried["provider"]) != 110 || len(tried["foreign"]) != 110 {
		t.Errorf("%d providers and %d foreign names are tried, want 110 each", len(tried["provider"]), len(tried["foreign"]))
	}
	if each := foreignEach(reg); each == 0 || len(pairs) < 110*fewestForeign || len(pairs) > 110*each {
		t.Errorf("%d pairs are tried, %d a provider", len(pairs), each)
	}
	if said := Bounded(reg); !strings.Contains(said, "110 providers") || !strings.Contains(said, "pairwise") {
		t.Errorf("it says %q", said)
	}
	if Bounded(registry.Embedded()) != "" || full.MatrixOver(registry.Embedded()) != FullMatrix {
		t.Error("the built-in registry is bounded, too")
	}
}
