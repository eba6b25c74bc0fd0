package suite

import (
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
)

// TestAllHeadersAreRead reads what comes before a reply and behind it, too.
func TestAllHeadersAreRead(t *testing.T) {
	for _, test := range []struct {
		name   string
		create http.HandlerFunc
		header string
		want   string
	}{
		{"early hints", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("X-Early", "one")
			w.WriteHeader(http.StatusEarlyHints)
			w.Header().Del("X-Early")
			answer(w, 201, `{"id":"7"}`)
		}, "X-Early", "one"},
		{"two of them, and the reply's own", func(w http.ResponseWriter, _ *http.Request) {
			for _, v := range []string{"one", "two"} {
				w.Header().Set("X-Early", v)
				w.WriteHeader(http.StatusProcessing)
			}
			w.Header().Set("X-Early", "three")
			answer(w, 201, `{"id":"7"}`)
		}, "X-Early", "three one two"},
		{"a trailer", func(w http.ResponseWriter, _ *http.Request) {
			answer(w, 201, `{"id":"7"}`)
			_ = http.NewResponseController(w).Flush()
			w.Header().Set(http.TrailerPrefix+"X-Late", "four")
		}, "X-Late", "four"},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := served(t, test.create).Create(t.Context(), CreateRequest{Name: "n", Patience: time.Minute})
			if got := strings.Join(r.Header.Values(test.header), " "); r.Outcome != OutcomeAllowed || got != test.want {
				t.Errorf("%s, %s: %q, want %q", r.Outcome, test.header, got, test.want)
			}
		})
	}
}

// TestConnectionsThatWereJustClosed: a server may close an idle connection at any
// time, and one that hangs up on a fresh connection gives no reply.
func TestConnectionsThatWereJustClosed(t *testing.T) {
	for _, test := range []struct {
		name string
		// served is how many requests a connection is good for.
		served int
		want   Outcome
	}{
		{"after each reply", 1, OutcomeAllowed},
		{"before the first reply", 0, OutcomeFailed},
	} {
		t.Run(test.name, func(t *testing.T) {
			var mu sync.Mutex
			requests := map[string]int{} // by connection
			target := served(t, func(w http.ResponseWriter, r *http.Request) {
				mu.Lock()
				requests[r.RemoteAddr]++
				n := requests[r.RemoteAddr]
				mu.Unlock()
				if n > test.served {
					panic(http.ErrAbortHandler)
				}
				answer(w, 201, `{"id":"7"}`)
			})
			for range 3 {
				if r := target.Create(t.Context(), CreateRequest{Name: "n", Patience: time.Minute}); r.Outcome != test.want {
					t.Errorf("%s, %v; want %s", r.Outcome, r.Err, test.want)
				}
			}
			mu.Lock()
			defer mu.Unlock()
			if len(requests) != 3 {
				t.Errorf("%d connections, want 3", len(requests))
			}
		})
	}
}
