package gates

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/molecule-ai/byok-conformance/gate"
	"github.com/molecule-ai/byok-conformance/registry"
)

// lawfulProbes ask the provider in another way that it understands.
var lawfulProbes = []Double{
	{
		Name:  "phones-home",
		Story: "Each create that is allowed is counted at the vendor of a dashboard, which is nobody's credential and no probe.",
		Gate:  phonesHome(func(d gate.Decision) bool { return d.Verdict == gate.Allowed }),
	},
	{
		Name: "live-verdict-kept-as-stated", LivenessCache: statedTime, Remembers: true,
		Story: "A live verdict is kept for a time that the profile states, and not a moment longer (LIV-13).",
		Gate:  keepsAlive(statedTime, false),
	},
	{
		Name: "runtime-order", Precedence: runtimeOrder,
		Story: "Claude Code reads ANTHROPIC_AUTH_TOKEN first and google-genai GOOGLE_API_KEY; the profile says so (LIV-8).",
		Gate: func(reg *registry.Registry, o gate.Options) gate.Gate {
			ref := gate.NewReference(reg, o)
			ref.Find = func(p *registry.Provider, s gate.Secrets) (gate.Credential, bool) {
				return gate.FindCredential(inRuntimeOrder(p), s)
			}
			return ref
		},
	},
	{
		Name:  "anonymous-first",
		Story: "Whether the provider can be reached is asked without a credential, and then about the credential (LIV-9 counts what carries one).",
		Gate:  sent(anonymousFirst),
	},
	{
		Name:  "one-retry",
		Story: "A network error or a 5xx is asked again, once, within the same budget (LIV-9).",
		Gate:  sent(retriedOnce),
	},
	{
		Name:  "short-list",
		Story: "One model of the list is enough to see that the key is alive: ?limit=1.",
		Gate: sent(func(next http.RoundTripper, r *http.Request) (*http.Response, error) {
			r.URL.RawQuery = "limit=1"
			return next.RoundTrip(r)
		}),
	},
	{
		Name:  "account-endpoints",
		Story: "Where the provider has an authenticated endpoint about the account, that is asked and not the list of models (LIV-4 fixes the host).",
		Gate:  sent(askingAccount),
	},
	{
		Name:  "auth-token-in-x-api-key",
		Story: "ANTHROPIC_AUTH_TOKEN travels like ANTHROPIC_API_KEY; the providers read both headers (LIV-5).",
		Gate: sent(func(next http.RoundTripper, r *http.Request) (*http.Response, error) {
			if r.Header.Get("Anthropic-Version") != "" {
				useAPIKey(r)
			}
			return next.RoundTrip(r)
		}),
	},
	{
		Name:  "bearer-to-compatible-vendors",
		Story: "The third parties that speak Anthropic's protocol get Authorization: Bearer, and no anthropic-version (LIV-5).",
		Gate: sent(func(next http.RoundTripper, r *http.Request) (*http.Response, error) {
			if r.URL.Hostname() != "api.anthropic.com" {
				useBearer(r)
				r.Header.Del("Anthropic-Version")
			}
			return next.RoundTrip(r)
		}),
	},
	{
		Name:  "other-probe-headers",
		Story: "Another HTTP library: its own name, a request id, and another list of what it takes.",
		Gate: sent(func(next http.RoundTripper, r *http.Request) (*http.Response, error) {
			r.Header.Set("User-Agent", "workspace-server/2")
			r.Header.Set("Accept", "*/*")
			r.Header.Set("Accept-Language", "*")
			r.Header.Set("X-Request-Id", "probe-1")
			return next.RoundTrip(r)
		}),
	},
}

// runtimeOrder is the order in which runtimes read the names of providers that have
// several, where it is not the registry's.
var runtimeOrder = registry.Precedence{
	"anthropic-api": {"ANTHROPIC_AUTH_TOKEN", "ANTHROPIC_API_KEY"},
	"kimi-coding":   {"ANTHROPIC_AUTH_TOKEN"},
	"google":        {"GOOGLE_API_KEY", "GEMINI_API_KEY"},
	"byok-gemini":   {"GOOGLE_API_KEY"},
}

// inRuntimeOrder is a provider whose names stand in the runtimes' order.
func inRuntimeOrder(p *registry.Provider) *registry.Provider {
	first, changed := runtimeOrder[p.Name]
	if !changed {
		return p
	}
	row := *p
	row.AuthEnv = slices.Clone(first)
	for _, name := range p.AuthEnv {
		if !slices.Contains(row.AuthEnv, name) {
			row.AuthEnv = append(row.AuthEnv, name)
		}
	}
	return &row
}

// anonymousFirst makes the same call without a credential, and goes on to the probe
// where anything came back.
func anonymousFirst(next http.RoundTripper, r *http.Request) (*http.Response, error) {
	first := r.Clone(r.Context())
	for _, name := range []string{"Authorization", "X-Api-Key"} {
		first.Header.Del(name)
	}
	resp, err := next.RoundTrip(first)
	if err != nil {
		return nil, err
	}
	_ = resp.Body.Close() // what it says to nobody is not wanted
	return next.RoundTrip(r)
}

// retriedOnce asks again where nothing came back, or the provider has a fault
// of its own. The request's context is the probe's budget, so the second call
// cannot outlast it.
func retriedOnce(next http.RoundTripper, r *http.Request) (*http.Response, error) {
	resp, err := next.RoundTrip(r)
	switch {
	case r.Context().Err() != nil:
		return resp, err
	case err != nil:
	case resp.StatusCode >= 500:
		_ = resp.Body.Close() // its answer is not wanted
	default:
		return resp, nil
	}
	return next.RoundTrip(r.Clone(r.Context()))
}

// accountEndpoints are authenticated paths of the providers that document one,
// by host. Sources: fakes/upstream's families, and OpenAI's /v1/me as it is
// used by trufflehog.
var accountEndpoints = map[string]string{
	"api.openai.com":                    "/v1/me",
	"api.moonshot.ai":                   "/v1/users/me/balance",
	"api.deepseek.com":                  "/user/balance",
	"openrouter.ai":                     "/api/v1/credits",
	"generativelanguage.googleapis.com": "/v1beta/models?pageSize=1",
}

func askingAccount(next http.RoundTripper, r *http.Request) (*http.Response, error) {
	if path, ok := accountEndpoints[r.URL.Hostname()]; ok {
		path, query, _ := strings.Cut(path, "?")
		r.URL = &url.URL{Scheme: r.URL.Scheme, Host: r.URL.Host, Path: path, RawQuery: query}
		if strings.HasPrefix(path, "/v1beta/") { // Gemini's own API reads its own header
			r.Header.Set("X-Goog-Api-Key", keyOf(r))
			r.Header.Del("Authorization")
		}
	}
	return next.RoundTrip(r)
}

// useBearer and useAPIKey move the key into the other of the two headers.
func useBearer(r *http.Request) {
	key := keyOf(r)
	r.Header.Del("X-Api-Key")
	r.Header.Set("Authorization", "Bearer "+key)
}

func useAPIKey(r *http.Request) {
	key := keyOf(r)
	r.Header.Del("Authorization")
	r.Header.Set("X-Api-Key", key)
}
