package registry_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/molecule-ai/byok-conformance/registry"
)

func TestEmbedded(t *testing.T) {
	r := registry.Embedded()
	if r != registry.Embedded() {
		t.Error("Embedded returns another registry the second time")
	}
	if len(r.Providers) != 32 || len(r.Runtimes) != 4 || len(r.BYOK()) != 27 {
		t.Errorf("%d providers, %d runtimes, %d reachable BYOK providers; want 32, 4 and 27",
			len(r.Providers), len(r.Runtimes), len(r.BYOK()))
	}
	if !slices.ContainsFunc(r.Providers, (*registry.Provider).IsPlatform) {
		t.Error("there is no platform provider")
	}
	for _, p := range r.BYOK() {
		if _, ok := r.RouteTo(p.Name); !ok {
			t.Errorf("no route to %s without a credential in scope", p.Name)
		}
	}
	if route, _ := r.RouteTo("openai-api"); route.Runtime != "codex" || route.Model != "openai-api:conformance-1" {
		t.Errorf("the route to openai-api is %s %s", route.Runtime, route.Model)
	}
}

// Beside the ties that codex has on purpose, nothing new may turn up.
func TestEmbeddedFindings(t *testing.T) {
	var got []string
	for _, finding := range registry.Embedded().Findings() {
		got = append(got, finding.Path)
	}
	want := []string{
		"providers[4]", "providers[11]", "providers[12]", "providers[23]", // moonshot, google, vertex and ollama: no runtime reaches them
		"runtimes.codex.providers[1].models[0]", "runtimes.codex.providers[1].models[1]", "runtimes.codex.providers[1].models[2]",
		"runtimes.codex.providers[1].models[3]", "runtimes.codex.providers[1].models[4]", "runtimes.codex.providers[1].models[5]",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("findings (-want +got):\n%s", diff)
	}
}

func TestEmbeddedProbeBases(t *testing.T) {
	want := map[string]string{
		"anthropic-api":       "https://api.anthropic.com/v1",
		"anthropic-oauth":     "", // OAuth
		"openai-subscription": "", // OAuth
		"vertex":              "", // a template
		"alibaba":             "", // no base URL
		"groq":                "https://api.groq.com/openai/v1",
	}
	got := make(map[string]string)
	for name := range want {
		got[name] = registry.Embedded().Provider(name).ProbeBase()
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("probe bases (-want +got):\n%s", diff)
	}
}
