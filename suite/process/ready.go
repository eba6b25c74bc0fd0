package process

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// The pause between two health attempts doubles from the first to the longest.
const (
	firstPause   = 5 * time.Millisecond
	longestPause = 200 * time.Millisecond
)

// attempts is how many health attempts fit into Within at the least: a server
// that swallows one connection while it starts gets another.
const attempts = 3

var (
	errDied = errors.New("it died before it was ready")
	errLate = errors.New("it was not ready in time")
)

// awaitReady polls Ready until it succeeds. On error the command is stopped.
func (p *Process) awaitReady(ctx context.Context, cfg *Config) error {
	polling, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	late := time.AfterFunc(cfg.Within, func() { cancel(errLate) })
	defer late.Stop()
	go func() {
		select {
		case <-p.exited:
			cancel(errDied)
		case <-polling.Done():
		}
	}()
	last := p.poll(polling, cfg)
	if last == nil {
		return nil
	}
	accepts := listening(p.addr)
	stopErr := p.Stop()
	switch cause := context.Cause(polling); {
	case errors.Is(cause, errDied):
		// Who else listens is part of the story here, not a failure to stop.
		return withStop(p.diedEarly(), p.stopErr)
	case errors.Is(cause, errLate):
		return withStop(fmt.Errorf("start %s: %w (%s): %w; %s; %s", p.name, errLate, cfg.Within, last, p.advise(cfg, accepts), p.output), stopErr)
	default:
		return withStop(fmt.Errorf("start %s: interrupted before it was ready: %w; the last health attempt: %w; %s", p.name, cause, last, p.output), stopErr)
	}
}

// withStop adds what went wrong in stopping, if anything did.
func withStop(err, stopErr error) error {
	if stopErr == nil {
		return err
	}
	return errors.Join(err, stopErr)
}

// poll returns nil when Ready has succeeded, and otherwise, once the context
// has ended, the last error that tells something about the server.
func (p *Process) poll(ctx context.Context, cfg *Config) error {
	last := errors.New("no health attempt was answered")
	for pause := firstPause; ; pause = min(2*pause, longestPause) {
		attempt, cancel := context.WithTimeout(ctx, cfg.Within/attempts)
		err := cfg.Ready(attempt, p.URL())
		cancel()
		if err == nil && p.running() {
			return nil
		}
		if err != nil && ctx.Err() == nil {
			last = err
		}
		select {
		case <-ctx.Done():
			return last
		case <-time.After(pause):
		}
	}
}

func (p *Process) running() bool {
	select {
	case <-p.exited:
		return false
	default:
		return true
	}
}

// diedEarly is the error for a command that ended before it was ready. The group
// is gone by now, so whoever still listens on the port is not ours.
func (p *Process) diedEarly() error {
	why := ""
	switch {
	case p.waitErr == nil && (p.orphans || p.taken):
		why = "; it went on in the background: give the command that stays in the foreground"
		if p.taken {
			why += fmt.Sprintf(" (and stop what still listens on %s)", p.addr)
		}
	case p.taken:
		why = fmt.Sprintf("; another process listens on %s, which took the port between our choice and its start: run it again", p.addr)
	}
	return fmt.Errorf("start %s: %w: %w%s; %s", p.name, errDied, exitOf(p.waitErr), why, p.output)
}

// advise says what to look at when the command runs but is not healthy.
func (p *Process) advise(cfg *Config, accepts bool) string {
	if accepts {
		return fmt.Sprintf("it listens on %s, so see whether the health check asks for the right path and what the server still waits for (its database?)", p.addr)
	}
	s := "it did not listen on the address given by PORT or {port}, " + p.addr
	if !namesPort(cfg.Args) {
		s += ": make it read PORT, or put {addr} or {port} into its arguments"
	}
	return s + "; if it is only slow, allow it more time"
}
