package proxy

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"
)

// An Attached run is served by a proxy that runs elsewhere.
type Attached struct {
	ctx     context.Context
	control string
	server  *http.Server
	// Decoys is the seed of those that the proxy printed; empty where it has none.
	Decoys string
}

// Attach serves a run's providers to the proxy whose Relay listens at the address
// control, until the run is closed.
func Attach(ctx context.Context, control string, providers http.Handler) (*Attached, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listening for the proxy: %w", err)
	}
	a := &Attached{ctx: context.WithoutCancel(ctx), control: control, server: &http.Server{Handler: withScheme(providers), ReadHeaderTimeout: 10 * time.Second}}
	go func() { _ = a.server.Serve(l) }() // ends with ErrServerClosed
	if a.Decoys, err = decoySeed(ctx, control); err != nil {
		a.Decoys = "" // what is wrong shows below
	}
	if err := sendControl(ctx, control, "/attach", relayCommand{Run: "http://" + l.Addr().String()}); err != nil {
		_ = a.server.Close()
		return nil, fmt.Errorf("attaching to the proxy at %s: %w; start it with conformance upstream, and give --upstream the address that it prints", control, err)
	}
	return a, nil
}

// Close detaches the run.
func (a *Attached) Close() {
	_ = sendControl(a.ctx, a.control, "/attach", relayCommand{})
	_ = a.server.Close()
}

// Strike puts a fault in force for a host, as Proxy.Strike does.
func (a *Attached) Strike(host, answer string) (lift func()) {
	_ = sendControl(a.ctx, a.control, "/fault", relayCommand{Host: host, Fault: answer})
	return func() { _ = sendControl(a.ctx, a.control, "/fault", relayCommand{Host: host}) }
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
