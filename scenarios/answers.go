package scenarios

import (
	"slices"

	"github.com/molecule-ai/byok-conformance/registry"
)

// An Answer is what a provider does when it is asked about a credential. This is
// the one table of them: what each is on the wire stands in fakes/upstream, which
// takes names, statuses and hosts from here.
type Answer struct {
	Name string
	// Family groups answers that say alike of a credential, for findings.
	Family string
	// Status is the HTTP status; 0 where none arrives.
	Status int
	Means  Means
	// Loud says that an allow after this answer must leave a trace (LIV-11,
	// DIA-2 to DIA-4). It is false where a 2xx status line arrives before
	// something goes wrong: a gate may judge by the status alone. 429 means that
	// the key authenticated (LIV-2).
	Loud bool
	// Waits says that the answer outlasts any probe budget (LIV-6).
	Waits bool
	// Late says that the answer comes a moment late.
	Late bool
	// Connection says that it happens before a request is read, so that a proxy
	// for many has to apply it to a whole host.
	Connection bool
	// Level is that of the rules that the answer belongs to.
	Level Level
	// Hosts are those that are known to answer like this; nil means all.
	Hosts []string
	// Doc is one sentence for a person.
	Doc string
}

// Means says what an answer tells a gate about the credential.
type Means string

const (
	// Alive: the provider accepted the credential. Allowed (LIV-3).
	Alive Means = "alive"
	// Dead: the provider rejected the credential. Refused (LIV-1, DIA-1).
	Dead Means = "dead"
	// Transient: no answer to the question at this time. Allowed (LIV-2, ROB-1).
	Transient Means = "transient"
	// Inconclusive: an answer that is not about the credential. Allowed (LIV-3, DIA-2, DIA-4).
	Inconclusive Means = "inconclusive"
	// Unverified: the credential is dead, but only an authenticated endpoint
	// says so. Refused by a gate that asked one, allowed loudly by one that
	// did not; both are lawful (DIA-3).
	Unverified Means = "unverified"
)

// catalogue is what the corpus may say a provider does. Statuses and meanings
// follow rules LIV-1 to LIV-3, ROB-1 and DIA-1 to DIA-4.
var catalogue = []Answer{
	// A status and a body in the provider's own shape.
	{Name: "live", Family: "alive", Status: 200, Means: Alive, Level: Core, Doc: "The list of models."},
	{Name: "created", Family: "alive", Status: 201, Means: Alive, Level: Core, Doc: "The list of models, with 201."},
	{Name: "queued", Family: "alive", Status: 202, Means: Alive, Level: Core, Doc: "The list of models, with 202."},
	{Name: "partial", Family: "alive", Status: 206, Means: Alive, Level: Core, Doc: "The list of models, with 206."},
	{Name: "no-content", Family: "alive", Status: 204, Means: Alive, Level: Core, Doc: "204 without a body."},
	{Name: "empty-list", Family: "alive", Status: 200, Means: Alive, Level: Core, Doc: "The list of models, and there is none in it."},
	{Name: "late-live", Family: "alive", Status: 200, Means: Alive, Late: true, Level: Core, Doc: "The list of models, a moment late, so that probes meet."},
	{Name: "dead", Family: "refused", Status: 401, Means: Dead, Level: Core, Doc: "The provider's own answer to an invalid key."},
	{Name: "forbidden", Family: "forbidden", Status: 403, Means: Dead, Level: Core, Doc: "The provider's own answer to a key without permission."},
	{Name: "late-dead", Family: "refused", Status: 401, Means: Dead, Late: true, Level: Core, Doc: "The provider's own answer to an invalid key, a moment late, so that probes meet."},
	{Name: "rate-limited", Family: "rate-limited", Status: 429, Means: Transient, Level: Core, Doc: "Too many requests; Retry-After: 30. The key authenticated."},
	{Name: "rate-limited-bare", Family: "rate-limited", Status: 429, Means: Transient, Level: Core, Doc: "Too many requests, without Retry-After."},
	{Name: "quota-exhausted", Family: "rate-limited", Status: 429, Means: Transient, Level: Core, Doc: "429 without Retry-After: the quota is used up. The key authenticated."},
	{Name: "server-error", Family: "5xx", Status: 500, Means: Transient, Loud: true, Level: Core, Doc: "The provider's own internal error."},
	{Name: "bad-gateway", Family: "5xx", Status: 502, Means: Transient, Loud: true, Level: Core, Doc: "An edge's HTML page."},
	{Name: "unavailable", Family: "5xx", Status: 503, Means: Transient, Loud: true, Level: Core, Doc: "An edge's HTML page."},
	{Name: "unavailable-hour", Family: "5xx", Status: 503, Means: Transient, Loud: true, Level: Core, Doc: "An edge's HTML page; Retry-After: 3600."},
	{Name: "gateway-timeout", Family: "5xx", Status: 504, Means: Transient, Loud: true, Level: Core, Doc: "An edge's HTML page."},
	{Name: "overloaded", Family: "5xx", Status: 529, Means: Transient, Loud: true, Level: Core, Doc: "Anthropic's status for overload."},
	{Name: "not-implemented", Family: "5xx", Status: 501, Means: Transient, Loud: true, Level: Core, Doc: "A 501."},
	{Name: "insufficient-storage", Family: "5xx", Status: 507, Means: Transient, Loud: true, Level: Core, Doc: "A 507."},
	{Name: "origin-error", Family: "5xx", Status: 520, Means: Transient, Loud: true, Level: Core, Doc: "Cloudflare's page: the provider behind it answered with nonsense."},
	{Name: "origin-timeout", Family: "5xx", Status: 522, Means: Transient, Loud: true, Level: Core, Doc: "Cloudflare's page: the provider behind it did not answer."},
	{Name: "origin-handshake", Family: "5xx", Status: 525, Means: Transient, Loud: true, Level: Core, Doc: "Cloudflare's page: the TLS handshake with the provider behind it failed."},
	{Name: "unassigned-5xx", Family: "5xx", Status: 599, Means: Transient, Loud: true, Level: Core, Doc: "A 5xx that no registry of statuses has."},
	{Name: "bad-request", Family: "4xx", Status: 400, Means: Inconclusive, Level: Core, Doc: "A 400 that is not about the key."},
	{Name: "payment-required", Family: "4xx", Status: 402, Means: Inconclusive, Level: Core, Doc: "No credit; the key authenticated."},
	{Name: "not-found", Family: "4xx", Status: 404, Means: Inconclusive, Level: Core, Doc: "The path does not exist."},
	{Name: "method-not-allowed", Family: "4xx", Status: 405, Means: Inconclusive, Level: Core, Doc: "The path does not take this method."},
	{Name: "not-acceptable", Family: "4xx", Status: 406, Means: Inconclusive, Level: Core, Doc: "A 406."},
	{Name: "request-timeout", Family: "4xx", Status: 408, Means: Inconclusive, Level: Core, Doc: "The provider waited too long."},
	{Name: "conflict", Family: "4xx", Status: 409, Means: Inconclusive, Level: Core, Doc: "A 409."},
	{Name: "gone", Family: "4xx", Status: 410, Means: Inconclusive, Level: Core, Doc: "The endpoint was retired."},
	{Name: "precondition-failed", Family: "4xx", Status: 412, Means: Inconclusive, Level: Core, Doc: "A 412."},
	{Name: "content-too-large", Family: "4xx", Status: 413, Means: Inconclusive, Level: Core, Doc: "A 413."},
	{Name: "unsupported-media-type", Family: "4xx", Status: 415, Means: Inconclusive, Level: Core, Doc: "A 415."},
	{Name: "teapot", Family: "4xx", Status: 418, Means: Inconclusive, Level: Core, Doc: "A 4xx that nobody expects."},
	{Name: "misdirected", Family: "4xx", Status: 421, Means: Inconclusive, Level: Core, Doc: "The request reached the wrong server of the provider's."},
	{Name: "unprocessable", Family: "4xx", Status: 422, Means: Inconclusive, Level: Core, Doc: "A 422: also the status of a gate's own refusal."},
	{Name: "locked", Family: "4xx", Status: 423, Means: Inconclusive, Level: Core, Doc: "A 423."},
	{Name: "failed-dependency", Family: "4xx", Status: 424, Means: Inconclusive, Level: Core, Doc: "A 424."},
	{Name: "too-early", Family: "4xx", Status: 425, Means: Inconclusive, Level: Core, Doc: "A 425."},
	{Name: "upgrade-required", Family: "4xx", Status: 426, Means: Inconclusive, Level: Core, Doc: "The provider wants another protocol."},
	{Name: "precondition-required", Family: "4xx", Status: 428, Means: Inconclusive, Level: Core, Doc: "A 428."},
	{Name: "headers-too-large", Family: "4xx", Status: 431, Means: Inconclusive, Level: Core, Doc: "The request's headers are too large."},
	{Name: "unassigned-4xx", Family: "4xx", Status: 434, Means: Inconclusive, Level: Core, Doc: "A 4xx that no registry of statuses has."},
	{Name: "legal", Family: "4xx", Status: 451, Means: Inconclusive, Level: Core, Doc: "Unavailable for legal reasons."},
	{Name: "client-closed", Family: "4xx", Status: 499, Means: Inconclusive, Level: Core, Doc: "nginx's status for a client that went away."},

	// A 401 or 403 that is not written as the provider writes it.
	{Name: "dead-empty", Family: "refused", Status: 401, Means: Dead, Level: Core, Doc: "401 without a body or a content type."},
	{Name: "dead-page", Family: "refused", Status: 401, Means: Dead, Level: Core, Doc: "401 with an HTML page."},
	{Name: "dead-broken-json", Family: "refused", Status: 401, Means: Dead, Level: Core, Doc: "401 in a reply that is whole, with JSON that is not."},
	{Name: "dead-truncated", Family: "refused", Status: 401, Means: Dead, Level: Core, Doc: "401 with a Content-Length larger than the body."},
	{Name: "dead-drip", Family: "refused", Status: 401, Means: Dead, Waits: true, Level: Core, Doc: "401, then a body that never ends, a byte now and then."},
	{Name: "dead-retry-after", Family: "refused", Status: 401, Means: Dead, Level: Core, Doc: "The provider's own answer to an invalid key, with Retry-After: 1."},
	{Name: "dead-large", Family: "refused", Status: 401, Means: Dead, Level: Core, Doc: "The provider's own answer to an invalid key, behind 2 MiB of white space."},
	{Name: "forbidden-empty", Family: "forbidden", Status: 403, Means: Dead, Level: Core, Doc: "403 without a body or a content type."},

	// The connection fails.
	{Name: "refused", Family: "unreachable", Means: Transient, Loud: true, Connection: true, Level: Core, Doc: "The connection is refused."},
	{Name: "nxdomain", Family: "unreachable", Means: Transient, Loud: true, Connection: true, Level: Core, Doc: "The name does not resolve."},
	{Name: "tls-failure", Family: "unreachable", Means: Transient, Loud: true, Connection: true, Level: Core, Doc: "The certificate is signed by nobody known."},
	{Name: "reset", Family: "unreachable", Means: Transient, Loud: true, Level: Core, Doc: "The connection is reset before any byte."},
	{Name: "closed", Family: "unreachable", Means: Transient, Loud: true, Level: Core, Doc: "The connection is closed in order before any byte."},
	{Name: "reset-in-body", Family: "unreachable", Status: 200, Means: Transient, Level: Core, Doc: "200 and half the list, then a reset."},
	{Name: "silent", Family: "silent", Means: Transient, Loud: true, Waits: true, Level: Core, Doc: "The request is read and nothing is said."},
	{Name: "drip-headers", Family: "silent", Means: Transient, Loud: true, Waits: true, Level: Core, Doc: "A status line, then a header that never ends, a byte now and then."},
	{Name: "drip-body", Family: "silent", Status: 200, Means: Transient, Waits: true, Level: Core, Doc: "200, then a body that never ends, a byte now and then."},
	{Name: "endless-body", Family: "silent", Status: 200, Means: Transient, Waits: true, Level: Core, Doc: "200, then a body that never ends, at some 30 MB a second."},

	// Bytes that are not what they should be (ROB-1).
	{Name: "not-http", Family: "broken", Means: Transient, Loud: true, Level: Core, Doc: "Something that is not HTTP."},
	{Name: "truncated", Family: "broken", Status: 200, Means: Transient, Level: Core, Doc: "A Content-Length larger than the body."},
	{Name: "wrong-length", Family: "broken", Status: 200, Means: Transient, Level: Core, Doc: "A Content-Length smaller than the body, so that the JSON breaks off."},
	{Name: "bad-gzip", Family: "broken", Status: 200, Means: Transient, Level: Core, Doc: "Content-Encoding: gzip over bytes that are not gzip."},
	{Name: "huge-body", Family: "broken", Status: 200, Means: Transient, Level: Core, Doc: "A valid list of 100 MiB."},
	{Name: "not-modified", Family: "odd-status", Status: 304, Means: Inconclusive, Level: Core, Doc: "304 to a request that set no condition."},
	{Name: "beyond-5xx", Family: "odd-status", Status: 600, Means: Transient, Level: Core, Doc: "A status above all classes."},
	{Name: "highest-status", Family: "odd-status", Status: 999, Means: Transient, Level: Core, Doc: "The highest status that three digits can say."},
	{Name: "redirect-loop", Family: "redirect", Status: 302, Means: Transient, Level: Core, Doc: "A redirect to the URL that was asked."},
	{Name: "early-hints-storm", Family: "silent", Means: Transient, Loud: true, Waits: true, Level: Core, Doc: "64 times 103 Early Hints, then nothing."},

	// Redirects that carry a credential away (SEC-4).
	{Name: "redirect-other-host", Family: "redirect", Status: 302, Means: Inconclusive, Level: Core, Doc: "A redirect to a host that no provider has."},
	{Name: "redirect-sibling", Family: "redirect", Status: 307, Means: Inconclusive, Level: Core, Doc: "A redirect to another provider's host."},
	{Name: "redirect-http", Family: "redirect", Status: 301, Means: Inconclusive, Level: Core, Doc: "A redirect to the same URL without TLS."},
	{Name: "redirect-see-other", Family: "redirect", Status: 303, Means: Inconclusive, Level: Core, Doc: "303 to a host that no provider has."},
	{Name: "redirect-permanent", Family: "redirect", Status: 308, Means: Inconclusive, Level: Core, Doc: "308 to another provider's host."},
	{Name: "redirect-subdomain", Family: "redirect", Status: 302, Means: Inconclusive, Level: Core, Doc: "A redirect to a host below the provider's, where Go's client keeps every header."},

	// Answers that hold the whole credential (SEC-5).
	{Name: "echo-dead", Family: "refused", Status: 401, Means: Dead, Level: Core, Doc: "401 with the credential in the body and in a header."},
	{Name: "echo-forbidden", Family: "forbidden", Status: 403, Means: Dead, Level: Core, Doc: "403 with the credential in the body and in a header."},
	{Name: "echo-error", Family: "5xx", Status: 500, Means: Transient, Loud: true, Level: Core, Doc: "500 with the credential in the body and in a header."},

	// Dialects: markers of one provider (DIA-1 to DIA-4).
	{Name: "gemini-key-invalid", Family: "dialect", Status: 400, Means: Dead, Level: Extended, Hosts: geminiHosts, Doc: "400 with reason API_KEY_INVALID."},
	{Name: "gemini-location", Family: "dialect", Status: 400, Means: Inconclusive, Level: Extended, Hosts: geminiHosts, Doc: "400 FAILED_PRECONDITION: about where the request came from."},
	{Name: "minimax-1004", Family: "dialect", Status: 200, Means: Dead, Level: Extended, Hosts: minimaxHosts, Doc: "200 with base_resp 1004: login failed."},
	{Name: "minimax-2049", Family: "dialect", Status: 200, Means: Dead, Level: Extended, Hosts: minimaxHosts, Doc: "200 with base_resp 2049: invalid key."},
	{Name: "anthropic-org-disabled", Family: "dialect", Status: 400, Means: Dead, Level: Extended, Hosts: anthropicHosts, Doc: "400: the organization has been disabled."},
	{Name: "anthropic-credit-low", Family: "dialect", Status: 400, Means: Inconclusive, Level: Extended, Hosts: anthropicHosts, Doc: "400: the credit balance is too low; the key authenticated."},
	{Name: "groq-org-restricted", Family: "dialect", Status: 400, Means: Dead, Level: Extended, Hosts: []string{"api.groq.com"}, Doc: "400 with code organization_restricted."},
	{Name: "edge-challenge", Family: "dialect", Status: 403, Means: Inconclusive, Loud: true, Level: Extended, Doc: "403 with an edge's HTML challenge: about the caller's address, not the key."},
	{Name: "anthropic-edge", Family: "dialect", Status: 403, Means: Inconclusive, Loud: true, Level: Extended, Hosts: anthropicHosts, Doc: "403 from Anthropic's edge, without the API's envelope."},
	{Name: "public-list", Family: "dialect", Status: 200, Means: Unverified, Loud: true, Level: Extended, Hosts: []string{"openrouter.ai", "integrate.api.nvidia.com"}, Doc: "A dead key: GET …/models is 200 for anyone, every other path is 401."},
	{Name: "web-page", Family: "dialect", Status: 200, Means: Inconclusive, Loud: true, Level: Extended, Doc: "200 with a web page."},
	{Name: "web-page-untyped", Family: "dialect", Status: 200, Means: Inconclusive, Loud: true, Level: Extended, Doc: "200 with a web page, without a content type."},
	{Name: "web-page-as-json", Family: "dialect", Status: 200, Means: Inconclusive, Loud: true, Level: Extended, Doc: "200 with a web page that calls itself JSON."},
	{Name: "edge-challenge-untyped", Family: "dialect", Status: 403, Means: Inconclusive, Loud: true, Level: Extended, Doc: "403 with an edge's HTML challenge, without a content type."},
	{Name: "edge-challenge-as-json", Family: "dialect", Status: 403, Means: Inconclusive, Loud: true, Level: Extended, Doc: "403 with an edge's HTML challenge that calls itself JSON."},
	{Name: "error-in-200", Family: "dialect", Status: 200, Means: Inconclusive, Loud: true, Level: Extended, Doc: "200 with the words of the provider's own 401."},
	{Name: "scope-missing", Family: "dialect", Status: 403, Means: Inconclusive, Loud: true, Level: Extended, Hosts: []string{"api.openai.com"}, Doc: "403: the key works and lacks the scope api.model.read."},
	{Name: "gemini-service-disabled", Family: "dialect", Status: 403, Means: Inconclusive, Loud: true, Level: Extended, Hosts: geminiHosts, Doc: "403 SERVICE_DISABLED: the key works, and its project has not enabled the API."},
	{Name: "marker-gemini", Family: "dialect", Status: 400, Means: Inconclusive, Level: Extended, Doc: "400 with Gemini's API_KEY_INVALID, from whoever answers."},
	{Name: "marker-minimax-1004", Family: "dialect", Status: 200, Means: Alive, Level: Extended, Doc: "A list with MiniMax's base_resp 1004 beside it, from whoever answers."},
	{Name: "marker-minimax-2049", Family: "dialect", Status: 200, Means: Alive, Level: Extended, Doc: "A list with MiniMax's base_resp 2049 beside it, from whoever answers."},
	{Name: "marker-anthropic", Family: "dialect", Status: 400, Means: Inconclusive, Level: Extended, Doc: "400 with Anthropic's words for a disabled organization, from whoever answers."},
	{Name: "marker-groq", Family: "dialect", Status: 400, Means: Inconclusive, Level: Extended, Doc: "400 with Groq's organization_restricted, from whoever answers."},
	{Name: "minimax-0", Family: "dialect", Status: 200, Means: Alive, Level: Extended, Hosts: minimaxHosts, Doc: "A list with base_resp 0: success."},
	{Name: "minimax-1000", Family: "dialect", Status: 200, Means: Inconclusive, Loud: true, Level: Extended, Hosts: minimaxHosts, Doc: "200 with base_resp 1000: unknown error."},
	{Name: "minimax-1002", Family: "dialect", Status: 200, Means: Inconclusive, Loud: true, Level: Extended, Hosts: minimaxHosts, Doc: "200 with base_resp 1002: rate limit."},
	{Name: "minimax-1008", Family: "dialect", Status: 200, Means: Inconclusive, Loud: true, Level: Extended, Hosts: minimaxHosts, Doc: "200 with base_resp 1008: insufficient balance."},
	{Name: "minimax-2013", Family: "dialect", Status: 200, Means: Inconclusive, Loud: true, Level: Extended, Hosts: minimaxHosts, Doc: "200 with base_resp 2013: invalid parameters."},
	{Name: "shapeless", Family: "dialect", Status: 200, Means: Inconclusive, Loud: true, Level: Extended, Doc: "200 with {} instead of a list."},
}

var (
	anthropicHosts = []string{"api.anthropic.com"}
	geminiHosts    = []string{"generativelanguage.googleapis.com"}
	minimaxHosts   = []string{"api.minimax.io", "api.minimaxi.com"}
)

// Catalogue returns every answer: core first, each group in its own order. The
// caller must not change the lists inside.
func Catalogue() []Answer { return slices.Clone(catalogue) }

// AnswerOf returns the answer of that name; one without a name where there is none.
func AnswerOf(name string) Answer {
	if i, ok := answerAt[name]; ok {
		return catalogue[i]
	}
	return Answer{}
}

var answerAt = func() map[string]int {
	m := make(map[string]int, len(catalogue))
	for i, a := range catalogue {
		m[a.Name] = i
	}
	return m
}()

// On reports whether a provider, of whatever registry, may answer like this:
// it has one of the answer's hosts, or the answer is not tied to a host.
func (a Answer) On(p *registry.Provider) bool {
	return a.Hosts == nil || slices.ContainsFunc(p.Hosts(), func(h string) bool { return slices.Contains(a.Hosts, h) })
}

// Answers are the names of all answers.
var Answers = func() []string {
	out := make([]string, len(catalogue))
	for i, a := range catalogue {
		out[i] = a.Name
	}
	return out
}()
