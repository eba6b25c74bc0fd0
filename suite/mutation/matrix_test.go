//go:build mutation

//lint:file-ignore ST1019 scripts/mutation leads the imports named tried… to a copy.

package mutation

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/molecule-ai/byok-conformance/registry"
	"github.com/molecule-ai/byok-conformance/scenarios"

	triedregistry "github.com/molecule-ai/byok-conformance/registry"
	triedscenarios "github.com/molecule-ai/byok-conformance/scenarios"
)

// The copy's routes make the corpus that ours make: no cell is lost, asks for
// something else or wants another verdict. The gate asks for no route, so a
// replay at it cannot tell.
func TestMatrix(t *testing.T) {
	alike := 0
	for _, name := range slices.Sorted(maps.Keys(files())) {
		alike += compare(t, name, files()[name])
	}
	note(t, fmt.Sprintf("lived\t-\t-\t%d scenarios alike", alike))
}

func compare(t *testing.T, name string, file []byte) int {
	want, got := ours(t, name, file), copied(t, name, file)
	if len(got) != len(want) {
		killed(t, "-", "matrix", fmt.Sprintf("%d scenarios with %s, want %d", len(got), name, len(want)))
	}
	for i := range want {
		if w, g := text(t, want[i]), text(t, got[i]); w != g {
			killed(t, want[i].ID, "matrix", "became "+got[i].ID)
		}
	}
	return len(want)
}

func ours(t *testing.T, name string, file []byte) []*scenarios.Scenario {
	reg, err := registry.Load(name, file)
	if err != nil {
		t.Fatal(err)
	}
	corpus, err := scenarios.Embedded()
	if err != nil {
		t.Fatal(err)
	}
	list, err := corpus.Expand(reg)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func copied(t *testing.T, name string, file []byte) []*triedscenarios.Scenario {
	defer func() {
		if p := recover(); p != nil {
			killed(t, "-", "panic", fmt.Sprint(p))
		}
	}()
	reg, err := triedregistry.Load(name, file)
	if err != nil {
		killed(t, "-", "load", err.Error())
	}
	corpus, err := triedscenarios.Embedded()
	if err != nil {
		t.Fatal(err)
	}
	list, err := corpus.Expand(reg)
	if err != nil {
		killed(t, "-", "matrix", err.Error())
	}
	return list
}

func text(t *testing.T, v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
