package scenarios

import (
	"testing"

	"github.com/molecule-ai/byok-conformance/registry"
)

// The benchmarks of a start: reading the corpus, and what a
// report's header and a list of all scenarios ask of it.

func BenchmarkLoad(b *testing.B) {
	for b.Loop() {
		if _, err := Load(embedded); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkCount(b *testing.B) {
	benchmarkCorpus(b, func(c *Corpus) (int, error) { return c.Count(registry.Embedded()) })
}

func BenchmarkName(b *testing.B) {
	benchmarkCorpus(b, func(c *Corpus) (int, error) {
		return c.Name(registry.Embedded(), &Selection{Level: Extended}, func(_, _ []byte) {})
	})
}

func benchmarkCorpus(b *testing.B, f func(*Corpus) (int, error)) {
	c, err := Embedded()
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if n, err := f(c); err != nil || n == 0 {
			b.Fatal(n, err)
		}
	}
}
