package server_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/molecule-ai/byok-conformance/gate/server"
)

func TestRateLimit(t *testing.T) {
	now := time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)
	c := newClient(t, func(config *server.Config) {
		config.RateLimit = 2
		config.Now = func() time.Time { return now }
	})
	const admin, stranger, nobody = "Authorization: Bearer " + adminToken, "Authorization: Bearer other", "Authorization:"
	steps := []struct {
		title         string
		after         time.Duration
		as, path      string
		status        int
		left, reset   int
		retry, answer string
	}{
		{"first", 0, admin, "/workspaces", 200, 1, 60, "", ""},
		{"second, on an open route", 500 * time.Millisecond, admin, "/health", 200, 0, 60, "", ""},
		{"over", 500 * time.Millisecond, admin, "/workspaces", 429, 0, 59, "59", `{"error":"rate limit exceeded","retry_after":59}`},
		{"over, on an unknown route", 0, admin, "/nowhere", 429, 0, 59, "59", `{"error":"rate limit exceeded","retry_after":59}`},
		{"another client is not", 0, nobody, "/nowhere", 404, 1, 59, "", ""},
		{"a made-up token is the same client", 0, stranger, "/workspaces", 401, 0, 59, "", ""},
		{"and is over too", 0, nobody, "/health", 429, 0, 59, "59", `{"error":"rate limit exceeded","retry_after":59}`},
		{"just before the end", 58*time.Second + 999*time.Millisecond, admin, "/health", 429, 0, 1, "1", `{"error":"rate limit exceeded","retry_after":1}`},
		{"a new minute", time.Millisecond, admin, "/health", 200, 1, 60, "", ""},
		{"the clock is set back", -time.Hour, admin, "/health", 200, 1, 60, "", ""},
	}
	for _, step := range steps {
		now = now.Add(step.after)
		got := c.send("GET", step.path, "", step.as)
		if step.answer != "" {
			got.want(t, 429, step.answer)
		}
		want := fmt.Sprintf("%d, limit 2, remaining %d, reset %d, retry %q", step.status, step.left, step.reset, step.retry)
		have := fmt.Sprintf("%d, limit %s, remaining %s, reset %s, retry %q", got.status, got.header.Get("X-Ratelimit-Limit"),
			got.header.Get("X-Ratelimit-Remaining"), got.header.Get("X-Ratelimit-Reset"), got.header.Get("Retry-After"))
		if diff := cmp.Diff(want, have); diff != "" {
			t.Errorf("%s (-want +got):\n%s", step.title, diff)
		}
	}
}

func TestNoRateLimit(t *testing.T) {
	c := newClient(t, nil)
	got := c.send("GET", "/health", "")
	if _, found := got.header["X-Ratelimit-Limit"]; found {
		t.Error("a server without a limit tells of one")
	}
}
