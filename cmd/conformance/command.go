package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"slices"

	"github.com/molecule-ai/byok-conformance/fakes/proxy"
	"github.com/molecule-ai/byok-conformance/fakes/upstream"
	"github.com/molecule-ai/byok-conformance/gate"
	"github.com/molecule-ai/byok-conformance/internal/scratch"
	"github.com/molecule-ai/byok-conformance/registry"
	"github.com/molecule-ai/byok-conformance/suite"
	"github.com/molecule-ai/byok-conformance/suite/process"
	"github.com/molecule-ai/byok-conformance/suite/server"
)

// openCommand starts the command under test behind the intercepting proxy, so
// that it can reach no real provider, and waits until it is up.
func (t *opened) openCommand(ctx context.Context, profile *server.Profile, reg *registry.Registry, f *runFlags) error {
	t.foreign(profile, f, nil)
	t.output = suite.NewOutput()
	env, err := t.intercept(reg)
	if err != nil {
		return err
	}
	if err := t.standIn(reg); err != nil {
		return err
	}
	args, err := t.rewriteRegistry(f.command, f.registry)
	if err != nil {
		return err
	}
	if !f.noDecoys {
		env = append(env, t.providers.DecoyEnv()...)
	}
	token := randomHex() + randomHex()
	lookup := func(name string) (string, bool) {
		if name == "ADMIN_TOKEN" {
			return token, true
		}
		return os.LookupEnv(name)
	}
	health, err := profile.Health(lookup)
	if err != nil {
		return err
	}
	p, err := process.Start(ctx, process.Config{
		Args: args, Env: append(env, "ADMIN_TOKEN="+token), Output: t.output, Ready: health, Within: profile.Within(),
	})
	if err != nil {
		return err
	}
	stopped := scratch.Until(p.Kill)
	t.stop = append(t.stop, func() {
		defer stopped()
		if err := p.Stop(); err != nil {
			fmt.Fprintf(os.Stderr, "conformance: %v\n", err)
		}
	})
	t.process = p
	server, err := server.New(profile, p.URL(), server.Options{Kind: "command", Env: lookup, Died: p.Brief, Timeout: f.timeout})
	if err != nil {
		return err
	}
	t.Target = server
	return t.prepare(ctx, server, f)
}

// foreign sets what holds for servers that are not ours: the rules' own budget,
// and the profile's claims without those that cannot be seen here.
func (t *opened) foreign(profile *server.Profile, f *runFlags, hidden []string) {
	if t.budget == 0 {
		t.budget = gate.DefaultBudget
	}
	t.isForeign = true
	if t.claims == nil {
		t.claims = slices.DeleteFunc(slices.Clone(profile.Claims), func(c string) bool { return slices.Contains(hidden, c) })
	}
}

// intercept starts the proxy in front of the fake providers, and returns the
// environment that leads a process there.
func (t *opened) intercept(reg *registry.Registry) ([]string, error) {
	dir, remove, err := scratch.Dir("ca")
	if err != nil {
		return nil, fmt.Errorf("making a folder for the certificate: %w", err)
	}
	t.stop = append(t.stop, remove)
	p, err := startProxy(t.handler, reg, "", func(line string) { t.cameToNothing.Store(&line) })
	if err != nil {
		return nil, err
	}
	t.stop = append(t.stop, func() { _ = p.Close() })
	t.fault = faultsOf(p)
	ca, err := p.WriteCA(dir)
	if err != nil {
		return nil, fmt.Errorf("writing the proxy's certificate: %w", err)
	}
	// Python keeps what it prints into a pipe for long, and LIV-11 looks for a line
	// soon after the reply.
	return append(p.Env(ca), "PYTHONUNBUFFERED=1"), nil
}

// startProxy starts the proxy in front of a registry's hosts; log gets its lines
// about connections that came to nothing, and may be nil.
func startProxy(providers http.Handler, reg *registry.Registry, addr string, log func(string)) (*proxy.Proxy, error) {
	var hosts []string
	for _, p := range reg.Providers {
		for _, h := range upstream.Hosts(p) {
			if !slices.Contains(hosts, h) {
				hosts = append(hosts, h)
			}
		}
	}
	if len(hosts) == 0 {
		return nil, errors.New("the registry has no provider with a base URL, so there is nothing to stand in for")
	}
	return proxy.Start(proxy.Config{Providers: providers, Hosts: hosts, Addr: addr, Log: log})
}

// faultsOf lets the engine strike hosts of a proxy.
func faultsOf(p *proxy.Proxy) func(host, answer string) func() {
	return func(host, answer string) func() {
		fault, err := proxy.ParseFault(answer)
		if err != nil {
			return func() {}
		}
		return p.SetFault(host, fault)
	}
}
