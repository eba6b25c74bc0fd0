package draft

import (
	"context"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/molecule-ai/byok-conformance/fakes/proxy"
	"github.com/molecule-ai/byok-conformance/registry"
	"github.com/molecule-ai/byok-conformance/suite/process"
)

// behindProxy starts a command behind fake providers, as a run does.
func behindProxy(t *testing.T, env []string, args ...string) Config {
	t.Helper()
	reg := registry.Embedded()
	providers := NewProviders(reg)
	var hosts []string
	for _, p := range reg.Providers {
		for _, h := range p.Hosts() {
			if !slices.Contains(hosts, h) {
				hosts = append(hosts, h)
			}
		}
	}
	p, err := proxy.Start(proxy.Config{Providers: providers.Handler(), Hosts: hosts})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Close() })
	ca, err := p.WriteCA(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	token := random()
	server, err := process.Start(t.Context(), process.Config{Args: args, Env: append(append(p.Env(ca), "ADMIN_TOKEN="+token, "PYTHONUNBUFFERED=1"), env...), Dir: "../..", Output: nil})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Stop() })
	return Config{
		Server: server.URL(), Registry: reg, Providers: providers, Intercepted: true, Output: true,
		Env:  func(name string) (string, bool) { return token, name == tokenVariable },
		Note: func(s string) { t.Log(time.Now().Format("05.000"), s) },
	}
}

// inProcess is a handler as a server; make gets the transport of its probes.
func inProcess(t *testing.T, make func(http.RoundTripper) http.Handler) Config {
	t.Helper()
	reg := registry.Embedded()
	providers := NewProviders(reg)
	handler := make(providers.RoundTripper())
	return Config{
		Server: "http://server.test", Registry: reg, Providers: providers, Intercepted: true,
		Env:       func(name string) (string, bool) { return "draft-token", name == tokenVariable },
		Transport: serving{handler}, Settle: 300 * time.Millisecond,
		Note: func(s string) { t.Log(s) },
	}
}

var _ = context.Background
