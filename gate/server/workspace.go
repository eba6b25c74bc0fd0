package server

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/molecule-ai/byok-conformance/gate"
)

const (
	statusProvisioning  = "provisioning"
	statusOnline        = "online"
	statusFailed        = "failed"
	statusAwaitingAgent = "awaiting_agent"

	workspaceAccess = "none"
)

// maxSameName is how many live workspaces may ask for one name: "x" to "x (20)".
const maxSameName = 20

var (
	errNameTaken = errors.New("workspace name already in use")
	errClosed    = errors.New("server is shutting down")
)

// A workspace is one row. Server.mu guards all of it.
type workspace struct {
	id, name, runtime, model, url string

	kind, parent string // parent is an id; both are empty where nothing nests
	token        string // the workspace's own
	approvals    []approval

	external bool
	place    int // among all rows, in order of creation
	secrets  map[string]gate.Secret
	status   string
	reason   string // why the last provisioning failed, empty where it did not
	events   []event
	removed  bool
	// heldUntil is when a provisioning begins, at the earliest.
	heldUntil time.Time

	provisioning struct {
		round     int // raised by each start; only the last one counts
		running   bool
		requestID string             // of the request that asked for this round
		cancel    context.CancelFunc // ends the attempt in flight; nil where there is none
	}
}

// insert adds a row for c and returns it. Server.mu is held.
func (s *Server) insert(c CreateRequest) (*workspace, error) {
	if s.closed {
		return nil, errClosed
	}
	name, err := s.freeName(c.Name + s.habits.NameSuffix)
	if err != nil {
		return nil, err
	}
	s.created++
	row := &workspace{
		id:       newUUID(),
		name:     name,
		runtime:  c.Runtime,
		model:    c.Model,
		url:      c.URL,
		external: c.External,
		place:    s.created,
		secrets:  maps.Clone(c.Secrets),
		token:    newAuthToken(),
	}
	if s.habits.RestartDelay > 0 {
		row.heldUntil = time.Now().Add(s.habits.RestartDelay)
	}
	s.nest(row)
	if c.External {
		row.status = statusAwaitingAgent
	}
	s.rows[row.id] = row
	s.names[name] = row.id
	return row, nil
}

func (s *Server) freeName(name string) (string, error) {
	candidate := name
	for n := 2; ; n++ {
		if _, taken := s.names[candidate]; !taken {
			return candidate, nil
		}
		if n > maxSameName {
			return "", errNameTaken
		}
		candidate = fmt.Sprintf("%s (%d)", name, n)
	}
}

// answer replies with what do makes of the live workspace that r's path names;
// 404 where there never was one, 410 where it was deleted. do runs under
// Server.mu and must return nothing that changes later.
func (s *Server) answer(w http.ResponseWriter, r *http.Request, do func(*workspace) (status int, body any)) {
	status, body := func() (int, any) {
		s.mu.Lock()
		defer s.mu.Unlock()
		row := s.rows[r.PathValue("id")]
		switch {
		case row == nil:
			return http.StatusNotFound, errorBody{"workspace not found"}
		case row.removed:
			return http.StatusGone, errorBody{"workspace removed"}
		}
		return do(row)
	}()
	writeJSON(w, status, body)
}

// workspaceBody is what anyone may see of a workspace: no reason in it.
type workspaceBody struct {
	ID              string `json:"id"`
	Name            string `json:"name"`
	Status          string `json:"status"`
	Runtime         string `json:"runtime"`
	Model           string `json:"model"`
	External        bool   `json:"external"`
	URL             string `json:"url"`
	WorkspaceAccess string `json:"workspace_access"`
}

// listedBody is what an admin sees of it.
type listedBody struct {
	workspaceBody
	Kind            string `json:"kind,omitempty"`
	ParentID        string `json:"parent_id,omitempty"`
	LastSampleError string `json:"last_sample_error"`
}

func (row *workspace) body() workspaceBody {
	return workspaceBody{
		ID:              row.id,
		Name:            row.name,
		Status:          row.status,
		Runtime:         row.runtime,
		Model:           row.model,
		External:        row.external,
		URL:             row.url,
		WorkspaceAccess: workspaceAccess,
	}
}

func (s *Server) getWorkspace(w http.ResponseWriter, r *http.Request) {
	s.answer(w, r, func(row *workspace) (int, any) { return http.StatusOK, row.body() })
}

// listWorkspaces shows the live workspaces, oldest first.
func (s *Server) listWorkspaces(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	live := make([]*workspace, 0, len(s.names))
	for _, id := range s.names {
		live = append(live, s.rows[id])
	}
	slices.SortFunc(live, func(a, b *workspace) int { return cmp.Compare(a.place, b.place) })
	live = s.page(w, r, live)
	list := make([]listedBody, 0, len(live))
	for _, row := range live {
		list = append(list, listedBody{row.body(), row.kind, row.parent, row.reason})
	}
	s.mu.Unlock()
	writeJSON(w, http.StatusOK, list)
}

func (s *Server) deleteWorkspace(w http.ResponseWriter, r *http.Request) {
	s.answer(w, r, func(row *workspace) (int, any) {
		// A header arrives without the blanks around it, so they do not count.
		named := strings.Trim(r.Header.Get("X-Confirm-Name"), " \t") == strings.Trim(row.name, " \t")
		if r.URL.Query().Get("confirm") != "true" || !named {
			return http.StatusBadRequest, errorBody{"destructive_action_requires_confirmation"}
		}
		underWay := s.habits.RowsComeBack && row.provisioning.running
		for _, under := range s.descendants(row) {
			s.remove(under)
		}
		if s.noEngine || underWay {
			return http.StatusInternalServerError, errorBody{"workspace stop failed"}
		}
		return http.StatusOK, statusBody{"removed"}
	})
}

// remove takes row out of the live ones, forgets its secrets and ends its
// provisioning. Server.mu is held.
func (s *Server) remove(row *workspace) {
	delete(s.names, row.name)
	row.removed = true
	if s.habits.RowsComeBack && row.provisioning.running {
		return
	}
	row.secrets = nil
	if row.provisioning.cancel != nil {
		row.provisioning.cancel()
	}
}

// newUUID returns a random UUID (version 4, RFC 9562).
func newUUID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails: it ends the program instead
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

func newAuthToken() string { return rand.Text() }
