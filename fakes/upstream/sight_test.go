package upstream_test

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/molecule-ai/byok-conformance/fakes/upstream"
)

// A seen is a Sighting that can be compared.
type seen struct {
	Where       string
	Exact, Read bool
}

func TestWhereACredentialIsSeen(t *testing.T) {
	header := func(name, format string) func(*http.Request, string) {
		return func(r *http.Request, v string) { r.Header.Set(name, fmt.Sprintf(format, v)) }
	}
	body := func(format string) func(*http.Request, string) {
		return func(r *http.Request, v string) {
			text := fmt.Sprintf(format, v)
			r.Method, r.Body = http.MethodPost, http.NoBody
			if text != "" {
				r.Body = readCloser{strings.NewReader(text)}
			}
		}
	}
	const anthropic, openai, gemini, kimi = "api.anthropic.com", "api.openai.com", "generativelanguage.googleapis.com", "api.kimi.com"
	tests := []struct {
		what, host, name string
		put              func(r *http.Request, value string)
		want             []seen
		status           int
		answer           upstream.Answer
	}{
		{"bearer", openai, "OPENAI_API_KEY", header("Authorization", "Bearer %s"), []seen{{"header authorization", true, true}}, 200, "live"},
		{"bearer in lower case", openai, "OPENAI_API_KEY", header("Authorization", "bearer %s"), []seen{{"header authorization", true, true}}, 200, "live"},
		{"bearer and white space", openai, "OPENAI_API_KEY", header("Authorization", " Bearer %s\t"), []seen{{"header authorization", true, true}}, 200, "live"},
		{"bearer twice", openai, "OPENAI_API_KEY", header("Authorization", "Bearer Bearer %s"), []seen{{"header authorization", false, false}}, 401, upstream.UnknownCredential},
		{"no scheme", openai, "OPENAI_API_KEY", header("Authorization", "%s"), []seen{{"header authorization", true, false}}, 401, upstream.NoCredential},
		{"x-api-key at OpenAI", openai, "OPENAI_API_KEY", header("X-Api-Key", "%s"), []seen{{"header x-api-key", true, false}}, 401, upstream.NoCredential},
		{"x-api-key at Anthropic", anthropic, "ANTHROPIC_API_KEY", header("X-Api-Key", "%s"), []seen{{"header x-api-key", true, true}}, 200, "live"},
		{"bearer at Anthropic", anthropic, "ANTHROPIC_API_KEY", header("Authorization", "Bearer %s"), []seen{{"header authorization", true, false}}, 401, upstream.NoCredential},
		{"token as bearer at Anthropic", anthropic, "ANTHROPIC_AUTH_TOKEN", header("Authorization", "Bearer %s"), []seen{{"header authorization", true, true}}, 200, "live"},
		{"token in x-api-key at Anthropic", anthropic, "ANTHROPIC_AUTH_TOKEN", header("X-Api-Key", "%s"), []seen{{"header x-api-key", true, true}}, 200, "live"},
		{"both at Anthropic", anthropic, "ANTHROPIC_AUTH_TOKEN", func(r *http.Request, v string) {
			r.Header.Set("X-Api-Key", v)
			r.Header.Set("Authorization", "Bearer "+v)
		}, []seen{{"header x-api-key", true, true}, {"header authorization", true, true}}, 200, "live"},
		{"x-goog-api-key", gemini, "GEMINI_API_KEY", func(r *http.Request, v string) {
			r.URL.Path = "/v1beta/models"
			r.Header.Set("X-Goog-Api-Key", v)
		}, []seen{{"header x-goog-api-key", true, true}}, 200, "live"},
		{"bearer at Gemini's own API", gemini, "GEMINI_API_KEY", func(r *http.Request, v string) {
			r.URL.Path = "/v1beta/models"
			r.Header.Set("Authorization", "Bearer "+v)
		}, []seen{{"header authorization", true, false}}, 401, upstream.NoCredential},
		{"x-goog-api-key below /openai", gemini, "GEMINI_API_KEY", header("X-Goog-Api-Key", "%s"), []seen{{"header x-goog-api-key", true, false}}, 401, upstream.NoCredential},
		{"both at Gemini", gemini, "GEMINI_API_KEY", func(r *http.Request, v string) {
			r.Header.Set("X-Goog-Api-Key", v)
			r.Header.Set("Authorization", "Bearer "+v)
		}, []seen{{"header authorization", true, true}, {"header x-goog-api-key", true, false}}, 400, upstream.ManyCredentials},
		{"bearer at Gemini", gemini, "GEMINI_API_KEY", header("Authorization", "Bearer %s"), []seen{{"header authorization", true, true}}, 200, "live"},
		{"x-api-key at Kimi", kimi, "KIMI_API_KEY", header("X-Api-Key", "%s"), []seen{{"header x-api-key", true, true}}, 200, "live"},
		{"x-goog-api-key at Kimi", kimi, "KIMI_API_KEY", header("X-Goog-Api-Key", "%s"), []seen{{"header x-goog-api-key", true, false}}, 401, upstream.NoCredential},
		{"api-key", openai, "OPENAI_API_KEY", header("Api-Key", "%s"), []seen{{"header api-key", true, false}}, 401, upstream.NoCredential},
		{"a part of it in another header", openai, "OPENAI_API_KEY", func(r *http.Request, v string) {
			r.Header.Set("X-Trace", "was "+v[6:16])
		}, []seen{{"header x-trace", false, false}}, 401, upstream.NoCredential},
		{"cookie", openai, "OPENAI_API_KEY", header("Cookie", "a=b; key=%s"), []seen{{"header cookie", false, false}}, 401, upstream.NoCredential},
		{"basic", openai, "OPENAI_API_KEY", func(r *http.Request, v string) {
			r.Header.Set("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte("me:"+v)))
		}, []seen{{"header authorization", false, false}}, 401, upstream.NoCredential},
		{"user info", openai, "OPENAI_API_KEY", func(r *http.Request, v string) { r.URL.User = url.UserPassword("me", v) },
			[]seen{{"url", false, false}}, 401, upstream.NoCredential},
		{"query", gemini, "GEMINI_API_KEY", func(r *http.Request, v string) { r.URL.RawQuery = "key=" + v },
			[]seen{{"url", false, false}}, 401, upstream.NoCredential},
		{"query, encoded", gemini, "GEMINI_API_KEY", func(r *http.Request, v string) { r.URL.RawQuery = "100%&key=" + percentEncoded(v) },
			[]seen{{"url", false, false}}, 401, upstream.NoCredential},
		{"path", openai, "OPENAI_API_KEY", func(r *http.Request, v string) { r.URL.Path = "/" + v },
			[]seen{{"url", false, false}}, 401, upstream.NoCredential},
		{"Host header", openai, "OPENAI_API_KEY", func(r *http.Request, v string) { r.Host = v + ".example" },
			[]seen{{"host", false, false}}, 401, upstream.NoCredential},
		{"body", openai, "OPENAI_API_KEY", body(`{"key":"%s"}`), []seen{{"body", false, false}}, 401, upstream.NoCredential},
		{"body and header", openai, "OPENAI_API_KEY", func(r *http.Request, v string) {
			body(`{"key":"%s"}`)(r, v)
			r.Header.Set("Authorization", "Bearer "+v)
		}, []seen{{"header authorization", true, true}, {"body", false, false}}, 200, "live"},
		{"no version", anthropic, "ANTHROPIC_API_KEY", func(r *http.Request, v string) {
			r.Header.Set("X-Api-Key", v)
			r.Header.Del("anthropic-version")
		}, []seen{{"header x-api-key", true, true}}, 400, upstream.NoVersion},
		{"nothing", openai, "OPENAI_API_KEY", func(*http.Request, string) {}, nil, 401, upstream.NoCredential},
		{"somebody else's", openai, "OPENAI_API_KEY", func(r *http.Request, _ string) { r.Header.Set("Authorization", "Bearer none-of-ours") },
			nil, 401, upstream.UnknownCredential},
	}
	w := newWorld(t, upstream.Config{})
	for _, tt := range tests {
		t.Run(tt.what, func(t *testing.T) {
			c := w.add(t.Name(), tt.name, []string{tt.host}, "live")
			r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://"+tt.host+"/v1/openai/models", nil)
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set("anthropic-version", "2023-06-01")
			tt.put(r, c.Value)
			response, err := w.RoundTrip(r)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := readAll(t, response); err != nil {
				t.Error(err)
			}
			x := w.last(t)
			var got []seen
			for _, s := range x.Sightings {
				if s.Credential != c {
					t.Errorf("sighted %s/%s", s.Credential.Scenario, s.Credential.Name)
				}
				got = append(got, seen{s.Where, s.Exact, s.Read})
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("sightings, want (-), got (+):\n%s", diff)
			}
			if response.StatusCode != tt.status || x.Answer != tt.answer {
				t.Errorf("%d %s, want %d %s", response.StatusCode, x.Answer, tt.status, tt.answer)
			}
		})
	}
}

type readCloser struct{ *strings.Reader }

func (readCloser) Close() error { return nil }

func percentEncoded(s string) string {
	var b strings.Builder
	for i := range len(s) {
		fmt.Fprintf(&b, "%%%02X", s[i])
	}
	return b.String()
}

// TestTwoCredentials: the one that the provider reads and knows decides, and
// comes first; the other is seen all the same.
func TestTwoCredentials(t *testing.T) {
	const host = "api.kimi.com"
	w := newWorld(t, upstream.Config{})
	foreign := w.add("a", "OPENAI_API_KEY", []string{"api.openai.com"}, "live")
	own := w.add("z", "KIMI_API_KEY", []string{host}, "dead")
	r := probe(t, "https://"+host, host, foreign)
	r.Header.Set("X-Api-Key", own.Value)
	response, err := w.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	x := w.last(t)
	if x.Answer != "dead" || len(x.Sightings) != 2 || x.Sightings[0].Credential != own || x.Sightings[1].Credential != foreign {
		t.Errorf("answer %s, sightings %+v", x.Answer, x.Sightings)
	}
}
