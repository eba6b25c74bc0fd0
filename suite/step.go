package suite

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/molecule-ai/byok-conformance/gate"
	"github.com/molecule-ai/byok-conformance/scenarios"
	"github.com/molecule-ai/byok-conformance/suite/judge"
	"github.com/molecule-ai/byok-conformance/suite/secrets"
	"github.com/molecule-ai/byok-conformance/suite/server"
	"github.com/molecule-ai/byok-conformance/suite/target"
	"github.com/molecule-ai/byok-conformance/suite/timing"
)

// steps replays the steps of a replay up to an index, and ends the replay
// after its last one.
func (e *engine) steps(ctx context.Context, set *globalSet, r *replay, end int) {
	if r.next == 0 {
		r.under = e.pulse.Stretch()
		r.started = r.under.Began
		e.finisher.emit(Started{r.scenario.ID})
		if err := e.untestable(r.scenario); err != nil {
			r.fail(err)
		}
	}
	if r.next < len(r.steps) {
		if err := e.silence.GaveUp(r.needs()...); err != nil {
			r.fail(err)
		}
	}
	e.cfg.Providers.enter(r)
	for r.next < end && r.failure == nil && ctx.Err() == nil {
		together := r.next + 1
		for together < end && r.scenario.Steps[together].Alongside {
			together++
		}
		from := r.next
		e.together(ctx, set, r, from, together)
		r.next = together
		e.settle(ctx, set, r)
		for n, w := range r.windows {
			e.sawAlive(r, w, from+n)
		}
	}
	e.cfg.Providers.leave(r)
	e.suspect(ctx, set, r)
	if ctx.Err() != nil {
		r.cut()
		return
	}
	if r.next == len(r.steps) || r.failure != nil {
		for _, w := range r.created {
			e.remove(ctx, w)
		}
		r.finished, r.stalled = time.Now(), r.under.Stalled()
	}
}

// cut leaves a replay without a result: whatever its last step came to may be
// the interrupt's doing. One that found the server gone keeps its last words.
func (r *replay) cut() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !errors.Is(r.failure, timing.ErrGone) {
		r.failure = nil
	}
}

// settle waits for what a create started in the background where its calls
// could be taken for others: those of the replay's next step, or those of the
// next replay that uses the same global secrets. Where the target does not
// show it, there is nothing to wait for.
func (e *engine) settle(ctx context.Context, set *globalSet, r *replay) {
	shared := set != nil && len(set.secrets) > 0 && !set.apart
	if !shared && !e.paces(r) && (r.next == len(r.steps) || r.scenario.Steps[r.next].Stage == scenarios.Provision) {
		return
	}
	for _, w := range r.created {
		if err := e.silence.GaveUp(timing.ToShow); err != nil {
			r.fail(err)
			return
		}
		err := e.cfg.Target.Settle(target.On(ctx, &r.trail, target.Afterwards), w)
		e.silence.Heard(timing.ToShow, err)
		if err != nil {
			r.fail(fmt.Errorf("its workspace did not come to rest: %w", err))
		}
	}
}

// together replays the steps from one index up to another at once.
func (e *engine) together(ctx context.Context, set *globalSet, r *replay, from, end int) {
	windows := r.open(from, end)
	if len(windows) == 1 {
		e.prepare(ctx, set, r, windows[0], from)()
		return
	}
	starts := make([]func(), len(windows))
	for n, w := range windows {
		starts[n] = e.prepare(ctx, set, r, w, from+n)
	}
	var wg sync.WaitGroup
	for _, start := range starts[1:] {
		wg.Go(start)
	}
	starts[0]()
	wg.Wait()
}

// prepare makes what a step needs, and returns what replays it.
func (e *engine) prepare(ctx context.Context, set *globalSet, r *replay, w *window, i int) func() {
	step := &r.scenario.Steps[i]
	secrets, globals := e.materials(set, r, step)
	values := sentValues(r, step)
	enter(r.credentials, i)
	if set != nil {
		enter(set.of(step), i)
	}
	restarts := e.traits.RestartsItself && len(r.created) > 0 && i > 0 && !reflect.DeepEqual(step.Secrets.Global, r.scenario.Steps[i-1].Secrets.Global)
	r.mu.Lock() // calls of the step before may still arrive
	w.secrets, w.restarts = values, restarts
	if set != nil {
		w.globals = len(set.credentials)
	}
	r.mu.Unlock()
	return func() { e.step(ctx, r, w, i, secrets, globals) }
}

// enter has the providers answer as they do in a step to values whose answer
// changes from step to step.
func enter(list secrets.Credentials, step int) {
	for _, c := range list {
		if len(c.Then) > 0 {
			c.Enter(step)
		}
	}
}

// sentValues are the values that a lawful probe of the step may carry and that
// belong to the replay by itself.
func sentValues(r *replay, step *scenarios.Step) []string {
	out := make([]string, 0, len(r.credentials))
	for _, c := range r.credentials {
		values := step.Secrets.Workspace
		if c.Scope == "global" {
			values = step.Secrets.Global
		}
		if v, given := values[c.Name]; given && v.String() == c.Symbol {
			out = append(out, c.Value)
		}
	}
	return out
}

func (e *engine) step(ctx context.Context, r *replay, w *window, i int, secrets, globals map[string]gate.Secret) {
	step := &r.scenario.Steps[i]
	during := target.On(ctx, &r.trail, string(step.Stage))
	var mark int64
	if e.cfg.Output != nil {
		mark = e.cfg.Output.mark()
	}
	e.outlast(ctx, r, w)
	if answer := e.strikes(r); answer != "" {
		w.step.Struck = true
		for _, host := range r.hosts {
			defer e.cfg.Fault(host, answer)()
		}
	}
	switch step.Stage {
	case scenarios.Provision:
		e.provision(during, r, w, secrets, globals)
	case scenarios.Look:
		e.look(during, r)
	case scenarios.Remove:
		e.remove(during, r.workspace)
	default:
		e.create(during, r, w, i, secrets, globals)
	}
	r.close(w)
	e.answered(r, w.step)
	if step.Stage == scenarios.Create {
		behind := target.On(ctx, &r.trail, target.Afterwards)
		e.unasked(behind, r, w.step)
		e.late(behind, r, w.step)
	}
	e.scan(r, w.step)
	if e.cfg.Output != nil && step.Expect.Loud {
		e.trace(r, w.step, mark)
	}
	if replies := w.step.Replies; len(replies) > 0 && !r.waits {
		// Silence about a silent provider is LIV-6's matter.
		e.silence.Heard(asked(step.Stage), replies[0].Err)
	}
	e.abandon(r, i)
}

// needs are what the target will be asked to do in the steps that are left, and
// to delete what they make. One that has stopped answering to something else can
// still be judged by these.
func (r *replay) needs() []string {
	out := []string{timing.ToRemove}
	for i := r.next; i < len(r.steps); i++ {
		out = append(out, asked(r.scenario.Steps[i].Stage))
	}
	return out
}

// asked is what the target is asked to do at a stage.
func asked(stage scenarios.Stage) string {
	switch stage {
	case scenarios.Provision:
		return timing.ToProvision
	case scenarios.Look:
		return timing.ToShow
	}
	return timing.ToCreate
}

// patience is how long a step is waited for: what LIV-6 allows and a second to
// see it exceeded, or the run's timeout where no probe can delay the answer.
func (e *engine) patience(s *scenarios.Step) time.Duration {
	if e.probes(s) {
		return e.cfg.Budget + judge.BoundSlack + time.Second
	}
	return e.cfg.Timeout
}

// probes reports whether a step may take as long as a probe does.
func (e *engine) probes(s *scenarios.Step) bool {
	return s.Stage == scenarios.Create && s.Expect.Upstream != scenarios.NoCall && slices.Contains(e.cfg.Claims, "create-liveness")
}

// materials makes the step's secrets. Globals of a target that shares them are
// installed already.
func (e *engine) materials(set *globalSet, r *replay, step *scenarios.Step) (secrets, globals map[string]gate.Secret) {
	of, known, hosts := r.scenario.ID, len(r.credentials), e.hostsOf(step)
	if r.attempts > 1 {
		of += " " + strconv.Itoa(r.attempts)
	}
	secrets = e.things.Make(r, "workspace", step.Secrets.Workspace, &r.credentials, hosts, of)
	if set == nil {
		globals = e.things.Make(r, "global", step.Secrets.Global, &r.credentials, hosts, of)
	}
	e.cfg.Providers.ring.Add(r.credentials[known:])
	return secrets, globals
}

// request is what stands behind the run's id in the X-Request-ID of a replay.
func (e *engine) request(r *replay) string { return target.RequestTail(e.cfg.Seed, r.scenario.ID) }

// create makes the step's workspace, or many at once.
func (e *engine) create(ctx context.Context, r *replay, w *window, i int, secrets, globals map[string]gate.Secret) {
	step := &r.scenario.Steps[i]
	replies := make([]target.Reply, step.AtOnce)
	if step.HangUp {
		clients, leave := e.hangsUp(ctx, r, w, step)
		defer leave()
		ctx = clients
	}
	one := func(n int) {
		asked := e.pulse.Stretch()
		reply := e.cfg.Target.Create(ctx, target.CreateRequest{
			RequestID: e.cfg.RunID + "/" + e.request(r), Name: r.name(e.cfg.RunID, r.namedBy(i), n),
			Runtime: step.Runtime, Model: step.Model, External: step.External, URL: step.URL, Fields: step.Fields, Malformed: step.Malformed, Switch: step.Switch,
			Secrets: secrets, Globals: globals, Patience: e.patience(step),
		})
		reply.Stalled = asked.Stalled()
		if r.waits {
			e.ledger.Silent(reply.Took)
		}
		if w.hangUp != nil {
			w.hangUp.hungUp(&reply)
		}
		replies[n] = reply
	}
	if step.AtOnce == 1 {
		one(0)
	} else {
		var wg sync.WaitGroup
		for n := range step.AtOnce {
			wg.Go(func() { one(n) })
		}
		wg.Wait()
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	w.step.Replies = replies
	w.step.AnsweredBefore = e.answeredBefore(w.step)
	w.step.NamedBefore = r.asksAgain(i)
	for n := range w.step.Replies {
		reply := &w.step.Replies[n]
		if reply.Err != nil && reply.Outcome != target.NoReply || reply.Outcome == target.HungUp {
			e.mayHaveMade()
		}
		if reply.Outcome == target.Allowed {
			r.workspace = reply.Workspace
			// Who asks twice for one name may lawfully get one workspace.
			again := step.OneName && slices.ContainsFunc(r.created, func(c target.Workspace) bool { return c.ID == reply.Workspace.ID })
			if again {
				continue
			}
			if reply.NotMade = !e.make(reply.Workspace); reply.NotMade {
				continue
			}
			r.created = append(r.created, reply.Workspace)
		}
	}
}

// answeredBefore reports whether creates of a step's kind got verdicts in this run, and
// notes where this one did.
func (e *engine) answeredBefore(s *judge.StepObservation) bool {
	x := &s.Step.Expect
	if s.Step.Malformed != "" || x.Verdict == scenarios.Any {
		return false
	}
	key := [3]string{string(x.Verdict) + x.Code, strings.Join(x.Providers, " "), x.Probed}
	_, before := e.verdicts.Load(key)
	verdict := func(r target.Reply) bool { return r.Outcome == target.Allowed || r.Outcome == target.Refused }
	if !before && slices.ContainsFunc(s.Replies, verdict) {
		e.verdicts.Store(key, true)
	}
	return before
}

// asksAgain reports whether a step's create asks for the name of an earlier one that
// was not allowed. The caller holds the replay's mutex.
func (r *replay) asksAgain(step int) bool {
	named := r.namedBy(step)
	if named == step {
		return false
	}
	for i := named; i < step; i++ {
		if slices.ContainsFunc(r.steps[i].Replies, func(reply target.Reply) bool { return reply.Outcome == target.Allowed }) {
			return false
		}
	}
	return true
}

// hangsUp makes the clients of a step ones that go away; leave waits until the
// server has come to rest.
func (e *engine) hangsUp(ctx context.Context, r *replay, w *window, step *scenarios.Step) (clients context.Context, leave func()) {
	h := newHangUp(step.AtOnce, e.cfg.Budget)
	r.mu.Lock()
	w.hangUp = h
	r.mu.Unlock()
	clients, cancel := h.clients(ctx)
	return clients, func() {
		cancel()
		_ = timing.Pause(ctx, h.rest())
	}
}

func (e *engine) provision(ctx context.Context, r *replay, w *window, secrets, globals map[string]gate.Secret) {
	if !e.owns(r.workspace) {
		r.replied(w, target.Reply{Outcome: target.Failed, Err: errNotMade})
		return
	}
	r.change()
	reply := e.cfg.Target.Provision(ctx, target.ProvisionRequest{
		RequestID: e.cfg.RunID + "/" + e.request(r), Workspace: r.workspace, Secrets: secrets, Globals: globals, Patience: e.cfg.Timeout,
		Began: func() { r.restart(w) }, Doubt: w.step.Step.Expect.Verdict == scenarios.Refused,
	})
	r.workspace.Secrets = secrets
	r.replied(w, reply)
}

// change notes that secrets are being changed.
func (r *replay) change() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.changed = true
}

// replied notes the only reply of a step.
func (r *replay) replied(w *window, reply target.Reply) {
	r.mu.Lock()
	defer r.mu.Unlock()
	w.step.Replies = []target.Reply{reply}
}

// look reads all that the target shows of the replay's workspace; what it gives
// away is found by inspect.
func (e *engine) look(ctx context.Context, r *replay) {
	l, ok := e.cfg.Target.(target.Looker)
	if !ok {
		r.fail(errors.New("not testable: the target cannot be read; this is a defect of the harness"))
		return
	}
	err := l.Look(ctx, r.workspace)
	e.silence.Heard(timing.ToShow, err)
	if err != nil && ctx.Err() == nil {
		r.fail(fmt.Errorf("reading what the target shows: %w", err))
	}
}

// restart forgets what was called before the step's provisioning began: it
// belongs to the one before.
func (r *replay) restart(w *window) {
	r.mu.Lock()
	defer r.mu.Unlock()
	w.step.Calls, w.arrived, w.final = nil, 0, false
	w.generation++
}

// abandon gives up a replay whose step did not answer, or whose preparation
// did not come about; it cannot be judged then.
func (e *engine) abandon(r *replay, i int) {
	step, replies := &r.scenario.Steps[i], r.steps[i].Replies
	var not *server.NotDoneError
	var profile target.ProfileError
	for j := range replies {
		reply := &replies[j]
		switch {
		case errors.Is(reply.Err, target.ErrNoPlace):
			r.noPlace = fmt.Sprintf("the create request cannot be spoilt as %s: %v", step.Malformed, reply.Err)
			r.fail(reply.Err)
		case step.External && r.needsWorkspace(i) && reply.Outcome == target.Rejected:
			r.noPlace = "there is no external workspace to provision again: its create was " + reply.String()
			r.fail(errors.New(r.noPlace))
		case errors.As(reply.Err, &profile):
			r.fail(reply.Err)
		case errors.As(reply.Err, &not):
			r.fail(fmt.Errorf("its setting could not be made, so nothing is judged: %w", reply.Err))
		case reply.Outcome == target.NoReply:
			r.fail(fmt.Errorf("the target gave no reply to the %s: %w", step.Stage, reply.Err))
		case reply.Outcome == target.Late && !e.probes(step) && step.AtOnce == 1:
			r.fail(fmt.Errorf("the target did not answer the %s within %s; raise --timeout if it is only slow", step.Stage, e.patience(step)))
		case r.needsWorkspace(i) && reply.Outcome != target.Allowed && step.Expect.Verdict != scenarios.Either:
			r.fail(fmt.Errorf("its next step needs a workspace, and its create was not allowed: %s", reply.String()))
		}
	}
}

// needsWorkspace reports whether a step makes the workspace that the next one is about.
func (r *replay) needsWorkspace(i int) bool {
	steps := r.scenario.Steps
	return steps[i].Stage == scenarios.Create && i+1 < len(steps) && steps[i+1].Stage != scenarios.Create
}

// scan looks for pieces of credentials in replies. A value of another scenario
// is a leak of that one.
func (e *engine) scan(r *replay, s *judge.StepObservation) {
	ring := e.cfg.Providers.ring
	for i := range s.Replies {
		reply := &s.Replies[i]
		for _, c := range ring.SightAll(string(reply.Body)) {
			e.leaked(r, c, "the reply's body")
		}
		if !showsAll(reply.Body) {
			for _, c := range slices.Concat(ring.SightAll(reply.Text), ring.SightAll(noticeText(reply))) {
				e.leaked(r, c, "the reply's body")
			}
		}
		for _, c := range ring.SightAll(reply.StatusLine) {
			e.leaked(r, c, "the reply's status line")
		}
		for name, values := range reply.Header {
			for _, c := range ring.SightName(name) {
				e.leaked(r, c, "the name of a header of the reply")
			}
			for _, v := range values {
				for _, c := range ring.SightAll(v) {
					e.leaked(r, c, "the reply's header "+ring.MaskName(name))
				}
			}
		}
	}
}

// showsAll reports whether all that a reply's body says stands in it as it is.
// A Go value's reply has no body, and a backslash begins an escape of JSON.
func showsAll(body []byte) bool { return len(body) > 0 && !bytes.Contains(body, []byte{'\\'}) }

func (e *engine) leaked(r *replay, c *secrets.Credential, where string) {
	if other, ok := c.Owner.(*replay); ok && other != r {
		other.leak("SEC-1", where+" to another scenario's request", c)
	}
	r.leak("SEC-1", where, c)
}

func noticeText(r *target.Reply) string {
	text := r.Provider + " " + r.RawCode
	for _, n := range r.Notices {
		text += " " + n.Provider + " " + n.Credential + " " + n.Cause
	}
	return text
}

// traceWait is how long a line of output may come after the reply.
const traceWait = 500 * time.Millisecond

// trace waits for a line that shows an allow without proof of life, and keeps
// the lines that the step may have caused.
func (e *engine) trace(r *replay, s *judge.StepObservation, mark int64) {
	o := &judge.Observation{Scenario: r.scenario, Registry: e.cfg.Registry, RunID: e.cfg.RunID, Request: e.request(r), HTTP: e.traits.HTTP, Loud: e.traits.Loud}
	for i := range s.Replies {
		if s.Replies[i].Outcome != target.Allowed || judge.Traced(o, s, &s.Replies[i]) {
			return
		}
	}
	s.Traces = e.cfg.Output.wait(e.pulse.Stretch(), mark, traceWait, func(line string) bool { return judge.IsLoudLine(o, s.Step, line) })
}
