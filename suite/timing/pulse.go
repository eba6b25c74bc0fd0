package timing

import (
	"context"
	"errors"
	"sync"
	"time"
)

var (
	ErrLate    = errors.New("no answer in time")
	ErrGone    = errors.New("the server is gone")
	ErrLimited = errors.New("the server's rate limit")
)

// beat is how often a pulse notes that the harness runs.
const beat = 10 * time.Millisecond

// missed is how long it takes from one beat to the next where some were missed:
// what a busy but running process needs to wake up is less.
const missed = 3 * beat

// A pulse tells for how long the harness was kept from running: by other work on
// the machine, by a virtual machine that stood still, by a signal. A target on
// the same machine was kept from running, too, and the reply of another one was
// not read, so that such time says nothing about the target. A nil pulse, and one
// that was stopped, loses none.
type Pulse struct {
	mu   sync.Mutex
	last time.Time // zero while it does not beat
	sum  time.Duration
}

// Start begins to beat until stop is called, which waits for the last beat.
func (p *Pulse) Start() (stop func()) {
	p.mu.Lock()
	p.last = time.Now()
	p.mu.Unlock()
	done := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		ticker := time.NewTicker(beat)
		defer ticker.Stop()
		for {
			select {
			case <-ticker.C:
				p.beat(time.Now())
			case <-done:
				return
			}
		}
	})
	return func() {
		close(done)
		wg.Wait()
		p.mu.Lock()
		defer p.mu.Unlock()
		p.sum, p.last = p.sum+p.gap(time.Now()), time.Time{}
	}
}

func (p *Pulse) beat(now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.sum, p.last = p.sum+p.gap(now), now
}

// gap is the time without a beat until now that had to hold one.
func (p *Pulse) gap(now time.Time) time.Duration {
	if since := now.Sub(p.last); !p.last.IsZero() && since >= missed {
		return since - beat
	}
	return 0
}

// lost is for how long the harness has not run since the start, all in all.
func (p *Pulse) lost() time.Duration {
	if p == nil {
		return 0
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.sum + p.gap(time.Now())
}

// Lose counts a time as one in which the harness did not run.
func (p *Pulse) Lose(d time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.sum += d
}

// A stretch is a stretch of time since its beginning.
type Stretch struct {
	pulse *Pulse
	Began time.Time
	lost  time.Duration
}

func (p *Pulse) Stretch() Stretch { return Stretch{p, time.Now(), p.lost()} }

// Stalled is for how long of it the harness did not run.
func (s Stretch) Stalled() time.Duration { return s.pulse.lost() - s.lost }

// Left is what is left of a time that counts only while the harness runs.
func (s Stretch) Left(of time.Duration) time.Duration {
	return of - time.Since(s.Began) + s.Stalled()
}

// Within is context.WithTimeoutCause for a time that counts only while the
// harness runs; it ends with errLate.
func (p *Pulse) Within(ctx context.Context, d time.Duration) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancelCause(ctx)
	s := p.Stretch()
	var mu sync.Mutex // the timer is set before it is looked at
	var timer *time.Timer
	mu.Lock()
	defer mu.Unlock()
	timer = time.AfterFunc(d, func() {
		mu.Lock()
		defer mu.Unlock()
		if left := s.Left(d); left > 0 && ctx.Err() == nil {
			timer.Reset(left)
			return
		}
		cancel(ErrLate)
	})
	return ctx, func() {
		timer.Stop()
		cancel(context.Canceled)
	}
}
