package suite

import (
	"time"

	"github.com/molecule-ai/byok-conformance/suite/judge"
	"github.com/molecule-ai/byok-conformance/suite/target"
	"github.com/molecule-ai/byok-conformance/suite/timing"
)

// How many scenarios are replayed at once is found out from how the target
// answers (timing.Width), and what comes of too many is not held against it.

// inVainCrowded is inVainAgain for failures of one that answered late among many.
const inVainCrowded = 1

// answered lets what came of a step decide how many are replayed at once. Where
// fewer are under way than there could be, or some that have to wait, the answer says nothing about that.
func (e *engine) answered(r *replay, s *judge.StepObservation) {
	if e.width == nil || r.waits || s.Step.AtOnce > 1 || len(s.Replies) == 0 || !e.slots.full() {
		return
	}
	reply := &s.Replies[0]
	if reply.Outcome == target.NoReply || reply.Outcome == target.Late {
		e.resize(e.width.Failed(time.Now()))
		return
	}
	x := &s.Step.Expect
	kind := string(s.Step.Stage) + " " + string(x.Verdict) + " " + string(x.Upstream) + " " + string(s.Step.Malformed)
	e.resize(e.width.Answered(kind, reply.Took-reply.Stalled, time.Now()))
}

func (e *engine) resize(width int) {
	e.slots.resize(width)
	e.silence.Widen(width)
}

// atOnce is how many scenarios are replayed at once, at most.
func (e *engine) atOnce() int {
	if e.width != nil {
		return timing.MostWidth
	}
	return e.cfg.Parallel
}

// isCrowded reports whether a replay fails in a way that time can explain, and was
// answered so late among many that its probe may have been given up for that reason.
func (e *engine) isCrowded(r *replay) bool {
	return e.atOnce() > 1 && e.crowded.worthIt() && e.wasLate(r) && e.failsByTime(r)
}

// wasLate reports whether an answer took so long that a probe may have been given
// up: the budget, or what LIV-6 allows where a silent provider takes up the budget.
func (e *engine) wasLate(r *replay) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	bound := e.cfg.Budget
	if r.waits {
		bound += judge.BoundSlack
	}
	if r.attempt == nil {
		return false
	}
	for i := range r.steps {
		if s := &r.steps[i]; s.Step.AtOnce == 1 && e.probes(s.Step) && len(s.Replies) == 1 {
			if reply := &s.Replies[0]; reply.Took-reply.Stalled > bound || reply.Outcome == target.Late {
				return true
			}
		}
	}
	return false
}
