package registry_test

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/molecule-ai/byok-conformance/registry"
)

var update = flag.Bool("update", false, "write the golden files anew")

func describe(routes []registry.Route) string {
	var b strings.Builder
	for _, route := range routes {
		fmt.Fprintf(&b, "%s %s -> %s (%s)", route.Runtime, route.Model, route.Provider.Name, route.By)
		if len(route.Needs) > 0 {
			fmt.Fprintf(&b, " needs %s", strings.Join(route.Needs, " or "))
		}
		b.WriteByte('\n')
	}
	return b.String()
}

func TestRoutes(t *testing.T) {
	r := mustLoad(t, ties)
	// alien's pattern matches everything; one and two can both win p, each by
	// the name that the other does not accept.
	want := `main only -> plain (verbatim)
main p-listed -> plain (verbatim)
main spaced out -> plain (verbatim)
main both -> two (verbatim)
main all -> two (verbatim)
main p-conformance-1 -> two (pattern) needs TWO
main q-conformance-1 -> two (pattern) needs SHARED
main both -> one (verbatim) needs ONE
main all -> one (verbatim) needs ONE
main p-conformance-1 -> one (pattern) needs ONE
main all -> three (verbatim) needs THREE
main q-conformance-1 -> three (pattern) needs THREE
other conformance-1 -> alien (pattern)
`
	if diff := cmp.Diff(want, describe(r.Routes())); diff != "" {
		t.Errorf("routes (-want +got):\n%s", diff)
	}
}

// Each sample is made up from the pattern alone, and must lead to the provider.
func TestRoutesSamplePatterns(t *testing.T) {
	tests := []struct{ pattern, want string }{
		{``, ``},
		{`^claude`, `claude-conformance-1`},
		{`(?i)^(glm-|zai[:/])`, `glm-conformance-1 zai:conformance-1`},
		{`^deepseek[-:/]`, `deepseek-conformance-1`},
		{`(?i)^minimax-m`, `minimax-m-conformance-1`},
		{`^(sonnet|opus|haiku)$`, `sonnet opus haiku`},
		{`^(foo-aa|foo-bb|foobar)`, `foo-aa-conformance-1 foo-bb-conformance-1 foobar-conformance-1`},
		{`^foo(a|b)`, `fooa-conformance-1`},
		{`^a(b|cc)?(dd|ee)`, `add-conformance-1 aee-conformance-1`},
		{`^a|^bb`, `a-conformance-1 bb-conformance-1`},
		{`gemini`, `gemini-conformance-1`},
		{`^a.b+c*d{3}$`, `axbddd`},
		{`^[^-a-z]x`, `:x-conformance-1`},
		{`^\d{2}`, `00-conformance-1`},
		{`^[\x{4e00}-\x{4eff}]`, "\u4e00conformance-1"},
		{`^(?i:KIMI)\b`, `kimi-conformance-1`},
		{`^ x`, ``},
		{`^listed$`, ``},
		{`[^\x00-\x{10FFFF}]`, ``},
		{`^(a|b){40}$`, strings.Repeat("a", 40)},
		{`.*`, `conformance-1`},
	}
	for _, tt := range tests {
		t.Run(tt.pattern, func(t *testing.T) {
			r := mustLoad(t, fmt.Sprintf(`schema_version: 1
providers: [{name: a, auth_env: [A], model_prefix_match: %q}, {name: b, auth_env: [B]}]
runtimes: {r: {providers: [{name: a}, {name: b, models: [listed]}]}}
`, tt.pattern))
			var got []string
			for _, route := range r.Routes() {
				if route.Provider.Name == "a" {
					got = append(got, route.Model)
				}
			}
			if diff := cmp.Diff(tt.want, strings.Join(got, " ")); diff != "" {
				t.Errorf("samples (-want +got):\n%s", diff)
			}
		})
	}
}

func TestRouteTo(t *testing.T) {
	r := mustLoad(t, ties)
	tests := []struct{ provider, want string }{
		{"plain", "main only -> plain (verbatim)\n"},
		{"two", "main both -> two (verbatim)\n"},
		{"one", ""}, // only with a credential in scope
		{"three", ""},
		{"alien", "other conformance-1 -> alien (pattern)\n"},
		{"nobody", ""},
	}
	for _, tt := range tests {
		route, ok := r.RouteTo(tt.provider)
		var got string
		if ok {
			got = describe([]registry.Route{route})
		}
		if got != tt.want {
			t.Errorf("route to %s is %q, want %q", tt.provider, got, tt.want)
		}
	}
}

func TestBYOKLeavesOutPlatformAndTheUnreachable(t *testing.T) {
	r := mustLoad(t, `schema_version: 1
providers:
  - {name: nowhere, auth_env: [A], model_prefix_match: ^n}
  - {name: shadowed, auth_env: [A], model_prefix_match: ^x$}
  - {name: second, auth_env: [A]}
  - {name: platform, auth_env: [P]}
  - {name: first, auth_env: [A]}
runtimes:
  r: {providers: [{name: platform, models: [p]}, {name: first, models: [x]}, {name: second, models: [y]}, {name: shadowed}]}
`)
	var got []string
	for _, p := range r.BYOK() {
		got = append(got, p.Name)
	}
	if diff := cmp.Diff([]string{"second", "first"}, got); diff != "" {
		t.Errorf("BYOK providers (-want +got):\n%s", diff)
	}
}

// The embedded registry's routes are what the corpus is built over: a change of
// them changes the matrix, and should be seen.
func TestEmbeddedRoutes(t *testing.T) {
	const golden = "testdata/routes.golden"
	got := describe(registry.Embedded().Routes())
	if *update {
		if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("routes (-want +got); go test ./registry -update, if they are meant:\n%s", diff)
	}
}

func TestRoutesDerive(t *testing.T) {
	for name, r := range map[string]*registry.Registry{"embedded": registry.Embedded(), "ties": mustLoad(t, ties)} {
		for _, route := range r.Routes() {
			scopes := [][]string{nil}
			if len(route.Needs) > 0 {
				scopes = nil
				for _, need := range route.Needs {
					scopes = append(scopes, []string{need})
				}
			}
			for _, names := range scopes {
				if d := r.Derive(route.Runtime, route.Model, scope(names...)); d.Provider != route.Provider || d.By != route.By {
					t.Errorf("%s: %s with %v in scope: %s", name, describe([]registry.Route{route}), names, d.Explain())
				}
			}
		}
	}
}
