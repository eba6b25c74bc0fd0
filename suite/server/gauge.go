package server

import (
	"strconv"
	"strings"
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

// A Rate is a server's limit on its clients: so many requests in so much time.
type Rate struct {
	Requests int
	Per      time.Duration
}

// Stated is the limit that the server's replies state; false where they state none.
func (t *Target) Stated() (Rate, bool) {
	r := t.stated.Load()
	if r == nil {
		return Rate{}, false
	}
	return *r, true
}

// Raise says where the server's own limit is raised, in the profile's words; empty
// where it does not say.
func (t *Target) Raise() string { return t.profile.rate.raise }

// RegistryAt says where the server's own registry is found, in the profile's words;
// empty where it does not say.
func (t *Target) RegistryAt() string { return t.profile.registryAt }

// note keeps the limit that a reply states.
func (t *Target) note(r *httpReply) {
	l := &t.profile.rate
	if l.limit == "" || t.stated.Load() != nil {
		return
	}
	if n, err := strconv.Atoi(strings.TrimSpace(r.header.Get(l.limit))); err == nil && n > 0 {
		t.stated.Store(&Rate{n, l.window})
	}
}
