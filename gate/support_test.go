package gate_test

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/molecule-ai/byok-conformance/gate"
	"github.com/molecule-ai/byok-conformance/registry"
)

// value makes a credential value that no other label gives; no file holds one.
func value(label string) string {
	sum := sha256.Sum256([]byte(label))
	return "sk" + "-" + hex.EncodeToString(sum[:])
}

func secrets(pairs ...string) map[string]gate.Secret {
	m := map[string]gate.Secret{}
	for i := 0; i+1 < len(pairs); i += 2 {
		m[pairs[i]] = gate.Secret{Value: pairs[i+1]}
	}
	return m
}

// A transport answers every call and keeps what was sent.
type transport struct {
	answer func(*http.Request) (*http.Response, error)

	mu    sync.Mutex
	calls []*http.Request
}

func (tr *transport) RoundTrip(r *http.Request) (*http.Response, error) {
	tr.mu.Lock()
	tr.calls = append(tr.calls, r)
	tr.mu.Unlock()
	return tr.answer(r)
}

// answering gives every call this answer.
func answering(status int, contentType, body string) *transport {
	return &transport{answer: func(*http.Request) (*http.Response, error) { return response(status, contentType, body), nil }}
}

// alive gives every call a list of models.
func alive() *transport {
	return answering(http.StatusOK, "application/json", `{"object":"list","data":[{"id":"m"}]}`)
}

func failing(err error) *transport {
	return &transport{answer: func(*http.Request) (*http.Response, error) { return nil, err }}
}

func response(status int, contentType, body string) *http.Response {
	return &http.Response{
		StatusCode: status, Status: fmt.Sprint(status), Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: http.Header{"Content-Type": {contentType}}, Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body)),
	}
}

// vendor is a provider at a base URL.
func vendor(protocol, base string) *registry.Provider {
	return &registry.Provider{Name: "vendor", Protocol: protocol, BaseURLTemplate: base, AuthEnv: []string{"VENDOR_API_KEY"}}
}

func named(name, v string) gate.Credential {
	return gate.Credential{Name: name, Scope: gate.WorkspaceScope, Secret: gate.Secret{Value: v}}
}

// ask probes a provider about a credential.
func ask(t *testing.T, tr http.RoundTripper, p *registry.Provider, c gate.Credential) gate.Outcome {
	t.Helper()
	return gate.NewReference(registry.Embedded(), gate.Options{Transport: tr}).Probe(t.Context(), p, c)
}

func decide(t *testing.T, tr http.RoundTripper, req gate.Request) gate.Decision {
	t.Helper()
	d, err := gate.NewReference(registry.Embedded(), gate.Options{Transport: tr}).Decide(t.Context(), req)
	if err != nil {
		t.Fatalf("Decide: %v", err)
	}
	return d
}

// holds reports whether text holds 8 consecutive characters of a value (SEC-1).
func holds(text, value string) bool {
	for i := 0; i+8 <= len(value); i++ {
		if strings.Contains(text, value[i:i+8]) {
			return true
		}
	}
	return false
}
