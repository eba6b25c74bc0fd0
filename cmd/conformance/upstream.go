package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/molecule-ai/byok-conformance/fakes/proxy"
	"github.com/molecule-ai/byok-conformance/internal/scratch"
	"github.com/molecule-ai/byok-conformance/internal/spelled"
	"github.com/molecule-ai/byok-conformance/suite"
	"github.com/molecule-ai/byok-conformance/suite/target"
)

// schemeHeader carries the scheme of an intercepted request from the process
// that runs the proxy to the one that runs the corpus.
const schemeHeader = "X-Conformance-Scheme"

func newUpstreamCommand() *cobra.Command {
	var addr, control, registryFile, caDir, format string
	var noDecoys bool
	cmd := &cobra.Command{
		Use:   "upstream",
		Short: "Run the proxy alone, for a server that somebody else starts",
		Long: "upstream listens for a server under test and prints the environment that leads it here. It answers nothing by\n" +
			"itself: `conformance run --upstream CONTROL-ADDRESS` brings the fake providers. The certificate's key never\n" +
			"leaves the process.",
		Example: "  conformance upstream --addr 127.0.0.1:8899 --control 127.0.0.1:8898",
		Args:    noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			reg, err := loadRegistry(registryFile)
			if err != nil {
				return err
			}
			if caDir == "" {
				dir, remove, err := scratch.Dir("ca")
				if err != nil {
					return fmt.Errorf("making a folder for the certificate: %w", err)
				}
				defer remove()
				caDir = dir
			}
			if caDir, err = filepath.Abs(caDir); err != nil {
				return err
			}
			relay := newRelay()
			env := []string{}
			if !noDecoys {
				decoys := suite.NewProviders(reg)
				relay.decoys, env = decoys.DecoySeed(), decoys.DecoyEnv()
			}
			p, err := startProxy(relay, reg, addr, nil)
			if err != nil {
				return err
			}
			defer p.Close()
			relay.proxy = p
			ca, err := p.WriteCA(caDir)
			if err != nil {
				return fmt.Errorf("writing the certificate: %w", err)
			}
			l, err := net.Listen("tcp", control)
			if err != nil {
				return fmt.Errorf("listening for the run: %w; choose another address with --control", err)
			}
			server := &http.Server{Handler: relay.control(), ReadHeaderTimeout: 10 * time.Second}
			defer server.Close()
			go func() { _ = server.Serve(l) }() // ends with ErrServerClosed
			if err := printEnv(cmd.OutOrStdout(), format, append(p.Env(ca), env...), l.Addr().String()); err != nil {
				return err
			}
			attend()
			<-cmd.Context().Done()
			return nil
		},
	}
	cmd.Flags().StringVar(&addr, "addr", "127.0.0.1:0", "address of the proxy")
	cmd.Flags().StringVar(&control, "control", "127.0.0.1:0", "loopback address that run --upstream connects to")
	cmd.Flags().StringVar(&registryFile, "registry", "", "registry file whose hosts are intercepted (default built in)")
	cmd.Flags().StringVar(&caDir, "ca-dir", "", "folder for the certificate (default a temporary one)")
	cmd.Flags().BoolVar(&noDecoys, "no-decoys", false, "do not print an operator's credentials (PRE-8), for a server that needs its own")
	cmd.Flags().StringVar(&format, "format", "sh", "how to print the environment: sh, compose or github")
	complete(cmd, "format", func() []string { return []string{"sh", "compose", "github"} })
	return cmd
}

// printEnv prints the environment to set for the server, and how to run.
func printEnv(w io.Writer, format string, env []string, control string) error {
	var b strings.Builder
	switch format {
	case "sh":
		for _, e := range env {
			name, value, _ := strings.Cut(e, "=")
			fmt.Fprintf(&b, "export %s=%s\n", name, spelled.Shell(value))
		}
	case "compose":
		b.WriteString("environment:\n")
		for _, e := range env {
			name, value, _ := strings.Cut(e, "=")
			fmt.Fprintf(&b, "  %s: %q\n", name, value)
		}
	case "github":
		for _, e := range env {
			fmt.Fprintf(&b, "echo %s >> \"$GITHUB_ENV\"\n", spelled.Shell(e))
		}
	default:
		return fmt.Errorf("unknown format %q; it is sh, compose or github", format)
	}
	fmt.Fprintf(&b, "# then: conformance run --upstream %s --target URL\n", control)
	_, err := io.WriteString(w, b.String())
	return err
}

// A relay hands intercepted requests to the run that is attached.
type relay struct {
	proxy *proxy.Proxy
	// decoys is the seed of those that were printed; empty where none were.
	decoys string

	mu     sync.Mutex
	run    *url.URL
	faults map[string]func()
}

func newRelay() *relay { return &relay{faults: map[string]func(){}} }

// ServeHTTP passes a provider's request on to the run. What goes wrong there
// goes wrong for the client, too: the connection is reset.
func (r *relay) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	r.mu.Lock()
	run := r.run
	r.mu.Unlock()
	if run == nil {
		http.Error(w, "no run is attached to this proxy; start `conformance run --upstream`", http.StatusServiceUnavailable)
		return
	}
	scheme := req.URL.Scheme
	(&httputil.ReverseProxy{
		FlushInterval: -1,
		Rewrite: func(p *httputil.ProxyRequest) {
			p.Out.URL.Scheme, p.Out.URL.Host, p.Out.Host = run.Scheme, run.Host, req.Host
			p.Out.Header.Set(schemeHeader, scheme)
		},
		ErrorHandler: func(http.ResponseWriter, *http.Request, error) { panic(http.ErrAbortHandler) },
	}).ServeHTTP(w, req)
}

// A command of the control interface.
type relayCommand struct {
	// Run is the URL of the attached run's providers; empty detaches.
	Run string `json:"run"`
	// Host and Fault strike a host; an empty fault lifts it.
	Host  string `json:"host"`
	Fault string `json:"fault"`
}

func (r *relay) control() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /attach", func(w http.ResponseWriter, req *http.Request) {
		r.handle(w, req, func(c relayCommand) error { return r.attach(c.Run) })
	})
	mux.HandleFunc("POST /fault", func(w http.ResponseWriter, req *http.Request) {
		r.handle(w, req, func(c relayCommand) error { return r.strike(c.Host, c.Fault) })
	})
	mux.HandleFunc("GET /decoys", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, r.decoys) })
	return mux
}

func (r *relay) handle(w http.ResponseWriter, req *http.Request, do func(relayCommand) error) {
	var c relayCommand
	err := json.NewDecoder(http.MaxBytesReader(w, req.Body, 64<<10)).Decode(&c)
	if err == nil {
		err = do(c)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

func (r *relay) attach(run string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if run == "" {
		r.run = nil
		return nil
	}
	if r.run != nil && r.run.String() != run {
		return errors.New("another run is attached already; end it, or start another upstream")
	}
	u, err := url.Parse(run)
	if err != nil {
		return err
	}
	if host := net.ParseIP(u.Hostname()); host == nil || !host.IsLoopback() {
		return fmt.Errorf("%q is not on this machine", run)
	}
	r.run = u
	return nil
}

func (r *relay) strike(host, fault string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if lift := r.faults[host]; lift != nil {
		lift()
		delete(r.faults, host)
	}
	if fault == "" {
		return nil
	}
	f, err := proxy.ParseFault(fault)
	if err != nil {
		return err
	}
	r.faults[host] = r.proxy.SetFault(host, f)
	return nil
}

// attach serves this run's providers to a proxy that runs elsewhere.
func (t *opened) attach(ctx context.Context, control string) error {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("listening for the proxy: %w", err)
	}
	server := &http.Server{Handler: withScheme(t.handler), ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = server.Serve(l) }() // ends with ErrServerClosed
	t.stop = append(t.stop, func() { _ = server.Close() })
	if seed, err := decoySeed(ctx, control); err == nil && seed != "" {
		t.providers.DecoysFrom(seed)
	}
	send := func(ctx context.Context, path string, c relayCommand) error {
		return sendControl(ctx, control, path, c)
	}
	if err := send(ctx, "/attach", relayCommand{Run: "http://" + l.Addr().String()}); err != nil {
		return fmt.Errorf("attaching to the proxy at %s: %w; start it with conformance upstream, and give --upstream the address that it prints", control, err)
	}
	t.stop = append(t.stop, func() { _ = send(context.WithoutCancel(ctx), "/attach", relayCommand{}) })
	t.fault = func(host, answer string) func() {
		_ = send(ctx, "/fault", relayCommand{Host: host, Fault: answer})
		return func() { _ = send(context.WithoutCancel(ctx), "/fault", relayCommand{Host: host}) }
	}
	return nil
}

// decoySeed asks a proxy what the decoys are made from that it printed.
func decoySeed(ctx context.Context, control string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+control+"/decoys", nil)
	if err != nil {
		return "", err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	seed, err := io.ReadAll(io.LimitReader(resp.Body, 1<<10))
	if resp.StatusCode != http.StatusOK {
		return "", err // an older proxy has no decoys
	}
	return string(seed), err
}

func sendControl(ctx context.Context, control, path string, c relayCommand) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	body, err := json.Marshal(c)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+control+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode >= 300 {
		text, _ := io.ReadAll(io.LimitReader(resp.Body, 1<<10)) // what there is of it
		return fmt.Errorf("it answered %d: %s", resp.StatusCode, strings.TrimSpace(string(text)))
	}
	return nil
}

// withScheme gives a relayed request back its own scheme.
func withScheme(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if scheme := r.Header.Get(schemeHeader); scheme != "" {
			r.Header.Del(schemeHeader)
			r.URL.Scheme, r.URL.Host = scheme, r.Host
		}
		h.ServeHTTP(w, r)
	})
}

var _ target.Target = (*opened)(nil)
