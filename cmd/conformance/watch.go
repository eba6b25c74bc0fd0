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

// died says how the command under test ended, with its last lines; nil while it
// runs, and where there is none. It is masked like a report.
func (t *opened) died() error {
	if t.process == nil || t.process.Err() == nil {
		return nil
	}
	return errors.New(t.providers.Mask(t.process.Err().Error()))
}

// death is died as a report's reason: one line, and what was printed last below it.
func (t *opened) death() string {
	return t.providers.Mask("the server died: " + t.process.Brief().Error() + "\n" + t.process.LastWords())
}
