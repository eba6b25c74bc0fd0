package draft_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/molecule-ai/byok-conformance/registry"
	"github.com/molecule-ai/byok-conformance/suite/draft"
	"github.com/molecule-ai/byok-conformance/suite/server"
)

// known is the registry that a server's list is completed from.
func known(t *testing.T) *registry.Registry {
	t.Helper()
	reg, err := registry.Load("known.yaml", []byte(`schema_version: 1
providers:
  - {name: a, protocol: openai, base_url_template: 'https://a.example/v1', auth_env: [A, OLD]}
  - {name: b, protocol: anthropic, base_url_template: 'https://{place}.example/v1', endpoint_vars: {place: {env: PLACE, default: eu}}, auth_env: [B], model_prefix_match: '^b[:/]', model_aliases: ["on", "1"]}
  - {name: platform, protocol: openai, base_url_template: 'https://p.example/v1', auth_env: [OPERATOR]}
runtimes:
  one: {providers: [{name: b, models: [both]}, {name: a, models: [m, both, gone]}]}
  two: {providers: [{name: a, models: [left]}, {name: b, models: []}, {name: platform, models: [p]}]}
`))
	if err != nil {
		t.Fatal(err)
	}
	return reg
}

// TestRegistryFromOffers reads the written file with our own loader.
func TestRegistryFromOffers(t *testing.T) {
	a, b := []string{"A"}, []string{"B"}
	for _, test := range []struct {
		name    string
		offered []draft.Offered
		// want is each provider with its names and protocol, then each runtime.
		want string
		// refused is what the loader says where the file cannot be used as it is.
		refused string
		fillIn  int
	}{
		{"the server's names count; a model's second provider and a provider by pattern stay; what is offered no more goes", []draft.Offered{
			{Runtime: "one", Models: []server.Offer{{Model: "both", Provider: "b", AuthEnv: b}, {Model: "m", Provider: "a", AuthEnv: a}, {Model: "new", Provider: "a", AuthEnv: a}}},
			{Runtime: "two", Models: []server.Offer{{Model: "p", Provider: "platform", Platform: true}}},
		}, "a[A]openai b[B]anthropic platform[OPERATOR]openai | one: b[both] a[both m new] two: b[] platform[p]", "", 0},
		{"the operator's is platform, whatever the list calls it", []draft.Offered{
			{Runtime: "one", Models: []server.Offer{{Model: "m", Provider: "house", Platform: true}}},
		}, "platform[OPERATOR]openai | one: platform[m]", "", 0},
		{"a provider and a runtime that nobody knows, oddly spelled", []draft.Offered{
			{Runtime: "null", Models: []server.Offer{{Model: "it's: #1", Provider: "yes", AuthEnv: []string{"C"}}}},
		}, "yes[C] | null: yes[it's: #1]", "", 3},
		{"what the file cannot do without is left to be filled in", []draft.Offered{
			{Runtime: "three", Models: []server.Offer{{Model: "m", Provider: "c"}}},
		}, "", "accepts no credential", 4},
	} {
		t.Run(test.name, func(t *testing.T) {
			made := draft.Registry(test.offered, known(t), "Made by a test.")
			if len(made.FillIn) != test.fillIn || strings.Count(string(made.YAML), "# FILL IN: ") != test.fillIn {
				t.Errorf("to be filled in: %q, want %d, each marked in the file", made.FillIn, test.fillIn)
			}
			reg, err := registry.Load("made.yaml", made.YAML)
			if test.refused != "" {
				if err == nil || !strings.Contains(err.Error(), test.refused) {
					t.Errorf("the loader says %v, want %q", err, test.refused)
				}
				return
			}
			if err != nil {
				t.Fatalf("%v\n%s", err, made.YAML)
			}
			if got := told(reg); got != test.want {
				t.Errorf("got  %s\nwant %s\n%s", got, test.want, made.YAML)
			}
		})
	}
}

// TestRegistryOfOurs draws our own registry from the list of a server that uses it.
func TestRegistryOfOurs(t *testing.T) {
	ours := registry.Embedded()
	var offered []draft.Offered
	for _, r := range ours.Runtimes {
		seen := map[string]bool{}
		o := draft.Offered{Runtime: r.Name}
		for _, n := range r.Native {
			for _, m := range n.Models {
				if !seen[m] {
					seen[m] = true
					o.Models = append(o.Models, server.Offer{Model: m, Provider: n.Provider.Name, AuthEnv: n.Provider.AuthEnv, Platform: n.Provider.IsPlatform()})
				}
			}
		}
		offered = append(offered, o)
	}
	reg, err := registry.Load("made.yaml", draft.Registry(offered, ours, "").YAML)
	if err != nil {
		t.Fatal(err)
	}
	_, want, _ := strings.Cut(told(ours), "|")
	if _, got, _ := strings.Cut(told(reg), "|"); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	for _, p := range reg.Providers {
		if of := ours.Provider(p.Name); !slices.Equal(p.AuthEnv, of.AuthEnv) || p.ProbeBase() != of.ProbeBase() || p.ModelPrefixMatch != of.ModelPrefixMatch {
			t.Errorf("%s: %v %s %s, want %v %s %s", p.Name, p.AuthEnv, p.ProbeBase(), p.ModelPrefixMatch, of.AuthEnv, of.ProbeBase(), of.ModelPrefixMatch)
		}
	}
}

// told is a registry in one line.
func told(r *registry.Registry) string {
	var out strings.Builder
	for _, p := range r.Providers {
		fmt.Fprintf(&out, "%s%v%s ", p.Name, p.AuthEnv, p.Protocol)
	}
	out.WriteString("|")
	for _, runtime := range r.Runtimes {
		fmt.Fprintf(&out, " %s:", runtime.Name)
		for _, n := range runtime.Native {
			models := slices.Sorted(slices.Values(n.Models))
			fmt.Fprintf(&out, " %s%v", n.Provider.Name, models)
		}
	}
	return out.String()
}
