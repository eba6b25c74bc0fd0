package proxy

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"sync"
	"time"
)

// schemeHeader carries the scheme of an intercepted request from the process
// that runs the proxy to the one that runs the corpus.
const schemeHeader = "X-Conformance-Scheme"

// A Relay hands intercepted requests to the run that is attached.
type Relay struct {
	proxy *Proxy
	// decoys is the seed of those that were printed; empty where none were.
	decoys string

	mu     sync.Mutex
	run    *url.URL
	faults map[string]func()
}

// NewRelay returns the Providers of a proxy that runs apart from the run. decoys is
// the seed of the decoys that were printed beside it; empty where none were.
func NewRelay(decoys string) *Relay { return &Relay{decoys: decoys, faults: map[string]func(){}} }

// Serve lets runs attach to the proxy on a listener, until that is closed.
func (r *Relay) Serve(p *Proxy, l net.Listener) error {
	r.proxy = p
	return (&http.Server{Handler: r.control(), ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 20 * time.Second, MaxHeaderBytes: 16 << 10}).Serve(l)
}

// ServeHTTP passes a provider's request on to the run. What goes wrong there
// goes wrong for the client, too: the connection is reset.
func (r *Relay) ServeHTTP(w http.ResponseWriter, req *http.Request) {
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

func (r *Relay) control() http.Handler {
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

func (r *Relay) handle(w http.ResponseWriter, req *http.Request, do func(relayCommand) error) {
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

func (r *Relay) attach(run string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if run == "" {
		r.run = nil
		return nil
	}
	if r.run != nil && r.run.String() != run && listens(r.run) {
		return errors.New("another run is attached already; end it, or start another upstream")
	}
	u, err := url.Parse(run)
	if err != nil {
		return err
	}
	if host := net.ParseIP(u.Hostname()); host == nil || !host.IsLoopback() {
		return fmt.Errorf("%q is not on this machine", run)
	}
	if r.run != nil && r.run.String() != run {
		for host, lift := range r.faults { // the one that is gone could not lift them
			lift()
			delete(r.faults, host)
		}
	}
	r.run = u
	return nil
}

// listens reports whether a run is still there: one that was killed could not detach.
func listens(run *url.URL) bool {
	conn, err := net.DialTimeout("tcp", run.Host, 2*time.Second)
	if err != nil {
		return false
	}
	_ = conn.Close()
	return true
}

// CheckControl says what is wrong with an address to listen on for runs: who can
// connect to it decides what the server under test is answered.
func CheckControl(address string) error {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return fmt.Errorf("%q is no address; write it like 127.0.0.1:8898", address)
	}
	if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return fmt.Errorf("%q is not on this machine alone; write it like 127.0.0.1:8898", address)
	}
	return nil
}

func (r *Relay) strike(host, fault string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if lift := r.faults[host]; lift != nil {
		lift()
		delete(r.faults, host)
	}
	if fault == "" {
		return nil
	}
	f, err := ParseFault(fault)
	if err != nil {
		return err
	}
	r.faults[host] = r.proxy.SetFault(host, f)
	return nil
}
