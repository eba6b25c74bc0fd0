package secrets

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"encoding/base64"
	"encoding/hex"
	"io"
	"net/http"
	"strings"
	"testing"
)

// TestSightAll finds a value under the encodings that servers write values in,
// and nothing in texts that only look like them.
func TestSightAll(t *testing.T) {
	c := given(t, "a", "workspace", "GROQ_API_KEY", "live")
	r := ringOf(c)
	std, raw := base64.StdEncoding, base64.RawURLEncoding
	random := c.Secret.Random
	tests := []struct {
		name, text string
		found      bool
	}{
		{"as it is", c.Value, true},
		{"percent escapes", "?key=" + everyByte("%%%02X", random[:8]) + "&x", true},
		{"JSON escapes", `{"said":"` + everyByte(`\u%04x`, random[3:11]) + `"}`, true},
		{"JSON escapes in a JSON text", `"{\"said\":\"` + everyByte(`\\u%04x`, random) + `\"}"`, true},
		{"half of it in escapes", random[:4] + everyByte("%%%02x", random[4:8]), true},
		{"Go's escapes", everyByte(`\x%02x`, random), true},
		{"base64", std.EncodeToString([]byte(c.Value)), true},
		{"base64 for URLs, without padding", "/token/" + raw.EncodeToString([]byte(c.Value)) + "/x", true},
		{"base64 of more than the value", std.EncodeToString([]byte("user:" + c.Value + "@x")), true},
		{"gzip in base64", std.EncodeToString(packed(t, func(w io.Writer) io.WriteCloser { return gzip.NewWriter(w) }, c.Value)), true},
		{"zlib in base64, behind letters of its alphabet", "batch-" + raw.EncodeToString(packed(t, func(w io.Writer) io.WriteCloser { return zlib.NewWriter(w) }, c.Value)), true},
		{"gzip of another value in base64", std.EncodeToString(packed(t, func(w io.Writer) io.WriteCloser { return gzip.NewWriter(w) }, newMaker("test").value("", "b"))), false},
		{"what begins like gzip in base64", "H4sIAAAAAAAAAAAAAAAAAAAAAAAA", false},
		{"base64 of eight characters of it", std.EncodeToString([]byte(random[5:13])), true},
		{"base64 behind letters of its alphabet", "id-" + raw.EncodeToString([]byte("k="+random)), true},

		{"base64 of seven characters of it", std.EncodeToString([]byte(random[5:12])), false},
		{"seven characters in escapes", everyByte("%%%02x", random[:7]), false},
		{"hexadecimal, which is not undone", hex.EncodeToString([]byte(random)), false},
		{"an id", `{"id":"0191f3a4-7c1e-7c3b-9f57-3d2f0a3b8c11"}`, false},
		{"another value in base64", std.EncodeToString([]byte(newMaker("test").value("", "b"))), false},
		{"broken escapes", `%4 %zz \u00 \u00g1 \x1 %`, false},
		{"a long word", strings.Repeat("x", 5000), false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if found := len(r.SightAll(test.text)) == 1; found != test.found {
				t.Errorf("found in %q: %v, want %v", test.text, found, test.found)
			}
			if masked := r.Mask(test.text); (masked != test.text) != test.found {
				t.Errorf("masked as %q", masked)
			}
		})
	}
}

// What is not hidden stays as it was written, on both sides of a mask.
func TestMaskKeepsWhatStandsBeside(t *testing.T) {
	c := given(t, "a", "workspace", "GROQ_API_KEY", "live")
	r := ringOf(c)
	r.Hide([]string{"the-admin-token"})
	const mask = "<live GROQ_API_KEY of the workspace>"
	for text, want := range map[string]string{
		"/a%2Fb?k=" + everyByte("%%%02x", c.Value) + "&t=%74he-admin-token&c=%20":                "/a%2Fb?k=" + mask + "&t=<hidden>&c=%20",
		"a\\n" + everyByte(`\u%04x`, c.Value) + "\\u0041":                                        "a\\n" + mask + "\\u0041",
		"Basic " + base64.StdEncoding.EncodeToString([]byte(":"+c.Value)) + " (realm)":           "Basic " + mask + " (realm)",
		"x=" + base64.StdEncoding.EncodeToString([]byte("the-admin-token")) + ", y=bm8gc2VjcmV0": "x=<hidden>, y=bm8gc2VjcmV0",
	} {
		if got := r.Mask(text); got != want {
			t.Errorf("%q is masked as %q, want %q", text, got, want)
		}
	}
}

// HTTP does not keep the case of a header's name, so neither do we.
func TestMaskHeaderNames(t *testing.T) {
	c := given(t, "a", "workspace", "GROQ_API_KEY", "live")
	r := ringOf(c)
	r.Hide([]string{"the-Admin-token"})
	name := http.CanonicalHeaderKey("x-" + c.Secret.Random + "-y")
	if len(r.SightName(name)) != 1 || len(r.SightName("X-Forwarded-Authorization")) != 0 {
		t.Errorf("%d credentials in %q", len(r.SightName(name)), name)
	}
	cookie := strings.ToLower("Set-Cookie") // as whoever does not use net/http's own methods may have it
	got := r.maskHeader(http.Header{name: {"v"}, "The-Admin-Token": {"w"}, cookie: {"a"}, "X-Other": {"b"}})
	for _, want := range []string{"X-<live GROQ_API_KEY of the workspace>-Y", "<hidden>", "X-Other"} {
		if got[want] == nil {
			t.Errorf("no header %q in %v", want, got)
		}
	}
	if got[cookie][0] != HiddenText {
		t.Errorf("a cookie is shown: %v", got)
	}
}

func BenchmarkSightAll(b *testing.B) {
	r := ringOf(given(b, "a", "workspace", "GROQ_API_KEY", "live"), given(b, "b", "global", "OPENAI_API_KEY", "dead"))
	const reply = `{"code":"MISSING_BYOK_CREDENTIAL","error":"model \"claude-opus-4-7\" resolves to BYOK provider \"anthropic-api\" but no credential it accepts (ANTHROPIC_API_KEY, ANTHROPIC_AUTH_TOKEN) exists at workspace or global scope","model":"claude-opus-4-7","runtime":"claude-code"}`
	for name, sight := range map[string]func(string) []*Credential{"as it is": r.sight, "encodings too": r.SightAll} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if len(sight(reply)) > 0 {
					b.Fatal("the reply holds nothing")
				}
			}
		})
	}
}

// packed is a text as a log's or a dashboard's batch is sent.
func packed(t *testing.T, by func(io.Writer) io.WriteCloser, text string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := by(&b)
	if _, err := io.WriteString(w, `{"batch":["`+text+`"]}`); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}
