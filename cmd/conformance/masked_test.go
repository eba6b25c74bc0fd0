package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/molecule-ai/byok-conformance/reports/view"
	"github.com/molecule-ai/byok-conformance/suite/open"

	"github.com/molecule-ai/byok-conformance/fakes/gates"
	"github.com/molecule-ai/byok-conformance/gate"
	"github.com/molecule-ai/byok-conformance/registry"
	"github.com/molecule-ai/byok-conformance/suite"
)

// A parrot is a workspace server that lets everything in and says all it has
// been told, wherever a server can say something: in the status text, in
// headers and their names, in cookies, in the body as it is, broken by escapes,
// markup, bytes that are no UTF-8, and in the end in JSON escapes.
type parrot struct {
	inner http.Handler
	// cookie is a session that the server sets.
	cookie string
	// secretCode: refusals have the credential for their code.
	secretCode bool

	mu sync.Mutex
	// told are the credential values that it was given.
	told []string
}

// anyValue finds the values of secrets in a create request.
var anyValue = regexp.MustCompile(`"([A-Z_]+)":"((?:[^"\\]|\\.)*)"`)

func (p *parrot) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	r.Body = io.NopCloser(bytes.NewReader(body))
	rec := httptest.NewRecorder()
	p.inner.ServeHTTP(rec, r)
	if r.Method != http.MethodPost || r.URL.Path != "/workspaces" {
		for name, values := range rec.Header() {
			w.Header()[name] = values
		}
		w.WriteHeader(rec.Code)
		_, _ = w.Write(rec.Body.Bytes()) // the client may be gone
		return
	}
	var secret string
	for _, m := range anyValue.FindAllSubmatch(body, -1) {
		if len(m[2]) > 20 {
			secret = string(m[2])
		}
	}
	p.mu.Lock()
	p.told = append(p.told, secret)
	number := len(p.told)
	p.mu.Unlock()
	p.say(w, rec, secret, r.Header.Get("Authorization"), number)
}

// say writes a reply over the bare connection, since net/http would not let a
// server say all of this.
func (p *parrot) say(w http.ResponseWriter, rec *httptest.ResponseRecorder, secret, authorisation string, number int) {
	conn, out, err := w.(http.Hijacker).Hijack()
	if err != nil {
		return
	}
	defer conn.Close()
	all := secret + " \x1b[31m" + authorisation + " ]]></system-out></script><!-- \xff" + p.cookie
	var fields map[string]any
	_ = json.Unmarshal(rec.Body.Bytes(), &fields) // nil where it is no object
	if fields == nil {
		fields = map[string]any{}
	}
	fields["said"] = all
	if p.secretCode || rec.Code == http.StatusCreated {
		fields["code"] = secret
	}
	if authorisation != "" {
		fields[authorisation] = "a name"
	}
	body, _ := json.Marshal(fields) // strings only
	if number%2 == 0 {
		body = bytes.ReplaceAll(body, []byte(secret), []byte(escaped(secret)))
		body = bytes.ReplaceAll(body, []byte(strings.TrimPrefix(authorisation, "Bearer ")), []byte(escaped(strings.TrimPrefix(authorisation, "Bearer "))))
	}
	fmt.Fprintf(out, "HTTP/1.1 %d %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\nX-Said: %s\r\nX-%s: a name\r\nSet-Cookie: session=%s; also=%s\r\nSet-Cookie: %s\r\nConnection: close\r\n\r\n",
		rec.Code, all, len(body), strings.ReplaceAll(all, "\x1b", "\t"), secret, p.cookie, secret, p.cookie)
	_, _ = out.Write(body)
	_ = out.Flush()
}

// escaped writes every character of s as a JSON escape.
func escaped(s string) string {
	var b strings.Builder
	for _, r := range s {
		fmt.Fprintf(&b, `\u%04x`, r)
	}
	return b.String()
}

func startParrot(t *testing.T, token string) (*parrot, string) {
	t.Helper()
	reg := registry.Embedded()
	providers := suite.NewProviders(reg)
	s, err := open.Serve(gates.Find("any-known-credential"), reg, gate.Options{Transport: providers.RoundTripper(), Budget: open.OwnBudget}, io.Discard, "127.0.0.1:0", token)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	p := &parrot{inner: s.Handler, cookie: randomHex() + randomHex()}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: p}
	go func() { _ = server.Serve(l) }()
	t.Cleanup(func() { _ = server.Close() })
	return p, "http://" + l.Addr().String()
}

// TestNoSecretInAnyFormat reads every format back after a server has put the
// credentials, our token and its cookies wherever it can.
func TestNoSecretInAnyFormat(t *testing.T) {
	token := randomHex() + randomHex()
	t.Setenv("ADMIN_TOKEN", token)
	p, url := startParrot(t, token)
	dir := t.TempDir()
	args := []string{"run", "--target", url, "--trace", "--verbose", "--claim", "create-presence", "--probe-budget", "1s", "--id", "mismatched/foreign/groq/*/workspace"}
	var formats []string
	for _, format := range view.Formats() {
		formats = append(formats, filepath.Join(dir, format))
		args = append(args, "--report", format+"="+filepath.Join(dir, format))
	}
	var out bytes.Buffer
	root := newRoot()
	root.SetArgs(args)
	root.SetOut(&out)
	root.SetErr(&out)
	if got := status(root.ExecuteContext(t.Context()), &out); got != exitNotConformant {
		t.Fatalf("exit status %d, want %d, since everything was let in:\n%s", got, exitNotConformant, out.String())
	}
	texts := map[string]string{"console": out.String()}
	for _, path := range formats {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		texts[filepath.Base(path)] = string(text)
	}
	if len(p.told) < 20 {
		t.Fatalf("the server was told %d credentials, too few to prove anything", len(p.told))
	}
	for name, text := range texts {
		t.Run(name, func(t *testing.T) { holdsNothing(t, text, append([]string{token, p.cookie}, p.told...)) })
	}
	// What it said has to be there, or there was nothing to mask.
	for _, mark := range []string{"X-Said", "of the workspace>", "<hidden>"} {
		if !strings.Contains(texts["json"], mark) {
			t.Errorf("the JSON report does not show %q", mark)
		}
	}
}

// TestNoSecretInTheCheck reads back what is said about a server whose reply to
// the first create cannot be understood.
func TestNoSecretInTheCheck(t *testing.T) {
	token := randomHex() + randomHex()
	t.Setenv("ADMIN_TOKEN", token)
	p, url := startParrot(t, token)
	p.secretCode = true
	var out bytes.Buffer
	root := newRoot()
	root.SetArgs([]string{"run", "--target", url, "--claim", "create-presence", "--id", "mismatched/foreign/groq/*/workspace"})
	root.SetOut(&out)
	root.SetErr(&out)
	if got := status(root.ExecuteContext(t.Context()), &out); got != exitCouldNotRun {
		t.Fatalf("exit status %d, want %d:\n%s", got, exitCouldNotRun, out.String())
	}
	if !strings.Contains(out.String(), "of the workspace>") {
		t.Fatalf("the credential was not there to be masked:\n%s", out.String())
	}
	holdsNothing(t, out.String(), append([]string{token, p.cookie}, p.told...))
}

// pieceLength is what makes a leak, in characters (SEC-1).
const pieceLength = 8

// holdsNothing fails where eight characters of a secret in a row, behind its
// vendor's prefix, stand in a text or in the text with JSON escapes undone.
func holdsNothing(t *testing.T, text string, secrets []string) {
	t.Helper()
	plain := regexp.MustCompile(`\\+u00([0-7][0-9a-f])`).ReplaceAllStringFunc(text, func(m string) string {
		var c byte
		_, _ = fmt.Sscanf(m[len(m)-2:], "%02x", &c) // the expression holds it to two digits
		return string(c)
	})
	for _, secret := range secrets {
		random := secret[max(0, len(secret)-32):]
		for i := 0; i+pieceLength <= len(random); i++ {
			if piece := random[i : i+pieceLength]; strings.Contains(text, piece) || strings.Contains(plain, piece) {
				at := max(strings.Index(text, piece), strings.Index(plain, piece))
				t.Fatalf("it holds %d characters of a secret: …%q", pieceLength, plain[max(0, at-80):min(len(plain), at+40)])
			}
		}
	}
}
