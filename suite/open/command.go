package open

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"slices"
	"time"

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
func (t *Opened) openCommand(ctx context.Context, profile *server.Profile, reg *registry.Registry, o Options) error {
	t.foreign(profile, nil)
	t.Output = suite.NewOutput()
	lookup := environment()
	health, err := profile.Health(lookup)
	if err != nil {
		return err
	}
	cfg := process.Config{Output: t.Output, Ready: health, Within: profile.Within()}
	if !o.NoDecoys {
		cfg.Env = t.Providers.DecoyEnv()
	}
	if err := t.start(ctx, reg, o, lookup, cfg); err != nil {
		return err
	}
	t.stop = append(t.stop, func() {
		if err := t.command.stop(); err != nil {
			fmt.Fprintf(os.Stderr, "conformance: %v\n", err)
		}
	})
	srv, err := server.New(profile, t.command.process().URL(), server.Options{
		Kind: "command", Env: lookup, Died: func() error { return t.command.process().Brief(untilReaped) }, Timeout: o.Timeout, Resetting: resetting,
	})
	if err != nil {
		return err
	}
	t.Target = srv
	t.restart = func(ctx context.Context) error { return t.command.restart(ctx, srv) }
	return t.prepare(ctx, srv, o)
}

// untilReaped is how long a command whose connection broke may take to be known
// as ended; the operating system needs some milliseconds.
const untilReaped = 100 * time.Millisecond

// environment looks up what a profile asks of the environment. The command gets a
// token of its own, whatever ours is.
func environment() func(string) (string, bool) {
	token := newToken()
	return func(name string) (string, bool) {
		if name == "ADMIN_TOKEN" {
			return token, true
		}
		return os.LookupEnv(name)
	}
}

// start starts the command behind the fake providers; who calls it stops it.
func (t *Opened) start(ctx context.Context, reg *registry.Registry, o Options, lookup func(string) (string, bool), cfg process.Config) error {
	env, err := t.intercept(reg)
	if err != nil {
		return err
	}
	if err := t.standIn(reg); err != nil {
		return err
	}
	if cfg.Args, err = t.rewriteRegistry(o.Command, o.Registry); err != nil {
		return err
	}
	token, _ := lookup("ADMIN_TOKEN")
	cfg.Instance = t.instance
	cfg.Env = slices.Concat(env, cfg.Env, []string{"ADMIN_TOKEN=" + token})
	t.command, err = startCommand(ctx, cfg)
	return err
}

// foreign sets what holds for servers that are not ours: the rules' own budget,
// and the profile's claims without those that cannot be seen here.
func (t *Opened) foreign(profile *server.Profile, hidden []string) {
	if t.Budget == 0 {
		t.Budget = gate.DefaultBudget
	}
	t.Foreign = true
	if t.Claims == nil {
		t.Claims = slices.DeleteFunc(slices.Clone(profile.Claims), func(c string) bool { return slices.Contains(hidden, c) })
	}
}

// intercept starts the proxy in front of the fake providers, and returns the
// environment that leads a process there.
func (t *Opened) intercept(reg *registry.Registry) ([]string, error) {
	dir, remove, err := scratch.Dir("ca")
	if err != nil {
		return nil, fmt.Errorf("making a folder for the certificate: %w", err)
	}
	t.stop = append(t.stop, remove)
	p, err := Proxy(t.handler, reg, "", func(line string) { t.cameToNothing.Store(&line) })
	if err != nil {
		return nil, err
	}
	t.stop = append(t.stop, func() { _ = p.Close() })
	t.Fault = p.Strike
	ca, err := p.WriteCA(dir)
	if err != nil {
		return nil, fmt.Errorf("writing the proxy's certificate: %w", err)
	}
	// Python keeps what it prints into a pipe for long, and LIV-11 looks for a line
	// soon after the reply.
	return append(p.Env(ca), "PYTHONUNBUFFERED=1"), nil
}

// Proxy starts the proxy in front of a registry's hosts; log gets its lines about
// connections that came to nothing, and may be nil. An empty addr is any port.
func Proxy(providers http.Handler, reg *registry.Registry, addr string, log func(string)) (*proxy.Proxy, error) {
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
