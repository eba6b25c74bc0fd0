package main

import "context"

// watch ends the run's context when the command under test dies.
func (t *target) watch(ctx context.Context) (context.Context, context.CancelFunc) {
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
// there is none.
func (t *target) died() error {
	if t.process == nil {
		return nil
	}
	return t.process.Err()
}
