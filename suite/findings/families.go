package findings

import "slices"

// families of what a provider can answer, by what it says about a credential.
var families = []struct {
	name    string
	answers []string
}{
	{"alive", []string{"live", "created", "queued", "partial", "no-content", "late-live"}},
	{"refused", []string{"dead", "late-dead", "dead-empty", "dead-page", "dead-broken-json", "dead-truncated", "dead-drip", "echo-dead"}},
	{"forbidden", []string{"forbidden", "forbidden-empty", "echo-forbidden"}},
	{"rate-limited", []string{"rate-limited", "rate-limited-bare"}},
	{"5xx", []string{
		"server-error", "bad-gateway", "unavailable", "gateway-timeout", "overloaded", "not-implemented", "insufficient-storage", "origin-error",
		"origin-timeout", "origin-handshake", "unassigned-5xx", "echo-error",
	}},
	{"4xx", []string{
		"bad-request", "payment-required", "not-found", "method-not-allowed", "not-acceptable", "request-timeout", "conflict", "gone",
		"precondition-failed", "unsupported-media-type", "teapot", "unprocessable", "too-early", "upgrade-required", "precondition-required",
		"headers-too-large", "unassigned-4xx", "legal", "client-closed",
	}},
	{"unreachable", []string{"refused", "nxdomain", "tls-failure", "reset", "closed", "reset-in-body"}},
	{"silent", []string{"silent", "drip-headers", "drip-body", "endless-body", "early-hints-storm"}},
	{"broken", []string{"not-http", "truncated", "wrong-length", "bad-gzip", "huge-body"}},
	{"redirect", []string{"redirect-other-host", "redirect-sibling", "redirect-http", "redirect-see-other", "redirect-permanent", "redirect-loop"}},
	{"odd-status", []string{"not-modified", "beyond-5xx", "highest-status"}},
	{"dialect", []string{
		"gemini-key-invalid", "gemini-location", "minimax-1004", "minimax-2049", "anthropic-org-disabled", "anthropic-credit-low",
		"groq-org-restricted", "edge-challenge", "anthropic-edge", "public-list", "web-page", "shapeless",
	}},
}

// familyOf is the family of an answer; "other" where it has none.
func familyOf(answer string) string {
	for _, f := range families {
		if slices.Contains(f.answers, answer) {
			return f.name
		}
	}
	return "other"
}
