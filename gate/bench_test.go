package gate_test

import (
	"net/http"
	"testing"

	"github.com/molecule-ai/byok-conformance/gate"
	"github.com/molecule-ai/byok-conformance/registry"
)

func benchmark(b *testing.B, s gate.Secrets, want gate.Verdict) {
	reply := func(*http.Request) (*http.Response, error) { return response(http.StatusOK, jsonType, list), nil }
	g := gate.NewReference(registry.Embedded(), gate.Options{Transport: roundTrip(reply)})
	req := request("claude-code", claude, s)
	b.ReportAllocs()
	for b.Loop() {
		if d, err := g.Decide(b.Context(), req); err != nil || d.Verdict != want {
			b.Fatalf("%s, %v", d.Verdict, err)
		}
	}
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// BenchmarkMissing is a refusal that asks nobody.
func BenchmarkMissing(b *testing.B) {
	benchmark(b, gate.Secrets{Global: secrets("OPENAI_API_KEY", value("foreign"))}, gate.Refused)
}

// BenchmarkProbed is an allow whose provider answers at once.
func BenchmarkProbed(b *testing.B) {
	benchmark(b, gate.Secrets{Workspace: secrets("ANTHROPIC_API_KEY", value("key"))}, gate.Allowed)
}
