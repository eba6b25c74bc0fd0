package gates

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	"github.com/molecule-ai/byok-conformance/gate"
	"github.com/molecule-ai/byok-conformance/registry"
)

// livenessFaults read the provider's answer wrongly, one for each class of answer.
var livenessFaults = []Double{
	{
		Name: "no-liveness", Rules: []string{"LIV-1"},
		Story: "Presence was repaired; nobody is asked whether the key is alive.",
		Gate: func(reg *registry.Registry, o gate.Options) gate.Gate {
			ref := gate.NewReference(reg, o)
			ref.Probe = func(context.Context, *registry.Provider, gate.Credential) gate.Outcome {
				return gate.Outcome{Finding: gate.Alive}
			}
			return ref
		},
	},
	{
		Name: "only-401-is-dead", Rules: []string{"LIV-1"},
		Story: "403 was forgotten.",
		Gate:  judged(unless(gate.Alive, func(status int) bool { return status == 403 })),
	},
	{
		Name: "only-403-is-dead", Rules: []string{"LIV-1"},
		Story: "401 was taken for a missing header of our own.",
		Gate:  judged(unless(gate.Alive, func(status int) bool { return status == 401 })),
	},
	{
		Name: "429-is-dead", Rules: []string{"LIV-2"},
		Story: "Everything but 2xx is an error, and rate limits are errors.",
		Gate:  judged(unless(gate.Dead, func(status int) bool { return status == 429 })),
	},
	{
		Name: "5xx-is-dead", Rules: []string{"LIV-2"},
		Story: "An outage at the provider is read as a refusal of the key.",
		Gate:  judged(unless(gate.Dead, func(status int) bool { return status >= 500 })),
	},
	{
		Name: "unreachable-is-dead", Rules: []string{"LIV-2"},
		Story: "An error of the HTTP client, a timeout among them, fails the create.",
		Gate:  judged(unless(gate.Dead, func(status int) bool { return status == 0 })),
	},
	{
		Name: "other-4xx-is-dead", Rules: []string{"LIV-3"},
		Story: "404 on the models list of a provider without one refuses every tenant of it.",
		Gate: judged(unless(gate.Dead, func(status int) bool {
			return status >= 400 && status < 500 && status != 429
		})),
	},
	{
		Name: "rare-2xx-is-dead", Rules: []string{"LIV-3"},
		Story: "A key is alive if the answer is 200, 201 or 204; the list is complete, it is thought.",
		Gate:  judged(unless(gate.Dead, unlisted(2, 200, 201, 204))),
	},
	{
		Name: "rare-4xx-is-dead", Rules: []string{"LIV-3"},
		Story: "The 4xx that say nothing about the key are listed, and the list is not complete.",
		Gate:  judged(unless(gate.Dead, unlisted(4, 400, 402, 404, 405, 408, 409, 410, 418, 422, 429, 451))),
	},
	{
		Name: "rare-5xx-is-dead", Rules: []string{"LIV-2"},
		Story: "The 5xx that are outages are listed, and the list is not complete.",
		Gate:  judged(unless(gate.Dead, unlisted(5, 500, 502, 503, 504, 529))),
	},
	{
		Name: "304-is-dead", Rules: []string{"ROB-1"},
		Story: "What is neither 2xx nor a redirect nor an error that is known is a refusal.",
		Gate:  judged(unless(gate.Dead, func(status int) bool { return status == http.StatusNotModified })),
	},
	{
		Name: "beyond-5xx-is-dead", Rules: []string{"ROB-1"},
		Story: "5xx is written as 500 to 599, and what is above falls through to the refusal.",
		Gate:  judged(unless(gate.Dead, func(status int) bool { return status >= 600 })),
	},
	{
		Name: "429-without-retry-after-is-dead", Rules: []string{"LIV-2"},
		Story: "A rate limit is known by its Retry-After, and not by its status.",
		Gate: mistaken(http.StatusTooManyRequests, http.StatusUnauthorized, func(resp *http.Response) bool {
			return resp.Header.Get("Retry-After") == ""
		}),
	},
	{
		Name: "5xx-with-words-is-dead", Rules: []string{"LIV-2"},
		Story: "Whatever the status, a body that says that the key is not valid is believed, also where an edge tells it with a 502.",
		Gate: mistaken(http.StatusBadGateway, http.StatusUnauthorized, func(resp *http.Response) bool {
			return bytes.Contains(bytes.ToLower(peek(resp)), []byte("invalid api key"))
		}),
	},
	{
		Name: "empty-401-allowed", Rules: []string{"LIV-1"},
		Story: "The refusal's reason is read from the body; where there is none, nothing is proved.",
		Gate: mistaken(http.StatusUnauthorized, http.StatusNotFound, func(resp *http.Response) bool {
			return len(peek(resp)) == 0
		}),
	},
	{
		Name: "401-page-allowed", Rules: []string{"LIV-1"},
		Story: "A web page is an edge's, whatever its status, so a 401 with one is no word about the key.",
		Gate: mistaken(http.StatusUnauthorized, http.StatusNotFound, func(resp *http.Response) bool {
			return strings.HasPrefix(resp.Header.Get("Content-Type"), "text/html")
		}),
	},
	{
		Name: "401-in-broken-json-allowed", Rules: []string{"LIV-1"},
		Story: "The refusal's reason is decoded, and an error of the decoder is an error of the probe.",
		Gate: mistaken(http.StatusUnauthorized, http.StatusNotFound, func(resp *http.Response) bool {
			start := peek(resp)
			return bytes.HasPrefix(start, []byte("{")) && !json.Valid(start)
		}),
	},
	{
		Name: "empty-403-allowed", Rules: []string{"LIV-1"},
		Story: "A 403 without the provider's envelope is taken for an edge's, also where there is nothing at all.",
		Gate: mistaken(http.StatusForbidden, http.StatusNotFound, func(resp *http.Response) bool {
			return len(peek(resp)) == 0
		}),
	},
}

// unlisted holds for the statuses of a class, 2 for 2xx, but for those that are listed.
func unlisted(class int, listed ...int) func(status int) bool {
	return func(status int) bool { return status/100 == class && !slices.Contains(listed, status) }
}

// mistaken takes answers with a status that look like this for ones with another.
func mistaken(status, to int, looks func(*http.Response) bool) builder {
	return sent(func(next http.RoundTripper, r *http.Request) (*http.Response, error) {
		resp, err := next.RoundTrip(r)
		if err == nil && resp.StatusCode == status && looks(resp) {
			resp.StatusCode = to
		}
		return resp, err
	})
}

// unless reads the outcomes with some statuses as a given finding, and leaves
// the others; what was not probed at all is left alone.
func unless(finding gate.Finding, statuses func(int) bool) func(gate.Outcome) gate.Finding {
	return func(o gate.Outcome) gate.Finding {
		if (o.Status != 0 || o.Finding == gate.Unproven) && statuses(o.Status) {
			return finding
		}
		return o.Finding
	}
}
