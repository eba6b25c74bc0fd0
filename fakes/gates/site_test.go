package gates

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/molecule-ai/byok-conformance/gate"
	"github.com/molecule-ai/byok-conformance/gate/server"
	"github.com/molecule-ai/byok-conformance/registry"
)

const adminToken = "admin-for-tests"

// A site is a double behind its server, on loopback.
type site struct {
	t      *testing.T
	addr   string
	server *server.Server
	log    *log
	world  *world
}

func open(t *testing.T, d Double) *site {
	t.Helper()
	s := &site{t: t, log: &log{}, world: &world{}}
	cfg := server.Config{
		Gate: d.Build(registry.Embedded(), gate.Options{Transport: s.world, Budget: probeBudget}), AdminToken: adminToken, Log: s.log,
	}
	if d.Server != nil {
		d.Server(&cfg)
	}
	var err error
	if s.server, err = server.New(cfg); err != nil {
		t.Fatal(err)
	}
	var handler http.Handler = s.server
	if d.Wrap != nil {
		handler = d.Wrap(handler)
	}
	listening := httptest.NewServer(handler)
	t.Cleanup(func() { listening.Close(); s.server.Close() })
	s.addr = listening.Listener.Addr().String()
	return s
}

// send makes a request through Go's client and returns what it understood.
func (s *site) send(method, path string, body any) (status int, object map[string]any, text string) {
	s.t.Helper()
	data, err := json.Marshal(body)
	if err != nil {
		s.t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(s.t.Context(), method, "http://"+s.addr+path, bytes.NewReader(data))
	if err != nil {
		s.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+adminToken)
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		s.t.Fatalf("%s %s: %v", method, path, err)
	}
	defer resp.Body.Close()
	reply, err := io.ReadAll(resp.Body)
	if err != nil {
		s.t.Fatalf("%s %s: reading the reply: %v", method, path, err)
	}
	_ = json.Unmarshal(reply, &object) // a list or a text has no fields, which the caller sees
	return resp.StatusCode, object, string(reply)
}

// create asks for a workspace, with the tenant's secrets in place for as long
// as it takes.
func (s *site) create(a asking) (status int, object map[string]any, text string) {
	s.t.Helper()
	for name, secret := range a.Secrets.Global {
		if status, _, text := s.send("PUT", "/settings/secrets", map[string]string{"key": name, "value": secret.Value}); status != 200 {
			s.t.Fatalf("storing %s: %d %s", name, status, text)
		}
	}
	status, object, text = s.send("POST", "/workspaces", createBody(a))
	s.server.Wait()
	for name := range a.Secrets.Global {
		s.send("DELETE", "/settings/secrets/"+name, nil)
	}
	return status, object, text
}

func createBody(a asking) map[string]any {
	values := map[string]string{}
	for name, secret := range a.Secrets.Workspace {
		values[name] = secret.Value
	}
	return map[string]any{"name": a.name, "runtime": a.Runtime, "model": a.Model, "external": a.External, "url": a.URL, "secrets": values}
}

// raw makes a create on a connection of its own and returns every byte of the reply.
func (s *site) raw(body string) string {
	s.t.Helper()
	conn, err := net.Dial("tcp", s.addr)
	if err != nil {
		s.t.Fatal(err)
	}
	defer conn.Close()
	_, err = fmt.Fprintf(conn, "POST /workspaces HTTP/1.1\r\nHost: %s\r\nAuthorization: Bearer %s\r\nContent-Length: %d\r\n\r\n%s",
		s.addr, adminToken, len(body), body)
	if err != nil {
		s.t.Fatal(err)
	}
	// Read as a reply, and not to the end: most servers keep the connection.
	var reply bytes.Buffer
	resp, err := http.ReadResponse(bufio.NewReader(io.TeeReader(conn, &reply)), nil)
	if err != nil {
		s.t.Fatalf("reading the reply: %v", err)
	}
	defer resp.Body.Close()
	if _, err := io.Copy(io.Discard, resp.Body); err != nil {
		s.t.Fatalf("reading the reply's body: %v", err)
	}
	return reply.String()
}

// asked finds one of the askings by name.
func asked(t *testing.T, name string) asking {
	t.Helper()
	for _, a := range askings() {
		if a.name == name {
			return a
		}
	}
	t.Fatalf("nobody asks %q", name)
	return asking{}
}

// verdict tells status and code, codes as the built-in profile reads them.
func verdict(status int, object map[string]any) string {
	code, _ := object["code"].(string)
	return fmt.Sprint(status, " ", strings.Replace(code, "INVALID_BYOK_CREDENTIAL", string(gate.InvalidCredential), 1))
}

// A log keeps what a server writes.
type log struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}
