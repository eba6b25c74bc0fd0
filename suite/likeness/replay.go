package likeness

import (
	"context"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/molecule-ai/byok-conformance/fakes/gates"
	"github.com/molecule-ai/byok-conformance/gate"
	"github.com/molecule-ai/byok-conformance/gate/server"
	"github.com/molecule-ai/byok-conformance/registry"
	"github.com/molecule-ai/byok-conformance/scenarios"
	"github.com/molecule-ai/byok-conformance/suite"
	"github.com/molecule-ai/byok-conformance/suite/findings"
	"github.com/molecule-ai/byok-conformance/suite/govalue"
	profiled "github.com/molecule-ai/byok-conformance/suite/server"
	"github.com/molecule-ai/byok-conformance/suite/target"
)

// budget is the bound of the gates' probes; nothing that is replayed here waits for it.
const budget = time.Second

// An opener makes a target of a double; stop ends it.
type opener func(d *gates.Double, reg *registry.Registry, p *suite.Providers, out *suite.Output) (t target.Target, stop func(), err error)

func openGate(d *gates.Double, reg *registry.Registry, p *suite.Providers, _ *suite.Output) (target.Target, func(), error) {
	o := gate.Options{Transport: p.RoundTripper(), Budget: budget, Env: p.Decoy}
	return govalue.New(func(http.RoundTripper) gate.Gate { return d.Build(reg, o) }, o.Transport), func() {}, nil
}

func openServer(d *gates.Double, reg *registry.Registry, p *suite.Providers, out *suite.Output) (target.Target, func(), error) {
	const token = "likeness"
	cfg := server.Config{Gate: d.Build(reg, gate.Options{Transport: p.RoundTripper(), Budget: budget, Env: p.Decoy}), AdminToken: token, Log: io.Writer(out)}
	if d.Server != nil {
		d.Server(&cfg)
	}
	s, err := server.New(cfg)
	if err != nil {
		return nil, nil, err
	}
	var handler http.Handler = s
	if d.Wrap != nil {
		handler = d.Wrap(handler)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		s.Close()
		return nil, nil, err
	}
	h := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = h.Serve(l) }() // ends with ErrServerClosed
	stop := func() {
		_ = h.Close()
		s.Close()
	}
	profile, err := profiled.LoadProfile("workspace-server")
	if err == nil {
		var t *profiled.Target
		if t, err = profiled.New(profile, "http://"+l.Addr().String(), profiled.Options{Kind: d.Name, Env: func(string) (string, bool) { return token, true }}); err == nil {
			return t, func() { t.CloseIdle(); stop() }, nil
		}
	}
	stop()
	return nil, nil, err
}

// agreement is in how many scenarios of the sample a double ends as the target did.
// One that cannot be replayed agrees in none.
func (q *Question) agreement(ctx context.Context, f *findings.Finding, sample []probe, d *gates.Double, open opener) agreement {
	p, out := suite.NewProviders(q.Registry), suite.NewOutput()
	t, stop, err := open(d, q.Registry, p, out)
	if err != nil {
		return agreement{}
	}
	defer stop()
	cfg := suite.Config{
		Registry: q.Registry, Target: t, Providers: p, Claims: q.claimed(t), Level: q.Level, Budget: budget, Parallel: 8, Seed: "likeness " + d.Name, RunID: "likeness",
	}
	if t.Traits().HTTP {
		cfg.Output = out
	}
	fails := map[string]bool{}
	for _, s := range sample {
		cfg.Scenarios, fails[s.ID] = append(cfg.Scenarios, s.Scenario), s.fails
	}
	var agreed agreement
	cfg.Handle = func(e suite.Event) {
		end, ok := e.(suite.Finished)
		if !ok || failsAs(f, end.Result.Violations) != fails[end.Result.Scenario.ID] {
			return
		}
		if agreed.all++; fails[end.Result.Scenario.ID] {
			agreed.failing++
		}
	}
	if _, err := suite.Run(ctx, cfg); err != nil {
		return agreement{}
	}
	return agreed
}

// ofGates are the areas that can be seen at a Go value.
var ofGates = append((&govalue.Target{}).Traits().Claims, "provision-liveness")

// claimed are the target's claims, as far as they can be seen at a double.
func (q *Question) claimed(at target.Target) []string {
	if at.Traits().HTTP {
		return q.Claims
	}
	return slices.DeleteFunc(slices.Clone(q.Claims), func(area string) bool { return !slices.Contains(ofGates, area) })
}

// needsHTTP reports whether some scenario of a sample cannot be replayed at a Go value.
func needsHTTP(reg *registry.Registry, sample []probe) bool {
	for _, s := range sample {
		if suite.Unclaimed(s.Scenario, reg, ofGates, target.Traits{}) != "" {
			return true
		}
	}
	return false
}

// entryOf is the entry of the corpus that a scenario comes from.
func entryOf(s *scenarios.Scenario) string {
	parts := strings.SplitN(s.ID, "/", 3)
	return strings.Join(parts[:min(2, len(parts))], "/")
}
