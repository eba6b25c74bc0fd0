package main

import (
	"context"
	"errors"
)

// watch ends the run's context when the command under test dies.
func (t *opened) watch(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	if t.process != nil {
		go func() {
			select {
			case <-t.process.Done():
				cancel()
			case <-ctx.Done():
			}
		}()
	}
	return ctx, cancel
}

// died says how the command under test ended; nil while it runs, and where
// there is none. Its last lines are part of it, so it is masked like a report.
func (t *opened) died() error {
	if t.process == nil {
		return nil
	}
	err := t.process.Err()
	if err == nil {
		return nil
	}
	return errors.New(t.providers.Mask(err.Error()))
}
