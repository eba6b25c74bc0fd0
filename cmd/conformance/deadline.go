package main

import (
	"context"

	"github.com/molecule-ai/byok-conformance/suite"
)

// until is the context of a run that ends at --deadline at the latest.
func (f *runFlags) until(ctx context.Context) (context.Context, context.CancelFunc) {
	if f.deadline == 0 {
		return ctx, func() {}
	}
	return context.WithTimeoutCause(ctx, f.deadline, suite.ErrDeadline)
}

func (f *runFlags) deadlineText() string { return "--deadline " + f.deadline.String() }
