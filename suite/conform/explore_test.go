package conform

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/molecule-ai/byok-conformance/suite/explore"
)

// A gate and a server that keep the rules pass.
func TestExploreLawful(t *testing.T) {
	t.Run("gate", func(t *testing.T) {
		Explore(t, Options{Gate: reference, Registry: underTest(), Budget: budget, Seed: "1"}, Exploring{For: time.Second})
	})
	t.Run("handler", func(t *testing.T) {
		Explore(t, Options{Handler: serverOf("reference", nil), Env: testEnv, Registry: underTest(), Budget: budget, Seed: "1"}, Exploring{For: time.Second})
	})
}

// A gate that does not is found out, by what the door opens.
func TestExploreFindsAFault(t *testing.T) {
	o := Options{Gate: gateOf("any-known-credential"), Registry: underTest(), Budget: budget}
	if err := o.check(); err != nil {
		t.Fatal(err)
	}
	out, err := explore.Explore(t.Context(), explore.Options{
		Registry: o.Registry, Level: o.Level, Seed: "1", Walks: 500,
		Open: func(ctx context.Context) (*explore.Session, error) { return o.explored(ctx, "1") },
	})
	if err != nil {
		t.Fatal(err)
	}
	if out.Found == nil {
		t.Fatal("500 walks do not find that any known credential counts")
	}
	if text := foundText(out.Found, "acme"); !strings.Contains(text, "id: acme/wrongly-allowed-") {
		t.Errorf("%s\nwant the scenario, with an id of acme", text)
	}
}
