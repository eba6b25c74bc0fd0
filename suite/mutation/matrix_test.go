//go:build mutation

package mutation

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/molecule-ai/byok-conformance/registry"
	"github.com/molecule-ai/byok-conformance/scenarios"

	// As in tried_test.go.
	triedregistry "github.com/molecule-ai/byok-conformance/registry"
	triedscenarios "github.com/molecule-ai/byok-conformance/scenarios"
)

// The copy's routes make the corpus that ours make: no cell is lost, asks for
// something else or wants another verdict. The gate asks for no route, so a
// replay at it cannot tell.
func TestMatrix(t *testing.T) {
	ours, err := scenarios.Embedded()
	if err != nil {
		t.Fatal(err)
	}
	want, err := ours.Expand(registry.Embedded())
	if err != nil {
		t.Fatal(err)
	}
	copied, err := triedscenarios.Embedded()
	if err != nil {
		t.Fatal(err)
	}
	got, err := copied.Expand(triedregistry.Embedded())
	if err != nil {
		killed(t, "-", "matrix", err.Error())
	}
	if len(got) != len(want) {
		killed(t, "-", "matrix", fmt.Sprintf("%d scenarios, want %d", len(got), len(want)))
	}
	for i := range want {
		if w, g := text(t, want[i]), text(t, got[i]); w != g {
			killed(t, want[i].ID, "matrix", fmt.Sprintf("became %s", got[i].ID))
		}
	}
	note(t, fmt.Sprintf("lived\t-\t-\t%d scenarios alike", len(got)))
}

func text(t *testing.T, v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
