package server

import (
	"time"
)

// Sent is how many requests the server was sent so far, whatever became of them.
func (t *Target) Sent() int { return int(t.sent.Load()) }

// Held is how long the server's rate limit still holds all requests back; 0
// where it does not.
func (t *Target) Held() time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	return max(time.Until(t.pause), 0)
}
