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

// kindsInOrder are the judge's kinds, what says most first. Those of one family
// may have one cause; those of a later one may follow from an earlier one's.
var kindsInOrder = [][]string{
	{
		"let-through", "wrongly-refused", "stay-out", "wrong-reason", "other-rule", "server-fault", "no-answer",
		"wrong-host", "redirected", "probe-moved", "wrong-credential", "not-asked", "call-made", "wrong-place", "no-version", "no-get",
		"retry-after-final", "retries", "too-slow", "credential-left", "at-once-differ", "no-trace",
	},
	{"ref-code", "ref-status", "ref-body", "ref-provider", "ref-names", "ref-dead-name"},
	{"leak", "passed-on", "left-behind"},
}

// consequent kinds follow from something else, unless there is nothing else.
var consequent = []string{"unproven", "late-refusal", "stages-disagree"}

// split tells consequences from what stands for itself.
func split(groups []*group) (consequences, rest []*group) {
	for _, g := range groups {
		if slices.Contains(consequent, g.kind) {
			consequences = append(consequences, g)
		} else {
			rest = append(rest, g)
		}
	}
	return consequences, rest
}

// place is the family and the place in it of a kind.
func place(kind string) (family, at int) {
	for family, list := range kindsInOrder {
		for at, k := range list {
			if k == kind || len(kind) > len(k) && kind[:len(k)+1] == k+"-" {
				return family, at
			}
		}
	}
	return len(kindsInOrder), 0
}

// saysMore reports whether a kind says more than another.
func saysMore(a, b *group) bool {
	fa, pa := place(a.kind)
	fb, pb := place(b.kind)
	return fa < fb || fa == fb && pa < pb
}

// related reports whether two clauses may have one cause.
func related(a, b *clause) bool {
	fa, _ := place(a.kind)
	fb, _ := place(b.kind)
	return fa == fb || fa+fb == 1
}
