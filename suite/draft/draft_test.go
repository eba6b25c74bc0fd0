package draft

import (
	"context"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/molecule-ai/byok-conformance/scenarios"
	"github.com/molecule-ai/byok-conformance/suite"
	"github.com/molecule-ai/byok-conformance/suite/conform"
)

// APIs that nobody has told anything about get a profile by which a correct
// gate is conformant and the original defect is found, and nothing stays behind.
func TestMadeUpServers(t *testing.T) {
	document, err := ParseOpenAPI("fleet.yaml", []byte(fleetDocument))
	if err != nil {
		t.Fatal(err)
	}
	everything := "create-presence create-liveness global-scope provision-presence atomicity"
	for _, test := range []struct {
		name    string
		api     func(*house) http.Handler
		openapi *OpenAPI
		answers []string
		claims  string
	}{
		{name: "nested bodies, strict fields, another word for secrets", api: nested, claims: everything},
		{name: "verbs as paths, lines of secrets, events", api: verbs, claims: everything},
		{name: "words of its own, with an OpenAPI document", api: fleet, openapi: document, claims: everything},
		{
			name: "words of its own, with answers", api: fleet, claims: "create-presence create-liveness atomicity",
			answers: []string{"create.request=POST /fleet/members {spec: ({caption: $name, harness: $runtime, brain: $model, keyring: $secrets, home: \"eu\", ownHost: $external} + $fields)}"},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			config, h := served(t, test.api, "")
			config.OpenAPI, config.Answers = test.openapi, Answers{}
			for _, a := range test.answers {
				if err := config.Answers.ParseAnswer(a); err != nil {
					t.Fatal(err)
				}
			}
			made, err := Make(t.Context(), config)
			if err != nil {
				t.Fatal(err)
			}
			if left := len(h.all()) + len(h.tenantNames()); left > 0 || len(made.Left) > 0 {
				t.Errorf("%d workspaces and secrets are left, and it says %v", left, made.Left)
			}
			if got := strings.Join(made.Claims, " "); got != test.claims {
				t.Errorf("claims are %s, want %s; not found: %v", got, test.claims, made.Unknown)
			}
			judge(t, made.YAML, test.api, "", []string{"mismatched/report", "*/groq*"})
			judge(t, made.YAML, test.api, "any-known-credential", []string{"mismatched/report"})
			if t.Failed() {
				t.Logf("%s", made.YAML)
			}
		})
	}
}

// judge replays scenarios by a drafted profile, and holds the verdict to what
// the gate deserves: "" is the reference gate.
func judge(t *testing.T, profile []byte, api func(*house) http.Handler, double string, ids []string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "profile.yaml")
	if err := os.WriteFile(file, profile, 0o600); err != nil {
		t.Fatal(err)
	}
	session, err := conform.NewSession(conform.Options{
		Handler: func(providers http.RoundTripper) (http.Handler, error) { return api(newHouse(providers, double)), nil },
		Env:     map[string]string{tokenVariable: "draft-token"}, Profile: file, Budget: 500 * time.Millisecond, Matrix: scenarios.PairwiseMatrix,
		IDs: ids,
	})
	if err != nil {
		t.Fatal(err)
	}
	results, err := session.Replay(t.Context(), session.Claimed, "draft")
	if err != nil {
		t.Fatal(err)
	}
	failed := 0
	for _, r := range results {
		if r.Outcome == suite.Failed || r.Outcome == suite.Errored {
			if failed++; double == "" && failed <= 3 {
				t.Error(conform.FailureText(r, ""))
			}
		}
	}
	if (double == "") != (failed == 0) || len(results) < len(ids) {
		t.Errorf("gate %q: %d of %d failed", double, failed, len(results))
	}
}

// What cannot be found ends with what to say, and nothing stays behind.
func TestServersThatAreNotFound(t *testing.T) {
	for name, test := range map[string]struct {
		api     http.Handler
		answers Answers
		want    string
	}{
		"nothing but 404":         {api: http.NotFoundHandler(), want: "--set create.request='POST /PATH'"},
		"200 for everything":      {api: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { say(w, 200, fields{"ok": true}) }), want: "--set create.request"},
		"a model that is unknown": {api: http.NotFoundHandler(), answers: Answers{"model": "nope"}, want: `no model "nope"`},
		"a create without a delete": {
			api: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.Method == "POST" && r.URL.Path == "/workspaces" {
					say(w, 201, fields{"id": "w1"})
					return
				}
				http.NotFound(w, r)
			}),
			want: "left at the server: workspace byok-draft-",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			config, _ := served(t, func(*house) http.Handler { return test.api }, "")
			config.Answers = test.answers
			if made, err := Make(t.Context(), config); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("it made %v, error %v; want %q in it", made, err, test.want)
			}
		})
	}
}

// A gate that is not there is not made up: the profile says that no refusal was seen.
func TestServersWithoutAGate(t *testing.T) {
	config, _ := served(t, func(h *house) http.Handler { return nested(h) }, "none")
	made, err := Make(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"This is a guess: no refusal with a code was seen.", "NOT FOUND: create.code"} {
		if !strings.Contains(string(made.YAML), want) {
			t.Errorf("the profile does not say %q:\n%s", want, made.YAML)
		}
	}
	if slices.Contains(made.Claims, "create-liveness") || slices.Contains(made.Claims, "provision-presence") {
		t.Errorf("it claims %v", made.Claims)
	}
}

// What is not found is asked at a terminal, and the answer is tried.
func TestAsking(t *testing.T) {
	config, _ := served(t, fleet, "")
	var asked []string
	config.Ask = func(q Question) (string, error) {
		asked = append(asked, q.Key)
		return `POST /fleet/members {spec: ({caption: $name, harness: $runtime, brain: $model, keyring: $secrets, home: "eu", ownHost: $external} + $fields)}`, nil
	}
	made, err := Make(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Join(asked, " ") != "create.request" || !strings.Contains(string(made.YAML), "path: '/fleet/members'") {
		t.Errorf("asked %v, and made\n%s", asked, made.YAML)
	}
}

// An interrupt ends a draft, and what it made is removed all the same.
func TestInterrupt(t *testing.T) {
	config, h := served(t, nested, "")
	ctx, cancel := context.WithCancel(t.Context())
	config.Note = func(s string) {
		if strings.HasPrefix(s, "listed") {
			cancel()
		}
	}
	if _, err := Make(ctx, config); err == nil {
		t.Error("an interrupted draft made a profile")
	}
	if left := h.all(); len(left) > 0 {
		t.Errorf("%d workspaces are left", len(left))
	}
}

func TestAnswers(t *testing.T) {
	for text, want := range map[string]string{
		"create.request=POST /v1/agents":                           "",
		"secrets.global.set.request=PUT /s/${key} {value: $value}": "",
		"headers.X-Token=${env:T}":                                 "",
		"fields.region=eu":                                         "",
		"create.request=v1/agents":                                 "is not a request",
		"create.request=FETCH /v1":                                 "is not a request",
		"create.request=POST /v1 {name: $nmae}":                    "is not a jq expression",
		"create.path=/v1":                                          `no answer "create.path"`,
		"nothing":                                                  "is not KEY=VALUE",
	} {
		err := Answers{}.ParseAnswer(text)
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error is %v, want %q", text, err, want)
		}
	}
	a := Answers{}
	file := "create:\n  request: {method: POST, path: /v1/agents, body: '{title: $name}'}\n  id: .body.id\nfields: {region: eu}\n"
	if err := a.ParseFile("answers.yaml", []byte(file)); err != nil {
		t.Fatal(err)
	}
	if a["create.request"] != "POST /v1/agents {title: $name}" || a["create.id"] != ".body.id" || a["fields.region"] != "eu" {
		t.Errorf("answers are %v", a)
	}
	if err := a.ParseFile("answers.yaml", []byte("claims: [create-presence]\n")); err == nil {
		t.Error("claims are taken for an answer")
	}
}

func TestOpenAPIRefuses(t *testing.T) {
	for text, want := range map[string]string{"a: [": "no OpenAPI document", "openapi: 3.1.0\n": "describes no path"} {
		if _, err := ParseOpenAPI("x.yaml", []byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error is %v, want %q in it", text, err, want)
		}
	}
}

// The address in a profile's first line is where the schema stands in the repository.
func TestSchemaURL(t *testing.T) {
	_, file, ok := strings.Cut(SchemaURL, "/main/")
	if _, err := os.Stat(filepath.Join("..", "..", filepath.FromSlash(file))); !ok || err != nil {
		t.Errorf("%s: %v", SchemaURL, err)
	}
}

// A server that takes no usual header for its token is not asked at every path:
// a person is asked for the header, or told to name it.
func TestUnusualTokenHeader(t *testing.T) {
	guarded := func(h *house) http.Handler {
		inner := nested(h)
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path != "/healthz" && r.Header.Get("X-Tenant-Pass") != "draft-token" {
				say(w, 401, fields{"error": "no pass"})
				return
			}
			r.Header.Set("X-API-Key", "draft-token")
			inner.ServeHTTP(w, r)
		})
	}
	config, _ := served(t, guarded, "")
	requests := 0
	config.Transport = roundTripper(func(r *http.Request) (*http.Response, error) {
		requests++
		return http.DefaultTransport.RoundTrip(r)
	})
	_, err := Make(t.Context(), config)
	if err == nil || !strings.Contains(err.Error(), "--header 'NAME: ${env:ADMIN_TOKEN}'") || requests > 30 {
		t.Errorf("after %d requests: %v", requests, err)
	}
	var asked []string
	config.Ask = func(q Question) (string, error) {
		asked = append(asked, q.Key)
		return "X-Tenant-Pass: ${env:ADMIN_TOKEN}", nil
	}
	made, err := Make(t.Context(), config)
	if err != nil || asked[0] != "headers" || !strings.Contains(string(made.YAML), "X-Tenant-Pass: '${env:ADMIN_TOKEN}'") {
		t.Errorf("asked for %v: %v", asked, err)
	}
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// Many servers wrap a create in what its path calls one workspace.
func TestWrappedInThePathsNoun(t *testing.T) {
	for path, want := range map[string]string{"/api/assistants": "assistant", "/v1/boxes": "box", "/agent": "agent"} {
		if got := (*OpenAPI)(nil).wrappers(request{path: path}); !slices.Contains(got[:3], want) || got[0] != "" {
			t.Errorf("%s: %q does not begin with nothing and %q", path, got, want)
		}
	}
}
