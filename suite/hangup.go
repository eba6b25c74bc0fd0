package suite

import (
	"context"
	"sync"
	"time"

	"github.com/molecule-ai/byok-conformance/suite/target"
)

// A hangUp has the clients of a step go away while the provider still thinks about
// its answer (REF-4): what the gate then does is its own affair, but for what is left.
type hangUp struct {
	// wait is how long the others of many creates at once are waited for, and how
	// long a server is given to see that its client has gone.
	wait time.Duration
	// want is how many creates are sent.
	want int

	mu      sync.Mutex
	asked   int
	reached chan struct{} // closed once the provider was asked
	all     chan struct{} // closed once it was asked as often as there are creates
	gone    chan struct{} // closed once the clients have gone
}

func newHangUp(creates int, budget time.Duration) *hangUp {
	return &hangUp{
		wait: min(250*time.Millisecond, budget/5), want: creates,
		reached: make(chan struct{}), all: make(chan struct{}), gone: make(chan struct{}),
	}
}

// clients returns the context of the step's creates, which ends a moment after the
// provider was asked.
func (h *hangUp) clients(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	go func() {
		select {
		case <-ctx.Done():
			return
		case <-h.reached:
		}
		others := time.NewTimer(h.wait)
		defer others.Stop()
		select {
		case <-others.C:
		case <-h.all:
		case <-ctx.Done():
		}
		close(h.gone)
		cancel()
	}()
	return ctx, cancel
}

// hold keeps a call's answer back until the clients have gone and the server has had
// the time to see it, or until it has given the call up.
func (h *hangUp) hold(ctx context.Context) {
	h.mu.Lock()
	if h.asked++; h.asked == 1 {
		close(h.reached)
	}
	if h.asked == h.want {
		close(h.all)
	}
	h.mu.Unlock()
	late := time.NewTimer(3 * h.wait) // whatever became of them
	defer late.Stop()
	select {
	case <-h.gone:
	case <-late.C:
		return
	case <-ctx.Done():
		return
	}
	after := time.NewTimer(h.wait)
	defer after.Stop()
	select {
	case <-after.C:
	case <-ctx.Done():
	}
}

// hungUp makes a reply that nobody waited for one; others stay as they are.
func (h *hangUp) hungUp(reply *target.Reply) {
	select {
	case <-h.gone:
		if reply.Outcome == target.NoReply {
			reply.Outcome, reply.Err = target.HungUp, nil
		}
	default:
	}
}

// rest is how long a server is left alone after its clients have gone.
func (h *hangUp) rest() time.Duration { return 2 * h.wait }
