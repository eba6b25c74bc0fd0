package suite

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// TestSlots counts who holds a slot while their number changes.
func TestSlots(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSlots(2)
		var holding, gaveUp atomic.Int64
		hold := func(ctx context.Context, d time.Duration) {
			if !s.take(ctx) {
				gaveUp.Add(1)
				return
			}
			holding.Add(1)
			time.Sleep(d)
			holding.Add(-1)
			s.release()
		}
		impatient, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
		defer cancel()
		go hold(impatient, 10*time.Second)
		synctest.Wait()
		go hold(t.Context(), 10*time.Second)
		synctest.Wait()
		for range 3 {
			go hold(impatient, time.Second) // they wait in vain
		}
		for range 6 {
			go hold(t.Context(), 10*time.Second)
		}
		for _, step := range []struct {
			after   time.Duration
			resize  int
			holding int64
			full    bool
		}{
			{0, 2, 2, true},
			{time.Second, 2, 2, true}, // the impatient have gone
			{0, 5, 5, true},
			{0, 3, 5, true},                  // whoever holds one keeps it
			{10*time.Second - 1, 3, 3, true}, // the first two have ended, and nobody came in their place
			{time.Second, 3, 3, true},
			{20 * time.Second, 3, 0, false},
		} {
			time.Sleep(step.after)
			s.resize(step.resize)
			synctest.Wait()
			if got := holding.Load(); got != step.holding || s.full() != step.full {
				t.Errorf("%d slots are held (full: %v), want %d (%v) of %d", got, s.full(), step.holding, step.full, step.resize)
			}
		}
		if got := gaveUp.Load(); got != 3 {
			t.Errorf("%d gave up, want 3", got)
		}
	})
}
