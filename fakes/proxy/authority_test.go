package proxy

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestTrust(t *testing.T) {
	r := run(t, echo, nil)
	get(t, r.client(t, nil), "https://api.anthropic.com/")
	for name, pool := range map[string]*x509.CertPool{"nobody": x509.NewCertPool(), "another run": run(t, echo, nil).pool()} {
		_, err := r.client(t, func(tr *http.Transport) { tr.TLSClientConfig.RootCAs = pool }).Get("https://api.anthropic.com/")
		var unknown x509.UnknownAuthorityError
		if !errors.As(err, &unknown) {
			t.Errorf("a client that trusts %s got %v", name, err)
		}
	}
	// The client has its error before the proxy has its own: Close waits.
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(r.logged(), "does the client trust the certificate in SSL_CERT_FILE?") {
		t.Errorf("the log does not say what to do: %q", r.logged())
	}
}

func TestCertificates(t *testing.T) {
	r := run(t, echo, nil)
	for _, c := range []struct {
		to, name string // name is what the client asks for and verifies
		want     bool
	}{
		{"api.anthropic.com:443", anthropic, true},
		{"api.anthropic.com:443", "elsewhere.example", false},
		{"elsewhere.example:443", "elsewhere.example", true},
		{"elsewhere.example:443", anthropic, true}, // so that it can be read
		{"192.0.2.1:443", anthropic, true},
		{"192.0.2.1:443", "192.0.2.1", true},
		{strings.Repeat("long.", 30) + "example:443", strings.Repeat("long.", 30) + "example", true},
	} {
		config := &tls.Config{RootCAs: r.pool(), ServerName: c.name}
		conn := tls.Client(r.connect(t, c.to), config)
		if err := conn.Handshake(); (err == nil) != c.want {
			t.Errorf("to %s for %s: %v", c.to, c.name, err)
			continue
		}
		if !c.want {
			continue
		}
		leaf := conn.ConnectionState().PeerCertificates[0]
		if now := time.Now(); leaf.NotBefore.After(now.Add(-backdating+time.Minute)) || leaf.NotAfter.After(now.Add(validity)) {
			t.Errorf("%s: valid from %v to %v", c.to, leaf.NotBefore, leaf.NotAfter)
		}
	}
}

func TestLeavesAreCachedAndBounded(t *testing.T) {
	a, err := newAuthority(time.Now())
	if err != nil {
		t.Fatal(err)
	}
	first, err := a.leaf("a.example")
	if err != nil {
		t.Fatal(err)
	}
	if again, _ := a.leaf("a.example"); again != first {
		t.Error("the same name got another certificate")
	}
	for i := range maxCached + 1 {
		a.leaves[strings.Repeat("x", i)] = first
		a.config(strings.Repeat("x", i), false)
	}
	if _, err := a.leaf("b.example"); err != nil {
		t.Fatal(err)
	}
	if len(a.leaves) > maxCached || len(a.configs) > maxCached {
		t.Errorf("%d certificates and %d configs are kept", len(a.leaves), len(a.configs))
	}
}

func TestSessionsResume(t *testing.T) {
	r := run(t, echo, nil)
	config := &tls.Config{ClientSessionCache: tls.NewLRUClientSessionCache(8), RootCAs: r.pool()}
	client := r.client(t, func(tr *http.Transport) { tr.TLSClientConfig = config; tr.DisableKeepAlives = true })
	for i, want := range []bool{false, true} {
		reply, err := client.Get("https://api.anthropic.com/")
		if err != nil {
			t.Fatal(err)
		}
		reply.Body.Close()
		if reply.TLS.DidResume != want {
			t.Errorf("connection %d resumed: %v", i+1, reply.TLS.DidResume)
		}
	}
}

func TestTheKeyStaysInMemory(t *testing.T) {
	r := run(t, echo, nil)
	dir := t.TempDir()
	path, err := r.WriteCA(dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.WriteCA(dir); err != nil {
		t.Errorf("a second time: %v", err)
	}
	written, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(r.CA()), string(written)); diff != "" {
		t.Errorf("the file is not the certificate:\n%s", diff)
	}
	block, rest := pem.Decode(written)
	if block == nil || block.Type != "CERTIFICATE" || len(rest) != 0 {
		t.Errorf("not one certificate and nothing else: %q", written)
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, want 0600", info.Mode())
	}
	if files, _ := os.ReadDir(dir); len(files) != 1 {
		t.Errorf("%d files in the folder, want the certificate alone", len(files))
	}
	if _, err := r.WriteCA(filepath.Join(dir, "none")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("into a folder that is not there: %v", err)
	}
}

func TestEnv(t *testing.T) {
	r := run(t, echo, nil)
	want := []string{
		"CURL_CA_BUNDLE=/run/x/ca.pem",
		"HTTPS_PROXY=" + r.URL(),
		"HTTP_PROXY=" + r.URL(),
		"NODE_EXTRA_CA_CERTS=/run/x/ca.pem",
		"NODE_USE_ENV_PROXY=1",
		"NO_PROXY=localhost,127.0.0.1,::1",
		"REQUESTS_CA_BUNDLE=/run/x/ca.pem",
		"SSL_CERT_DIR=/run/x",
		"SSL_CERT_FILE=/run/x/ca.pem",
		"http_proxy=" + r.URL(),
		"https_proxy=" + r.URL(),
		"no_proxy=localhost,127.0.0.1,::1",
	}
	got := r.Env("/run/x/ca.pem")
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
