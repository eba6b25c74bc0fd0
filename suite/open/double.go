package open

import (
	"cmp"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/molecule-ai/byok-conformance/fakes/gates"
	"github.com/molecule-ai/byok-conformance/gate"
	"github.com/molecule-ai/byok-conformance/gate/server"
	"github.com/molecule-ai/byok-conformance/internal/strict"
	"github.com/molecule-ai/byok-conformance/registry"
)

// The kinds of our own gates, as they stand before the colon of a gate's name.
const (
	Faulty  = "faulty"
	Correct = "correct"
)

// IsDouble reports whether a word means one of our own gates.
func IsDouble(word string) bool {
	kind, _, named := strings.Cut(word, ":")
	return word == "reference" || named && (kind == Faulty || kind == Correct)
}

// FindDouble returns the gate that reference, faulty:NAME or correct:NAME means.
func FindDouble(word string) (*gates.Double, error) {
	if word == "reference" {
		return &gates.Double{Name: word}, nil
	}
	kind, name, _ := strings.Cut(word, ":")
	lists := map[string][]gates.Double{Faulty: gates.Faulty(), Correct: gates.Correct()}
	list := lists[kind]
	if list == nil {
		return nil, fmt.Errorf("unknown gate %q; it is reference, faulty:NAME or correct:NAME", word)
	}
	names := make([]string, len(list))
	for i, d := range list {
		names[i] = d.Name
	}
	if i := slices.Index(names, name); i >= 0 {
		return &list[i], nil
	}
	return nil, fmt.Errorf("there is no %s gate %q%s; conformance list --%s prints them all", kind, name, strict.DidYouMean(name, names), kind)
}

// A Served gate stands behind the workspace server's API, on a listener of ours.
type Served struct {
	// URL is where it listens, and Token the administrator's.
	URL, Token string
	// Handler is what is served.
	Handler http.Handler
	server  *server.Server
	http    *http.Server
}

// Serve serves a double at an address. It logs to log, which may be nil; an empty
// token is made up.
func Serve(d *gates.Double, reg *registry.Registry, o gate.Options, log io.Writer, addr, token string) (*Served, error) {
	s := &Served{Token: cmp.Or(token, newToken())}
	cfg := server.Config{Gate: d.Build(reg, o), AdminToken: s.Token, Log: log, Offered: reg}
	if d.Server != nil {
		d.Server(&cfg)
	}
	var err error
	if s.server, err = server.New(cfg); err != nil {
		return nil, fmt.Errorf("starting the workspace server: %w", err)
	}
	s.Handler = s.server
	if d.Wrap != nil {
		s.Handler = d.Wrap(s.Handler)
	}
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("listening on %s: %w; choose another address with --addr", addr, err)
	}
	s.URL = "http://" + l.Addr().String()
	s.http = &http.Server{Handler: s.Handler, ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = s.http.Serve(l) }() // ends with ErrServerClosed at Close
	return s, nil
}

// Close stops the gate.
func (s *Served) Close() {
	_ = s.http.Close()
	s.server.Close()
}

// newToken makes an administrator's token.
func newToken() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails since Go 1.24
	return hex.EncodeToString(b[:])
}
