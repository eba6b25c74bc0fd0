//go:build unix

package hostile

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/molecule-ai/byok-conformance/suite"
)

// TestInterruptedRuns end with nothing called failed that was only cut off, and
// with every workspace deleted, or named.
func TestInterruptedRuns(t *testing.T) {
	same := func(right http.Handler) http.Handler { return right }
	for _, test := range []struct {
		name  string
		spoil func(http.Handler) http.Handler
		// deadline ends the run after so long; 0 cancels it after some scenarios.
		deadline time.Duration
	}{
		{"a deadline in the middle", same, 200 * time.Millisecond},
		{"a cancel in the middle", same, 0},
		{"a server that has fallen silent", silentOn(http.MethodPost, "/workspaces", 40), time.Second},
		{"a server that deletes nothing", silentOn(http.MethodDelete, "/workspaces/", 1), 0},
		{"a server that sets no globals", silentOn(http.MethodPut, "/settings/secrets", 1), time.Second},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, test.spoil)
			r.reach(t, short)
			r.config.Timeout, r.config.Parallel = long, 4
			ctx, cancel := context.WithTimeout(t.Context(), bound)
			if test.deadline > 0 {
				ctx, cancel = context.WithTimeout(t.Context(), test.deadline)
			}
			defer cancel()
			r.config.Scenarios, r.config.Companions = selected(t, []string{"valid/*", "missing/*"})
			started := 0
			r.config.Handle = func(e suite.Event) {
				if _, ok := e.(suite.Started); ok {
					if started++; started == 30 && test.deadline == 0 {
						cancel()
					}
				}
			}
			s, err := suite.Run(ctx, r.config)
			if err != nil {
				t.Fatal(err)
			}
			if !s.Interrupted || s.Conformant() || s.Ended() >= s.Planned || s.Failed != 0 {
				t.Errorf("summary %+v; want it interrupted, short, and nothing failed", s)
			}
			if left := r.right.Workspaces(); left > len(s.Leftovers) && !mayBeMore(s.Leftovers) {
				t.Errorf("%d workspaces are left, and %d are named: %q", left, len(s.Leftovers), s.Leftovers)
			}
		})
	}
}
