package upstream_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/molecule-ai/byok-conformance/fakes/upstream"
	"github.com/molecule-ai/byok-conformance/registry"
)

// oneKey is a Keyring that costs nothing, so that it does not count.
type oneKey struct{ key *upstream.Credential }

func (k oneKey) Find(value string) *upstream.Credential {
	if value == k.key.Value {
		return k.key
	}
	return nil
}

func (oneKey) Sight(string) []*upstream.Credential { return nil }

func benchmark(b *testing.B, host, name string, answer upstream.Answer) (*upstream.Upstream, *http.Request) {
	c := (&keyring{}).add(b.Name(), name, []string{host}, answer)
	u := upstream.New(upstream.Config{Registry: registry.Embedded(), Keyring: oneKey{c}, Observe: func(*upstream.Exchange) {}})
	b.ReportAllocs()
	return u, probe(b, "https://"+host, host, c)
}

func BenchmarkRoundTrip(b *testing.B) {
	for _, answer := range []upstream.Answer{"live", "dead"} {
		b.Run(string(answer), func(b *testing.B) {
			u, r := benchmark(b, "api.anthropic.com", "ANTHROPIC_API_KEY", answer)
			for b.Loop() {
				response, err := u.RoundTrip(r)
				if err != nil {
					b.Fatal(err)
				}
				_, _ = io.Copy(io.Discard, response.Body)
				response.Body.Close()
			}
		})
	}
}

func BenchmarkServeHTTP(b *testing.B) {
	for _, answer := range []upstream.Answer{"live", "dead"} {
		b.Run(string(answer), func(b *testing.B) {
			u, r := benchmark(b, "api.anthropic.com", "ANTHROPIC_API_KEY", answer)
			r.Body, r.Host = http.NoBody, r.URL.Host
			for b.Loop() {
				u.ServeHTTP(httptest.NewRecorder(), r)
			}
		})
	}
}

func BenchmarkNew(b *testing.B) {
	for b.Loop() {
		upstream.New(upstream.Config{Registry: registry.Embedded()})
	}
}
