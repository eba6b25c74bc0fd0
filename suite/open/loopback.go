package open

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/molecule-ai/byok-conformance/fakes/upstream"
	"github.com/molecule-ai/byok-conformance/internal/scratch"
	"github.com/molecule-ai/byok-conformance/internal/textfile"
	"github.com/molecule-ai/byok-conformance/registry"
)

// RegistryPlaceholder in the arguments of COMMAND becomes the path of a registry
// file whose base URLs all lead to us.
const RegistryPlaceholder = "{registry}"

// standIn listens where base URLs of the registry point at this machine: no
// proxy is asked for those, so the fakes have to be there themselves. Providers
// that no runtime leads to have nothing to answer, and their ports are left alone.
func (t *Opened) standIn(reg *registry.Registry) error {
	addresses, err := loopbackAddresses(reg)
	if err != nil {
		return err
	}
	for _, a := range addresses {
		for i, ip := range a.ips {
			l, err := net.Listen("tcp", net.JoinHostPort(ip, a.port))
			if i > 0 && errors.Is(err, syscall.EADDRNOTAVAIL) {
				continue // localhost is 127.0.0.1 alone where there is no IPv6
			}
			if err != nil {
				return fmt.Errorf("provider %s of the registry is at %s, where its fake has to listen: %w; stop what listens there, or give the provider another port", a.provider, a.host, err)
			}
			t.serveProviders(l)
		}
	}
	if len(addresses) > 0 && t.Fault != nil {
		strike := t.Fault
		t.Fault = func(host, answer string) func() {
			if slices.ContainsFunc(addresses, func(a loopbackAddress) bool { return a.host == host }) {
				return func() {} // the fake does it itself, to the credential's own call
			}
			return strike(host, answer)
		}
	}
	return nil
}

// serveProviders answers as the fake providers on a listener, until the target
// is closed.
func (t *Opened) serveProviders(l net.Listener) {
	// A value of 1 MiB has to get through in a header to be seen (ROB-2).
	server := &http.Server{Handler: t.handler, ReadHeaderTimeout: 10 * time.Second, MaxHeaderBytes: 1<<20 + 16<<10}
	// On a kept connection a client repeats a request that was cut off by itself,
	// which would be counted as the gate's.
	server.SetKeepAlivesEnabled(false)
	go func() { _ = server.Serve(l) }() // ends with ErrServerClosed
	t.stop = append(t.stop, func() { _ = server.Close() })
}

// A loopbackAddress is where the base URL of a provider points at this machine.
type loopbackAddress struct {
	// host is as the registry has it; ips and port are what to listen on.
	host, port, provider string
	ips                  []string
}

func loopbackAddresses(reg *registry.Registry) ([]loopbackAddress, error) {
	var out []loopbackAddress
	taken := map[string]bool{}
	for _, p := range reg.BYOK() {
		for _, host := range p.Hosts() {
			u := &url.URL{Host: host}
			ips := loopbackIPs(u.Hostname())
			if ips == nil {
				continue
			}
			if !slices.ContainsFunc([]string{p.BaseURLTemplate, p.BaseURLAnthropic}, func(base string) bool {
				return strings.HasPrefix(strings.ToLower(base), "http://")
			}) {
				return nil, fmt.Errorf("provider %s of the registry is at https://%s, on this machine, where no certificate of ours would be trusted; write http://%s", p.Name, host, host)
			}
			port := u.Port()
			if port == "" {
				port = "80"
			}
			a := loopbackAddress{host: host, port: port, provider: p.Name}
			for _, ip := range ips {
				if address := net.JoinHostPort(ip, port); !taken[address] {
					taken[address] = true
					a.ips = append(a.ips, ip)
				}
			}
			out = append(out, a)
		}
	}
	return out, nil
}

// loopbackIPs are the addresses of a host that is this machine; nil for others.
func loopbackIPs(host string) []string {
	if host == "localhost" {
		return []string{"127.0.0.1", "::1"}
	}
	if ip := net.ParseIP(host); ip != nil && ip.IsLoopback() {
		return []string{host}
	}
	return nil
}

// rewriteRegistry fills {registry} in the arguments of COMMAND with a registry
// file that leads every base URL to fakes of this run on loopback.
func (t *Opened) rewriteRegistry(args []string, file string) ([]string, error) {
	if !slices.ContainsFunc(args, func(a string) bool { return strings.Contains(a, RegistryPlaceholder) }) {
		return args, nil
	}
	data, name := registry.EmbeddedFile(), "providers.yaml"
	if file != "" {
		var err error
		if data, err = textfile.Read(file); err != nil {
			return nil, fmt.Errorf("reading the registry, to point it at us: %w", err)
		}
		name = filepath.Base(file)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listening for the providers: %w", err)
	}
	t.serveProviders(l)
	if data, err = upstream.RewriteRegistry(data, "http://"+l.Addr().String()); err != nil {
		return nil, err
	}
	dir, remove, err := scratch.Dir("registry")
	if err != nil {
		return nil, fmt.Errorf("making a folder for the registry: %w", err)
	}
	t.stop = append(t.stop, remove)
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		return nil, fmt.Errorf("writing the registry that leads to us: %w", err)
	}
	// Whole hosts need not be struck: the fakes answer by credential.
	t.Fault = nil
	out := make([]string, len(args))
	for i, a := range args {
		out[i] = strings.ReplaceAll(a, RegistryPlaceholder, path)
	}
	return out, nil
}
