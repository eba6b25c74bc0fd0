// Package server is the reference workspace server: the HTTP API in front of
// any [gate.Gate], kept in memory.
//
// It asks the gate synchronously at POST /workspaces and again, in the
// background, each time a workspace is provisioned, and turns the decision into
// the replies, events and log lines that a client of a workspace server sees.
// It holds no opinion of its own about credentials: whatever the gate decides,
// right or wrong, is what the client gets, so a gate with a rule broken shows
// its fault through this server. Faults and lawful variations of the server
// itself are made with [Hooks], or with http.Handler middleware around it.
//
// What is simpler here than in a server with a database and containers: setting
// or deleting a secret restarts no workspace (POST /workspaces/{id}/restart
// does; see Habits.RestartDelay), every admin route wants the admin token (the auth_token of a 201 opens
// the workspace's own secrets alone), and the row of a deleted workspace stays,
// without its secrets, so that a second delete is answered 410. What a larger
// server does beyond that is a habit ([Habits]), each with a switch.
//
// What does not live here: deciding (gate), gates with a rule broken (fakes),
// driving and judging a server (suite), listening on a port (cmd/conformance).
package server

import (
	"cmp"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/molecule-ai/byok-conformance/gate"
	"github.com/molecule-ai/byok-conformance/registry"
)

// DefaultProvisionBudget bounds one provisioning where Config names no bound. It
// is far above the 6 s that a gate's own probe may take (LIV-6).
const DefaultProvisionBudget = time.Minute

// Config says what a server is made of. The zero value of every field but Gate
// and AdminToken is a working default.
type Config struct {
	// Gate decides; required.
	Gate gate.Gate
	// AdminToken is what admin routes want as bearer token; required.
	AdminToken string
	// Log receives one logfmt line per warning, failed provisioning and error;
	// nil discards them. Writes to it are serialised. No line holds a credential
	// value unless the gate puts one in a Decision.
	Log io.Writer
	// ProvisionBudget bounds one background provisioning: past it the gate's
	// context ends and the workspace fails. 0 means DefaultProvisionBudget. The
	// create call has no bound but the gate's own.
	ProvisionBudget time.Duration
	// RateLimit is the number of requests in a RateWindow that one client may make;
	// 0 means no limit. The holder of the admin token is one client, every
	// address without it another.
	RateLimit int
	// RateWindow is the window that RateLimit counts in; 0 means a minute.
	RateWindow time.Duration
	// Now is the clock of rate limit and events; nil means time.Now.
	Now func() time.Time
	// NoEngine makes a server without a container engine: what passes the gate
	// fails to start all the same, and a delete answers 500 although it removes.
	NoEngine bool
	// Offered is what GET /admin/llm/offered-models lists; nil leaves the route out.
	Offered *registry.Registry
	// Hooks change the server's behaviour; the zero value changes nothing.
	Hooks Hooks
	// Habits make it do what a larger server does; the zero value has none.
	Habits Habits
}

// A Server is the reference workspace server, an http.Handler for use from many
// goroutines. Make one with [New].
type Server struct {
	gate     gate.Gate
	token    [sha256.Size]byte
	log      *slog.Logger
	budget   time.Duration
	now      func() time.Time
	noEngine bool
	offered  *registry.Registry
	hooks    Hooks
	habits   Habits
	limit    *limiter      // nil: no limit
	pool     pool          // nil: no limit on connections
	storing  sync.Mutex    // held while Habits.LargeCreateTime passes
	ended    chan struct{} // closed by Close
	mux      *http.ServeMux

	mu      sync.Mutex
	idle    *sync.Cond            // signalled when running falls to 0
	rows    map[string]*workspace // by id, removed ones too
	names   map[string]string     // id by name, live ones only
	globals map[string]gate.Secret
	created int    // rows ever made; gives each its place in the list
	running int    // workspaces with a provisioning in flight
	root    string // the id that new workspaces nest under
	closed  bool
}

// New returns a server, or an error that names the field of c that is wrong.
func New(c Config) (*Server, error) {
	switch {
	case c.Gate == nil:
		return nil, errors.New("make a workspace server: Config.Gate is nil; give it the gate to ask")
	case c.AdminToken == "":
		return nil, errors.New("make a workspace server: Config.AdminToken is empty; admin routes cannot be guarded without one")
	case c.RateLimit < 0:
		return nil, fmt.Errorf("make a workspace server: Config.RateLimit is %d requests a minute; want 0 (no limit) or more", c.RateLimit)
	case c.ProvisionBudget < 0:
		return nil, fmt.Errorf("make a workspace server: Config.ProvisionBudget is %s; want 0 (the default) or more", c.ProvisionBudget)
	}
	s := &Server{
		gate:     c.Gate,
		token:    sha256.Sum256([]byte(c.AdminToken)),
		log:      slog.New(slog.DiscardHandler),
		budget:   c.ProvisionBudget,
		now:      c.Now,
		noEngine: c.NoEngine,
		offered:  c.Offered,
		hooks:    c.Hooks.withDefaults(),
		habits:   c.Habits,
		pool:     newPool(c.Habits.PoolSize),
		ended:    make(chan struct{}),
		rows:     map[string]*workspace{},
		names:    map[string]string{},
		globals:  map[string]gate.Secret{},
	}
	s.idle = sync.NewCond(&s.mu)
	if c.Log != nil {
		s.log = slog.New(slog.NewTextHandler(c.Log, nil))
	}
	if s.budget == 0 {
		s.budget = DefaultProvisionBudget
	}
	if s.now == nil {
		s.now = time.Now
	}
	if c.RateLimit > 0 {
		s.limit = &limiter{perWindow: c.RateLimit, window: cmp.Or(c.RateWindow, time.Minute), silent: c.Habits.SilentLimit, now: s.now}
	}
	s.seed()
	s.mux = s.routes()
	return s, nil
}

func (s *Server) routes() *http.ServeMux {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /health", func(w http.ResponseWriter, _ *http.Request) {
		writeJSON(w, http.StatusOK, statusBody{Status: "ok"})
	})
	mux.HandleFunc("GET /workspaces/{id}", s.getWorkspace)
	for pattern, handler := range map[string]http.HandlerFunc{
		"POST /workspaces":                                  s.createWorkspace,
		"GET /workspaces":                                   s.listWorkspaces,
		"DELETE /workspaces/{id}":                           s.deleteWorkspace,
		"POST /workspaces/{id}/restart":                     s.restartWorkspace,
		"GET /events/{id}":                                  s.listEvents,
		"GET /workspaces/{id}/approvals":                    s.listApprovals,
		"POST /workspaces/{id}/approvals/{approval}/decide": s.decideApproval,
		"GET /settings/secrets":                             s.listGlobalSecrets,
		"POST /settings/secrets":                            s.saveGlobalSecret,
		"PUT /settings/secrets":                             s.saveGlobalSecret,
		"DELETE /settings/secrets/{key}":                    s.deleteGlobalSecret,
	} {
		mux.HandleFunc(pattern, s.adminOnly(handler))
	}
	if s.offered != nil {
		mux.HandleFunc("GET /admin/llm/offered-models", s.adminOnly(s.listOffered))
	}
	for _, method := range []string{"POST", "PUT"} {
		mux.HandleFunc(method+" /workspaces/{id}/secrets", s.adminOrOwn(s.saveWorkspaceSecret))
	}
	mux.HandleFunc("DELETE /workspaces/{id}/secrets/{key}", s.adminOrOwn(s.deleteWorkspaceSecret))
	return mux
}

// ServeHTTP answers one request. It echoes X-Request-ID, so that a client can
// match replies and log lines to what it sent.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if id := requestID(r); id != "" {
		w.Header().Set(requestIDHeader, id)
	}
	if s.limit != nil && !s.limit.admit(w, s.client(r)) {
		return
	}
	if r.URL.Path != "/health" && r.Method != http.MethodPost {
		defer s.hold(0)()
	}
	if r.URL.Path == "/workspaces/" {
		// Not a route: the mux would redirect other methods on /workspaces to it.
		redirectToWorkspaces(w, r)
		return
	}
	s.mux.ServeHTTP(w, r)
}

// Wait returns when no provisioning is in flight.
func (s *Server) Wait() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for s.running > 0 {
		s.idle.Wait()
	}
}

// Close makes creates and restarts answer 503 from now on and returns when no
// provisioning is in flight. What is stored stays readable.
func (s *Server) Close() {
	s.mu.Lock()
	if !s.closed {
		s.closed = true
		close(s.ended)
	}
	s.mu.Unlock()
	s.Wait()
}

// Workspaces returns the number of live workspaces.
func (s *Server) Workspaces() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.names)
}

// PlantUnreadable stores a secret whose value cannot be decrypted under name, as
// after a lost key (LIV-10; no request can do this). An empty workspaceID plants
// it in global scope. It fails where no live workspace has that id.
func (s *Server) PlantUnreadable(workspaceID, name string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if workspaceID == "" {
		s.globals[name] = gate.Secret{Unreadable: true}
		return nil
	}
	row := s.rows[workspaceID]
	if row == nil || row.removed {
		return fmt.Errorf("plant an unreadable secret %s: no live workspace has the id %q", name, workspaceID)
	}
	row.secrets[name] = gate.Secret{Unreadable: true}
	return nil
}
