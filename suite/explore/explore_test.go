package explore

import (
	"context"
	"flag"
	"net/http"
	"testing"
	"time"

	"github.com/molecule-ai/byok-conformance/fakes/gates"
	"github.com/molecule-ai/byok-conformance/gate"
	"github.com/molecule-ai/byok-conformance/registry"
	"github.com/molecule-ai/byok-conformance/scenarios"
	"github.com/molecule-ai/byok-conformance/suite"
	"github.com/molecule-ai/byok-conformance/suite/govalue"
)

var each = flag.Int("each", 40, "how many walks each correct variant has to pass")

// budget is the probe's bound for gates of ours.
const budget = time.Second

// inProcess opens a double as a Go value.
func inProcess(d *gates.Double, reg *registry.Registry) func(context.Context) (*Session, error) {
	return func(context.Context) (*Session, error) {
		p := suite.NewProviders(reg)
		o := gate.Options{Transport: p.RoundTripper(), Budget: budget, Env: p.Decoy}
		cfg := suite.Config{Providers: p, Budget: budget, LivenessCache: d.LivenessCache, Parallel: 1}
		cfg.Claims = append((&govalue.Target{}).Traits().Claims, "provision-liveness")
		s := &Session{Config: cfg}
		s.Again = func() error {
			s.Config.Target = govalue.New(func(http.RoundTripper) gate.Gate { return d.Build(reg, o) }, o.Transport)
			return nil
		}
		return s, s.Again()
	}
}

func explored(t testing.TB, d *gates.Double, o Options) *Outcome {
	t.Helper()
	o.Registry = registry.Embedded()
	if len(d.Precedence) > 0 {
		var err error
		if o.Registry, err = o.Registry.WithPrecedence(d.Precedence); err != nil {
			t.Fatal(err)
		}
	}
	o.Open = inProcess(d, o.Registry)
	out, err := Explore(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// The reference keeps all rules, wherever a walk leads.
func TestReferenceKeepsAllRules(t *testing.T) {
	for _, level := range []scenarios.Level{scenarios.Core, scenarios.Extended} {
		keepsAllRules(t, &gates.Double{Name: "reference"}, level, 500)
	}
}

func keepsAllRules(t *testing.T, d *gates.Double, level scenarios.Level, walks int) {
	t.Helper()
	out := explored(t, d, Options{Walks: walks, Seed: "1", Level: level})
	if out.Unjudged > 0 {
		t.Errorf("%s: %d walks could not be judged: %s", d.Name, out.Unjudged, out.Why)
	}
	if f := out.Found; f != nil {
		t.Errorf("%s: %+v\n%s", d.Name, f.Result.Violations, f.YAML("explored"))
	}
}

// No correct variant is found fault with, wherever a walk leads.
func TestCorrectVariantsKeepAllRules(t *testing.T) {
	for _, d := range gates.Correct() {
		if d.HTTPOnly() {
			continue
		}
		level := scenarios.Extended
		if d.CoreOnly {
			level = scenarios.Core
		}
		keepsAllRules(t, &d, level, *each)
	}
}
