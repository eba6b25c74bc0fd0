package main

import (
	"bytes"
	"net/http"
	"path/filepath"
	"testing"
)

func TestSeal(t *testing.T) {
	s, err := newSealer()
	if err != nil {
		t.Fatal(err)
	}
	other, err := newSealer()
	if err != nil {
		t.Fatal(err)
	}
	sealed := s.seal("w", "NAME", "the value")
	if bytes.Contains(sealed, []byte("the value")) {
		t.Error("a sealed value can be read")
	}
	if got, err := s.open("w", "NAME", sealed); got != "the value" || err != nil {
		t.Errorf("opened: %q, %v", got, err)
	}
	for name, open := range map[string]func() (string, error){
		"another workspace": func() (string, error) { return s.open("", "NAME", sealed) },
		"another name":      func() (string, error) { return s.open("w", "OTHER", sealed) },
		"another key":       func() (string, error) { return other.open("w", "NAME", sealed) },
		"cut short":         func() (string, error) { return s.open("w", "NAME", sealed[:4]) },
	} {
		if got, err := open(); err == nil || got != "" {
			t.Errorf("%s: opened %q", name, got)
		}
	}
}

// A stored secret that cannot be decrypted is present: the workspace is allowed,
// nobody is asked, and that is said.
func TestUnreadableSecret(t *testing.T) {
	file := filepath.Join(t.TempDir(), "db")
	asked := transport(func(*http.Request) (*http.Response, error) {
		t.Error("a provider was asked")
		return nil, http.ErrAbortHandler
	})
	s, err := newServer(config{Token: "admin", Database: file, Transport: asked})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.close(); err != nil {
			t.Error(err)
		}
	})
	if _, err := s.store.db.Exec(`INSERT INTO secrets VALUES ('', 'ANTHROPIC_API_KEY', x'00')`); err != nil {
		t.Fatal(err)
	}
	tenant, err := s.store.secrets("")
	if err != nil {
		t.Fatal(err)
	}
	refused, warn := s.gate.decide(t.Context(), question{runtime: "claude-code", model: "claude-opus-4-7", tenant: tenant})
	if refused != nil || warn == nil || warn.Credential != "ANTHROPIC_API_KEY" {
		t.Errorf("refused %v, warning %v", refused, warn)
	}
}

type transport func(*http.Request) (*http.Response, error)

func (f transport) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
