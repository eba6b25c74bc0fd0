package suite

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/molecule-ai/byok-conformance/scenarios"
	"github.com/molecule-ai/byok-conformance/suite/judge"
	"github.com/molecule-ai/byok-conformance/suite/secrets"
	"github.com/molecule-ai/byok-conformance/suite/target"
	"github.com/molecule-ai/byok-conformance/suite/timing"
)

// runGroup replays a group, and then one at a time whatever could not be told
// apart while it ran beside others.
func (e *engine) runGroup(ctx context.Context, g *group) {
	var again []*replay
	done := func(list []*replay) {
		e.sweep(ctx, list)
		var clear []*replay
		for _, r := range list {
			if r.unclear() || e.isHindered(r) || e.isCrowded(r) {
				again = append(again, r)
			} else {
				clear = append(clear, r)
			}
		}
		e.finisher.add(clear)
	}
	if len(g.sets) > 1 {
		e.phases(ctx, g, g.replays)
		done(g.replays)
		for _, r := range again {
			e.alone(ctx, r, func() { e.phases(ctx, g, []*replay{r}) })
		}
		return
	}
	set, err := e.install(ctx, g)
	if err == nil {
		e.single(ctx, set, g.replays, done)
	} else {
		done(g.replays)
	}
	for _, r := range e.narrowed(ctx, set, again) {
		e.alone(ctx, r, func() { e.turn(ctx, set, r, e.slots) })
	}
	if set != nil {
		e.cfg.Providers.ring.Drop(set.credentials)
	}
}

// alone replays one scenario again while nothing else runs, so that every call
// that is seen is its own, and again where the harness stands still meanwhile, or
// where what a server still had to do for an earlier one came in between.
func (e *engine) alone(ctx context.Context, r *replay, replayIt func()) {
	doubt, failed := e.doubtOf(r), false
	if doubt != nil && !doubt.worthIt() {
		e.finisher.add([]*replay{r})
		return
	}
	for again := true; again; again = r.attempts < mostAttempts && (e.isHindered(r) || e.isHaunted(r)) {
		if r.isHaunted() {
			doubt = &e.hindered
			_ = timing.Pause(ctx, haunting) // the loop sees that ctx has ended
		}
		if ctx.Err() != nil {
			return
		}
		e.forget(r)
		e.reset(r)
		e.cfg.Providers.setAlone(r)
		replayIt()
		e.cfg.Providers.setAlone(nil)
		e.sweep(ctx, []*replay{r})
	}
	if doubt != nil {
		failed, _ = e.fails(r)
		doubt.ended(failed)
	}
	if doubt == &e.crowded && !failed && e.width != nil {
		e.resize(e.width.Failed(time.Now()))
	}
	e.finisher.add([]*replay{r})
}

// single replays a group with one set of globals. What waits for silent
// providers overlaps with all that needs no lane of its own.
func (e *engine) single(ctx context.Context, set *globalSet, replays []*replay, done func([]*replay)) {
	var waiting, free, laned, struck []*replay
	for _, r := range replays {
		switch {
		case e.strikes(r) != "":
			struck = append(struck, r)
		case r.waits:
			waiting = append(waiting, r)
		case e.laneOf(set, r) == "":
			free = append(free, r)
		default:
			laned = append(laned, r)
		}
	}
	b := newBatch(done)
	defer b.close()
	var wait sync.WaitGroup
	wait.Go(func() { e.spread(ctx, set, waiting, b.add) })
	e.spread(ctx, set, free, b.add)
	wait.Wait()
	e.spread(ctx, set, laned, b.add)
	e.spread(ctx, set, struck, b.add) // a host that is struck is nobody else's meanwhile
}

// strikes returns the answer of a scenario that strikes a whole host, or "".
func (e *engine) strikes(r *replay) string {
	if e.cfg.Fault == nil {
		return ""
	}
	last := &r.scenario.Steps[len(r.scenario.Steps)-1]
	for _, a := range last.Secrets.Value(last.Expect.Probed).Answers {
		if scenarios.AnswerOf(a).Connection {
			return a
		}
	}
	return ""
}

// unclear reports whether a call was seen that several replays may have made, or
// the target was started again meanwhile.
func (r *replay) unclear() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.attempt != nil && (r.ambiguous || r.severed)
}

// setAlone says that one replay is under way by itself, so that every call is its own.
func (p *Providers) setAlone(r *replay) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.alone = r
}

// phases replays scenarios whose global secrets change between their steps: it
// installs each set in turn and replays the steps that belong to it.
func (e *engine) phases(ctx context.Context, g *group, replays []*replay) {
	set := newGlobalSet(replays)
	for i, values := range g.sets {
		for _, r := range replays {
			if i > 0 && r.attempt != nil {
				r.change()
			}
		}
		if err := e.setGlobals(ctx, set, values); err != nil {
			break
		}
		e.spread(ctx, set, replays, func(*replay) {})
	}
	e.cfg.Providers.ring.Drop(set.credentials)
}

// install makes the only set of a group and sets it at the target. It returns
// nil where the target shares no global secrets.
func (e *engine) install(ctx context.Context, g *group) (*globalSet, error) {
	if len(g.sets) == 0 {
		return nil, nil
	}
	set := newGlobalSet(g.replays)
	set.apart = g.apart
	return set, e.setGlobals(ctx, set, g.sets[0])
}

// newGlobalSet returns an empty set for replays that run under it.
func newGlobalSet(replays []*replay) *globalSet {
	set := &globalSet{replays: replays}
	for _, r := range replays {
		r.set = set
	}
	return set
}

// setGlobals makes the values of a phase and sets them at the target; the
// replays fail where it does not take them. A value that was there in an
// earlier phase is the same value.
func (e *engine) setGlobals(ctx context.Context, set *globalSet, values map[string]scenarios.Value) error {
	first := set.replays[0]
	known := len(set.credentials)
	set.secrets = e.things.Make(set, "global", values, &set.credentials, nil, fmt.Sprintf("set %s %d %d", setKey(values), first.index, first.attempts))
	e.cfg.Providers.ring.Add(set.credentials[known:])
	err := e.silence.GaveUp(timing.ToSetGlobals, timing.ToCreate)
	if err == nil {
		err = e.cfg.Target.SetGlobals(target.On(ctx, &set.trail, target.OfGlobals), set.secrets)
		e.silence.Heard(timing.ToSetGlobals, err)
	}
	if err != nil && ctx.Err() == nil {
		for _, r := range set.replays {
			r.fail(fmt.Errorf("could not set the global secrets: %w", err))
		}
	}
	return err
}

func (r *replay) fail(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.failure == nil {
		r.failure = err
	}
}

// spread replays the current phase of many scenarios at once. Those that could
// not be told apart if they ran together share a lane and run one by one. ended
// is told of each one, also where it could not be replayed, and from many goroutines.
func (e *engine) spread(ctx context.Context, set *globalSet, replays []*replay, ended func(*replay)) {
	lanes := map[string][]*replay{}
	var free []*replay
	var waiting []*replay
	for _, r := range replays {
		if r.failure != nil {
			ended(r)
			continue
		}
		key := e.laneOf(set, r)
		switch {
		case key != "":
			lanes[key] = append(lanes[key], r)
		case r.waits:
			waiting = append(waiting, r)
		default:
			free = append(free, r)
		}
	}
	var wg sync.WaitGroup
	for _, r := range waiting {
		wg.Go(func() {
			e.turn(ctx, set, r, e.waits)
			ended(r)
		})
	}
	for _, lane := range lanes {
		wg.Go(func() {
			for _, r := range lane {
				slots := e.slots
				if r.waits {
					slots = e.waits
				}
				e.turn(ctx, set, r, slots)
				ended(r)
			}
		})
	}
	e.pool(ctx, set, free, &wg, ended)
	wg.Wait()
}

func (e *engine) pool(ctx context.Context, set *globalSet, free []*replay, wg *sync.WaitGroup, ended func(*replay)) {
	var taken atomic.Int64
	for range min(e.atOnce(), len(free)) {
		wg.Go(func() {
			for ctx.Err() == nil {
				n := int(taken.Add(1)) - 1
				if n >= len(free) {
					return
				}
				e.turn(ctx, set, free[n], e.slots)
				ended(free[n])
			}
		})
	}
}

// atOnceLanes is how many scenarios that send many requests at once run beside
// each other; more would measure the machine.
const atOnceLanes = 4

// laneOf names what a replay must not share with another that runs at once: a
// provider's host where a global credential may reach it, and the pair of
// names that a line of output would have to hold.
func (e *engine) laneOf(set *globalSet, r *replay) string {
	if e.strikes(r) != "" {
		return "host " + strings.Join(r.hosts, " ")
	}
	last := &r.scenario.Steps[len(r.scenario.Steps)-1]
	if slices.ContainsFunc(r.scenario.Steps, func(s scenarios.Step) bool { return s.AtOnce > 1 }) {
		if weight(r.scenario) >= oneByOne {
			return "at once, by itself"
		}
		// So many requests of a few scenarios at once, and no more.
		return fmt.Sprintf("at once %d", r.index%atOnceLanes)
	}
	if text := exactValue(last); text != "" {
		return "value " + text
	}
	if isLong(last.Secrets) {
		return "long" // a megabyte each: many at once would measure the machine
	}
	if set != nil && set.apart {
		return ""
	}
	accepted := judge.AcceptedBy(e.cfg.Registry, last.Expect.Providers)
	if set != nil && slices.ContainsFunc(accepted, func(name string) bool { _, ok := set.secrets[name]; return ok }) {
		return "host " + strings.Join(r.hosts, " ")
	}
	if last.Expect.Loud && e.cfg.Output != nil {
		return "trace " + strings.Join(last.Expect.Providers, " ") + " " + last.Expect.Probed
	}
	return ""
}

// exactValue is a value of a step that other scenarios may have, too.
func exactValue(s *scenarios.Step) string {
	for _, values := range []map[string]scenarios.Value{s.Secrets.Workspace, s.Secrets.Global} {
		for name, v := range values {
			if text := secrets.Reference(v.Shape, name); text != "" {
				return text
			}
		}
	}
	return ""
}

func isLong(s scenarios.Secrets) bool {
	for _, values := range []map[string]scenarios.Value{s.Workspace, s.Global} {
		for _, v := range values {
			if v.Shape == scenarios.Long {
				return true
			}
		}
	}
	return false
}

// phaseEnd is the index of the first step that has other global secrets than
// the next one to be replayed; a replay of one step has one phase.
func phaseEnd(r *replay) int {
	steps := r.scenario.Steps
	if r.next >= len(steps) {
		return r.next
	}
	key := setKey(steps[r.next].Secrets.Global)
	for i := r.next; i < len(steps); i++ {
		if setKey(steps[i].Secrets.Global) != key {
			return i
		}
	}
	return len(steps)
}

// turn replays the current phase of one replay, holding a slot.
func (e *engine) turn(ctx context.Context, set *globalSet, r *replay, slots *slots) {
	if !slots.take(ctx) {
		return
	}
	defer slots.release()
	if r.attempts == 0 {
		e.reset(r)
	}
	e.life.enter(r)
	defer e.life.leave(r)
	began := time.Now()
	defer func() { e.ledger.Worked(time.Since(began)) }()
	end := len(r.scenario.Steps)
	if set != nil {
		end = phaseEnd(r)
	}
	e.steps(ctx, set, r, end)
}
