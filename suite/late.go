package suite

import (
	"context"

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
	if s.Step.Expect.Upstream != scenarios.OneProbe || s.Step.AtOnce > 1 || s.Struck || s.Replies[0].Outcome != OutcomeAllowed {
		return
	}
	r.mu.Lock()
	calls := len(s.Calls)
	r.mu.Unlock()
	if calls == 0 {
		_ = e.cfg.Target.Settle(ctx, s.Replies[0].Workspace) // what cannot be seen is not waited for
	}
}

// late looks whether workspaces that had to be refused, and were created, are
// refused afterwards (REF-4). What cannot be seen is no violation: that they
// were created is one already.
func (e *engine) late(ctx context.Context, r *replay, s *StepObservation) {
	watcher, ok := e.cfg.Target.(Watcher)
	if !ok || s.Step.Expect.Verdict != scenarios.Refused || s.Step.AtOnce > 1 || r.scenario.Waits() || s.Replies[0].Outcome != OutcomeAllowed {
		return
	}
	s.Later = watcher.Outcome(ctx, s.Replies[0].Workspace)
}

// checkLate reports refusals that are not the answer to the create (REF-4).
func checkLate(o *Observation) []Violation {
	var out []Violation
	for i := range o.Steps {
		if s := &o.Steps[i]; s.Step.Stage == scenarios.Create && s.Later != nil && s.Later.Outcome == OutcomeRefused {
			out = append(out, Violation{
				"REF-4", "the create was answered as if it were allowed, and the refusal came afterwards",
				"the refusal is the answer to the create", gotOf(&s.Replies[0]) + ", then " + gotOf(s.Later),
			})
		}
	}
	return out
}
