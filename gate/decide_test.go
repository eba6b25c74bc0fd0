package gate_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/molecule-ai/byok-conformance/gate"
	"github.com/molecule-ai/byok-conformance/registry"
)

const claude = "claude-opus-4-7"

func request(runtime, model string, s gate.Secrets) gate.Request {
	return gate.Request{Stage: gate.Create, Runtime: runtime, Model: model, Secrets: s}
}

func TestDecide(t *testing.T) {
	key, foreign := value("key"), value("foreign")
	ws := func(pairs ...string) gate.Secrets { return gate.Secrets{Workspace: secrets(pairs...)} }
	out := gate.Decision{Verdict: gate.Allowed}
	missing := func(provider, message string, accepted ...string) gate.Decision {
		return gate.Decision{Verdict: gate.Refused, Code: gate.MissingCredential, Provider: provider, Accepted: accepted, Message: message}
	}
	external := request("claude-code", claude, gate.Secrets{})
	external.External = true
	external.URL = "https://elsewhere.example"
	externalDead := request("claude-code", claude, ws("ANTHROPIC_API_KEY", key))
	externalDead.External = true
	moved := request("claude-code", claude, ws("ANTHROPIC_API_KEY", key, "ANTHROPIC_BASE_URL", "https://elsewhere.example"))
	moved.URL = "https://elsewhere.example"
	for _, c := range []struct {
		rule, name string
		status     int // what every provider answers; 0: it cannot be reached
		request    gate.Request
		want       gate.Decision
		calls      []string // hosts
	}{
		{"DER-5", "external", 401, external, out, nil},
		{"DER-5", "external with a dead credential", 401, externalDead, out, nil},
		{"DER-4", "platform", 401, request("claude-code", "anthropic/claude-opus-4-7", gate.Secrets{}), out, nil},
		{"DER-4", "platform with stray credentials", 401,
			request("claude-code", "anthropic/claude-opus-4-7", ws("ANTHROPIC_API_KEY", key, "MOLECULE_LLM_USAGE_TOKEN", foreign)), out, nil},
		{"DER-3", "unknown runtime", 401, request("unknown", claude, ws("ANTHROPIC_API_KEY", key)), out, nil},
		{"DER-3", "unowned model", 401, request("claude-code", "nobody-1", ws("ANTHROPIC_API_KEY", key)), out, nil},
		{"DER-3", "no model", 401, request("claude-code", " ", ws("ANTHROPIC_API_KEY", key)), out, nil},
		{"DER-1", "white space around the model", 200, request("claude-code", " "+claude+"\t", ws("ANTHROPIC_API_KEY", key)),
			gate.Decision{Verdict: gate.Allowed, Provider: "anthropic-api", Credential: "ANTHROPIC_API_KEY"}, []string{"api.anthropic.com"}},
		{"PRE-1", "nothing in scope", 200, request("claude-code", claude, gate.Secrets{}),
			missing("anthropic-api", `model "claude-opus-4-7" on runtime "claude-code" resolves to BYOK provider "anthropic-api", but no credential that it accepts (ANTHROPIC_API_KEY, ANTHROPIC_AUTH_TOKEN) is set at workspace or global scope; set one of them and try again`,
				"ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN"), nil},
		{"PRE-2", "foreign at both scopes", 200,
			request("hermes", "nvidia/x", gate.Secrets{Workspace: secrets("ANTHROPIC_API_KEY", foreign), Global: secrets("OPENAI_API_KEY", key)}),
			missing("nvidia", `model "nvidia/x" on runtime "hermes" resolves to BYOK provider "nvidia", but no credential that it accepts (NVIDIA_API_KEY) is set at workspace or global scope; set one of them and try again`,
				"NVIDIA_API_KEY"), nil},
		{"LIV-1", "dead at the workspace", 401, request("claude-code", claude, ws("ANTHROPIC_AUTH_TOKEN", key)),
			gate.Decision{Verdict: gate.Refused, Code: gate.InvalidCredential, Provider: "anthropic-api", Credential: "ANTHROPIC_AUTH_TOKEN",
				Message: `model "claude-opus-4-7" resolves to BYOK provider "anthropic-api", but its credential ANTHROPIC_AUTH_TOKEN (workspace scope) is not usable: the provider answered 401; replace its value and try again`},
			[]string{"api.anthropic.com"}},
		{"LIV-1", "forbidden at the tenant", 403, request("codex", "gpt-5.4", gate.Secrets{Global: secrets("OPENAI_API_KEY", key)}),
			gate.Decision{Verdict: gate.Refused, Code: gate.InvalidCredential, Provider: "openai-api", Credential: "OPENAI_API_KEY",
				Message: `model "gpt-5.4" resolves to BYOK provider "openai-api", but its credential OPENAI_API_KEY (global scope) is not usable: the provider answered 403; replace its value and try again`},
			[]string{"api.openai.com"}},
		{"LIV-3", "alive", 200, request("claude-code", claude, ws("ANTHROPIC_API_KEY", key)),
			gate.Decision{Verdict: gate.Allowed, Provider: "anthropic-api", Credential: "ANTHROPIC_API_KEY"}, []string{"api.anthropic.com"}},
		{"LIV-4", "base URLs in the request", 200, moved,
			gate.Decision{Verdict: gate.Allowed, Provider: "anthropic-api", Credential: "ANTHROPIC_API_KEY"}, []string{"api.anthropic.com"}},
		{"LIV-7", "a subscription", 401, request("claude-code", "opus", ws("CLAUDE_CODE_OAUTH_TOKEN", key)),
			gate.Decision{Verdict: gate.Allowed, Provider: "anthropic-oauth", Credential: "CLAUDE_CODE_OAUTH_TOKEN"}, nil},
		{"LIV-8", "the first name decides alone", 401,
			request("claude-code", claude, gate.Secrets{Workspace: secrets("ANTHROPIC_AUTH_TOKEN", foreign), Global: secrets("ANTHROPIC_API_KEY", key)}),
			gate.Decision{Verdict: gate.Refused, Code: gate.InvalidCredential, Provider: "anthropic-api", Credential: "ANTHROPIC_API_KEY",
				Message: `model "claude-opus-4-7" resolves to BYOK provider "anthropic-api", but its credential ANTHROPIC_API_KEY (global scope) is not usable: the provider answered 401; replace its value and try again`},
			[]string{"api.anthropic.com"}},
		{"LIV-11", "unavailable", 503, request("claude-code", claude, ws("ANTHROPIC_API_KEY", key)),
			gate.Decision{Verdict: gate.Allowed, Provider: "anthropic-api", Credential: "ANTHROPIC_API_KEY",
				Notices: []gate.Notice{{Provider: "anthropic-api", Credential: "ANTHROPIC_API_KEY", Cause: "the provider has a fault of its own"}}},
			[]string{"api.anthropic.com"}},
		{"LIV-11", "unreachable", 0, request("claude-code", claude, ws("ANTHROPIC_API_KEY", key)),
			gate.Decision{Verdict: gate.Allowed, Provider: "anthropic-api", Credential: "ANTHROPIC_API_KEY",
				Notices: []gate.Notice{{Provider: "anthropic-api", Credential: "ANTHROPIC_API_KEY", Cause: "the provider could not be reached"}}},
			[]string{"api.anthropic.com"}},
		{"LIV-10", "unreadable", 401, request("claude-code", claude, gate.Secrets{Workspace: map[string]gate.Secret{"ANTHROPIC_API_KEY": {Unreadable: true}}}),
			gate.Decision{Verdict: gate.Allowed, Provider: "anthropic-api", Credential: "ANTHROPIC_API_KEY",
				Notices: []gate.Notice{{Provider: "anthropic-api", Credential: "ANTHROPIC_API_KEY", Cause: "the stored value cannot be decrypted"}}}, nil},
		{"SEC-6", "a line break inside", 200, request("claude-code", claude, ws("ANTHROPIC_API_KEY", key+"\n"+foreign)),
			gate.Decision{Verdict: gate.Refused, Code: gate.InvalidCredential, Provider: "anthropic-api", Credential: "ANTHROPIC_API_KEY",
				Message: `model "claude-opus-4-7" resolves to BYOK provider "anthropic-api", but its credential ANTHROPIC_API_KEY (workspace scope) is not usable: its value holds a control character and cannot be sent in a header; replace its value and try again`}, nil},
		{"DER-2", "a tie, nothing in scope: the first declared", 200, request("codex", "gpt-5.4", gate.Secrets{}),
			missing("openai-subscription", `model "gpt-5.4" on runtime "codex" resolves to BYOK provider "openai-subscription", but no credential that it accepts (CODEX_AUTH_JSON, CODEX_CHATGPT_AUTH_JSON) is set at workspace or global scope; set one of them and try again`,
				"CODEX_AUTH_JSON", "CODEX_CHATGPT_AUTH_JSON"), nil},
		{"DER-2", "a tie, the second's at the tenant", 200, request("codex", "gpt-5.4", gate.Secrets{Global: secrets("OPENAI_API_KEY", key)}),
			gate.Decision{Verdict: gate.Allowed, Provider: "openai-api", Credential: "OPENAI_API_KEY"}, []string{"api.openai.com"}},
		{"DER-2", "a tie, both in scope: the first declared", 401,
			request("codex", "gpt-5.4", gate.Secrets{Workspace: secrets("OPENAI_API_KEY", key), Global: secrets("CODEX_AUTH_JSON", foreign)}),
			gate.Decision{Verdict: gate.Allowed, Provider: "openai-subscription", Credential: "CODEX_AUTH_JSON"}, nil},
	} {
		for _, stage := range []gate.Stage{gate.Create, gate.Provision} {
			t.Run(fmt.Sprintf("%s/%s/%s", c.rule, c.name, stage), func(t *testing.T) {
				tr := answering(c.status, jsonType, list)
				if c.status == http.StatusForbidden {
					tr = answering(c.status, jsonType, `{"type":"error"}`)
				} else if c.status == 0 {
					tr = failing(io.EOF)
				}
				c.request.Stage = stage
				d := decide(t, tr, c.request)
				if diff := cmp.Diff(c.want, d); diff != "" {
					t.Errorf("decision (-want +got):\n%s", diff)
				}
				var hosts []string
				for _, r := range tr.calls {
					hosts = append(hosts, r.URL.Host)
				}
				if diff := cmp.Diff(c.calls, hosts); diff != "" {
					t.Errorf("hosts called (-want +got):\n%s", diff)
				}
			})
		}
	}
}

// Whatever a provider and a transport say, no piece of a value gets into a
// decision (SEC-1, SEC-5).
func TestDecisionsHoldNoValue(t *testing.T) {
	v := value("secret")
	echo := `{"error":{"message":"Incorrect API key provided: ` + v + `"}}`
	for name, tr := range map[string]*transport{
		"200": alive(), "200 echo": answering(200, jsonType, echo), "400": answering(400, jsonType, echo), "401": answering(401, jsonType, echo),
		"403": answering(403, jsonType, echo), "403 page": answering(403, htmlType, echo), "429": answering(429, jsonType, echo),
		"500": answering(500, jsonType, echo), "302": answering(302, v, echo), "error": failing(fmt.Errorf("sending Bearer %s: reset", v)),
	} {
		for _, written := range []string{v, " " + v + "\n", v[:30] + "\r\n" + v[30:], v[:30] + "\x00" + v[30:]} {
			for runtime, model := range map[string]string{"claude-code": claude, "codex": "gpt-5.4", "hermes": "openrouter/x"} {
				for _, credential := range []string{"ANTHROPIC_API_KEY", "OPENAI_API_KEY", "OPENROUTER_API_KEY", "CODEX_AUTH_JSON"} {
					for _, s := range []gate.Secrets{{Workspace: secrets(credential, written)}, {Global: secrets(credential, written)}} {
						if text := fmt.Sprintf("%#v", decide(t, tr, request(runtime, model, s))); holds(text, v) {
							t.Errorf("%s, %s with %s: %s", name, model, credential, text)
						}
					}
				}
			}
		}
	}
}

// A caller who changes a decision does not change the registry.
func TestDecisionIsTheCallersOwn(t *testing.T) {
	req := request("claude-code", claude, gate.Secrets{})
	want := decide(t, alive(), req)
	decide(t, alive(), req).Accepted[0] = "CHANGED"
	if diff := cmp.Diff(want, decide(t, alive(), req)); diff != "" {
		t.Errorf("the next decision (-want +got):\n%s", diff)
	}
}

// Decisions at once are those that are made one by one (LIV-12, ROB-3).
func TestDecideAtOnce(t *testing.T) {
	dead := value("dead")
	tr := &transport{answer: func(r *http.Request) (*http.Response, error) {
		if strings.HasSuffix(r.Header.Get("X-Api-Key"), dead) {
			return response(401, jsonType, ""), nil
		}
		return response(200, jsonType, list), nil
	}}
	g := gate.NewReference(registry.Embedded(), gate.Options{Transport: tr})
	var all sync.WaitGroup
	for i := range 64 {
		all.Go(func() {
			v, want := value(fmt.Sprint(i)), gate.Allowed
			if i%2 == 0 {
				v, want = dead, gate.Refused
			}
			d, err := g.Decide(context.Background(), request("claude-code", claude, gate.Secrets{Workspace: secrets("ANTHROPIC_API_KEY", v)}))
			if err != nil || d.Verdict != want {
				t.Errorf("request %d: %s, %v; want %s", i, d.Verdict, err, want)
			}
		})
	}
	all.Wait()
	if len(tr.calls) != 64 {
		t.Errorf("%d calls, want one for each of 64 requests", len(tr.calls))
	}
}
