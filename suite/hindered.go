package suite

import (
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/molecule-ai/byok-conformance/suite/judge"
)

// mostAttempts is how often a scenario is replayed at most.
const mostAttempts = 4

// hindering is the part of the probe's budget for which the harness has to have
// stood still, while a scenario was replayed, before its failure is doubted.
const hindering = 5

// inVainAgain is how many replays may fail again, for each that does not, before
// no more are replayed again: the target is at fault then, and not the machine.
const inVainAgain = 10

// A hindrance is what came of replaying again what failed while the harness was
// kept from running.
type hindrance struct {
	// most is how many in vain are borne for each that was not.
	most int

	mu          sync.Mutex
	vain, right int
	// replayed is how many scenarios were replayed again.
	replayed int
}

func (h *hindrance) worthIt() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.vain < h.most*(1+h.right)
}

// ended notes what came of replaying a scenario again.
func (h *hindrance) ended(failed bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.replayed++
	if failed {
		h.vain++
	} else {
		h.right++
	}
}

// doubtOf is why a replay that ended is replayed by itself: nil where a call was
// seen that may not be its own.
func (e *engine) doubtOf(r *replay) *hindrance {
	switch {
	case r.unclear():
		return nil
	case e.isHindered(r) || !e.wasLate(r):
		return &e.hindered
	}
	return &e.crowded
}

// isHindered reports whether a replay failed in a way that time can explain,
// while the harness, and with it a server on the same machine, was kept from
// running: a gate whose probe timed out for that reason did not violate a rule. A
// credential that was shown was shown, whatever the machine did.
func (e *engine) isHindered(r *replay) bool {
	return e.hindered.worthIt() && e.stood(r) >= e.cfg.Budget/hindering && e.failsByTime(r)
}

// haunting is how long a server is left alone that still had something to do for
// an earlier scenario.
const haunting = time.Second

// isHaunted reports whether a replay fails, and a call was seen meanwhile with a
// credential of an earlier one: it may be late, and then it does not come again.
func (e *engine) isHaunted(r *replay) bool {
	return r.isHaunted() && e.hindered.worthIt() && e.failsByTime(r)
}

func (r *replay) isHaunted() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.attempt != nil && r.haunted
}

// stood is for how long the harness did not run while a replay was under way.
func (e *engine) stood(r *replay) time.Duration {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.attempt == nil {
		return 0
	}
	return r.stalled
}

// fails reports whether a replay fails as it is seen now, and whether time can
// explain that: what a server shows of a credential, it cannot.
func (e *engine) fails(r *replay) (failed, byTime bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	unanswered := func(s judge.StepObservation) bool { return len(s.Replies) == 0 }
	if r.attempt == nil || r.noPlace != "" || r.failure == nil && slices.ContainsFunc(r.steps, unanswered) {
		return false, false // nothing came of it, or the run was ended in the middle of it
	}
	if r.stopped != nil {
		return true, false // it had all the time that there was
	}
	if r.failure != nil {
		return true, len(r.leaks) == 0
	}
	violations := e.cfg.judge(e.finisher.seenOf(r))
	shown := len(r.leaks) > 0 || slices.ContainsFunc(violations, func(v judge.Violation) bool { return strings.HasPrefix(v.Rule, "SEC-") })
	failed = len(violations) > 0
	return failed, failed && !shown
}

// failsByTime is the second result of fails.
func (e *engine) failsByTime(r *replay) bool {
	_, byTime := e.fails(r)
	return byTime
}
