package open_test

import (
	"context"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/molecule-ai/byok-conformance/gate"
	"github.com/molecule-ai/byok-conformance/registry"
	"github.com/molecule-ai/byok-conformance/scenarios"
	"github.com/molecule-ai/byok-conformance/suite"
	"github.com/molecule-ai/byok-conformance/suite/open"
)

// TestMain is also the command that the tests start: a reference server.
func TestMain(m *testing.M) {
	if os.Getenv("OPEN_TEST_SERVES") == "" {
		os.Exit(m.Run())
	}
	d, err := open.FindDouble("reference")
	if err != nil {
		panic(err)
	}
	s, err := open.Serve(d, registry.Embedded(), gate.Options{Budget: time.Second}, os.Stderr, "127.0.0.1:"+os.Getenv("PORT"), os.Getenv("ADMIN_TOKEN"))
	if err != nil {
		panic(err)
	}
	defer s.Close()
	select {}
}

func TestTargetsAreOpenedAndClosed(t *testing.T) {
	t.Setenv("OPEN_TEST_SERVES", "1")
	for name, test := range map[string]struct {
		options open.Options
		foreign bool
	}{
		"the reference": {open.Options{}, false},
		"a double":      {open.Options{Target: "faulty:any-known-credential"}, false},
		"a command":     {open.Options{Command: []string{os.Args[0]}}, true},
	} {
		t.Run(name, func(t *testing.T) {
			test.options.Profile = "workspace-server"
			o, err := open.Target(t.Context(), registry.Embedded(), test.options)
			if err != nil {
				t.Fatal(err)
			}
			defer o.Close()
			if o.Foreign != test.foreign || len(o.Claims) == 0 || o.Budget == 0 {
				t.Errorf("foreign %v, claims %q, budget %s", o.Foreign, o.Claims, o.Budget)
			}
			if err := replayed(t, o); err != nil {
				t.Error(err)
			}
			if err := o.Died(); err != nil {
				t.Errorf("it died: %v", err)
			}
		})
	}
}

// replayed replays one scenario at an open target.
func replayed(t *testing.T, o *open.Opened) error {
	corpus, err := scenarios.Embedded()
	if err != nil {
		return err
	}
	sel, err := corpus.Select(registry.Embedded(), &scenarios.Selection{Level: scenarios.Core, IDs: []string{"mismatched/report"}})
	if err != nil {
		return err
	}
	cfg := suite.Config{Scenarios: sel.Scenarios, Companions: sel.Companions, Registry: registry.Embedded(), Seed: "seed", RunID: "test", Handle: func(suite.Event) {}}
	o.Fill(&cfg)
	summary, err := suite.Run(t.Context(), cfg)
	if err == nil && summary.Ended() == 0 {
		t.Error("nothing was replayed")
	}
	return err
}

func TestWhatCannotBeOpenedSaysWhy(t *testing.T) {
	t.Setenv("ADMIN_TOKEN", "token")
	for name, test := range map[string]struct {
		options open.Options
		want    string
	}{
		"no such double":             {open.Options{Target: "faulty:any-knwon-credential"}, "any-known-credential"},
		"no such profile":            {open.Options{Command: []string{"true"}, Profile: "nope"}, `"nope"`},
		"no such command":            {open.Options{Command: []string{"/no/such/server"}}, "/no/such/server"},
		"a command that ends":        {open.Options{Command: []string{"false", "{port}"}}, "exit status 1"},
		"a URL where nobody listens": {open.Options{Target: "http://127.0.0.1:1"}, "127.0.0.1:1"},
	} {
		t.Run(name, func(t *testing.T) {
			if test.options.Profile == "" {
				test.options.Profile = "workspace-server"
			}
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			o, err := open.Target(ctx, registry.Embedded(), test.options)
			if err == nil {
				o.Close()
			}
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error is %v, want %s in it", err, test.want)
			}
		})
	}
}
