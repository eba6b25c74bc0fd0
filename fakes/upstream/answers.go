package upstream

// catalogue is what the corpus may say a provider does. Statuses and meanings
// follow rules LIV-1 to LIV-3, ROB-1 and DIA-1 to DIA-4.
var catalogue = []Spec{
	// A status and a body in the provider's own shape.
	{Name: "live", Status: 200, Means: Alive, Level: Core, Doc: "The list of models."},
	{Name: "created", Status: 201, Means: Alive, Level: Core, Doc: "The list of models, with 201."},
	{Name: "queued", Status: 202, Means: Alive, Level: Core, Doc: "The list of models, with 202."},
	{Name: "partial", Status: 206, Means: Alive, Level: Core, Doc: "The list of models, with 206."},
	{Name: "no-content", Status: 204, Means: Alive, Level: Core, Doc: "204 without a body."},
	{Name: "late-live", Status: 200, Means: Alive, Late: true, Level: Core, Doc: "The list of models, a moment late, so that probes meet."},
	{Name: "dead", Status: 401, Means: Dead, Level: Core, Doc: "The provider's own answer to an invalid key."},
	{Name: "forbidden", Status: 403, Means: Dead, Level: Core, Doc: "The provider's own answer to a key without permission."},
	{Name: "late-dead", Status: 401, Means: Dead, Late: true, Level: Core, Doc: "The provider's own answer to an invalid key, a moment late, so that probes meet."},
	{Name: "rate-limited", Status: 429, Means: Transient, Level: Core, Doc: "Too many requests; Retry-After: 30. The key authenticated."},
	{Name: "rate-limited-bare", Status: 429, Means: Transient, Level: Core, Doc: "Too many requests, without Retry-After."},
	{Name: "server-error", Status: 500, Means: Transient, Loud: true, Level: Core, Doc: "The provider's own internal error."},
	{Name: "bad-gateway", Status: 502, Means: Transient, Loud: true, Level: Core, Doc: "An edge's HTML page."},
	{Name: "unavailable", Status: 503, Means: Transient, Loud: true, Level: Core, Doc: "An edge's HTML page."},
	{Name: "gateway-timeout", Status: 504, Means: Transient, Loud: true, Level: Core, Doc: "An edge's HTML page."},
	{Name: "overloaded", Status: 529, Means: Transient, Loud: true, Level: Core, Doc: "Anthropic's status for overload."},
	{Name: "not-implemented", Status: 501, Means: Transient, Loud: true, Level: Core, Doc: "A 501."},
	{Name: "insufficient-storage", Status: 507, Means: Transient, Loud: true, Level: Core, Doc: "A 507."},
	{Name: "origin-error", Status: 520, Means: Transient, Loud: true, Level: Core, Doc: "Cloudflare's page: the provider behind it answered with nonsense."},
	{Name: "origin-timeout", Status: 522, Means: Transient, Loud: true, Level: Core, Doc: "Cloudflare's page: the provider behind it did not answer."},
	{Name: "origin-handshake", Status: 525, Means: Transient, Loud: true, Level: Core, Doc: "Cloudflare's page: the TLS handshake with the provider behind it failed."},
	{Name: "unassigned-5xx", Status: 599, Means: Transient, Loud: true, Level: Core, Doc: "A 5xx that no registry of statuses has."},
	{Name: "bad-request", Status: 400, Means: Inconclusive, Level: Core, Doc: "A 400 that is not about the key."},
	{Name: "payment-required", Status: 402, Means: Inconclusive, Level: Core, Doc: "No credit; the key authenticated."},
	{Name: "not-found", Status: 404, Means: Inconclusive, Level: Core, Doc: "The path does not exist."},
	{Name: "method-not-allowed", Status: 405, Means: Inconclusive, Level: Core, Doc: "The path does not take this method."},
	{Name: "not-acceptable", Status: 406, Means: Inconclusive, Level: Core, Doc: "A 406."},
	{Name: "request-timeout", Status: 408, Means: Inconclusive, Level: Core, Doc: "The provider waited too long."},
	{Name: "conflict", Status: 409, Means: Inconclusive, Level: Core, Doc: "A 409."},
	{Name: "gone", Status: 410, Means: Inconclusive, Level: Core, Doc: "The endpoint was retired."},
	{Name: "precondition-failed", Status: 412, Means: Inconclusive, Level: Core, Doc: "A 412."},
	{Name: "unsupported-media-type", Status: 415, Means: Inconclusive, Level: Core, Doc: "A 415."},
	{Name: "teapot", Status: 418, Means: Inconclusive, Level: Core, Doc: "A 4xx that nobody expects."},
	{Name: "unprocessable", Status: 422, Means: Inconclusive, Level: Core, Doc: "A 422: also the status of a gate's own refusal."},
	{Name: "too-early", Status: 425, Means: Inconclusive, Level: Core, Doc: "A 425."},
	{Name: "upgrade-required", Status: 426, Means: Inconclusive, Level: Core, Doc: "The provider wants another protocol."},
	{Name: "precondition-required", Status: 428, Means: Inconclusive, Level: Core, Doc: "A 428."},
	{Name: "headers-too-large", Status: 431, Means: Inconclusive, Level: Core, Doc: "The request's headers are too large."},
	{Name: "unassigned-4xx", Status: 434, Means: Inconclusive, Level: Core, Doc: "A 4xx that no registry of statuses has."},
	{Name: "legal", Status: 451, Means: Inconclusive, Level: Core, Doc: "Unavailable for legal reasons."},
	{Name: "client-closed", Status: 499, Means: Inconclusive, Level: Core, Doc: "nginx's status for a client that went away."},

	// A 401 or 403 that is not written as the provider writes it.
	{Name: "dead-empty", Status: 401, Means: Dead, Level: Core, Doc: "401 without a body or a content type."},
	{Name: "dead-page", Status: 401, Means: Dead, Level: Core, Doc: "401 with an HTML page."},
	{Name: "dead-broken-json", Status: 401, Means: Dead, Level: Core, Doc: "401 in a reply that is whole, with JSON that is not."},
	{Name: "dead-truncated", Status: 401, Means: Dead, Level: Core, Doc: "401 with a Content-Length larger than the body."},
	{Name: "dead-drip", Status: 401, Means: Dead, Waits: true, Level: Core, Doc: "401, then a body that never ends, a byte now and then."},
	{Name: "forbidden-empty", Status: 403, Means: Dead, Level: Core, Doc: "403 without a body or a content type."},

	// The connection fails.
	{Name: "refused", Means: Transient, Loud: true, Connection: true, Level: Core, Doc: "The connection is refused."},
	{Name: "nxdomain", Means: Transient, Loud: true, Connection: true, Level: Core, Doc: "The name does not resolve."},
	{Name: "tls-failure", Means: Transient, Loud: true, Connection: true, Level: Core, Doc: "The certificate is signed by nobody known."},
	{Name: "reset", Means: Transient, Loud: true, Level: Core, Doc: "The connection is reset before any byte."},
	{Name: "closed", Means: Transient, Loud: true, Level: Core, Doc: "The connection is closed in order before any byte."},
	{Name: "reset-in-body", Status: 200, Means: Transient, Level: Core, Doc: "200 and half the list, then a reset."},
	{Name: "silent", Means: Transient, Loud: true, Waits: true, Level: Core, Doc: "The request is read and nothing is said."},
	{Name: "drip-headers", Means: Transient, Loud: true, Waits: true, Level: Core, Doc: "A status line, then a header that never ends, a byte now and then."},
	{Name: "drip-body", Status: 200, Means: Transient, Waits: true, Level: Core, Doc: "200, then a body that never ends, a byte now and then."},
	{Name: "endless-body", Status: 200, Means: Transient, Waits: true, Level: Core, Doc: "200, then a body that never ends, at some 30 MB a second."},

	// Bytes that are not what they should be (ROB-1).
	{Name: "not-http", Means: Transient, Loud: true, Level: Core, Doc: "Something that is not HTTP."},
	{Name: "truncated", Status: 200, Means: Transient, Level: Core, Doc: "A Content-Length larger than the body."},
	{Name: "wrong-length", Status: 200, Means: Transient, Level: Core, Doc: "A Content-Length smaller than the body, so that the JSON breaks off."},
	{Name: "bad-gzip", Status: 200, Means: Transient, Level: Core, Doc: "Content-Encoding: gzip over bytes that are not gzip."},
	{Name: "huge-body", Status: 200, Means: Transient, Level: Core, Doc: "A valid list of 100 MiB."},
	{Name: "not-modified", Status: 304, Means: Inconclusive, Level: Core, Doc: "304 to a request that set no condition."},
	{Name: "beyond-5xx", Status: 600, Means: Transient, Level: Core, Doc: "A status above all classes."},
	{Name: "highest-status", Status: 999, Means: Transient, Level: Core, Doc: "The highest status that three digits can say."},
	{Name: "redirect-loop", Status: 302, Means: Transient, Level: Core, Doc: "A redirect to the URL that was asked."},
	{Name: "early-hints-storm", Means: Transient, Loud: true, Waits: true, Level: Core, Doc: "64 times 103 Early Hints, then nothing."},

	// Redirects that carry a credential away (SEC-4).
	{Name: "redirect-other-host", Status: 302, Means: Inconclusive, Level: Core, Doc: "A redirect to a host that no provider has."},
	{Name: "redirect-sibling", Status: 307, Means: Inconclusive, Level: Core, Doc: "A redirect to another provider's host."},
	{Name: "redirect-http", Status: 301, Means: Inconclusive, Level: Core, Doc: "A redirect to the same URL without TLS."},
	{Name: "redirect-see-other", Status: 303, Means: Inconclusive, Level: Core, Doc: "303 to a host that no provider has."},
	{Name: "redirect-permanent", Status: 308, Means: Inconclusive, Level: Core, Doc: "308 to another provider's host."},

	// Answers that hold the whole credential (SEC-5).
	{Name: "echo-dead", Status: 401, Means: Dead, Level: Core, Doc: "401 with the credential in the body and in a header."},
	{Name: "echo-forbidden", Status: 403, Means: Dead, Level: Core, Doc: "403 with the credential in the body and in a header."},
	{Name: "echo-error", Status: 500, Means: Transient, Loud: true, Level: Core, Doc: "500 with the credential in the body and in a header."},

	// Dialects: markers of one provider (DIA-1 to DIA-4).
	{Name: "gemini-key-invalid", Status: 400, Means: Dead, Level: Extended, Hosts: geminiHosts, Providers: geminiRows, Doc: "400 with reason API_KEY_INVALID."},
	{Name: "gemini-location", Status: 400, Means: Inconclusive, Level: Extended, Hosts: geminiHosts, Providers: geminiRows, Doc: "400 FAILED_PRECONDITION: about where the request came from."},
	{Name: "minimax-1004", Status: 200, Means: Dead, Level: Extended, Hosts: minimaxHosts, Providers: minimaxRows, Doc: "200 with base_resp 1004: login failed."},
	{Name: "minimax-2049", Status: 200, Means: Dead, Level: Extended, Hosts: minimaxHosts, Providers: minimaxRows, Doc: "200 with base_resp 2049: invalid key."},
	{Name: "anthropic-org-disabled", Status: 400, Means: Dead, Level: Extended, Hosts: anthropicHosts, Providers: anthropicRows, Doc: "400: the organization has been disabled."},
	{Name: "anthropic-credit-low", Status: 400, Means: Inconclusive, Level: Extended, Hosts: anthropicHosts, Providers: anthropicRows, Doc: "400: the credit balance is too low; the key authenticated."},
	{Name: "groq-org-restricted", Status: 400, Means: Dead, Level: Extended, Hosts: []string{"api.groq.com"}, Providers: []string{"groq"}, Doc: "400 with code organization_restricted."},
	{Name: "edge-challenge", Status: 403, Means: Inconclusive, Loud: true, Level: Extended, Doc: "403 with an edge's HTML challenge: about the caller's address, not the key."},
	{Name: "anthropic-edge", Status: 403, Means: Inconclusive, Loud: true, Level: Extended, Hosts: anthropicHosts, Providers: anthropicRows, Doc: "403 from Anthropic's edge, without the API's envelope."},
	{Name: "public-list", Status: 200, Means: Unverified, Loud: true, Level: Extended, Hosts: []string{"openrouter.ai", "integrate.api.nvidia.com"}, Providers: []string{"openrouter", "nvidia"}, Doc: "A dead key: GET …/models is 200 for anyone, every other path is 401."},
	{Name: "web-page", Status: 200, Means: Inconclusive, Loud: true, Level: Extended, Doc: "200 with a web page."},
	{Name: "shapeless", Status: 200, Means: Inconclusive, Loud: true, Level: Extended, Doc: "200 with {} instead of a list."},
}

var (
	anthropicHosts = []string{"api.anthropic.com"}
	anthropicRows  = []string{"anthropic-api", "byok-anthropic"}
	geminiHosts    = []string{"generativelanguage.googleapis.com"}
	geminiRows     = []string{"google", "byok-gemini"}
	minimaxHosts   = []string{"api.minimax.io", "api.minimaxi.com"}
	minimaxRows    = []string{"minimax", "minimax-cn", "byok-minimax"}
)
