package suite

import (
	"context"
	"time"

	"github.com/molecule-ai/byok-conformance/scenarios"
	"github.com/molecule-ai/byok-conformance/suite/target"
	"github.com/molecule-ai/byok-conformance/suite/timing"
)

// kept is what a replay knows of verdicts that its target may keep (LIV-13): when
// each credential was last seen alive, by keptKey. Nil where no verdict may be kept.
type kept map[string]time.Time

// paces reports whether a replay is paced by the time of kept verdicts. What a create
// starts in the background may ask once more, and the time begins then.
func (e *engine) paces(r *replay) bool { return e.cfg.LivenessCache > 0 && r.scenario.Pauses() }

// keptKey names a credential, its value and the provider that decides of it.
func keptKey(s *scenarios.Step) string {
	if s.Expect.Probed == "" || len(s.Expect.Providers) == 0 {
		return ""
	}
	return s.Expect.Providers[0] + " " + s.Expect.Probed + " " + s.Secrets.Value(s.Expect.Probed).String()
}

// outlast waits until that part of the stated time has gone by which a step wants,
// and notes whether a kept verdict may decide it.
func (e *engine) outlast(ctx context.Context, r *replay, w *window) {
	step := w.step.Step
	alive, known := r.alive[keptKey(step)]
	if e.cfg.LivenessCache == 0 || !known {
		return
	}
	over := alive.Add(e.cfg.LivenessCache + keptSlack(e.cfg.LivenessCache))
	switch step.After {
	case scenarios.HalfCache:
		_ = timing.Pause(ctx, time.Until(alive.Add(e.cfg.LivenessCache/2))) // the step sees that ctx has ended
	case scenarios.WholeCache:
		_ = timing.Pause(ctx, time.Until(over))
	}
	w.step.Kept = time.Now().Before(over)
}

// keptSlack is how much longer than it says a verdict may be kept: clocks are
// coarse, and ours begins when the reply is there.
func keptSlack(stated time.Duration) time.Duration {
	return min(max(stated/10, 100*time.Millisecond), 2*time.Second)
}

// sawAlive notes that the provider was asked in a step and said that the credential
// is alive, or may have said so.
func (e *engine) sawAlive(r *replay, w *window, i int) {
	step := w.step.Step
	key := keptKey(step)
	answer := scenarios.AnswerOf(step.Secrets.Value(step.Expect.Probed).AnswerAt(i))
	if e.cfg.LivenessCache == 0 || key == "" || answer.Means != scenarios.Alive || len(w.step.Replies) == 0 || w.step.Replies[0].Outcome != target.Allowed {
		return
	}
	if r.alive == nil {
		r.alive = kept{}
	}
	r.alive[key] = time.Now()
}
