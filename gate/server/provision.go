package server

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"time"

	"github.com/molecule-ai/byok-conformance/gate"
)

const provisionFailed = "WORKSPACE_PROVISION_FAILED"

type event struct {
	ID          string    `json:"id,omitempty"`
	EventType   string    `json:"event_type"`
	WorkspaceID string    `json:"workspace_id"`
	Payload     failure   `json:"payload"`
	CreatedAt   time.Time `json:"created_at"`
}

// A failure is why a provisioning failed; its Error is empty where it did not.
type failure struct {
	// Code and Provider are empty where the gate was passed, or gave no verdict.
	Code     gate.Code `json:"code,omitempty"`
	Error    string    `json:"error"`
	Provider string    `json:"provider,omitempty"`
	// cause is for the log only: why the gate gave no verdict, else nil.
	cause error
}

// startProvisioning sets row to provisioning and has the gate asked in the
// background. One attempt at a time runs for a workspace. A later start ends the
// attempt in flight, whose outcome then counts for nothing, and takes its place:
// the last one wins. Server.mu is held.
func (s *Server) startProvisioning(row *workspace, requestID string) {
	row.status, row.reason = statusProvisioning, ""
	p := &row.provisioning
	p.round++
	p.requestID = requestID
	if p.cancel != nil {
		p.cancel()
	}
	if !p.running {
		p.running = true
		s.running++
		go s.provision(row)
	}
}

// provision makes attempts until one was not overtaken by a restart or a delete.
func (s *Server) provision(row *workspace) {
	settled := 0
	for {
		a, more := s.nextAttempt(row, settled)
		if !more {
			return
		}
		pauseFor(a.ctx.Done(), max(s.habits.ProvisionTime, time.Until(a.notBefore)))
		d, f := s.try(a)
		if errors.Is(a.ctx.Err(), context.Canceled) {
			continue // overtaken; its outcome counts for nothing
		}
		// Logged before it shows, so that who sees the outcome can see why.
		s.logOutcome(a, d, f)
		if s.settle(row, a.round, f) {
			settled = a.round
		}
		a.cancel()
	}
}

// An attempt is one try at a workspace.
type attempt struct {
	round                  int
	workspaceID, requestID string
	question               gate.Request
	notBefore              time.Time
	ctx                    context.Context
	cancel                 context.CancelFunc
}

// nextAttempt prepares one, or ends row's provisioning where none is called for
// after the round that has settled.
func (s *Server) nextAttempt(row *workspace, settled int) (a attempt, more bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := &row.provisioning
	if row.removed && !s.habits.RowsComeBack || p.round == settled {
		p.running, p.cancel = false, nil
		if s.running--; s.running == 0 {
			s.idle.Broadcast()
		}
		return attempt{}, false
	}
	a = attempt{
		round:       p.round,
		workspaceID: row.id,
		requestID:   p.requestID,
		question:    s.provisionQuestion(row),
		notBefore:   row.heldUntil,
	}
	a.ctx, a.cancel = context.WithTimeout(context.Background(), s.budget)
	p.cancel = a.cancel
	return a, true
}

// provisionQuestion asks about what is in scope now, not at create (PRV-1).
func (s *Server) provisionQuestion(row *workspace) gate.Request {
	return gate.Request{
		Stage:    gate.Provision,
		Runtime:  row.runtime,
		Model:    row.model,
		External: row.external,
		URL:      row.url,
		Secrets:  gate.Secrets{Workspace: maps.Clone(row.secrets), Global: maps.Clone(s.globals)},
	}
}

// try asks the gate first, then the engine.
func (s *Server) try(a attempt) (gate.Decision, failure) {
	d, err := s.ask(a.ctx, a.workspaceID, a.question)
	switch {
	case a.ctx.Err() != nil:
		// What a gate says once its context has ended proves nothing.
		return gate.Decision{}, failure{Error: "provisioning took longer than " + s.budget.String()}
	case err != nil:
		return gate.Decision{}, failure{Error: gateUnavailable, cause: err}
	case d.Verdict == gate.Refused:
		return d, failure{Code: d.Code, Error: refusalText(a.question.Model, d), Provider: d.Provider}
	case s.noEngine:
		return d, failure{Error: "workspace start failed"}
	}
	return d, failure{}
}

// settle makes a round's outcome the workspace's, unless a restart or a delete
// has overtaken it.
func (s *Server) settle(row *workspace, round int, f failure) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if row.removed && !s.habits.RowsComeBack || round != row.provisioning.round {
		return false
	}
	if row.removed {
		s.comeBack(row)
	}
	if f.Error == "" {
		row.status = statusOnline
		return true
	}
	row.status, row.reason = statusFailed, f.Error
	e := event{EventType: provisionFailed, WorkspaceID: row.id, Payload: f, CreatedAt: s.now().UTC()}
	if !s.habits.NoEventIDs {
		e.ID = newUUID()
	}
	if s.habits.EventDelay > 0 {
		time.AfterFunc(s.habits.EventDelay, func() {
			s.mu.Lock()
			defer s.mu.Unlock()
			row.events = append(row.events, e)
		})
		return true
	}
	row.events = append(row.events, e)
	return true
}

func (s *Server) logOutcome(a attempt, d gate.Decision, f failure) {
	s.logNotices(a.requestID, a.workspaceID, gate.Provision, d)
	if f.Error == "" {
		return
	}
	log := s.logger(a.requestID)
	if f.cause != nil {
		log = log.With("cause", f.cause)
	}
	log.Warn("provisioning failed",
		"code", f.Code, "provider", f.Provider, "error", f.Error, "workspace", a.workspaceID)
}

// restartWorkspace provisions again. An external workspace has nothing to
// provision, and keeps its status, unless Hooks.RestartExternal.
func (s *Server) restartWorkspace(w http.ResponseWriter, r *http.Request) {
	s.answer(w, r, func(row *workspace) (int, any) {
		if s.closed {
			return http.StatusServiceUnavailable, errorBody{errClosed.Error()}
		}
		if !row.external || s.hooks.RestartExternal {
			s.restart(row, requestID(r))
		}
		return http.StatusOK, statusBody{row.status}
	})
}

// staleTime is how long a restart takes to begin with Habits.StaleFailure.
const staleTime = 30 * time.Millisecond

// restart provisions a row again. Server.mu is held.
func (s *Server) restart(row *workspace, requestID string) {
	if !s.habits.StaleFailure {
		s.startProvisioning(row, requestID)
		return
	}
	e := event{EventType: provisionFailed, WorkspaceID: row.id, Payload: failure{Error: "workspace start failed"}, CreatedAt: s.now().UTC()}
	if !s.habits.NoEventIDs {
		e.ID = newUUID()
	}
	row.status, row.events = statusFailed, append(row.events, e)
	time.AfterFunc(staleTime, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if !s.closed && !row.removed {
			s.startProvisioning(row, requestID)
		}
	})
}

// listEvents shows a workspace's events, newest first, also after its deletion;
// an id that never was has none.
func (s *Server) listEvents(w http.ResponseWriter, r *http.Request) {
	events := []event{}
	s.mu.Lock()
	if row := s.rows[r.PathValue("id")]; row != nil {
		events = append(events, row.events...)
	}
	s.mu.Unlock()
	slices.Reverse(events)
	writeJSON(w, http.StatusOK, events)
}

// logger returns a logger whose lines carry the request's id, if it has one.
func (s *Server) logger(requestID string) *slog.Logger {
	if requestID == "" {
		return s.log
	}
	return s.log.With("request_id", requestID)
}
