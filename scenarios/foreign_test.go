package scenarios_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"

	"github.com/molecule-ai/byok-conformance/registry"
)

// TestForeignRegistry holds scenarios that somebody else's registry cannot
// express to be told, and not to be errors.
func TestForeignRegistry(t *testing.T) {
	const refused = "{verdict: refused, code: MISSING_BYOK_CREDENTIAL"
	tests := []struct{ name, given, expect, want string }{
		{"it fits", "{runtime: one, model: a-1}", refused + ", provider: alpha}", ""},
		{"no such model", "{runtime: one, model: claude-opus-4-7}", refused + "}", "it expects a verdict of the gate, but the registry derives no BYOK provider"},
		{"another provider", "{runtime: one, model: a-1}", refused + ", provider: beta}", `it expects provider beta, but the registry derives "alpha"`},
		{"derived where it should not be", "{runtime: one, model: a-1}", "{verdict: untouched}", `it expects the gate to stay out, but the registry derives BYOK provider "alpha"`},
		{"nothing to probe", "{runtime: one, model: g-1, secrets: {workspace: {G_TOKEN: dead}}}", "{verdict: refused, code: BYOK_CREDENTIAL_INVALID}", `it expects a probe, but the registry has nothing to probe for provider "gamma"`},
		{"a probe is asked for", "{runtime: one, model: g-1, secrets: {workspace: {G_TOKEN: live}}}", "{verdict: allowed, upstream: probe}", `it expects a probe, but the registry has nothing to probe for provider "gamma"`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			list, err := expandAlone(t, file(map[string]string{"given": test.given, "expect": test.expect}), smallRegistry(t))
			if err != nil {
				t.Fatal(err)
			}
			if list[0].NotApplicable != test.want {
				t.Errorf("not applicable %q, want %q", list[0].NotApplicable, test.want)
			}
		})
	}
}

// TestEmbeddedCorpusOverForeignRegistries expands the whole corpus over
// registries that are not ours. That must never fail, and every provider that a
// runtime reaches must get its share of the mismatch proof.
func TestEmbeddedCorpusOverForeignRegistries(t *testing.T) {
	registries := map[string]*registry.Registry{
		"small":                           smallRegistry(t),
		"small, beta by the tie only":     smallRegistry(t, `, model_prefix_match: "^beta-"`, ""),
		"small, alpha without a probe":    smallRegistry(t, `, base_url_template: "https://alpha.test/v1"`, ""),
		"small, alpha with a placeholder": smallRegistry(t, "https://alpha.test/v1", "https://{region}.alpha.test/v1"),
	}
	for name, reg := range variants(t) {
		registries[name] = reg
	}
	for name, names := range map[string][2]string{
		"overlap, other names": {"A_KEY", "B_KEY"}, "overlap, the same name": {"A_KEY", "A_KEY"},
		"overlap, names in another order": {"A_KEY, B_KEY", "B_KEY, A_KEY"}, "overlap, one more name": {"A_KEY", "A_KEY, B_KEY"},
	} {
		registries[name] = overlapping(t, names[0], names[1])
	}
	corpus := embeddedCorpus(t)
	for name, reg := range registries {
		t.Run(name, func(t *testing.T) {
			list, err := corpus.Expand(reg)
			if err != nil {
				t.Fatal(err)
			}
			proved := map[string]bool{}
			for _, s := range list {
				last := s.Steps[len(s.Steps)-1]
				if strings.HasPrefix(s.ID, "mismatched/foreign/") && s.NotApplicable == "" {
					proved[last.Expect.Providers[0]] = true
				}
				if s.NotApplicable == "" && s.MustRefuse() && s.Twin == "" {
					t.Errorf("%s has no twin", s.ID)
				}
			}
			for _, p := range reg.BYOK() {
				route, alone := reg.RouteTo(p.Name)
				if alone && !proved[p.Name] {
					t.Errorf("no mismatch is tried for %s, which %s with %s leads to", p.Name, route.Runtime, route.Model)
				}
			}
		})
	}
}

// overlapping is a registry in which two providers' patterns match the same models.
func overlapping(t *testing.T, first, second string) *registry.Registry {
	t.Helper()
	reg, err := registry.Load("overlapping.yaml", fmt.Appendf(nil, `schema_version: 1
providers:
  - {name: first, protocol: openai, auth_env: [%s], base_url_template: "https://first.test/v1", model_prefix_match: "^(f-|p-)"}
  - {name: second, protocol: openai, auth_env: [%s], base_url_template: "https://second.test/v1", model_prefix_match: "^p-"}
  - {name: plain, protocol: openai, auth_env: [PLAIN_KEY], base_url_template: "https://plain.test/v1"}
runtimes:
  one: {providers: [{name: second}, {name: first}, {name: plain, models: [only]}]}
`, first, second))
	if err != nil {
		t.Fatal(err)
	}
	return reg
}

// variants are our own registry without one runtime, without one of the
// providers that scenarios name, and with all ties the other way around.
func variants(t *testing.T) map[string]*registry.Registry {
	t.Helper()
	out := map[string]*registry.Registry{
		"reversed": rewritten(t, func(r *registry.Runtime) []registry.Native {
			list := slices.Clone(r.Native)
			slices.Reverse(list)
			return list
		}),
	}
	for _, rt := range registry.Embedded().Runtimes {
		out["without "+rt.Name] = rewritten(t, func(r *registry.Runtime) []registry.Native {
			if r == rt {
				return nil
			}
			return r.Native
		})
	}
	for _, name := range []string{"anthropic-api", "anthropic-oauth", "openai-api", "openai-subscription"} {
		out["without "+name] = rewritten(t, func(r *registry.Runtime) []registry.Native {
			return slices.DeleteFunc(slices.Clone(r.Native), func(n registry.Native) bool { return n.Provider.Name == name })
		})
	}
	return out
}

// rewritten is our own registry with other native providers; a runtime that
// has none left is left out.
func rewritten(t *testing.T, native func(*registry.Runtime) []registry.Native) *registry.Registry {
	t.Helper()
	type nativeRow struct {
		Name   string   `yaml:"name"`
		Models []string `yaml:"models,omitempty"`
	}
	type runtimeRow struct {
		Providers []nativeRow `yaml:"providers"`
	}
	var providers []map[string]any
	for _, p := range registry.Embedded().Providers {
		row := map[string]any{"name": p.Name, "protocol": p.Protocol, "auth_env": p.AuthEnv}
		for key, value := range map[string]string{
			"display_name": p.DisplayName, "auth_mode": p.AuthMode, "base_url_template": p.BaseURLTemplate,
			"base_url_anthropic": p.BaseURLAnthropic, "model_prefix_match": p.ModelPrefixMatch,
		} {
			if value != "" {
				row[key] = value
			}
		}
		providers = append(providers, row)
	}
	runtimes := map[string]runtimeRow{}
	for _, rt := range registry.Embedded().Runtimes {
		var rows []nativeRow
		for _, n := range native(rt) {
			rows = append(rows, nativeRow{n.Provider.Name, n.Models})
		}
		if len(rows) > 0 {
			runtimes[rt.Name] = runtimeRow{rows}
		}
	}
	data, err := yaml.Marshal(map[string]any{"schema_version": 1, "providers": providers, "runtimes": runtimes})
	if err != nil {
		t.Fatal(err)
	}
	reg, err := registry.Load("rewritten.yaml", data)
	if err != nil {
		t.Fatal(fmt.Errorf("%w\n%s", err, data))
	}
	return reg
}
