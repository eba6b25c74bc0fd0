package registry_test

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"testing"

	"github.com/molecule-ai/byok-conformance/registry"
)

func BenchmarkLoad(b *testing.B) {
	data, err := os.ReadFile("providers.yaml")
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		if _, err := registry.Load("providers.yaml", data); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkDerive(b *testing.B) {
	r := registry.Embedded()
	inScope := scope("OPENAI_API_KEY")
	for _, bb := range []struct{ name, runtime, model string }{
		{"verbatim", "claude-code", "claude-opus-4-7"},
		{"tie", "codex", "gpt-5.5"},
		{"pattern", "claude-code", "glm-5"},
		{"last of many patterns", "hermes", "codex-minimax-m2.7"},
		{"unowned", "hermes", "nobody/nothing"},
	} {
		b.Run(bb.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				r.Derive(bb.runtime, bb.model, inScope)
			}
		})
	}
}

func BenchmarkDeriveBatch(b *testing.B) {
	const lines = 100_000
	r := registry.Embedded()
	routes := r.Routes()
	var in bytes.Buffer
	for i := range lines {
		route := routes[i%len(routes)]
		fmt.Fprintf(&in, `{"runtime":%q,"model":%q,"env":["OPENAI_API_KEY","GROQ_API_KEY"]}`+"\n", route.Runtime, route.Model)
	}
	b.SetBytes(int64(in.Len()))
	for b.Loop() {
		if err := r.DeriveBatch(bytes.NewReader(in.Bytes()), io.Discard); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/lines, "ns/line")
}
