package suite

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/molecule-ai/byok-conformance/scenarios"
	"github.com/molecule-ai/byok-conformance/suite/judge"
	"github.com/molecule-ai/byok-conformance/suite/target"
	"github.com/molecule-ai/byok-conformance/suite/timing"
)

// mostRestarts is how often a target that has stopped answering is started again.
const mostRestarts = 3

// A lifeline knows what is under way, and what became of a target that stopped
// answering to anything. That is one fault (ROB-3), and must not cost the rest of
// the run: the target is given its time and then started again, what was under way
// is replayed by itself, and the heaviest of it fails.
type lifeline struct {
	// asking is held while the target is asked whether it answers, and started
	// again; nothing is begun meanwhile.
	asking sync.Mutex
	// answered is when it last did.
	answered time.Time

	mu sync.Mutex
	// began is when each replay under way was.
	began map[*replay]time.Time
	// restarts counts them; over says that there will be no more.
	restarts int
	over     bool
	// stoppedBy are the scenarios during which it stopped, by the entry of the
	// corpus that they come from.
	stoppedBy map[string]string
}

func newLifeline() *lifeline {
	return &lifeline{began: map[*replay]time.Time{}, stoppedBy: map[string]string{}}
}

// enter notes that a replay is under way. One like another that stopped the
// target is not replayed: it would only stop it again.
func (l *lifeline) enter(r *replay) {
	l.asking.Lock()
	defer l.asking.Unlock()
	l.mu.Lock()
	defer l.mu.Unlock()
	if r.next > 0 && r.restarts < l.restarts {
		r.severed = true
		r.fail(errors.New("the target was started again between two of its steps"))
	}
	r.restarts, l.began[r] = l.restarts, time.Now()
	if by := l.stoppedBy[entryOf(r.scenario)]; by != "" && by != r.scenario.ID {
		r.fail(fmt.Errorf("not replayed: %s asks for the same with another provider, and the target stopped answering; repair that first", by))
	}
}

// leave notes that a replay is not under way any more. One during which the target
// was started again has to be replayed, whatever it saw.
func (l *lifeline) leave(r *replay) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.began, r)
	if r.restarts < l.restarts && r.stopped == nil {
		r.severed = true
	}
}

// entryOf is the part of a scenario's id that its whole matrix shares; scenarios
// that send one request at a time are taken for themselves.
func entryOf(s *scenarios.Scenario) string {
	if parts := strings.SplitN(s.ID, "/", 3); atOnce(s) && len(parts) == 3 {
		return parts[0] + "/" + parts[1]
	}
	return s.ID
}

func atOnce(s *scenarios.Scenario) bool {
	return slices.ContainsFunc(s.Steps, func(st scenarios.Step) bool { return st.AtOnce > 1 })
}

// heaviest is the replay under way that asks the target for most; of those that
// ask for as much, the one that began first. The caller holds l.mu.
func (l *lifeline) heaviest() (of *replay, all []string) {
	for r := range l.began {
		all = append(all, r.scenario.ID)
		if of == nil || cmp.Or(cmp.Compare(weight(r.scenario), weight(of.scenario)), l.began[of].Compare(l.began[r])) > 0 {
			of = r
		}
	}
	slices.Sort(all)
	return of, all
}

// heavy is the weight from which on a scenario is replayed in the end, so that a
// target which it stops has been judged by all others before.
const heavy = 64

// oneByOne is the weight from which on no two are replayed at once.
const oneByOne = 1000

// weight is how many values a scenario sends at the same moment; the long ones
// weigh as many.
func weight(s *scenarios.Scenario) int {
	most := 0
	for i := range s.Steps {
		st := &s.Steps[i]
		n := max(st.AtOnce, 1) * (1 + len(st.Secrets.Workspace))
		if isLong(st.Secrets) {
			n *= heavy
		}
		most = max(most, n)
	}
	return most
}

// suspect asks a target that let a replay wait in vain whether it answers at all.
// A slow one has the run's timeout for that, beyond what the replay has waited. One
// that does not is started again, where that is ours to do.
func (e *engine) suspect(ctx context.Context, set *globalSet, r *replay) {
	asked, ok := e.cfg.Target.(target.Answerer)
	if !ok || !r.waitedInVain() {
		return
	}
	l := e.life
	waited := time.Now()
	l.asking.Lock()
	defer l.asking.Unlock()
	l.mu.Lock()
	known := l.over || r.restarts < l.restarts || l.answered.After(waited)
	l.mu.Unlock()
	if known || ctx.Err() != nil {
		return
	}
	err := asked.Answers(ctx)
	if !timing.IsLate(err) {
		l.answered = time.Now()
		return
	}
	if ctx.Err() == nil {
		e.revive(ctx, set, err)
	}
}

// revive has the heaviest scenario under way fail, and starts the target again.
// The caller holds l.asking.
func (e *engine) revive(ctx context.Context, set *globalSet, late error) {
	l := e.life
	l.mu.Lock()
	culprit, underWay := l.heaviest()
	l.stoppedBy[entryOf(culprit.scenario)] = culprit.scenario.ID
	restarts := l.restarts
	l.mu.Unlock()
	culprit.mu.Lock()
	culprit.stopped = &judge.Stop{UnderWay: underWay}
	culprit.mu.Unlock()
	e.finisher.emit(Stopped{UnderWay: underWay, Again: e.cfg.Restart != nil && restarts < mostRestarts})
	err := e.startAgain(ctx, set, restarts)
	if err == nil {
		e.silence.Reset()
	} else {
		e.silence.GiveUp(fmt.Errorf("%w; the last time it was asked: %w", err, late))
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.over = err != nil; !l.over {
		l.restarts++
	}
}

// startAgain starts the target again that stopped answering, with the global
// secrets that it had, or says why not.
func (e *engine) startAgain(ctx context.Context, set *globalSet, restarts int) error {
	switch {
	case e.cfg.Restart == nil:
		return errors.New("the target stopped answering to anything, and it is not ours to start again")
	case restarts == mostRestarts:
		return fmt.Errorf("the target stopped answering to anything once more after it was started again %d times", mostRestarts)
	}
	err := e.cfg.Restart(ctx)
	if err == nil && set != nil {
		err = e.cfg.Target.SetGlobals(ctx, set.secrets)
	}
	if err != nil {
		return fmt.Errorf("the target stopped answering to anything, and could not be started again: %w", err)
	}
	return nil
}

// waitedInVain reports whether a reply did not come in the time that it had.
func (r *replay) waitedInVain() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if timing.IsLate(r.failure) {
		return true
	}
	for i := range r.steps {
		if slices.ContainsFunc(r.steps[i].Replies, func(reply target.Reply) bool { return reply.Outcome == target.Late || timing.IsLate(reply.Err) }) {
			return true
		}
	}
	return false
}
