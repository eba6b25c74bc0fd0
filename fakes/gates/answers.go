package gates

import (
	"bytes"
	"context"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/molecule-ai/byok-conformance/gate"
	"github.com/molecule-ai/byok-conformance/registry"
)

const (
	geminiHost   = "generativelanguage.googleapis.com"
	minimaxHosts = "api.minimax.io,api.minimaxi.com"
)

// answerFaults read answers wrongly that are rarer than a status.
var answerFaults = []Double{
	{
		Name: "gemini-marker-anywhere", Rules: []string{"LIV-3"},
		Story: "API_KEY_INVALID is searched for in every 400, whoever sent it.",
		Gate:  reworded(401, "", 400, "API_KEY_INVALID"),
	},
	{
		Name: "base-resp-anywhere", Rules: []string{"LIV-3"},
		Story: "base_resp is read in every reply, whoever sent it.",
		Gate:  rewordedAny(401, "", 200, `"status_code":1004`, `"status_code":2049`),
	},
	{
		Name: "ban-anywhere", Rules: []string{"LIV-3"},
		Story: "A 400 with the words of a ban is one, whoever sent it.",
		Gate:  rewordedAny(401, "", 400, "organization has been disabled", "organization_restricted"),
	},
	{
		Name: "base-resp-is-dead", Rules: []string{"LIV-3"},
		Story: "A reply with base_resp is MiniMax's way to say no; that 0 means yes was not seen.",
		Gate:  reworded(401, minimaxHosts, 200, "base_resp"),
	},
	{
		Name: "minimax-balance-is-dead", Rules: []string{"LIV-3"},
		Story: "Every code of base_resp but 0 is an error, and errors refuse.",
		Gate:  rewordedAny(401, minimaxHosts, 200, `"status_code":10`, `"status_code":20`),
	},
	{
		Name: "error-in-200-is-dead", Rules: []string{"LIV-3"},
		Story: "A reply that holds an error is one, whatever its status.",
		Gate:  reworded(401, "", 200, `"error":{`),
	},
	{
		Name: "empty-list-is-dead", Rules: []string{"LIV-3"},
		Story: "A key that shows no models is of no use.",
		Gate:  rewordedAny(401, "", 200, `"data":[]`, `"models":[]`),
	},
	{
		Name: "quota-429-is-dead", Rules: []string{"LIV-2"},
		Story: "A quota that is used up does not come back by itself, so its 429 is no rate limit.",
		Gate:  reworded(401, "", 429, "quota"),
	},
	{
		Name: "hour-long-503-is-dead", Rules: []string{"LIV-2"},
		Story: "A provider that is gone for an hour is of no use to the workspace.",
		Gate: mistaken(http.StatusServiceUnavailable, http.StatusUnauthorized, func(resp *http.Response) bool {
			return len(resp.Header.Get("Retry-After")) > 2
		}),
	},
	{
		Name: "retry-after-heeded", Rules: []string{"LIV-6"},
		Story: "The HTTP library waits for as long as Retry-After asks, and knows no deadline meanwhile.",
		Gate:  heedsRetryAfter,
	},
	{
		Name: "401-with-retry-after-allowed", Rules: []string{"LIV-1"},
		Story: "Whoever asks to come back later has a fault of his own.",
		Gate: mistaken(http.StatusUnauthorized, http.StatusServiceUnavailable, func(resp *http.Response) bool {
			return resp.Header.Get("Retry-After") != ""
		}),
	},
	{
		Name: "401-with-retry-after-retried", Rules: []string{"LIV-9"},
		Story: "Retry-After is heeded at every status.",
		Gate: sent(func(next http.RoundTripper, r *http.Request) (*http.Response, error) {
			resp, err := next.RoundTrip(r)
			if err != nil || resp.StatusCode != http.StatusUnauthorized || resp.Header.Get("Retry-After") == "" {
				return resp, err
			}
			_ = resp.Body.Close()
			return next.RoundTrip(r.Clone(r.Context()))
		}),
	},
	{
		Name: "large-401-allowed", Rules: []string{"LIV-1"},
		Story: "A refusal's reason is read up to a megabyte, and a longer one is an error of the probe.",
		Gate: mistaken(http.StatusUnauthorized, http.StatusBadGateway, func(resp *http.Response) bool {
			return resp.ContentLength > 1<<20
		}),
	},
	{
		Name: "untyped-edge-403-is-dead", Rules: []string{"DIA-2"}, Extended: true,
		Story: "An edge's page is known by its content type, which the edge left out.",
		Gate: mistaken(http.StatusForbidden, http.StatusUnauthorized, func(resp *http.Response) bool {
			return !strings.HasPrefix(resp.Header.Get("Content-Type"), "text/html")
		}),
	},
	{
		Name: "untyped-page-believed", Rules: []string{"LIV-11", "DIA-4"}, Extended: true,
		Story: "A web page is known by its content type; without one, 200 is 200.",
		Gate: mistaken(http.StatusOK, http.StatusCreated, func(resp *http.Response) bool {
			return bytes.Contains(peek(resp), []byte("<html")) && !strings.HasPrefix(resp.Header.Get("Content-Type"), "text/html")
		}),
	},
	{
		Name: "error-in-200-believed", Rules: []string{"LIV-11", "DIA-4"}, Extended: true,
		Story: "200 is 200; that it holds an error is not read.",
		Gate:  reworded(201, "", 200, `"error":{`),
	},
	{
		Name: "gemini-list-not-read", Rules: []string{"DIA-1"}, Extended: true,
		Story: "The marker is looked for in an object, and below /openai Gemini sends a list.",
		Gate:  reworded(404, geminiHost, 400, `[{"error"`),
	},
	{
		Name: "gemini-both-headers", Rules: []string{"LIV-5", "LIV-1"},
		Story: "To be on the safe side the key travels as bearer token and as x-goog-api-key; Gemini answers 400 to that, whatever the key is worth.",
		Gate: sent(func(next http.RoundTripper, r *http.Request) (*http.Response, error) {
			if r.URL.Hostname() == geminiHost {
				r.Header.Set("X-Goog-Api-Key", keyOf(r))
			}
			return next.RoundTrip(r)
		}),
	},
	{
		Name: "gemini-native-bearer", Rules: []string{"LIV-5", "LIV-3"},
		Story: "Gemini's own API is asked with a bearer token, which it does not take.",
		Gate: sent(func(next http.RoundTripper, r *http.Request) (*http.Response, error) {
			if r.URL.Hostname() == geminiHost {
				r.URL.Path = "/v1beta/models"
			}
			return next.RoundTrip(r)
		}),
	},
	{
		Name: "scope-403-believed", Rules: []string{"DIA-5"}, Extended: true,
		Story: "A key that only lacks a scope is alive, and that is not worth a line.",
		Gate:  reworded(201, "api.openai.com", 403, "Missing scopes"),
	},
	{
		Name: "service-disabled-believed", Rules: []string{"DIA-5"}, Extended: true,
		Story: "A key whose project has not enabled the API is alive, and that is not worth a line.",
		Gate:  reworded(201, geminiHost, 403, "SERVICE_DISABLED"),
	},
	{
		Name: "scope-403-crashes", Rules: []string{"DIA-5"}, Extended: true,
		Story: "The missing scopes are cut out of the message, and nobody thought of one with a single scope.",
		Gate: sent(func(next http.RoundTripper, r *http.Request) (*http.Response, error) {
			resp, err := next.RoundTrip(r)
			if err == nil && resp.StatusCode == http.StatusForbidden && bytes.Contains(peek(resp), []byte("Missing scopes")) {
				panic("index out of range [1] with length 1")
			}
			return resp, err
		}),
	},
	{
		Name: "loud-once", Rules: []string{"LIV-11"}, Remembers: true,
		Story: "So that the log stays readable, an outage of a provider is told of once.",
		Gate:  loudOnce(func(n gate.Notice, _ gate.Request) string { return n.Provider + "/" + n.Credential }),
	},
	{
		Name: "loud-once-a-value", Rules: []string{"LIV-11"}, Remembers: true,
		Story: "A credential that could not be proved is told of once, and not at each workspace.",
		Gate: loudOnce(func(n gate.Notice, req gate.Request) string {
			return n.Provider + "/" + req.Secrets.Workspace[n.Credential].Value + "/" + req.Secrets.Global[n.Credential].Value
		}),
	},
	{
		Name: "loud-names-the-first", Rules: []string{"LIV-11"},
		Story: "The trace names the provider's first credential, whichever was asked about.",
		Gate: decided(func(reg *registry.Registry, _ gate.Request, d gate.Decision) gate.Decision {
			for i := range d.Notices {
				if p := reg.Provider(d.Notices[i].Provider); p != nil {
					d.Notices[i].Credential = p.AuthEnv[0]
				}
			}
			return d
		}),
	},
}

// lawfulAnswers read answers in other lawful ways.
var lawfulAnswers = []Double{
	{
		Name:  "scope-403-refused",
		Story: "403 is 403, also where the key only lacks a scope (DIA-5 leaves it open).",
		Gate:  rewordedAny(401, "api.openai.com,"+geminiHost, 403, "Missing scopes", "SERVICE_DISABLED"),
	},
	{
		Name:  "empty-list-alive",
		Story: "An empty list is a list: the key is alive, and there is nothing to be loud about (LIV-3).",
		Gate:  rewordedAny(201, "", 200, `"data":[]`, `"models":[]`),
	},
	{
		Name:  "gemini-natively",
		Story: "Gemini is asked at its own API, with its own header (LIV-5).",
		Gate: sent(func(next http.RoundTripper, r *http.Request) (*http.Response, error) {
			if r.URL.Hostname() == geminiHost {
				r.URL.Path = "/v1beta/models"
				r.Header.Set("X-Goog-Api-Key", keyOf(r))
				r.Header.Del("Authorization")
			}
			return next.RoundTrip(r)
		}),
	},
}

// rewordedAny is reworded for several texts, one of which suffices.
func rewordedAny(to int, hosts string, status int, texts ...string) builder {
	return func(reg *registry.Registry, o gate.Options) gate.Gate {
		for _, text := range texts {
			next := o.Transport
			if next == nil {
				next = http.DefaultTransport
			}
			o.Transport = rewording(next, to, hosts, status, text)
		}
		return gate.NewReference(reg, o)
	}
}

// heedsRetryAfter waits before it gives an answer up, for no longer than shows that
// it does.
func heedsRetryAfter(reg *registry.Registry, o gate.Options) gate.Gate {
	budget := o.Budget
	if budget == 0 {
		budget = gate.DefaultBudget
	}
	return sent(func(next http.RoundTripper, r *http.Request) (*http.Response, error) {
		resp, err := next.RoundTrip(r)
		if err == nil && resp.StatusCode == http.StatusServiceUnavailable && resp.Header.Get("Retry-After") != "" {
			time.Sleep(budget + 3*time.Second)
		}
		return resp, err
	})(reg, o)
}

// loudOnce tells of a notice the first time only; key says what makes two the same.
func loudOnce(key func(gate.Notice, gate.Request) string) builder {
	return func(reg *registry.Registry, o gate.Options) gate.Gate {
		var told sync.Map
		ref := gate.NewReference(reg, o)
		return decider(func(ctx context.Context, req gate.Request) (gate.Decision, error) {
			d, err := ref.Decide(ctx, req)
			var news []gate.Notice
			for _, n := range d.Notices {
				if _, known := told.LoadOrStore(key(n, req), true); !known {
					news = append(news, n)
				}
			}
			d.Notices = news
			return d, err
		})
	}
}
