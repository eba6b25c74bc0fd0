package suite

import (
	"context"
	"slices"

	"github.com/molecule-ai/byok-conformance/scenarios"
)

// A Watcher is a target that shows what became of a workspace after its create
// was answered. Outcome waits until it has come to rest, and returns a reply
// that is OutcomeRefused where the gate refused it meanwhile. Nil where the
// target does not show it.
type Watcher interface {
	Outcome(ctx context.Context, w Workspace) *Reply
}

// unasked waits until a workspace that was created without a probe has come to
// rest: a target may ask the provider behind its answer, and a slow machine must
// not decide whether that is seen.
func (e *engine) unasked(ctx context.Context, r *replay, s *StepObservation) {
	if !slices.Contains(e.cfg.Claims, "create-liveness") || s.Step.Expect.Upstream != scenarios.OneProbe || s.Step.AtOnce > 1 || s.Struck || s.Replies[0].Outcome != OutcomeAllowed {
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
	if !e.afterwards.worthIt() {
		return
	}
	ctx, cancel := e.pulse.within(ctx, e.cfg.Budget+boundSlack)
	defer cancel()
	if look(ctx) {
		e.afterwards.proved()
	} else {
		e.afterwards.inVain()
	}
}

// late looks whether workspaces that had to be refused, and were created, are
// refused afterwards (REF-4). What cannot be seen is no violation: that they
// were created is one already.
func (e *engine) late(ctx context.Context, r *replay, s *StepObservation) {
	watcher, ok := e.cfg.Target.(Watcher)
	if !ok || s.Step.Expect.Verdict != scenarios.Refused || s.Step.AtOnce > 1 || r.waits || s.Replies[0].Outcome != OutcomeAllowed {
		return
	}
	e.lookLater(ctx, func(ctx context.Context) bool {
		s.Later = watcher.Outcome(ctx, s.Replies[0].Workspace)
		return s.Later != nil && s.Later.Outcome == OutcomeRefused
	})
}

// checkLate reports refusals that are not the answer to the create (REF-4).
func checkLate(_ *Observation, s *StepObservation) []Violation {
	if s.Step.Stage != scenarios.Create || s.Later == nil || s.Later.Outcome != OutcomeRefused {
		return nil
	}
	return []Violation{{
		LateRefusal, "REF-4", 0, "the create was answered as if it were allowed, and the refusal came afterwards",
		"the refusal is the answer to the create", s.Replies[0].String() + ", then " + s.Later.String(),
	}}
}
