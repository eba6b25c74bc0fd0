package registry_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/molecule-ai/byok-conformance/registry"
)

// ties is a registry in which providers stand in each other's way.
const ties = `schema_version: 1
providers:
  - {name: one,   protocol: openai, auth_env: [ONE, SHARED], model_prefix_match: '^p'}
  - {name: two,   protocol: openai, auth_env: [TWO, SHARED], model_prefix_match: '^(p|q-)'}
  - {name: three, protocol: openai, auth_env: [THREE, TWO],  model_prefix_match: '(?i)^[qr]-'}
  - {name: plain, protocol: openai, auth_env: [PLAIN]}
  - {name: alien, protocol: openai, auth_env: [ALIEN], model_prefix_match: '.*', model_aliases: [short]}
runtimes:
  main:
    providers:
      - name: plain
        models: [only, p-listed, "spaced out"]
      - name: two
        models: [both, all]
      - name: one
        models: [both, all]
      - name: three
        models: [all]
  other:
    providers:
      - name: alien
`

// scope returns what Derive takes for these names in scope.
func scope(names ...string) func(string) bool {
	return func(name string) bool { return slices.Contains(names, name) }
}

func TestDerive(t *testing.T) {
	tests := []struct {
		name           string
		runtime, model string
		env            string
		// want is the provider and how, or the reason.
		want string
		tied string
	}{
		// DER-1: runtime and model alone.
		{"listed", "main", "only", "", "plain verbatim", ""},
		{"listed, foreign credential in scope", "main", "only", "ONE", "plain verbatim", ""},
		{"unknown runtime", "elsewhere", "only", "PLAIN", "unknown-runtime", ""},
		{"empty runtime", "", "only", "PLAIN", "unknown-runtime", ""},
		{"runtime with white space", " main", "only", "PLAIN", "unknown-runtime", ""},
		{"runtime in another case", "MAIN", "only", "PLAIN", "unknown-runtime", ""},
		{"unknown runtime comes before an empty model", "elsewhere", "", "", "unknown-runtime", ""},
		{"empty model", "main", "", "PLAIN", "empty-model", ""},
		{"blank model", "main", " \t\r\n\u00a0", "PLAIN", "empty-model", ""},
		{"white space around the model", "main", "\n only\t\u2003", "", "plain verbatim", ""},
		{"white space inside the model", "main", "spaced out", "", "plain verbatim", ""},
		{"more white space inside", "main", "spaced  out", "", "unowned-model", ""},
		{"another case", "main", "ONLY", "", "unowned-model", ""},
		{"the beginning of an id", "main", "onl", "", "unowned-model", ""},
		{"unowned", "main", "xyz", "ONE,TWO,THREE,PLAIN", "unowned-model", ""},
		{"not native: listed elsewhere", "other", "only", "", "alien pattern", ""},
		{"not native: pattern elsewhere", "main", "xyz", "ALIEN", "unowned-model", ""},
		{"an alias is no id", "main", "short", "", "unowned-model", ""},
		{"a listed id beats every pattern", "main", "p-listed", "ONE", "plain verbatim", ""},
		{"one pattern", "main", "r-1", "", "three pattern", ""},
		{"one pattern, white space around the model", "main", " R-1 ", "", "three pattern", ""},
		{"a provider without a pattern matches nothing", "main", "z", "PLAIN", "unowned-model", ""},

		// DER-2: several list the id.
		{"no credential: first declared", "main", "both", "", "two verbatim", "two one"},
		{"a credential of none of them: first declared", "main", "both", "PLAIN,THREE", "two verbatim", "two one"},
		{"the second's credential", "main", "both", "ONE", "one verbatim", "two one"},
		{"the first's credential", "main", "both", "TWO", "two verbatim", "two one"},
		{"both credentials: first declared", "main", "both", "ONE,TWO", "two verbatim", "two one"},
		{"a credential that both accept: first declared", "main", "both", "SHARED", "two verbatim", "two one"},
		{"of three, the last two: first of these", "main", "all", "ONE,THREE", "one verbatim", "two one three"},
		{"of three, the last", "main", "all", "THREE", "three verbatim", "two one three"},
		{"names are exact", "main", "both", "one,ONE_", "two verbatim", "two one"},

		// DER-2: several match.
		{"no credential: undecided", "main", "p1", "", "undecided-overlap", "two one"},
		{"one's credential", "main", "p1", "ONE", "one pattern", "two one"},
		{"the other's credential", "main", "p1", "TWO", "two pattern", "two one"},
		{"both credentials: undecided", "main", "p1", "ONE,TWO", "undecided-overlap", "two one"},
		{"a credential that both accept: undecided", "main", "p1", "SHARED", "undecided-overlap", "two one"},
		{"a credential of none of them: undecided", "main", "p1", "PLAIN", "undecided-overlap", "two one"},
		{"native order, not that of the providers", "main", "q-1", "", "undecided-overlap", "two three"},
		{"an accepted name of the other too", "main", "q-1", "TWO", "undecided-overlap", "two three"},
		{"its own name only", "main", "q-1", "THREE", "three pattern", "two three"},
	}
	r := mustLoad(t, ties)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := r.Derive(tt.runtime, tt.model, scope(strings.Split(tt.env, ",")...))
			got := string(d.Reason)
			if d.Provider != nil {
				got = strings.TrimSpace(d.Provider.Name + " " + string(d.By) + " " + string(d.Reason))
			} else if d.By != "" {
				t.Errorf("By is %q without a provider", d.By)
			}
			if got != tt.want {
				t.Errorf("derived %q, want %q", got, tt.want)
			}
			var tied []string
			for _, p := range d.Tied {
				tied = append(tied, p.Name)
			}
			if got := strings.Join(tied, " "); got != tt.tied {
				t.Errorf("tied are %q, want %q", got, tt.tied)
			}
			if tt.env == "" {
				if diff := cmp.Diff(d.Explain(), r.Derive(tt.runtime, tt.model, nil).Explain()); diff != "" {
					t.Errorf("no scope and an empty one differ:\n%s", diff)
				}
			}
		})
	}
}

func TestDeriveOfAZeroRegistry(t *testing.T) {
	var r registry.Registry
	if d := r.Derive("main", "only", nil); d.Reason != registry.UnknownRuntime {
		t.Errorf("reason is %q, want %q", d.Reason, registry.UnknownRuntime)
	}
	if routes := r.Routes(); len(routes) != 0 {
		t.Errorf("routes are %v, want none", routes)
	}
}

func TestExplain(t *testing.T) {
	r := mustLoad(t, ties)
	tests := []struct{ runtime, model, env, want string }{
		{"main", "only", "", `runtime "main" lists model "only" under plain`},
		{"main", "r-1", "", `no provider of runtime "main" lists model "r-1", and the pattern of three, (?i)^[qr]-, matches it`},
		{"main", "both", "", `runtime "main" lists model "both" under two; of two, one, it is the first that accepts a credential in scope, or the first of all`},
		{"main", "p1", "ONE", `no provider of runtime "main" lists model "p1", and the pattern of one, ^p, matches it; of two, one, only it accepts a credential in scope`},
		{"mian", "only", "", `the registry has no runtime "mian" (did you mean "main"?); it has main, other`},
		{"elsewhere", "only", "", `the registry has no runtime "elsewhere"; it has main, other`},
		{"main", " ", "", `the model is empty; name one that runtime "main" can run`},
		{"main", " xyz", "", `no provider of runtime "main" lists or matches model "xyz"; its providers are plain, two, one, three`},
		{"main", "p1", "", `several patterns match model "p1" in runtime "main"; bring into scope a credential that only one of them accepts: two (TWO, SHARED), one (ONE, SHARED)`},
	}
	for _, tt := range tests {
		if diff := cmp.Diff(tt.want, r.Derive(tt.runtime, tt.model, scope(tt.env)).Explain()); diff != "" {
			t.Errorf("%s %q (-want +got):\n%s", tt.runtime, tt.model, diff)
		}
	}
}

func TestDerivationAsJSON(t *testing.T) {
	r := mustLoad(t, ties)
	for _, tt := range []struct{ model, want string }{
		{"only", `{"provider":"plain"}`},
		{"xyz", `{"provider":null,"reason":"unowned-model"}`},
	} {
		got, err := json.Marshal(r.Derive("main", tt.model, nil))
		if err != nil || string(got) != tt.want {
			t.Errorf("%s is %s, %v; want %s", tt.model, got, err, tt.want)
		}
	}
}

func TestDeriveListedAllocatesNothing(t *testing.T) {
	r := mustLoad(t, ties)
	inScope := scope("ONE")
	for _, model := range []string{"only", " only ", "both"} {
		if n := testing.AllocsPerRun(100, func() { r.Derive("main", model, inScope) }); n != 0 {
			t.Errorf("deriving %q allocates %v times, want 0", model, n)
		}
	}
}
