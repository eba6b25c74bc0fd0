package explore

import (
	"fmt"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/molecule-ai/byok-conformance/registry"
	"github.com/molecule-ai/byok-conformance/scenarios"
	"github.com/molecule-ai/byok-conformance/suite"
	"github.com/molecule-ai/byok-conformance/suite/judge"
)

// What is written is read as the walk that was replayed, whatever is in it.
func TestWrittenWalksAreRead(t *testing.T) {
	s := (&space{
		registry: registry.Embedded(), level: scenarios.Extended, requests: true, looks: true, connections: true, unlisted: true, claimed: scenarios.Claims,
	}).prepare()
	gen, maker := walks(s), newMaker(s)
	corpus, err := scenarios.Embedded()
	if err != nil {
		t.Fatal(err)
	}
	for n := range 300 {
		w := gen.Example(int(seedAt(7, n)))
		made := maker.scenario(w, idOf(n))
		if made == nil {
			continue
		}
		f := Found{Scenario: made, Result: suite.Result{Scenario: made, Violations: []judge.Violation{{Kind: judge.WronglyAllowed, Rule: made.Rules[0]}}}}
		text := f.YAML("acme")
		own, err := corpus.With(fstest.MapFS{"a.yaml": {Data: text}}, "own")
		if err != nil {
			t.Fatalf("walk %d: %v\n%s", n, err, text)
		}
		selected, err := own.Select(s.registry, &scenarios.Selection{Level: scenarios.Extended, IDs: []string{f.ID("acme")}})
		if err != nil {
			t.Fatalf("walk %d: %v\n%s", n, err, text)
		}
		for _, read := range selected.Scenarios {
			if selected.Companions[read.ID] {
				continue
			}
			for i := range read.Steps {
				want, got := made.Steps[i], read.Steps[i]
				got.Name = ""
				if diff := cmp.Diff(fmt.Sprintf("%+v", want), fmt.Sprintf("%+v", got)); diff != "" {
					t.Fatalf("walk %d, step %d (-made +read):\n%s\n%s", n, i, diff, text)
				}
			}
		}
	}
}
