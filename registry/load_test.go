package registry_test

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/molecule-ai/byok-conformance/registry"
)

const minimal = `schema_version: 1
providers:
  - name: a
    protocol: openai
    auth_env: [A_KEY]
runtimes:
  r:
    providers:
      - name: a
        models: [m]
`

// replaced returns the minimal registry with one text in it changed.
func replaced(t *testing.T, old, new string) string {
	t.Helper()
	if !strings.Contains(minimal, old) {
		t.Fatalf("the minimal registry does not hold %q", old)
	}
	return strings.Replace(minimal, old, new, 1)
}

func mustLoad(t testing.TB, text string) *registry.Registry {
	t.Helper()
	r, err := registry.Load("test.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestLoadErrors(t *testing.T) {
	change := func(old, new string) string { return replaced(t, old, new) }
	tests := []struct {
		name, text string
		want       string
	}{
		// The file.
		{"empty file", "", `f:1:1: the file is empty; write what belongs into it, or name another file`},
		{"only comments", "# nothing\n\n", `f:1:1: the file is empty; write what belongs into it, or name another file`},
		{"null", "null\n", `f:1:1: the file holds nothing; write a registry with schema_version, providers and runtimes`},
		{"a list", "- 1\n", `f:1:1: the file holds a list; write a mapping there`},
		{"a word", "hello\n", `f:1:1: the file holds "hello"; write a mapping there`},
		{"two documents", minimal + "---\n" + minimal, `f:11:1: a second document begins here; one file holds one document`},
		{"no YAML", "a: 1\n  b: [\n", `f:2:3: the file is not YAML: mapping values are not allowed in this context; correct this line or the one before it`},
		{"no YAML after the document", minimal + "---\na: 'x", `f:12:1: the file is not YAML: found unexpected end of stream; correct this line or the one before it`},
		{"unknown alias", change("[m]", "*m"), `f:1:1: the file is not YAML: unknown anchor 'm' referenced; correct this line or the one before it`},
		{"too large", minimal + "#" + strings.Repeat("x", 1<<20), `f:1:1: the file is larger than 1 MiB, and none that people write is; check that this is the right one`},
		{"UTF-16", "\xff\xfes\x00", `f:1:1: the file is UTF-16; save it as UTF-8`},
		{"NUL bytes", minimal + "a: \x00", `f:11:4: a NUL byte stands here, so this is no text, or UTF-16; save it as UTF-8`},
		{"no UTF-8", minimal + "\xe9", `f:11:1: the byte 0xe9 is no UTF-8; save the file as UTF-8`},
		{"nested too deeply", strings.Repeat("[", 100_000), `f:1:1: the file is not YAML: exceeded max depth of 10000; correct this line or the one before it`},
		{"directives", "%TAG !a! tag:a\n---\n" + minimal, `f:1:1: a %TAG directive stands here; remove it, and write tags out where there are any`},
		{"key twice", change("protocol: openai", "protocol: openai\n    protocol: openai"),
			`f:5:5: key "protocol" stands twice in one mapping, first on line 4; remove one`},
		{"key that is a list", minimal + "[x]: 1\n", `f:11:1: a key of the file is no plain word; write a name there`},

		// The schema version.
		{"no version", change("schema_version: 1\n", ""), `f:1:1: schema_version is missing; add schema_version (this loader reads version 1)`},
		{"misspelt version", change("schema_version", "schema_versoin"), `f:1:1: schema_version is missing; is "schema_versoin" meant for schema_version? (this loader reads version 1)`},
		{"version 2", change("schema_version: 1", "schema_version: 2"), `f:1:17: schema_version is 2; this loader reads version 1 only`},
		{"version in words", change("schema_version: 1", "schema_version: one"), `f:1:17: schema_version holds "one"; write the number 1 there`},
		{"version a list", change("schema_version: 1", "schema_version: [1]"), `f:1:17: schema_version holds a list; write the number 1 there`},

		// Providers.
		{"providers is a mapping", change("providers:\n  - name: a\n    protocol: openai\n    auth_env: [A_KEY]", "providers: {a: {}}"),
			"f:2:12: providers holds a mapping; write a list there\n" +
				`f:6:15: runtime "r" refers to provider "a", which the registry does not have; correct the name, or add the provider`},
		{"provider is a word", change("runtimes:", "  - b\nruntimes:"), `f:6:5: providers[1] holds "b"; write a mapping there`},
		{"provider twice", change("runtimes:", "  - name: a\n    auth_env: [B]\nruntimes:"), `f:6:11: provider "a" stands twice, first on line 3; rename or remove one`},
		{"provider without a name", change("runtimes:", "  - auth_env: [B]\nruntimes:"), `f:6:5: a provider has no name; add name`},
		{"provider with an empty name", change("runtimes:", "  - auth_env: [B]\n    name: ''\nruntimes:"), `f:7:11: a provider's name is empty; write one, or remove the line`},
		{"provider with a null name", change("runtimes:", "  - auth_env: [B]\n    name:\nruntimes:"), `f:7:10: a provider's name is empty; write one, or remove the line`},
		{"provider with a padded name", change("runtimes:", "  - auth_env: [B]\n    name: ' b'\nruntimes:"), `f:7:11: a provider's name has white space around it: " b"; remove the white space`},
		{"display name is a list", change("protocol: openai", "protocol: openai\n    display_name: [x]"), `f:5:19: providers[0].display_name holds a list; write text there`},
		{"deprecated is a word", change("protocol: openai", "protocol: openai\n    deprecated: maybe"), `f:5:17: providers[0].deprecated holds "maybe"; write true or false there`},
		{"bad pattern", change("protocol: openai", "protocol: openai\n    model_prefix_match: '^(a'"),
			"f:5:25: the pattern of provider \"a\" is not RE2: error parsing regexp: missing closing ): `^(a`; correct it, or leave it out"},
		{"a pattern that only Perl knows", change("protocol: openai", "protocol: openai\n    model_prefix_match: '^(?!a)'"),
			"f:5:25: the pattern of provider \"a\" is not RE2: error parsing regexp: invalid or unsupported Perl syntax: `(?!`; correct it, or leave it out"},
		{"base URL that is none", change("protocol: openai", "protocol: openai\n    base_url_template: 'http://[::1'"),
			`f:5:24: "http://[::1" is not a URL: missing ']' in host; correct it, or leave it out`},
		{"base URL without a scheme", change("protocol: openai", "protocol: openai\n    base_url_anthropic: api.example.com/v1"),
			`f:5:25: "api.example.com/v1" is not the URL of a host; write it as https://host/path`},
		{"endpoint_vars is a list", change("protocol: openai", "protocol: openai\n    endpoint_vars: [x]"), `f:5:20: providers[0].endpoint_vars holds a list; write a mapping there`},

		// Accepted names.
		{"no auth_env", change("    auth_env: [A_KEY]\n", ""), `f:3:5: provider "a" accepts no credential, as auth_env names none; add auth_env`},
		{"misspelt auth_env", change("auth_env", "auth_evn"), `f:3:5: provider "a" accepts no credential, as auth_env names none; is "auth_evn" meant for auth_env?`},
		{"empty auth_env", change("[A_KEY]", "[]"), `f:5:15: provider "a" accepts no credential, as auth_env names none; add auth_env`},
		{"null auth_env", change("[A_KEY]", "null"), `f:5:15: provider "a" accepts no credential, as auth_env names none; add auth_env`},
		{"auth_env is a word", change("[A_KEY]", "A_KEY"), `f:5:15: providers[0].auth_env holds "A_KEY"; write a list there`},
		{"accepted name twice", change("[A_KEY]", "[A_KEY, B, A_KEY]"), `f:5:26: credential name "A_KEY" stands twice in one list, first on line 5; remove one`},
		{"empty accepted name", change("[A_KEY]", "[A_KEY, '']"), `f:5:23: a credential name is empty; write one, or remove the line`},
		{"accepted name is a mapping", change("[A_KEY]", "[A_KEY, {x: y}]"), `f:5:23: providers[0].auth_env[1] holds a mapping; write text there`},

		// Runtimes.
		{"no providers, no runtimes", "schema_version: 1\n",
			"f:1:1: the registry has no providers; add providers\nf:1:1: the registry has no runtimes; add runtimes"},
		{"empty runtimes", "schema_version: 1\nproviders: [{name: a, auth_env: [A]}]\nruntimes: {}\n", `f:3:11: the registry has no runtimes; add runtimes`},
		{"runtimes is a list", "schema_version: 1\nproviders: [{name: a, auth_env: [A]}]\nruntimes: [r]\n", `f:3:11: runtimes holds a list; write a mapping there`},
		{"runtime twice", minimal + "  r: {providers: [{name: a}]}\n", `f:11:3: key "r" stands twice in one mapping, first on line 7; remove one`},
		{"runtime with an empty name", minimal + "  '': {providers: [{name: a}]}\n", `f:11:3: a runtime's name is empty; write one, or remove the line`},
		{"runtime without providers", minimal + "  s: {}\n", `f:11:3: runtime "s" has no providers; add providers, or remove the runtime`},
		{"runtime that is null", minimal + "  s:\n", `f:11:3: runtime "s" has no providers; add providers, or remove the runtime`},
		{"runtime that is a word", minimal + "  s: a\n", `f:11:6: runtimes.s holds "a"; write a mapping there`},
		{"runtime with a misspelt key", minimal + "  s: {provider: [{name: a}]}\n", `f:11:3: runtime "s" has no providers; is "provider" meant for providers?, or remove the runtime`},
		{"unknown provider", minimal + "  s: {providers: [{name: anthropc}]}\n",
			`f:11:26: runtime "s" refers to provider "anthropc", which the registry does not have; correct the name, or add the provider`},
		{"native provider twice", minimal + "      - name: a\n", `f:11:9: runtime "r" has provider "a" twice, first on line 9; put its models together`},
		{"native provider without a name", minimal + "      - models: [x]\n", `f:11:9: a provider of runtime r has no name; add name`},
		{"native provider that is a word", minimal + "      - a\n", `f:11:9: runtimes.r.providers[1] holds "a"; write a mapping there`},
		{"model twice", change("[m]", "[m, n, m]"), `f:10:24: model id "m" stands twice in one list, first on line 10; remove one`},
		{"empty model", change("[m]", "[m, ' ']"), `f:10:21: a model id is empty; write one, or remove the line`},
		{"padded model", change("[m]", "['m ']"), `f:10:18: a model id has white space around it: "m "; remove the white space`},
		{"models is a word", change("[m]", "m"), `f:10:17: runtimes.r.providers[0].models holds "m"; write a list there`},

		// Aliases.
		{"mapping merged into itself", change("- name: a\n    protocol", "- &p\n    <<: [*p]\n    name: a\n    protocol"), `f:4:10: a mapping is merged into itself; remove the merge (<<)`},
		{"alias to the wrong kind", change("[A_KEY]", "&k [A_KEY]\n    display_name: *k"), `f:6:19: providers[0].display_name holds a list; write text there`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r, err := registry.Load("f", []byte(tt.text))
			if err == nil {
				t.Fatal("Load accepted it")
			}
			if r != nil {
				t.Error("Load returned a registry beside an error")
			}
			if diff := cmp.Diff(tt.want, err.Error()); diff != "" {
				t.Errorf("error (-want +got):\n%s", diff)
			}
			var position *registry.PositionError
			if !errors.As(err, &position) {
				t.Errorf("%T holds no *PositionError", err)
			}
		})
	}
}

func TestLoadReportsEverythingInOrder(t *testing.T) {
	text := `providers:
  - name: alpha
    auth_env: [B, B]
runtimes:
  r:
    providers: [{name: alhpa}, {}]
schema_version: 3
`
	want := `dir/f.yaml:3:19: credential name "B" stands twice in one list, first on line 3; remove one
dir/f.yaml:6:24: runtime "r" refers to provider "alhpa", which the registry does not have (did you mean "alpha"?)
dir/f.yaml:6:32: a provider of runtime r has no name; add name
dir/f.yaml:7:17: schema_version is 3; this loader reads version 1 only`
	_, err := registry.Load("dir/f.yaml", []byte(text))
	if diff := cmp.Diff(want, fmt.Sprint(err)); diff != "" {
		t.Errorf("error (-want +got):\n%s", diff)
	}
}

func TestLoadReadsEveryField(t *testing.T) {
	r := mustLoad(t, `
schema_version: 1
providers:
  - name: v
    display_name: "The V"
    vendor_logo: logo
    protocol: openai
    auth_mode: oauth
    base_url_template: "https://{where}.example.com/v1"
    base_url_anthropic: https://a.example.com
    endpoint_vars:
      where: {env: WHERE, default: here}
    wire_model_prefix: v/
    auth_env: [V_TWO, V_ONE]
    auth_token_env: V_TOKEN
    model_prefix_match: ^v
    model_aliases: [big, small]
    deprecated: true
    upstream_vendor: vendor
  - {name: w, protocol: anthropic, auth_env: [V_ONE], base_url_template: null, model_aliases: []}
runtimes:
  z: {providers: [{name: w, models: [4.5, b]}, {name: v}]}
  a: {providers: [{name: v}]}
`)
	v := &registry.Provider{
		Name: "v", DisplayName: "The V", VendorLogo: "logo", Protocol: "openai", AuthMode: "oauth",
		BaseURLTemplate: "https://{where}.example.com/v1", BaseURLAnthropic: "https://a.example.com",
		EndpointVars:    map[string]registry.EndpointVar{"where": {Env: "WHERE", Default: "here"}},
		WireModelPrefix: "v/", AuthEnv: []string{"V_TWO", "V_ONE"}, AuthTokenEnv: "V_TOKEN",
		ModelPrefixMatch: "^v", ModelAliases: []string{"big", "small"}, Deprecated: true, UpstreamVendor: "vendor",
	}
	w := &registry.Provider{Name: "w", Protocol: "anthropic", AuthEnv: []string{"V_ONE"}}
	want := &registry.Registry{
		SchemaVersion: 1,
		Providers:     []*registry.Provider{v, w},
		Runtimes: []*registry.Runtime{
			{Name: "z", Native: []registry.Native{{Provider: w, Models: []string{"4.5", "b"}}, {Provider: v}}},
			{Name: "a", Native: []registry.Native{{Provider: v}}},
		},
	}
	if diff := cmp.Diff(want, r, fieldsOnly); diff != "" {
		t.Errorf("registry (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"V_ONE", "V_TWO"}, r.CredentialNames()); diff != "" {
		t.Errorf("credential names (-want +got):\n%s", diff)
	}
	if r.Provider("w") != r.Providers[1] || r.Runtime("a") != r.Runtimes[1] {
		t.Error("a lookup by name does not return the one in the list")
	}
	if r.Provider("x") != nil || r.Runtime("x") != nil {
		t.Error("a lookup of an unknown name returns something")
	}
}

// fieldsOnly compares what the file says, and not what is computed from it.
var fieldsOnly = cmpopts.IgnoreUnexported(registry.Registry{}, registry.Provider{}, registry.Runtime{})

func TestLoadFollowsAliasesAndMerges(t *testing.T) {
	r := mustLoad(t, `
schema_version: 1
x-shared: &shared {protocol: openai, auth_env: &keys [K], display_name: shared}
x-more: &more {display_name: more, vendor_logo: more}
providers:
  - {name: a, <<: *shared, display_name: own}
  - {name: b, <<: [*more, *shared]}
  - {name: c, protocol: openai, auth_env: *keys}
runtimes:
  r: &r {providers: [{name: a}, {name: b}, {name: c}]}
  s: *r
`)
	type row struct{ Name, Display, Logo, Protocol, Env string }
	var got []row
	for _, p := range r.Providers {
		got = append(got, row{p.Name, p.DisplayName, p.VendorLogo, p.Protocol, strings.Join(p.AuthEnv, " ")})
	}
	want := []row{{"a", "own", "", "openai", "K"}, {"b", "more", "more", "openai", "K"}, {"c", "", "", "openai", "K"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("providers (-want +got):\n%s", diff)
	}
	if len(r.Runtime("s").Native) != 3 {
		t.Errorf("runtime s has %d providers, want the 3 of r", len(r.Runtime("s").Native))
	}
}

// chainOfMerges returns mappings that each merge the one before, with a key more.
func chainOfMerges(length int) string {
	text := "k0: &k0 {a0: 1}\n"
	for i := 1; i < length; i++ {
		text += fmt.Sprintf("k%d: &k%d {a%d: 1, <<: *k%d}\n", i, i, i, i-1)
	}
	return text
}

func TestLoadRefusesAliasBombs(t *testing.T) {
	models := strings.Repeat("m,", 500)
	natives := "[" + strings.Repeat("*native,", 500) + "]"
	wide := "schema_version: 1\nx: [&native {name: a, models: [" + models + "]}]\n" +
		"providers: [{name: a, auth_env: [A]}]\nruntimes: {r: &r {providers: " + natives + "}, s: *r, t: *r}\n"
	tests := []struct{ name, text string }{
		{"list of lists", wide},
		{"mapping of mappings", "schema_version: 1\n" + chainOfMerges(1000) + "runtimes: *k999\nproviders: []\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := registry.Load("f", []byte(tt.text))
			var position *registry.PositionError
			if !errors.As(err, &position) || !strings.Contains(position.Message, "aliases repeat more than 100000 values") {
				t.Errorf("error is %.200v, want one about aliases", err)
			}
		})
	}
}

// A file of nothing but mistakes is refused with as many as somebody reads.
func TestLoadTellsTheFirstProblems(t *testing.T) {
	_, err := registry.Load("f", []byte("schema_version: 1\nproviders: ["+strings.Repeat("{},", 100_000)+"]\nruntimes: {}\n"))
	lines := strings.Split(fmt.Sprint(err), "\n")
	if last := lines[len(lines)-1]; len(lines) != 101 || !strings.HasSuffix(last, " more things are wrong; correct these first") || !strings.HasPrefix(last, "f:1:1: ") {
		t.Errorf("%d lines, the last is %q", len(lines), last)
	}
}

func TestLoadFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "registry.yaml")
	if err := os.WriteFile(path, []byte(minimal), 0o600); err != nil {
		t.Fatal(err)
	}
	r, err := registry.LoadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if want := fmt.Sprintf("sha256:%x", sha256.Sum256([]byte(minimal))); r.Digest() != want {
		t.Errorf("digest is %s, want %s", r.Digest(), want)
	}

	if err := os.WriteFile(path, make([]byte, 5<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := registry.LoadFile(path); err == nil || !strings.HasPrefix(err.Error(), path+":1:1: the file is larger than 1 MiB") {
		t.Errorf("error for a file of 5 MiB is %v", err)
	}
	if _, err := registry.LoadFile(path + ".none"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("error for a missing file is %v, want one that wraps os.ErrNotExist", err)
	}
}

func TestFindings(t *testing.T) {
	r := mustLoad(t, `schema_version: 1
providers:
  - name: a
    protocol: openai
    protocl: openai
    auth_env: [A]
    deprecated: true
    upstream_vendor: v
  - name: b
    protocol: grpc
    auth_env: [B]
    upstream_vendor: v
    base_url_template: "https://{zone}.example.com"
  - {name: c, protocol: openai, auth_env: [C]}
runtimes:
  r:
    providers:
      - name: a
        models: [m, n]
      - name: b
        models: [n, o]
  s:
    flavour: sweet
    providers:
      - name: b
note: x
`)
	want := []registry.Finding{
		{5, 5, "providers[0].protocl", `unknown key "protocl" is ignored (did you mean "protocol"?)`},
		{10, 15, "providers[1].protocol", `protocol of provider "b" is "grpc"; openai and anthropic are known`},
		{12, 22, "providers[1].upstream_vendor", `upstream_vendor "v" is that of provider "a" too; a vendor should lead to one provider`},
		{13, 24, "providers[1].base_url_template", `placeholder {zone} has no endpoint_vars entry`},
		{14, 5, "providers[2]", `no runtime reaches provider "c", so no workspace can have it`},
		{18, 9, "runtimes.r.providers[0]", `runtime "r" still uses provider "a", which is deprecated`},
		{21, 18, "runtimes.r.providers[1].models[0]", `info: "n" is listed by a too; the credentials in scope decide, and a where they do not (DER-2)`},
		{23, 5, "runtimes.s.flavour", `unknown key "flavour" is ignored`},
		{25, 9, "runtimes.s.providers[0]", `no model leads to provider "b" in runtime "s": it lists none there and has no pattern`},
		{26, 1, "note", `unknown key "note" is ignored`},
	}
	if diff := cmp.Diff(want, r.Findings()); diff != "" {
		t.Errorf("findings (-want +got):\n%s", diff)
	}
}

func TestHosts(t *testing.T) {
	tests := []struct {
		name, fields string
		want         []string
	}{
		{"none", "", nil},
		{"both the same", "base_url_template: https://A.example.com/v1, base_url_anthropic: https://a.example.com/anthropic", []string{"a.example.com"}},
		{"two, one with a port", "base_url_template: 'http://localhost:11434/v1', base_url_anthropic: https://a.example.com", []string{"localhost:11434", "a.example.com"}},
		{"filled with the default", "base_url_template: 'https://{l}-x.example.com/{p}', endpoint_vars: {l: {env: L, default: us}, p: {env: P}}", []string{"us-x.example.com"}},
		{"no default for the host", "base_url_template: 'https://{l}.example.com', endpoint_vars: {l: {env: L}}", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := mustLoad(t, "schema_version: 1\nproviders: [{name: a, auth_env: [A], "+tt.fields+"}]\nruntimes: {r: {providers: [{name: a}]}}\n")
			if diff := cmp.Diff(tt.want, r.Providers[0].Hosts(), cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("hosts (-want +got):\n%s", diff)
			}
		})
	}
}
