package server

import "time"

// heldTimes is how many times Habits.RestartDelay a workspace is held that is
// restarted in the middle of a provisioning.
const heldTimes = 10

// secretChanged restarts, a moment from now, the live workspaces that the change of
// a secret touches; nil touches all. One that is being provisioned by then is held,
// and whoever makes it waits as long.
func (s *Server) secretChanged(of *workspace) {
	delay := s.habits.RestartDelay
	if delay == 0 {
		return
	}
	time.AfterFunc(delay, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		for _, id := range s.names {
			row := s.rows[id]
			if s.closed || row.external || row.kind != "" || of != nil && of != row {
				continue
			}
			if row.status == statusProvisioning {
				row.heldUntil = time.Now().Add(heldTimes * delay)
			}
			s.startProvisioning(row, "")
		}
	})
}

// heldBack waits while a workspace that was just made is held; the rest of a create
// takes as long as a restart takes to begin.
func (s *Server) heldBack(id string) {
	delay := s.habits.RestartDelay
	if delay == 0 {
		return
	}
	pauseFor(s.ended, delay)
	s.mu.Lock()
	until := s.rows[id].heldUntil
	s.mu.Unlock()
	pauseFor(s.ended, time.Until(until))
}
