package secrets

import (
	"cmp"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"github.com/molecule-ai/byok-conformance/internal/spelled"
	"github.com/molecule-ai/byok-conformance/suite/target"
)

// hidden are headers whose values are secrets of the target, not of a scenario.
var hidden = []string{"Authorization", "Cookie", "Set-Cookie", "Proxy-Authorization"}

// MaxShown is how much of a body a report shows, in bytes.
const MaxShown = 4 << 10

// MaskExchange returns an exchange without credential values, so that it can
// be shown.
func (r *Ring) MaskExchange(x target.Exchange) target.Exchange {
	for _, cookie := range cookies(x.RequestHeaders, x.ResponseHeaders) {
		x.URL, x.RequestBody, x.ResponseBody = strings.ReplaceAll(x.URL, cookie, HiddenText), strings.ReplaceAll(x.RequestBody, cookie, HiddenText), strings.ReplaceAll(x.ResponseBody, cookie, HiddenText)
		x.RequestHeaders, x.ResponseHeaders = WithoutText(x.RequestHeaders, cookie), WithoutText(x.ResponseHeaders, cookie)
	}
	x.Method, x.URL, x.Note = r.Mask(x.Method), r.Mask(x.URL), r.Mask(x.Note)
	x.RequestHeaders, x.ResponseHeaders = r.maskHeader(x.RequestHeaders), r.maskHeader(x.ResponseHeaders)
	x.RequestBody, x.ResponseBody = spelled.Short(r.maskBody(x.RequestBody), MaxShown), spelled.Short(r.maskBody(x.ResponseBody), MaxShown)
	return x
}

// cookies are the values of an exchange's cookies that are long enough to be
// secrets: a server that sets one may say it elsewhere, too.
func cookies(headers ...http.Header) []string {
	var out []string
	add := func(pair string) {
		_, value, named := strings.Cut(pair, "=")
		if !named {
			value = pair
		}
		if value = strings.TrimSpace(value); len(value) >= LeakLength {
			out = append(out, value)
		}
	}
	for _, h := range headers {
		for name, lines := range h {
			for _, line := range lines {
				switch {
				case strings.EqualFold(name, "Cookie"):
					for pair := range strings.SplitSeq(line, ";") {
						add(pair)
					}
				case strings.EqualFold(name, "Set-Cookie"):
					pair, _, _ := strings.Cut(line, ";") // what follows are attributes
					add(pair)
				}
			}
		}
	}
	return out
}

// WithoutText returns headers in whose values a text is hidden.
func WithoutText(h http.Header, text string) http.Header {
	out := make(http.Header, len(h))
	for name, values := range h {
		for _, v := range values {
			out[name] = append(out[name], strings.ReplaceAll(v, text, HiddenText))
		}
	}
	return out
}

// ownSecret finds secrets of the target itself in a JSON text: whatever is
// called a token, a password or a secret and is a string.
var ownSecret = regexp.MustCompile(`("[A-Za-z_-]*(?i:token|password|passwd|api_key|apikey)"\s*:\s*")[^"\\]+`)

func (r *Ring) maskBody(text string) string {
	masked := r.Mask(text)
	if read := target.Readable([]byte(masked)); r.Mask(read) != read {
		return "<hidden: a secret stands here, written with escapes>"
	}
	return ownSecret.ReplaceAllStringFunc(masked, func(m string) string {
		head := ownSecret.FindStringSubmatch(m)[1]
		if value := strings.TrimSpace(m[len(head):]); value == "" || strings.HasPrefix(value, "<") {
			return m // blank, or masked already
		}
		return head + HiddenText
	})
}

// HiddenText stands in reports for secrets that are no scenario's.
const HiddenText = "<hidden>"

func (r *Ring) maskHeader(h http.Header) http.Header {
	out := make(http.Header, len(h))
	for name, values := range h {
		secret := slices.ContainsFunc(hidden, func(n string) bool { return strings.EqualFold(n, name) })
		shown := r.MaskName(name)
		for _, v := range values {
			masked := r.Mask(v)
			if secret && !onlyMask(v, masked) {
				masked = HiddenText
			}
			out[shown] = append(out[shown], masked)
		}
	}
	return out
}

// onlyMask reports whether a value was a credential and nothing besides it but
// the name of a scheme: what stands beside a mask may be a secret, too.
func onlyMask(v, masked string) bool {
	rest := strings.TrimPrefix(masked, "Bearer ")
	return v != masked && strings.HasPrefix(rest, "<") && strings.Index(rest, ">") == len(rest)-1
}

// Mask replaces every credential value in a text, every piece of a random part
// that is long enough to be a leak, and what authorises us at the target, as they
// are and under the encodings that sightAll undoes.
func (r *Ring) Mask(text string) string {
	for _, secret := range r.authorising() {
		text = strings.ReplaceAll(text, secret, HiddenText)
	}
	for _, c := range r.sight(text) {
		if c.Value != "" {
			text = strings.ReplaceAll(text, c.Value, c.mask())
			text = strings.ReplaceAll(text, c.Secret.Written, c.mask())
		}
		text = maskPieces(text, c.Secret.Random, c.mask())
	}
	return r.maskBase64(r.maskPacked(r.maskEscaped(text)))
}

// maskPieces replaces what is left of a random part, the longest piece at each
// place.
func maskPieces(text, random, mask string) string {
	spans := spansOf(text, random)
	if len(spans) == 0 {
		return text
	}
	var out strings.Builder
	copied := 0
	for _, s := range spans {
		if s.from = max(s.from, copied); s.to-s.from < LeakLength {
			continue // the rest of one that overlaps the last
		}
		out.WriteString(text[copied:s.from])
		out.WriteString(mask)
		copied = s.to
	}
	out.WriteString(text[copied:])
	return out.String()
}

// A span is a stretch of a text.
type span struct{ from, to int }

// spansOf are the pieces of a random part in a text that are long enough to be a
// leak, those that begin first and are longest first. Each holds a whole aligned
// block (see blockLength), which is what is looked for.
func spansOf(text, random string) []span {
	var out []span
	for block := 0; block+blockLength <= len(random); block += blockLength {
		for from := 0; ; {
			at := strings.Index(text[from:], random[block:block+blockLength])
			if at < 0 {
				break
			}
			at += from
			if before, length := around(text, at, random, block); length >= LeakLength {
				out = append(out, span{at - before, at - before + length})
			}
			from = at + 1
		}
	}
	slices.SortFunc(out, func(a, b span) int { return cmp.Or(cmp.Compare(a.from, b.from), cmp.Compare(b.to, a.to)) })
	return slices.Compact(out)
}
