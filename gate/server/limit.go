package server

import (
	"net/http"
	"strconv"
	"sync"
	"time"
)

// A limiter counts requests by client in windows of one length that all clients
// share, so that the end of a window forgets all of them at once.
type limiter struct {
	perWindow int
	window    time.Duration
	now       func() time.Time
	// silent: only a reply over the limit says where the client stands.
	silent bool

	mu    sync.Mutex
	end   time.Time
	taken map[string]int
}

// take counts a request of client and returns how many it has left and when the
// window ends. The request is over the limit where left is negative.
func (l *limiter) take(client string) (left int, reset time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	reset = l.end.Sub(now)
	// More than a window to go means that the clock was set back.
	if reset <= 0 || reset > l.window {
		reset = l.window
		l.end = now.Add(reset)
		l.taken = map[string]int{}
	}
	l.taken[client]++
	return l.perWindow - l.taken[client], reset
}

// admit tells the client where it stands, in headers whose Reset counts seconds
// from now, and answers 429 itself where the client is over its limit.
func (l *limiter) admit(w http.ResponseWriter, client string) bool {
	left, reset := l.take(client)
	seconds := int((reset + time.Second - 1) / time.Second)
	header := w.Header()
	if l.silent && left >= 0 {
		return true
	}
	header.Set("X-Ratelimit-Limit", strconv.Itoa(l.perWindow))
	header.Set("X-Ratelimit-Remaining", strconv.Itoa(max(left, 0)))
	header.Set("X-Ratelimit-Reset", strconv.Itoa(seconds))
	if left >= 0 {
		return true
	}
	header.Set("Retry-After", strconv.Itoa(seconds))
	writeJSON(w, http.StatusTooManyRequests, struct {
		Error      string `json:"error"`
		RetryAfter int    `json:"retry_after"`
	}{"rate limit exceeded", seconds})
	return false
}
