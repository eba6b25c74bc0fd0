package proxy

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"
)

const anthropic = "api.anthropic.com"

// echo answers with what it was asked, and refuses hosts as fakes/upstream does.
func echo(w http.ResponseWriter, r *http.Request) {
	if strings.Contains(r.Host, "elsewhere") {
		w.WriteHeader(http.StatusForbidden)
	}
	fmt.Fprintf(w, "%s %s %s key=%s inner=%s", r.Proto, r.Method, r.URL, r.Header.Get("x-api-key"), r.Header.Get(InnerHost))
}

// A rig is a proxy with what it reported.
type rig struct {
	*Proxy
	mu       sync.Mutex
	refusals []Refusal
	lines    []string
}

func (r *rig) refused() []Refusal {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.refusals
}

func (r *rig) logged() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return strings.Join(r.lines, "\n")
}

// run starts a proxy for a test; it fails the test if the proxy cannot be closed.
func run(t testing.TB, providers http.HandlerFunc, change func(*Config, *limits)) *rig {
	t.Helper()
	r := &rig{}
	config, l := Config{
		Providers: providers,
		Hosts:     []string{anthropic, "api.openai.com", "localhost:8443"},
		Log:       func(s string) { r.mu.Lock(); defer r.mu.Unlock(); r.lines = append(r.lines, s) },
		Refused:   func(x Refusal) { r.mu.Lock(); defer r.mu.Unlock(); r.refusals = append(r.refusals, x) },
	}, standard
	if change != nil {
		change(&config, &l)
	}
	p, err := start(config, l)
	if err != nil {
		t.Fatal(err)
	}
	r.Proxy = p
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
	return r
}

// pool trusts the run's authority and nobody else.
func (r *rig) pool() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(r.CA())
	return pool
}

// client goes through the proxy as a server under test would.
func (r *rig) client(t testing.TB, change func(*http.Transport)) *http.Client {
	t.Helper()
	address, err := url.Parse(r.URL())
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{
		Proxy:           http.ProxyURL(address),
		TLSClientConfig: &tls.Config{RootCAs: r.pool()},
	}
	if change != nil {
		change(transport)
	}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport, Timeout: 30 * time.Second}
}

func overHTTP2(tr *http.Transport) { tr.ForceAttemptHTTP2 = true }

// get returns the status and the body.
func get(t testing.TB, c *http.Client, url string) (int, string) {
	t.Helper()
	reply, err := c.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer reply.Body.Close()
	body, err := io.ReadAll(reply.Body)
	if err != nil {
		t.Fatal(err)
	}
	return reply.StatusCode, string(body)
}

// dial connects to the proxy itself.
func (r *rig) dial(t testing.TB) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", r.Addr())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(30 * time.Second)); err != nil {
		t.Fatal(err)
	}
	return conn
}

// say sends bytes to the proxy and returns the reply, its body read.
func (r *rig) say(t testing.TB, text string) (*http.Response, string) {
	t.Helper()
	conn := r.dial(t)
	go io.WriteString(conn, text) // it may be longer than what is read of it
	reply, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatalf("reply to %.60q: %v", text, err)
	}
	body, _ := io.ReadAll(reply.Body) // a reset may follow the answer
	return reply, string(body)
}

// connect opens a tunnel and leaves what is inside to the caller.
func (r *rig) connect(t testing.TB, to string) net.Conn {
	t.Helper()
	conn := r.dial(t)
	fmt.Fprintf(conn, "CONNECT %s HTTP/1.1\r\nHost: %s\r\n\r\n", to, to)
	line := make([]byte, len("HTTP/1.1 200 Connection established\r\n\r\n"))
	if _, err := io.ReadFull(conn, line); err != nil || !strings.HasPrefix(string(line), "HTTP/1.1 200 ") {
		t.Fatalf("CONNECT %s: %q, %v", to, line, err)
	}
	return conn
}
