package scenarios_test

import (
	"testing"

	"github.com/molecule-ai/byok-conformance/registry"
	"github.com/molecule-ai/byok-conformance/scenarios"
)

func TestEmbeddedCorpusExpands(t *testing.T) {
	c, err := scenarios.Embedded()
	if err != nil {
		t.Fatal(err)
	}
	list, err := c.Expand(registry.Embedded())
	if err != nil {
		t.Fatal(err)
	}
	classes := map[string]int{}
	ids := map[string]bool{}
	for _, s := range list {
		classes[s.Class]++
		if ids[s.ID] {
			t.Errorf("id %q belongs to two scenarios", s.ID)
		}
		ids[s.ID] = true
	}
	t.Logf("%d scenarios: %v", len(list), classes)
}

func BenchmarkExpand(b *testing.B) {
	c, err := scenarios.Embedded()
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := c.Expand(registry.Embedded()); err != nil {
			b.Fatal(err)
		}
	}
}
