package server

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/molecule-ai/byok-conformance/gate"
	"github.com/molecule-ai/byok-conformance/scenarios"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"gopkg.in/yaml.v3"
)

// lean is the smallest profile: it claims create-presence only.
const lean = `schema: byok-conformance/profile/v1
name: lean
create:
  request: {method: POST, path: /workspaces, body: "{name: $name}"}
  allowed: .status == 201
  id: .body.id
  code: .body.code
workspaces:
  remove: {request: {method: DELETE, path: "/workspaces/${id}"}, removed: .status == 200}
claims: [create-presence]
`

// provisioned is what lean lacks for provisioning, but for a way to see failures.
const provisioned = `provision:
  again: {request: {method: POST, path: "/workspaces/${id}/restart"}}
  state: {request: {method: GET, path: "/workspaces/${id}"}, pending: .body.status == "starting", running: .body.status == "online"}
secrets:
  workspace:
    set: {request: {method: PUT, path: "/workspaces/${id}/secrets/${key}"}}
    remove: {request: {method: DELETE, path: "/workspaces/${id}/secrets/${key}"}}
`

func leanEdited(t testing.TB, pairs ...string) string {
	t.Helper()
	text := lean
	for i := 0; i < len(pairs); i += 2 {
		if strings.Count(text, pairs[i]) != 1 {
			t.Fatalf("the profile holds %q %d times", pairs[i], strings.Count(text, pairs[i]))
		}
		text = strings.Replace(text, pairs[i], pairs[i+1], 1)
	}
	return text
}

func TestProfileErrors(t *testing.T) {
	edit := func(pairs ...string) string { return leanEdited(t, pairs...) }
	claims := func(list string) string { return edit("[create-presence]", "["+list+"]") }
	tests := []struct {
		name, text string
		want       []string
	}{
		{"nothing wrong", lean, nil},
		{"empty file", "", []string{"f:1:1: the file is empty; write what belongs into it, or name another file"}},
		{"no YAML", "a: 1\n  b: [\n", []string{"f:2:3: the file is not YAML: mapping values are not allowed in this context; correct this line or the one before it"}},
		{"unknown key", edit("name: lean", "name: lean\nhealh: {}"), []string{`f:3:1: a profile has no field "healh" (did you mean "health"?); its fields are about, claims, codes, create, headers, health, liveness-cache, loud, name, offered, precedence, provision, rate-limit, registry-at, schema, secrets, unlisted-models, workspaces`}},
		{"another schema", edit("profile/v1", "profile/v2"), []string{
			"f:1:1: the profile has no schema; add `schema: byok-conformance/profile/v1`",
			`f:1:9: unknown schema "byok-conformance/profile/v2" (did you mean "byok-conformance/profile/v1"?); it is one of byok-conformance/profile/v1`,
		}},
		{"no jq", edit(".status == 201", `".status ="`), []string{
			"f:1:1: the profile has no create.allowed",
			"f:5:12: allowed is not a jq expression: unexpected EOF",
		}},
		{"jq with a variable that is not there", edit(".body.code", "$code"), []string{
			"f:1:1: the profile has no create.code",
			"f:7:9: code is not a jq expression: variable not defined: $code",
		}},
		{"body with a variable that is not there", edit("{name: $name}", "{name: $nam}"), []string{"f:4:52: body is not a jq expression: variable not defined: $nam"}},
		{"unknown method", edit("method: POST", "method: PUSH"), []string{
			"f:4:12: a request has a method and a path that begins with /",
			`f:4:21: unknown method "PUSH" (did you mean "POST"?); it is one of GET, POST, PUT, PATCH, DELETE`,
		}},
		{"path without a slash", edit("path: /workspaces,", "path: workspaces,"), []string{"f:4:12: a request has a method and a path that begins with /"}},
		{"no id", edit("  id: .body.id\n", ""), []string{"f:1:1: the profile has no create.id"}},
		{"nothing removes", edit(", removed: .status == 200", ""), []string{"f:1:1: the profile has no workspaces.remove, without which nothing is cleaned up"}},
		{"no claims", claims(""), []string{"f:1:1: the profile has no claims; name the areas that the server covers"}},
		{"unknown claim", claims("create-presense"), []string{
			"f:1:1: the profile has no claims; name the areas that the server covers",
			`f:10:10: unknown claim "create-presense" (did you mean "create-presence"?); it is one of ` + strings.Join(scenarios.Claims, ", "),
		}},
		{"global-scope without requests", claims("global-scope"), []string{"f:1:1: the profile has no secrets.global.set, list and remove, but claims global-scope"}},
		{"provisioning without requests", claims("provision-presence"), []string{
			"f:1:1: the profile has no provision.again and provision.state, but claims provisioning",
			"f:1:1: the profile has no provision.failures with a list, or provision.reason with a text, but claims provisioning; without one, no failed provisioning can be seen",
			"f:1:1: the profile has no secrets.workspace.set and remove, but claims provisioning",
		}},
		{"provisioning whose failures cannot be seen", edit("[create-presence]", "[provision-presence]", "workspaces:", provisioned+"workspaces:"), []string{
			"f:1:1: the profile has no provision.failures with a list, or provision.reason with a text, but claims provisioning; without one, no failed provisioning can be seen",
		}},
		{"failures without a list", edit("[create-presence]", "[provision-presence]", "workspaces:", provisioned+"workspaces:", "provision:", "provision:\n  failures: {request: {method: GET, path: /events}}"), []string{
			"f:1:1: the profile has no provision.failures with a list, or provision.reason with a text, but claims provisioning; without one, no failed provisioning can be seen",
		}},
		{"a reason is enough", edit("[create-presence]", "[provision-presence]", "workspaces:", provisioned+"workspaces:", "provision:", "provision:\n  reason: {request: {method: GET, path: '/workspaces/${id}'}, text: .body.error}"), nil},
		{"atomicity without a list", claims("atomicity"), []string{"f:1:1: the profile has no workspaces.list, but claims atomicity"}},
		{"unreadable secrets without a way to plant them", claims("unreadable-secrets"), []string{"f:1:1: the profile has no secrets.workspace.unreadable, but claims unreadable-secrets"}},
		{"a loud line that is no expression", edit("claims:", "loud: {line: '{provider} {credential} ('}\nclaims:"), []string{"f:10:14: line is no regular expression: loud.line of the profile: error parsing regexp: missing closing ): `\\b(?:p)\\b \\b(?:C)\\b (`"}},
		{"a loud line without the credential", edit("claims:", "loud: {line: 'unproven {provider}'}\nclaims:"), []string{"f:10:14: line needs {provider} and {credential}, so that it can be told for which provider and which credential it is"}},
		{"loud without a line", edit("claims:", "loud: {}\nclaims:"), []string{"f:10:7: loud has no line; leave loud out, and any line that holds both names will do"}},
		{"a code that no rule has", edit("claims:", "codes: {NO_KEY: MISSING}\nclaims:"), []string{`f:10:17: unknown code "MISSING"; it is one of MISSING_BYOK_CREDENTIAL, BYOK_CREDENTIAL_INVALID`}},
		{"no length of time", edit("claims:", "rate-limit: {status: 429, wait: Retry-After, longest: 90}\nclaims:"), []string{`f:10:55: longest must be a string, not "90"; quote it`, "f:10:55: longest is no length of time; write it like 20s or 500ms"}},
		{"a length of time below nothing", edit("claims:", "health: {request: {method: GET, path: /}, within: -1s}\nclaims:"), []string{"f:10:51: within is no length of time; write it like 20s or 500ms"}},
		{"a header that is a number", edit("claims:", "headers: {X-A: 1}\nclaims:"), []string{`f:10:16: X-A must be a string, not "1"; quote it`}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := ParseProfile("f", []byte(test.text))
			var got []string
			if err != nil {
				got = strings.Split(err.Error(), "\n")
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("errors (-want +got):\n%s", diff)
			}
		})
	}
}

func TestLoadProfile(t *testing.T) {
	for _, name := range ProfileNames() {
		p, err := LoadProfile(name)
		if err != nil {
			t.Fatal(err)
		}
		if p.Name != name || !strings.HasPrefix(p.Digest, "sha256:") || p.About == "" {
			t.Errorf("profile %s is called %q, digest %s, about %q", name, p.Name, p.Digest, p.About)
		}
	}
	if !slices.Contains(ProfileNames(), "workspace-server") {
		t.Errorf("built-in profiles: %v", ProfileNames())
	}
	file := filepath.Join(t.TempDir(), "own.yaml")
	if err := os.WriteFile(file, []byte(lean), 0o600); err != nil {
		t.Fatal(err)
	}
	if p, err := LoadProfile(file); err != nil || p.Name != "lean" {
		t.Errorf("a file: %v", err)
	}
	_, err := LoadProfile("workspace-serve")
	if want := `there is no profile "workspace-serve" (did you mean "workspace-server"?): it is neither built in (workspace-server) nor a file`; err == nil || err.Error() != want {
		t.Errorf("a profile that is not there: %v\nwant %s", err, want)
	}
	if err := os.WriteFile(file, []byte(leanEdited(t, ".body.id", "'.body['")), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := LoadProfile(file); err == nil || !strings.Contains(err.Error(), file+":6:7: id is not a jq expression") {
		t.Errorf("a file with an error: %v", err)
	}
}

// TestProfileCodes are the codes of a reply as the rules have them.
func TestProfileCodes(t *testing.T) {
	p, err := ParseProfile("f", []byte(leanEdited(t, "claims:", "codes: {NO_KEY: MISSING_BYOK_CREDENTIAL, DEAD_KEY: BYOK_CREDENTIAL_INVALID}\nclaims:")))
	if err != nil {
		t.Fatal(err)
	}
	for raw, want := range map[string]gate.Code{
		"NO_KEY": gate.MissingCredential, "DEAD_KEY": gate.InvalidCredential, "MISSING_BYOK_CREDENTIAL": gate.MissingCredential,
		"no_key": "", "": "", "MODEL_REQUIRED": "",
	} {
		if got := p.code(raw); got != want {
			t.Errorf("code %q means %q, want %q", raw, got, want)
		}
	}
}

func TestProfileWantsItsEnvironment(t *testing.T) {
	p, err := ParseProfile("f", []byte(leanEdited(t, "claims:", "headers: {Authorization: 'Bearer ${env:ADMIN_TOKEN}', X-Two: '${env:ONE}-${env:TWO}'}\nclaims:")))
	if err != nil {
		t.Fatal(err)
	}
	env := map[string]string{"ADMIN_TOKEN": "t", "ONE": "1", "TWO": "2"}
	lookup := func(name string) (string, bool) { v, ok := env[name]; return v, ok }
	target, err := New(p, "http://127.0.0.1:1/", Options{Env: lookup})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]string{"Authorization": "Bearer t", "X-Two": "1-2"}, target.headers); diff != "" {
		t.Errorf("headers (-want +got):\n%s", diff)
	}
	delete(env, "ADMIN_TOKEN")
	_, err = New(p, "http://127.0.0.1:1", Options{Env: lookup})
	if want := "profile lean: environment variable ADMIN_TOKEN is not set; set it to what the server wants"; err == nil || err.Error() != want {
		t.Errorf("without the variable: %v\nwant %s", err, want)
	}
	delete(env, "TWO")
	_, err = New(p, "http://127.0.0.1:1", Options{Env: lookup})
	if want := "profile lean: environment variables ADMIN_TOKEN, TWO are not set; set them to what the server wants"; err == nil || err.Error() != want {
		t.Errorf("without two variables: %v\nwant %s", err, want)
	}
	for _, base := range []string{"", "127.0.0.1:80", "ftp://h", "http://", "http://[::1"} {
		if _, err := New(p, base, Options{}); err == nil || !strings.Contains(err.Error(), "is no URL; write it like http://127.0.0.1:8080") {
			t.Errorf("target %q: %v", base, err)
		}
	}
}

// TestProfileSchema holds editors to what the loader takes and refuses.
func TestProfileSchema(t *testing.T) {
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(Schema()))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("profile.schema.json", doc); err != nil {
		t.Fatal(err)
	}
	schema, err := c.Compile("profile.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	builtIn, err := profiles.ReadFile("profiles/workspace-server.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		text string
		good bool
	}{
		"built in":       {string(builtIn), true},
		"lean":           {lean, true},
		"typo":           {leanEdited(t, "name: lean", "nme: lean"), false},
		"unknown claim":  {leanEdited(t, "[create-presence]", "[create-presense]"), false},
		"unknown method": {leanEdited(t, "POST", "PUSH"), false},
		"another schema": {leanEdited(t, "profile/v1", "profile/v2"), false},
	} {
		var value any
		if err := yaml.Unmarshal([]byte(test.text), &value); err != nil {
			t.Fatal(err)
		}
		if err := schema.Validate(value); (err == nil) != test.good {
			t.Errorf("%s: the schema says %v", name, err)
		}
		if _, err := ParseProfile("f", []byte(test.text)); (err == nil) != test.good {
			t.Errorf("%s: the loader says %v", name, err)
		}
	}
}
