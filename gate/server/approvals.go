package server

import (
	"net/http"
	"slices"
)

// An approval lets one write of a secret through, once it is approved.
type approval struct {
	ID     string `json:"id"`
	Action string `json:"action"`
	Reason string `json:"reason"`
	Status string `json:"status"`
	key    string
}

const (
	secretWrite = "secret_write"
	pending     = "pending"
	approved    = "approved"
)

// gated reports whether a write of a secret waits for an approval, and answers
// it then: 202 with the approval that it waits for. One that was approved is used
// up. Server.mu is held.
func (s *Server) gated(row *workspace, key string, own bool) (status int, body any, waits bool) {
	if !s.habits.Approvals || own {
		return 0, nil, false
	}
	at := slices.IndexFunc(row.approvals, func(a approval) bool { return a.key == key })
	if at >= 0 && row.approvals[at].Status == approved {
		row.approvals = slices.Delete(row.approvals, at, at+1)
		return 0, nil, false
	}
	if at < 0 {
		at = len(row.approvals)
		row.approvals = append(row.approvals, approval{newUUID(), secretWrite, "secret_write " + key, pending, key})
	}
	return http.StatusAccepted, struct {
		Action     string `json:"action"`
		ApprovalID string `json:"approval_id"`
		Reason     string `json:"reason"`
		Status     string `json:"status"`
	}{secretWrite, row.approvals[at].ID, row.approvals[at].Reason, "pending_approval"}, true
}

func (s *Server) listApprovals(w http.ResponseWriter, r *http.Request) {
	s.answer(w, r, func(row *workspace) (int, any) {
		return http.StatusOK, append([]approval{}, row.approvals...)
	})
}

func (s *Server) decideApproval(w http.ResponseWriter, r *http.Request) {
	var body struct {
		Decision string `json:"decision"`
	}
	if !readJSON(w, r, &body, "invalid decision payload") {
		return
	}
	s.answer(w, r, func(row *workspace) (int, any) {
		at := slices.IndexFunc(row.approvals, func(a approval) bool { return a.ID == r.PathValue("approval") })
		switch {
		case at < 0:
			return http.StatusNotFound, errorBody{"approval not found"}
		case body.Decision != approved:
			row.approvals = slices.Delete(row.approvals, at, at+1)
			return http.StatusOK, statusBody{"denied"}
		}
		row.approvals[at].Status = approved
		return http.StatusOK, statusBody{approved}
	})
}

// adminOrOwn admits the administrator, and the workspace that the path names
// with the token that its create was answered with.
func (s *Server) adminOrOwn(next func(w http.ResponseWriter, r *http.Request, own bool)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		token := bearer(r)
		s.mu.Lock()
		row := s.rows[r.PathValue("id")]
		own := token != "" && row != nil && row.token == token
		s.mu.Unlock()
		if own {
			next(w, r, true)
			return
		}
		s.adminOnly(func(w http.ResponseWriter, r *http.Request) { next(w, r, false) })(w, r)
	}
}
