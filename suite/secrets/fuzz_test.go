package secrets

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// encodings are the ways in which a server may write a value.
var encodings = []func(string) string{
	func(s string) string { return s },
	func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) },
	func(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) },
	func(s string) string { return everyByte("%%%02x", s) },
	func(s string) string { return everyByte("%%%02X", s) },
	func(s string) string { return everyByte(`\u%04x`, s) },
	func(s string) string { return everyByte(`\\u%04X`, s) },
	func(s string) string { return everyByte(`\x%02x`, s) },
	func(s string) string { b, _ := json.Marshal(s); return string(b) },
	url.QueryEscape,
}

func everyByte(format, s string) string {
	var b strings.Builder
	for i := range len(s) {
		fmt.Fprintf(&b, format, s[i])
	}
	return b.String()
}

// unhidden are the texts in which nothing may be left: the text and what it says
// when any of the encodings is undone.
func unhidden(text string) []string {
	out := []string{text}
	if plain, escaped := undo(text); escaped {
		out = append(out, plain.text)
	}
	for run := range base64Runs(text) {
		for decoded := range run.decoded(0) {
			out = append(out, decoded)
		}
	}
	return out
}

// FuzzMask plants a piece of a credential and of what authorises us between any
// texts, in any encoding: it is found (SEC-1), and once it is masked eight
// characters of it stand nowhere, in no encoding. A text without them is not changed.
func FuzzMask(f *testing.F) {
	for i := range encodings {
		f.Add("before ", "/after", byte(i), byte(0), byte(200))
		f.Add(`{"key": "`, `", "a": 1}`, byte(i), byte(5), byte(13))
	}
	f.Add("A", "A=", byte(1), byte(0), byte(36))
	f.Add("%", "%4", byte(3), byte(0), byte(36))
	f.Add(`\`, `\u004`, byte(5), byte(0), byte(36))
	f.Add("Ab/-_", "+", byte(2), byte(3), byte(20))
	f.Fuzz(func(t *testing.T, before, after string, encoding, from, to byte) {
		c := given(t, "a", "workspace", "GROQ_API_KEY", "live")
		token := newMaker("test").value("", "token")
		r := ringOf(c)
		r.Hide([]string{token})
		if leaks(before+after, c.Secret.Random) || strings.Contains(before+after, token) {
			return
		}
		value := c.Value
		start := int(from) % len(value)
		piece := value[start:min(len(value), start+int(to))]
		encode := encodings[int(encoding)%len(encodings)]
		text := before + encode(piece) + after + encode(token)
		if leaks(piece, c.Secret.Random) && len(r.SightAll(text)) != 1 {
			t.Fatalf("%q is not found in %q", piece, text)
		}
		for _, left := range append(unhidden(r.Mask(text)), unhidden(r.maskBody(text))...) {
			if leaks(left, c.Secret.Random) || strings.Contains(left, token) {
				t.Fatalf("%q and the token are left in %q of %q", piece, left, text)
			}
		}
		if plain := before + after; r.Mask(plain) != plain {
			t.Fatalf("%q holds nothing and became %q", plain, r.Mask(plain))
		}
	})
}

// FuzzMaskHeader: whatever case the name of a header has by the time that it is
// seen, nothing of a credential is left in it.
func FuzzMaskHeader(f *testing.F) {
	f.Add("X-", "", byte(0), byte(36), true)
	f.Add("x_", "-y", byte(3), byte(12), false)
	f.Fuzz(func(t *testing.T, before, after string, from, to byte, canonical bool) {
		c := given(t, "a", "workspace", "GROQ_API_KEY", "live")
		r := ringOf(c)
		random := c.Secret.Random
		start := int(from) % len(random)
		piece := random[start:min(len(random), start+int(to))]
		name := before + piece + after
		if canonical {
			name = http.CanonicalHeaderKey(name)
		}
		if len(piece) >= LeakLength && len(r.SightName(name)) != 1 {
			t.Fatalf("%q is not found in %q", piece, name)
		}
		for shown := range r.maskHeader(http.Header{name: {"v"}}) {
			if leaks(lowered(shown), lowered(random)) {
				t.Fatalf("%q is left in %q", piece, shown)
			}
		}
	})
}

// FuzzSight holds the ring's index to a search without one.
func FuzzSight(f *testing.F) {
	f.Add("a quiet line", byte(0), byte(8))
	f.Add("", byte(28), byte(8))
	f.Add("ab", byte(1), byte(7))
	f.Fuzz(func(t *testing.T, text string, from, length byte) {
		a, b := given(t, "a", "workspace", "A_KEY", "live"), given(t, "b", "global", "B_KEY", "dead")
		r := ringOf(a, b)
		start := int(from) % RandomLength
		text += a.Secret.Random[start:min(RandomLength, start+int(length))] + text + b.Secret.Random[:min(RandomLength, int(length)/2)]
		found := r.sight(text)
		for _, c := range []*Credential{a, b} {
			if got, want := len(found) > 0 && (found[0] == c || found[len(found)-1] == c), leaks(text, c.Secret.Random); got != want {
				t.Fatalf("%s is found in %q: %v, want %v", c.Name, text, got, want)
			}
		}
	})
}

// leaks reports whether leakLength or more consecutive characters of random
// stand in text, in the plainest way.
func leaks(text, random string) bool {
	for i := 0; i+LeakLength <= len(random); i++ {
		if strings.Contains(text, random[i:i+LeakLength]) {
			return true
		}
	}
	return false
}
