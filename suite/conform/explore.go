package conform

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/molecule-ai/byok-conformance/gate"
	"github.com/molecule-ai/byok-conformance/suite"
	"github.com/molecule-ai/byok-conformance/suite/explore"
	"github.com/molecule-ai/byok-conformance/suite/govalue"
	"github.com/molecule-ai/byok-conformance/suite/server"
)

// Exploring says how long a target is explored, and where what is found is kept.
type Exploring struct {
	// For is how long; zero means ten seconds.
	For time.Duration
	// Write is a folder for what is found, from the package's folder; empty keeps nothing.
	// Class is what its ids begin with; empty means explored.
	Write, Class string
}

// Explore tries requests that no scenario lists, at random, and fails with the few steps
// that go wrong, where some do (see suite/explore). That nothing is found says what was
// tried, and no more: Run says whether the target keeps the rules. A Gate is built anew for
// each walk, a Handler and a URL once. Classes, Rules, IDs, Waivers and Matrix select
// scenarios, and count for nothing here.
func Explore(t *testing.T, o Options, e Exploring) {
	t.Helper()
	if e.For == 0 {
		e.For = 10 * time.Second
	}
	if e.Class == "" {
		e.Class = "explored"
	}
	if err := o.check(); err != nil {
		t.Fatalf("preparing to explore: %v", err)
	}
	seed := o.seed()
	out, err := explore.Explore(t.Context(), explore.Options{
		Registry: o.Registry, Level: o.Level, Seed: seed, For: e.For,
		Open: func(ctx context.Context) (*explore.Session, error) { return o.explored(ctx, seed) },
	})
	if err != nil {
		t.Fatalf("exploring: %v", err)
	}
	for _, left := range out.Leftovers {
		t.Logf("left at the target: %s", left)
	}
	if out.Found != nil {
		t.Error("\n" + foundText(out.Found, e.Class))
		if e.Write != "" {
			keep(t, out.Found, e)
		}
	}
	n := out.Tried
	t.Logf("tried: %d walks, %d steps, %d creates, %d of %d pairs of values, seed %s", n.Walks, n.Steps, n.Creates, n.Pairs, n.PairsOf, seed)
	if n.Walks == out.Unjudged {
		t.Errorf("no walk could be judged: %s", out.Why)
	}
}

// explored opens the target for explore.
func (o *Options) explored(ctx context.Context, seed string) (*explore.Session, error) {
	t := &opened{providers: suite.NewProviders(o.Registry)}
	if err := t.build(o); err != nil {
		return nil, err
	}
	claims := o.Claims
	if claims == nil {
		claims = o.ownClaims(t.profile)
	}
	s := &explore.Session{Config: suite.Config{
		Providers: t.providers, Claims: claims, LivenessCache: o.LivenessCache, Budget: o.Budget, Timeout: o.Timeout, Parallel: o.Parallel, RunID: runID(seed), Output: o.Output,
	}}
	if t.gate != nil {
		providers := t.providers.RoundTripper()
		s.Config.Target = t.gate
		s.Again = func() error {
			s.Config.Target = govalue.New(func(http.RoundTripper) gate.Gate { return o.Gate(providers) }, providers)
			return nil
		}
		return s, nil
	}
	options, base := server.Options{Kind: "url", Env: o.env}, t.base
	if t.handler != nil {
		inside := serve(t.handler)
		s.Close = inside.close
		options.Kind, options.Transport, base = "handler", inside.transport, "http://server.test"
	}
	srv, err := server.New(t.profile, base, options)
	if err != nil {
		return nil, err
	}
	s.Config.Target = srv
	for _, p := range srv.Prepare(ctx, false) {
		if err := p.Err(); err != nil {
			return nil, err
		}
	}
	return s, nil
}

func foundText(f *explore.Found, class string) string {
	v := f.Violation()
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n%s\n  want %s\n  got  %s\n", v.Kind.Title(), v.Rule, v.Want, v.Got)
	for i, text := range explore.Steps(f.Scenario) {
		fmt.Fprintf(&b, "%d. %s\n", i+1, text)
	}
	return b.String() + "\n" + string(f.YAML(class))
}

// keep writes what was found.
func keep(t *testing.T, f *explore.Found, e Exploring) {
	t.Helper()
	_, id, _ := strings.Cut(f.ID(e.Class), "/")
	path := filepath.Join(e.Write, id+".yaml")
	err := os.MkdirAll(e.Write, 0o755)
	if err == nil {
		err = os.WriteFile(path, f.YAML(e.Class), 0o644)
	}
	if err != nil {
		t.Errorf("keeping what was found: %v", err)
		return
	}
	t.Logf("kept in %s; replay it with: conformance run --corpus %s", path, e.Write)
}
