package scenarios

// Answers are the names of what a provider can answer to a credential. What
// each one is on the wire stands in fakes/upstream, whose tests hold the two
// lists together.
var Answers = []string{
	"live", "created", "queued", "partial", "no-content", "late-live",
	"dead", "forbidden", "late-dead",
	"rate-limited", "rate-limited-bare",
	"server-error", "bad-gateway", "unavailable", "gateway-timeout", "overloaded",
	"not-implemented", "insufficient-storage", "origin-error", "origin-timeout", "origin-handshake", "unassigned-5xx",
	"bad-request", "payment-required", "not-found", "method-not-allowed", "not-acceptable", "request-timeout",
	"conflict", "gone", "precondition-failed", "unsupported-media-type", "teapot", "unprocessable",
	"too-early", "upgrade-required", "precondition-required", "headers-too-large", "unassigned-4xx", "legal", "client-closed",
	"dead-empty", "dead-page", "dead-broken-json", "dead-truncated", "dead-drip", "forbidden-empty",
	"refused", "nxdomain", "tls-failure",
	"reset", "closed", "reset-in-body", "silent", "drip-headers", "drip-body", "endless-body",
	"not-http", "truncated", "wrong-length", "bad-gzip", "huge-body",
	"not-modified", "beyond-5xx", "highest-status", "redirect-loop", "early-hints-storm",
	"redirect-other-host", "redirect-sibling", "redirect-http", "redirect-see-other", "redirect-permanent",
	"echo-dead", "echo-forbidden", "echo-error",
	"gemini-key-invalid", "gemini-location", "minimax-1004", "minimax-2049",
	"anthropic-org-disabled", "anthropic-credit-low", "groq-org-restricted",
	"edge-challenge", "anthropic-edge", "public-list", "web-page", "shapeless",
}

// WaitingAnswers outlast any probe budget.
var WaitingAnswers = []string{"dead-drip", "silent", "drip-headers", "drip-body", "endless-body", "early-hints-storm"}

// LoudAnswers prove nothing about a credential, so an allow after one of them
// must leave a trace (LIV-11). 429 is not among them: it means that the key
// authenticated (LIV-2).
var LoudAnswers = []string{
	"server-error", "bad-gateway", "unavailable", "gateway-timeout", "overloaded",
	"not-implemented", "insufficient-storage", "origin-error", "origin-timeout", "origin-handshake", "unassigned-5xx",
	"refused", "nxdomain", "tls-failure", "reset", "closed", "silent", "drip-headers", "not-http", "early-hints-storm",
}

// ConnectionAnswers happen before a provider has read a request, so that a
// shared proxy can only give them to everybody who dials that host.
var ConnectionAnswers = []string{"refused", "nxdomain", "tls-failure"}

// Claims are the areas that a target can be held to.
var Claims = []string{
	"create-presence", "create-liveness", "global-scope", "provision-presence", "provision-liveness",
	"secrecy-logs", "atomicity", "unreadable-secrets",
}

// Classes are the kinds of scenario; each has a file of its own.
var Classes = []string{
	"missing", "mismatched", "dead", "forbidden", "transient", "rate-limited", "valid", "underivable",
	"platform", "external", "unprobeable", "unreadable", "refusal", "secrecy", "provision", "robustness", "dialect",
}

var severities = []string{"critical", "high", "medium", "low"}
