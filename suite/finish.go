package suite

import (
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/molecule-ai/byok-conformance/internal/strict"
	"github.com/molecule-ai/byok-conformance/scenarios"
	"github.com/molecule-ai/byok-conformance/suite/judge"
	"github.com/molecule-ai/byok-conformance/suite/secrets"
	"github.com/molecule-ai/byok-conformance/suite/target"
)

// settle is how long a replay is left alone before it is judged, so that calls
// which a target makes after its answer are seen.
const settle = 100 * time.Millisecond

// A finisher judges the replays of one engine that have ended and settled.
type finisher struct {
	e *engine
	*results

	ended []ended
	// observed is what is being judged.
	observed judge.Observation
}

// Results are what a run comes to, at all copies of its target: they hold refusals
// until their twins are known, and emit what is certain.
type results struct {
	cfg *Config
	// events serialises the handler.
	events sync.Mutex
	// enough ends the judging early; nil where it does not.
	enough func() bool

	// mu guards what follows.
	mu sync.Mutex
	// twins are the ids of all twins. outcomes are those that have been judged;
	// parked are results that wait for a twin, by the twin's id.
	twins    map[string]bool
	outcomes map[string]twinEnd
	parked   map[string][]Result
	summary  Summary
	// published are the ids of those that have a result.
	published map[string]bool
}

// A twinEnd is how a twin ended.
type twinEnd struct {
	outcome ResultOutcome
	reason  string
	// refused says that it was not allowed; nil where it was.
	refused *judge.Violation
}

// An ended replay waits until it has settled.
type ended struct {
	*replay
	at time.Time
}

func newResults(cfg *Config) *results {
	f := &results{cfg: cfg, twins: map[string]bool{}, outcomes: map[string]twinEnd{}, parked: map[string][]Result{}, published: map[string]bool{}}
	for _, s := range cfg.Scenarios {
		f.twins[s.Twin] = true
	}
	return f
}

func (f *results) emit(ev Event) {
	f.events.Lock()
	defer f.events.Unlock()
	f.cfg.Handle(ev)
}

// add takes replays that have ended and judges what has settled.
func (f *finisher) add(list []*replay) {
	for _, r := range list {
		end := ended{replay: r}
		if r.attempt != nil {
			end.at = r.finished
		}
		if end.at.IsZero() {
			if r.failure == nil {
				continue // interrupted: it has no result
			}
			end.at = time.Now()
		}
		f.ended = append(f.ended, end)
	}
	f.settled(time.Now().Add(-settle))
}

// drain waits until everything has settled, and judges it.
func (f *finisher) drain() {
	if len(f.ended) > 0 && f.e.traits.HTTP {
		last := slices.MaxFunc(f.ended, func(a, b ended) int { return a.at.Compare(b.at) })
		time.Sleep(time.Until(last.at.Add(settle)))
	}
	f.settled(time.Now())
}

// flush emits what waits for twins that will not come. A refusal without its twin
// has no result where the run was interrupted.
func (f *results) flush(interrupted bool) {
	if interrupted {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, twin := range strict.SortedKeys(f.parked) {
		for _, r := range f.parked[twin] {
			f.publish(r)
		}
	}
	f.parked = nil
}

// unjudged publishes an error for every scenario that has no result yet.
func (f *results) unjudged(why error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, s := range f.cfg.Scenarios {
		if !f.published[s.ID] {
			f.publish(Result{Scenario: s, Outcome: Errored, Reason: "not judged: " + why.Error(), Companion: f.cfg.Companions[s.ID]})
		}
	}
}

func (f *finisher) settled(before time.Time) {
	for len(f.ended) > 0 && (f.enough == nil || !f.enough()) && (!f.ended[0].at.After(before) || !f.e.traits.HTTP) {
		f.judge(f.ended[0])
		f.ended = f.ended[1:]
	}
}

func (f *finisher) judge(r ended) {
	o := f.observation(r.replay)
	res := Result{Scenario: r.scenario, Outcome: Passed, Companion: f.e.cfg.Companions[r.scenario.ID]}
	if !r.started.IsZero() {
		res.Took = r.at.Sub(r.started)
	}
	if r.noPlace != "" {
		res.Outcome, res.Reason = NotClaimed, r.noPlace
	} else if r.failure != nil && o.Stopped == nil {
		res.Outcome, res.Reason = Errored, f.e.cfg.Providers.ring.Mask(r.failure.Error())
	} else if res.Violations = f.e.cfg.judge(o); len(res.Violations) > 0 {
		res.Outcome = Failed
	}
	for i, v := range res.Violations {
		res.Violations[i] = maskViolation(f.e.cfg.Providers.ring, v)
	}
	res.Seen = seen(f.e.cfg.Providers.ring, o)
	if res.Outcome != Passed || f.e.cfg.Trace {
		res.Exchanges = f.exchanges(r.replay, o)
	}
	f.e.forget(r.replay)
	r.drop()
	f.finish(res)
}

// observation freezes a replay: calls that come later belong to nobody.
func (f *finisher) observation(r *replay) *judge.Observation {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.judged = true; r.attempt == nil {
		r.attempt = &attempt{} // it failed before it was begun
	}
	return f.seenOf(r)
}

// seenOf is what a replay has seen until now. The caller holds r.mu.
func (f *finisher) seenOf(r *replay) *judge.Observation {
	cfg := &f.e.cfg
	for i := range r.steps {
		r.steps[i].AskedBefore = r.set.knows(r.steps[i].Step, f.e.hostsOf(r.steps[i].Step))
	}
	f.observed = judge.Observation{
		Scenario: r.scenario, Registry: cfg.Registry, RunID: cfg.RunID, Request: f.e.request(r), Steps: r.steps, Claims: cfg.Claims, Level: cfg.Level, Budget: cfg.Budget,
		Unreached: f.e.traits.HTTP && !cfg.Providers.Seen(), HTTP: f.e.traits.HTTP, Stopped: r.stopped, Leaks: r.leaks, Rows: r.rows, RefusesUnlisted: f.e.traits.RefusesUnlisted, Loud: f.e.traits.Loud,
	}
	return &f.observed
}

// exchanges are what a failure shows: our own requests, those about the tenant's
// secrets too, and the calls that providers saw, in order.
func (f *finisher) exchanges(r *replay, o *judge.Observation) []target.Exchange {
	out := r.trail.Exchanges()
	if r.set != nil {
		out = append(out, r.set.trail.Exchanges()...)
	}
	for i := range o.Steps {
		s := &o.Steps[i]
		for j := range s.Calls {
			out = append(out, s.Calls[j].Exchange)
		}
	}
	slices.SortStableFunc(out, func(a, b target.Exchange) int { return a.At.Compare(b.At) })
	for i := range out {
		out[i].AtMS = target.Milliseconds(out[i].At.Sub(out[0].At))
		out[i] = f.e.cfg.Providers.ring.MaskExchange(out[i])
	}
	return out
}

// forget drops a replay's credentials: a scenario that has been judged has no
// more to say, and the ring stays small.
func (e *engine) forget(r *replay) {
	e.cfg.Providers.ring.Drop(r.credentials)
}

// finish emits a result, or parks it until its twin's is known.
func (f *results) finish(r Result) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.twins[r.Scenario.ID] {
		f.outcomes[r.Scenario.ID] = twinEnd{r.Outcome, r.Reason, refusedTwin(&r)}
	}
	if twin := r.Scenario.Twin; twin != "" && r.Outcome == Passed {
		if _, known := f.outcomes[twin]; !known {
			f.parked[twin] = append(f.parked[twin], r)
			return
		}
	}
	f.publish(r)
	waiting := f.parked[r.Scenario.ID]
	delete(f.parked, r.Scenario.ID)
	for _, w := range waiting {
		f.publish(w)
	}
}

// publish emits a result. A refusal whose twin was not allowed proves nothing,
// so it fails with the twin, also where the twin's own failure is waived: a
// waiver says that a failure is known, and not that it did not happen. Only then
// is the result shown to the waivers, so that one has to cover it in its own right.
// The caller holds f.mu.
func (f *results) publish(r Result) {
	if twin := r.Scenario.Twin; twin != "" && r.Outcome == Passed {
		t, known := f.outcomes[twin]
		switch {
		case !known:
			r.Outcome, r.Reason = Errored, fmt.Sprintf("its twin %s was not replayed, so this refusal proves nothing", twin)
		case t.refused != nil:
			r.Outcome = Failed
			r.Violations = []judge.Violation{{
				Kind: judge.TwinRefused, Rule: t.refused.Rule, Step: len(r.Scenario.Steps) - 1,
				Message: "the refusal proves nothing: its twin, which differs in the credential only, was not allowed either",
				Want:    twin + " allowed", Got: t.refused.Got,
			}}
		case t.outcome == Errored:
			r.Outcome, r.Reason = Errored, fmt.Sprintf("its twin %s could not be judged: %s", twin, t.reason)
		case t.outcome == NotClaimed:
			r.Outcome, r.Reason = Errored, fmt.Sprintf("its twin %s was not replayed (%s), so this refusal proves nothing; claim what the twin needs, too", twin, t.reason)
		}
	}
	if f.cfg.Waive != nil {
		r = f.cfg.Waive(r)
	}
	if r.Outcome == Failed && r.Scenario.Severity == scenarios.Warning {
		r.Outcome, r.Reason = Waived, "a warning: the scenario is new, and fails no run before the next minor version of the corpus; repair the target until then"
	}
	switch r.Outcome {
	case Passed:
		f.summary.Passed++
	case Failed:
		f.summary.Failed++
	case Waived:
		f.summary.Waived++
	case NotClaimed:
		f.summary.NotClaimed++
	case Errored:
		f.summary.Errors++
	}
	f.published[r.Scenario.ID] = true
	f.emit(Finished{r})
}

// notAllowing are the kinds that say of a step which must be allowed that it was not.
var notAllowing = []judge.Kind{judge.WronglyRefused, judge.Rejected, judge.Fault, judge.Deadline}

// refusedTwin returns how a twin failed that was not allowed; nil where it was,
// as one that failed for how its credential was probed.
func refusedTwin(t *Result) *judge.Violation {
	i := slices.IndexFunc(t.Violations, func(v judge.Violation) bool {
		asked := v.Kind != judge.Deadline || v.Rule == t.Scenario.Rules[0] // a late one may be allowed
		return asked && slices.Contains(notAllowing, v.Kind) && t.Scenario.Steps[v.Step].Expect.Verdict == scenarios.Allowed
	})
	if i < 0 {
		return nil
	}
	return &t.Violations[i]
}

// maskViolation returns a violation that can be shown: what was seen may quote
// a reply or a URL.
func maskViolation(r *secrets.Ring, v judge.Violation) judge.Violation {
	v.Message, v.Want, v.Got = r.Mask(v.Message), r.Mask(v.Want), r.Mask(v.Got)
	return v
}
