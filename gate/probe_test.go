package gate_test

import (
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/molecule-ai/byok-conformance/gate"
	"github.com/molecule-ai/byok-conformance/registry"
)

// The whole of the one request, by protocol and credential name (LIV-5, LIV-9).
func TestProbeRequest(t *testing.T) {
	key := value("k")
	bearer := http.Header{"Authorization": {"Bearer " + key}}
	version := http.Header{"Authorization": {"Bearer " + key}, "Anthropic-Version": {"2023-06-01"}}
	apiKey := http.Header{"X-Api-Key": {key}, "Anthropic-Version": {"2023-06-01"}}
	for _, c := range []struct {
		name, protocol, base, credential string
		url                              string
		header                           http.Header
	}{
		{"OpenAI's protocol", "openai", anywhere, "OPENAI_API_KEY", anywhere + "/models", bearer},
		{"OpenAI's protocol with Anthropic's name", "openai", miniMax, "ANTHROPIC_API_KEY", miniMax + "/models", bearer},
		{"OpenAI's protocol with Anthropic's token", "openai", miniMax, "ANTHROPIC_AUTH_TOKEN", miniMax + "/models", bearer},
		{"Anthropic's protocol", "anthropic", anthropic, "ANTHROPIC_API_KEY", anthropic + "/models", apiKey},
		{"Anthropic's protocol with a vendor's name", "anthropic", "https://api.z.ai/api/anthropic", "GLM_API_KEY", "https://api.z.ai/api/anthropic/models", apiKey},
		{"Anthropic's protocol with a token", "anthropic", anthropic, "ANTHROPIC_AUTH_TOKEN", anthropic + "/models", version},
		{"a slash at the end of the base", "openai", anywhere + "/", "OPENAI_API_KEY", anywhere + "/models", bearer},
		{"no path in the base", "openai", "https://api.vendor.example", "K", "https://api.vendor.example/models", bearer},
		{"a port, and no TLS", "openai", "http://localhost:11434/v1", "OLLAMA_HOST", "http://localhost:11434/v1/models", bearer},
		{"OpenRouter's /key", "openai", openRouter, "OPENROUTER_API_KEY", openRouter + "/key", bearer},
	} {
		t.Run(c.name, func(t *testing.T) {
			tr := alive()
			if got := ask(t, tr, vendor(c.protocol, c.base), named(c.credential, key)); got.Finding != gate.Alive {
				t.Errorf("finding %v (%s), want Alive", got.Finding, got.Cause)
			}
			if len(tr.calls) != 1 {
				t.Fatalf("%d calls, want 1", len(tr.calls))
			}
			r := tr.calls[0]
			if r.Method != http.MethodGet || r.URL.String() != c.url || r.Host != r.URL.Host {
				t.Errorf("%s %s at host %s, want GET %s", r.Method, r.URL, r.Host, c.url)
			}
			if r.Body != nil {
				t.Error("the probe has a body")
			}
			c.header.Set("Accept", "application/json")
			c.header.Set("User-Agent", "byok-conformance-reference-gate")
			if diff := cmp.Diff(c.header, r.Header); diff != "" {
				t.Errorf("headers (-want +got):\n%s", diff)
			}
		})
	}
}

// One call, whatever comes back: no retry, no redirect followed (LIV-9, SEC-4).
func TestProbeAsksOnce(t *testing.T) {
	redirect := func(status int) *transport {
		return &transport{answer: func(*http.Request) (*http.Response, error) {
			resp := response(status, jsonType, list)
			resp.Header.Set("Location", "https://elsewhere.example/v1/models")
			return resp, nil
		}}
	}
	for name, tr := range map[string]*transport{
		"200": alive(), "401": answering(401, jsonType, ""), "403": answering(403, jsonType, ""), "429": answering(429, jsonType, ""),
		"500": answering(500, jsonType, ""), "503": answering(503, htmlType, ""), "error": failing(io.EOF),
		"301": redirect(301), "302": redirect(302), "303": redirect(303), "307": redirect(307), "308": redirect(308),
	} {
		ask(t, tr, vendor("openai", anywhere), named("K", value("k")))
		if len(tr.calls) != 1 {
			t.Errorf("%s: %d calls, want 1", name, len(tr.calls))
		}
	}
}

func TestProbeClosesBody(t *testing.T) {
	for _, status := range []int{200, 401, 500} {
		closed := false
		tr := &transport{answer: func(*http.Request) (*http.Response, error) {
			resp := response(status, jsonType, list)
			resp.Body = closing{strings.NewReader(list), func() { closed = true }}
			return resp, nil
		}}
		ask(t, tr, vendor("openai", anywhere), named("K", value("k")))
		if !closed {
			t.Errorf("status %d: the body was not closed, so its connection leaks", status)
		}
	}
}

type closing struct {
	io.Reader
	close func()
}

func (c closing) Close() error { c.close(); return nil }

// Who is not called, and what that comes to (LIV-7, LIV-10, SEC-6).
func TestProbeWithoutCall(t *testing.T) {
	oauth := vendor("anthropic", anthropic)
	oauth.AuthMode = registry.AuthModeOAuth
	key := value("k")
	inside := func(s string) gate.Secret { return gate.Secret{Value: key[:20] + s + key[20:]} }
	for _, c := range []struct {
		name     string
		provider *registry.Provider
		secret   gate.Secret
		want     gate.Finding
	}{
		{"no base URL", vendor("openai", ""), gate.Secret{Value: key}, gate.Alive},
		{"a templated base URL", vendor("openai", "https://{region}.vendor.example/v1"), gate.Secret{Value: key}, gate.Alive},
		{"a subscription", oauth, gate.Secret{Value: key}, gate.Alive},
		{"unreadable", vendor("openai", anywhere), gate.Secret{Unreadable: true}, gate.Unproven},
		{"unreadable, with a value", vendor("openai", anywhere), gate.Secret{Value: key, Unreadable: true}, gate.Unproven},
		{"unreadable, malformed", vendor("openai", anywhere), gate.Secret{Value: "\r\n", Unreadable: true}, gate.Unproven},
		{"unreadable subscription", oauth, gate.Secret{Unreadable: true}, gate.Unproven},
		{"CR LF inside", vendor("openai", anywhere), inside("\r\nX-Smuggled: 1\r\n"), gate.Dead},
		{"CR inside", vendor("openai", anywhere), inside("\r"), gate.Dead},
		{"LF inside", vendor("anthropic", anthropic), inside("\n"), gate.Dead},
		{"NUL inside", vendor("openai", anywhere), inside("\x00"), gate.Dead},
		{"ESC inside", vendor("openai", anywhere), inside("\x1b"), gate.Dead},
		{"US inside", vendor("openai", anywhere), inside("\x1f"), gate.Dead},
		{"DEL inside", vendor("openai", anywhere), inside("\x7f"), gate.Dead},
		{"lines in a subscription's file", oauth, inside("\n"), gate.Unproven},
		{"lines without a base URL", vendor("openai", ""), inside("\n"), gate.Unproven},
	} {
		t.Run(c.name, func(t *testing.T) {
			tr := alive()
			got := ask(t, tr, c.provider, gate.Credential{Name: "K", Secret: c.secret})
			if got.Finding != c.want || got.Status != 0 {
				t.Errorf("finding %v, status %d (%s), want %v and 0", got.Finding, got.Status, got.Cause, c.want)
			}
			if got.Cause == "" {
				t.Error("the outcome does not say why nobody was asked")
			}
			if len(tr.calls) != 0 {
				t.Errorf("%d calls, want none", len(tr.calls))
			}
		})
	}
}

// What a header can carry is sent as it is.
func TestProbeSendsUnusualValues(t *testing.T) {
	for _, inside := range []string{" ", "\t", "~", "é", "\u200b", "\xff"} {
		v, tr := "a"+inside+"b", alive()
		if got := ask(t, tr, vendor("openai", anywhere), named("K", v)); got.Finding != gate.Alive {
			t.Errorf("%q: finding %v (%s), want Alive", v, got.Finding, got.Cause)
		}
		if len(tr.calls) != 1 || tr.calls[0].Header.Get("Authorization") != "Bearer "+v {
			t.Errorf("%q did not arrive", v)
		}
	}
}

func TestProbeWithoutNetwork(t *testing.T) {
	key := value("k")
	for name, err := range map[string]error{
		"refused":        errors.New("connect: connection refused"),
		"error with key": &url.Error{Op: "Get", URL: anywhere + "?key=" + key, Err: io.ErrUnexpectedEOF},
	} {
		got := ask(t, failing(err), vendor("openai", anywhere), named("K", key))
		if diff := cmp.Diff(gate.Outcome{Finding: gate.Unproven, Cause: "the provider could not be reached"}, got); diff != "" {
			t.Errorf("%s: outcome (-want +got):\n%s", name, diff)
		}
	}
}

// A base URL that is none is the registry's fault, and no tenant's.
func TestProbeOfBrokenBaseURL(t *testing.T) {
	tr := alive()
	if got := ask(t, tr, vendor("openai", "https://api vendor\x7f/v1"), named("K", value("k"))); got.Finding != gate.Unproven || got.Cause == "" {
		t.Errorf("finding %v (%q), want Unproven with a cause", got.Finding, got.Cause)
	}
	if len(tr.calls) != 0 {
		t.Errorf("%d calls, want none", len(tr.calls))
	}
}
