package suite

import (
	"context"
	"slices"

	"github.com/molecule-ai/byok-conformance/scenarios"
	"github.com/molecule-ai/byok-conformance/suite/judge"
	"github.com/molecule-ai/byok-conformance/suite/target"
	"github.com/molecule-ai/byok-conformance/suite/timing"
)

// unasked waits until a workspace that was created without a probe has come to
// rest: a target may ask the provider behind its answer, and a slow machine must
// not decide whether that is seen.
func (e *engine) unasked(ctx context.Context, r *replay, s *judge.StepObservation) {
	if !slices.Contains(e.cfg.Claims, "create-liveness") || s.Step.Expect.Upstream != scenarios.OneProbe || s.Step.AtOnce > 1 || s.Struck || s.Replies[0].Outcome != target.Allowed {
		return
	}
	calls := func() int {
		r.mu.Lock()
		defer r.mu.Unlock()
		return len(s.Calls)
	}
	if calls() > 0 {
		return
	}
	e.lookLater(ctx, func(ctx context.Context) bool {
		_ = e.cfg.Target.Settle(ctx, s.Replies[0].Workspace) // what cannot be seen is not waited for
		return calls() > 0
	})
}

// lookLater looks at what became of a created workspace, which look reports to
// have shown something or not. A target may take minutes to start one, and
// thousands may be created that must not be: a look takes no longer than a probe
// may, and where the first of them all show nothing, there are no more.
func (e *engine) lookLater(ctx context.Context, look func(context.Context) bool) {
	if !e.afterwards.WorthIt() || e.silence.GaveUp(timing.ToShow) != nil {
		return
	}
	ctx, cancel := e.pulse.Within(ctx, e.cfg.Budget+judge.BoundSlack)
	defer cancel()
	if look(ctx) {
		e.afterwards.Proved()
	} else {
		e.afterwards.InVain()
	}
}

// late looks whether workspaces that had to be refused, and were created, are
// refused afterwards (REF-4). What cannot be seen is no violation: that they
// were created is one already.
func (e *engine) late(ctx context.Context, r *replay, s *judge.StepObservation) {
	watcher, ok := e.cfg.Target.(target.Watcher)
	if !ok || s.Step.Expect.Verdict != scenarios.Refused || s.Step.AtOnce > 1 || r.waits || s.Replies[0].Outcome != target.Allowed {
		return
	}
	e.lookLater(ctx, func(ctx context.Context) bool {
		s.Later = watcher.Outcome(ctx, s.Replies[0].Workspace)
		return s.Later != nil && s.Later.Outcome == target.Refused
	})
}
