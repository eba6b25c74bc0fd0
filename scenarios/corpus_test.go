package scenarios_test

import (
	"sync"
	"testing"

	"github.com/molecule-ai/byok-conformance/registry"
	"github.com/molecule-ai/byok-conformance/scenarios"
)

func embeddedCorpus(t testing.TB) *scenarios.Corpus {
	t.Helper()
	c, err := scenarios.Embedded()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

var expanded = sync.OnceValues(func() ([]*scenarios.Scenario, error) {
	c, err := scenarios.Embedded()
	if err != nil {
		return nil, err
	}
	return c.Expand(registry.Embedded())
})

// embedded returns every scenario of the corpus over our own registry; they are
// not to be changed.
func embedded(t testing.TB) []*scenarios.Scenario {
	t.Helper()
	list, err := expanded()
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func TestEmbeddedCorpus(t *testing.T) {
	ids, classes := map[string]bool{}, map[string]int{}
	for _, s := range embedded(t) {
		if ids[s.ID] {
			t.Errorf("id %q belongs to two scenarios", s.ID)
		}
		ids[s.ID] = true
		classes[s.Class]++
		if s.NotApplicable != "" {
			t.Errorf("%s does not apply to our own registry: %s", s.ID, s.NotApplicable)
		}
		if len(s.Steps) == 0 || len(s.Needs) == 0 || s.Title == "" {
			t.Errorf("%s has %d steps, needs %v, and the title %q", s.ID, len(s.Steps), s.Needs, s.Title)
		}
	}
	t.Logf("%d scenarios: %v", len(ids), classes)
}

func BenchmarkExpand(b *testing.B) {
	c := embeddedCorpus(b)
	for b.Loop() {
		if _, err := c.Expand(registry.Embedded()); err != nil {
			b.Fatal(err)
		}
	}
}
