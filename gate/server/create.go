package server

import (
	"errors"
	"maps"
	"net/http"

	"github.com/molecule-ai/byok-conformance/gate"
)

// createWorkspace asks the gate before anything is stored, so that a refusal has
// nothing to undo (REF-3).
func (s *Server) createWorkspace(w http.ResponseWriter, r *http.Request) {
	c, ok := readCreate(w, r)
	if !ok {
		return
	}
	defer s.hold(len(c.Secrets))()
	pauseFor(r.Context().Done(), s.habits.CreateTime)
	d, err := s.ask(r.Context(), "", s.createQuestion(c))
	switch {
	case err != nil:
		s.logger(requestID(r)).Error(gateUnavailable, "stage", gate.Create, "cause", err)
		writeError(w, http.StatusInternalServerError, gateUnavailable)
	case r.Context().Err() != nil:
		// The probe was cut short because the client left, which a gate takes for
		// a network failure and allows. Hanging up must not get a workspace.
		writeError(w, http.StatusServiceUnavailable, "request cancelled")
	case d.Verdict == gate.Refused:
		s.leaveBehind(c, d, requestID(r))
		s.hooks.WriteRefusal(w, r, c, d)
	default:
		s.goAhead(w, r, c, d)
	}
}

func (s *Server) createQuestion(c CreateRequest) gate.Request {
	s.mu.Lock()
	globals := maps.Clone(s.globals)
	s.mu.Unlock()
	return gate.Request{
		Stage:    gate.Create,
		Runtime:  c.Runtime,
		Model:    c.Model,
		External: c.External,
		URL:      c.URL,
		Secrets:  gate.Secrets{Workspace: maps.Clone(c.Secrets), Global: globals},
	}
}

// goAhead makes what the gate allowed, says loudly where it was allowed without
// proof of life (LIV-11), and answers.
func (s *Server) goAhead(w http.ResponseWriter, r *http.Request, c CreateRequest, d gate.Decision) {
	made, err := s.makeWorkspace(c, requestID(r))
	switch {
	case errors.Is(err, errNameTaken):
		writeError(w, http.StatusConflict, err.Error())
	case err != nil:
		writeError(w, http.StatusServiceUnavailable, err.Error())
	default:
		s.heldBack(made.ID)
		s.logNotices(requestID(r), made.ID, gate.Create, d)
		s.hooks.WriteCreated(w, r, c, made, d)
	}
}

// makeWorkspace stores the workspace and starts its provisioning. The error is
// errNameTaken or errClosed.
func (s *Server) makeWorkspace(c CreateRequest, requestID string) (Created, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	row, err := s.insert(c)
	if err != nil {
		return Created{}, err
	}
	if !c.External {
		s.startProvisioning(row, requestID)
	}
	return Created{ID: row.id, Name: row.name, Status: row.status, AuthToken: row.token}, nil
}

// leaveBehind does what Hooks.KeepRefused asks for, by default nothing.
func (s *Server) leaveBehind(c CreateRequest, d gate.Decision, requestID string) {
	keep := s.hooks.KeepRefused
	if keep == (Leftovers{}) {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if keep.Secrets {
		maps.Copy(s.globals, c.Secrets)
	}
	if !keep.Row && !keep.Provisioning {
		return
	}
	row, err := s.insert(c)
	if err != nil {
		return // the refusal is answered as it is; there is no room for its row
	}
	row.status, row.reason = statusFailed, refusalText(c.Model, d)
	if keep.Provisioning {
		s.startProvisioning(row, requestID)
	}
}

// logNotices makes an allow without proof of life loud.
func (s *Server) logNotices(requestID, workspaceID string, stage gate.Stage, d gate.Decision) {
	for _, notice := range d.Notices {
		s.logger(requestID).Warn("allowed without proof of life",
			"provider", notice.Provider, "credential", notice.Credential, "cause", notice.Cause,
			"stage", stage, "workspace", workspaceID)
	}
}
