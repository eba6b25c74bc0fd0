package suite

import (
	"net/http"
	"regexp"
	"strings"
)

// hidden are headers whose values are secrets of the target, not of a scenario.
var hidden = []string{"Authorization", "Cookie", "Set-Cookie", "Proxy-Authorization"}

// maxShown is how much of a body a report shows, in bytes.
const maxShown = 4 << 10

// maskExchange returns an exchange without credential values, so that it can
// be shown.
func (r *ring) maskExchange(x Exchange) Exchange {
	x.URL = r.mask(x.URL)
	x.RequestHeaders, x.ResponseHeaders = r.maskHeader(x.RequestHeaders), r.maskHeader(x.ResponseHeaders)
	x.RequestBody, x.ResponseBody = clip(r.maskBody(x.RequestBody), maxShown), clip(r.maskBody(x.ResponseBody), maxShown)
	return x
}

// ownSecret finds secrets of the target itself in a JSON text: whatever is
// called a token, a password or a secret and is a string.
var ownSecret = regexp.MustCompile(`("[A-Za-z_-]*(?i:token|password|passwd|api_key|apikey)"\s*:\s*")[^"\\]+`)

func (r *ring) maskBody(text string) string {
	return ownSecret.ReplaceAllStringFunc(r.mask(text), func(m string) string {
		head := ownSecret.FindStringSubmatch(m)[1]
		if value := strings.TrimSpace(m[len(head):]); value == "" || strings.HasPrefix(value, "<") {
			return m // blank, or masked already
		}
		return head + "<hidden>"
	})
}

func (r *ring) maskHeader(h http.Header) http.Header {
	out := make(http.Header, len(h))
	for name, values := range h {
		for _, v := range values {
			masked := r.mask(v)
			if masked == v {
				for _, secret := range hidden {
					if strings.EqualFold(secret, name) {
						masked = "<hidden>"
					}
				}
			}
			out.Add(name, masked)
		}
	}
	return out
}

// maskViolation returns a violation that can be shown: what was seen may quote
// a reply or a URL.
func (r *ring) maskViolation(v Violation) Violation {
	return Violation{v.Rule, r.mask(v.Message), r.mask(v.Want), r.mask(v.Got)}
}

// mask replaces every credential value in a text, and every piece of a random
// part that is long enough to be a leak.
func (r *ring) mask(text string) string {
	for _, c := range r.sight(text) {
		if c.Value != "" {
			text = strings.ReplaceAll(text, c.Value, c.mask())
			text = strings.ReplaceAll(text, c.secret.written, c.mask())
		}
		text = maskPieces(text, c.secret.random, c.mask())
	}
	return text
}

// maskPieces replaces what is left of a random part, longest pieces first.
func maskPieces(text, random, mask string) string {
	for length := len(random); length >= leakLength; length-- {
		for i := 0; i+length <= len(random); i++ {
			if piece := random[i : i+length]; strings.Contains(text, piece) {
				text = strings.ReplaceAll(text, piece, mask)
			}
		}
		if !leaks(text, random) {
			return text
		}
	}
	return text
}
