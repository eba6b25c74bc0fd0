package suite

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/molecule-ai/byok-conformance/internal/spelled"
	"github.com/molecule-ai/byok-conformance/registry"
	"github.com/molecule-ai/byok-conformance/scenarios"
)

// A Config says what to replay, at which target, and how.
type Config struct {
	Registry *registry.Registry
	// Scenarios are those that are replayed, companions included (see Select).
	Scenarios []*scenarios.Scenario
	// Companions are the ids that were not selected themselves; may be nil.
	Companions map[string]bool
	Target     Target
	// Providers are the fakes that the target's outbound calls reach.
	Providers *Providers
	// Claims are the areas that the target is held to; nil means those of its traits.
	Claims []string
	Level  scenarios.Level
	// Budget bounds the target's probe (LIV-6); zero means 6 s.
	Budget time.Duration
	// Timeout is how long a reply that no probe can delay is waited for; zero means 30 s.
	Timeout time.Duration
	// Parallel is how many scenarios are replayed at once; zero means 8.
	// Scenarios that wait for a silent provider run beside them.
	Parallel int
	// Seed makes the credential values; the same seed makes the same ones.
	Seed string
	// RunID names the run in X-Request-ID and in workspace names: letters and
	// digits. Two runs at one target need different ones.
	RunID string
	// Fault strikes a provider's host as a whole until the function that it
	// returns is called, for answers that come before a request can be read.
	// Nil where the providers can give those answers by credential, as in process.
	Fault func(host, answer string) (lift func())
	// Output is what the target prints; nil where it cannot be read.
	Output *Output
	// Waive sees every result, one at a time, and returns it; a failure that is
	// known may come back as Waived, with a Reason (see suite/waivers). Nil
	// waives nothing.
	Waive func(Result) Result
	// Trace keeps the exchanges of scenarios that passed, too.
	Trace bool
	// Handle receives the run's events; may be nil.
	Handle func(Event)

	// pulse stands in for the run's own, which beats; nil but in tests.
	pulse *pulse
	// judge stands in for Judge; nil but in tests.
	judge func(*Observation) []Violation
}

// waitingScenarios is how many scenarios may wait for silent providers at once.
const waitingScenarios = 256

type engine struct {
	cfg    Config
	traits Traits
	things *materials
	// slots bound what is replayed at once; waits bound what waits.
	slots, waits chan struct{}
	finisher     *finisher
	silence      *silence
	// afterwards are the looks at what became of workspaces after their create.
	afterwards doubts
	// pulse tells when the harness itself did not run, and hindered what came of
	// replaying what failed then.
	pulse    *pulse
	hindered hindrance

	mu        sync.Mutex
	leftovers []string
	live      map[string]Workspace
	// unread: a create was sent whose reply we do not know.
	unread bool
}

// ErrNothingSelected means that there is no scenario to replay.
var ErrNothingSelected = errors.New("no scenario is selected")

// Run replays the scenarios and returns what became of them. Every result goes
// to cfg.Handle. The error says why the run could not be carried out; a target
// that violates rules is no error. When ctx ends, what is under way is finished
// or abandoned, the target is cleaned up, and the summary says Interrupted.
func Run(ctx context.Context, cfg Config) (Summary, error) {
	e, err := newEngine(cfg)
	if err != nil {
		return Summary{}, err
	}
	if cfg.pulse == nil {
		defer e.pulse.start()()
	}
	p := e.plan()
	cfg.Providers.ring.reserve(p.values)
	e.finisher.emit(Planned{p.total})
	for _, r := range p.idle {
		e.finisher.finish(r)
	}
	for _, g := range p.groups {
		if ctx.Err() != nil {
			break
		}
		e.runGroup(ctx, g)
	}
	e.finisher.flush(ctx.Err() != nil)
	e.cleanUp(ctx.Err() != nil)
	s := e.summary(p.total, ctx.Err() != nil)
	e.finisher.emit(Ended{s})
	return s, nil
}

func newEngine(cfg Config) (*engine, error) {
	if len(cfg.Scenarios) == 0 {
		return nil, ErrNothingSelected
	}
	e := &engine{cfg: cfg, traits: cfg.Target.Traits(), live: map[string]Workspace{}}
	if e.cfg.Claims == nil {
		e.cfg.Claims = e.traits.Claims
	}
	setDefault(&e.cfg.Budget, 6*time.Second)
	setDefault(&e.cfg.Timeout, 30*time.Second)
	setDefault(&e.cfg.Parallel, 8)
	setDefault(&e.cfg.RunID, "run")
	setDefault(&e.cfg.Level, scenarios.Core)
	if e.cfg.judge == nil {
		e.cfg.judge = Judge
	}
	if e.cfg.Handle == nil {
		e.cfg.Handle = func(Event) {}
	}
	// A call is held back long enough for a server that writes its reply slowly,
	// and well below the budget, so that the wait itself is no timeout.
	if e.traits.HTTP { // a Go value does nothing in the background
		cfg.Providers.hold = min(2*time.Second, 2*e.cfg.Budget/3)
	}
	e.things = newMaterials(cfg.Seed, cfg.Registry)
	e.slots, e.waits = make(chan struct{}, e.cfg.Parallel), make(chan struct{}, waitingScenarios)
	e.finisher, e.silence, e.pulse = newFinisher(e), newSilence(e.cfg.Parallel), cmp.Or(cfg.pulse, &pulse{})
	cfg.Providers.ring.hide(e.traits.Secrets)
	if cfg.Output != nil {
		cfg.Output.watch(cfg.Providers.ring)
	}
	if t, ok := cfg.Target.(Inspected); ok {
		t.Inspect(e.inspect)
	}
	if t, ok := cfg.Target.(interface{ Pace(*pulse) }); ok {
		t.Pace(e.pulse)
	}
	return e, nil
}

func setDefault[T comparable](field *T, value T) {
	if *field == *new(T) {
		*field = value
	}
}

// hostsByName says which hosts know a credential's value: the derived
// provider's where it accepts the name, or else those of the providers that do.
func hostsByName(reg *registry.Registry) func(string, []string) []string {
	byName := map[string][]string{}
	for _, p := range reg.Providers {
		for _, name := range p.AuthEnv {
			for _, h := range p.Hosts() {
				if !slices.Contains(byName[name], h) {
					byName[name] = append(byName[name], h)
				}
			}
		}
	}
	return func(name string, own []string) []string {
		for _, h := range own {
			if slices.Contains(byName[name], h) {
				return own
			}
		}
		return byName[name]
	}
}

func (e *engine) newReplay(s *scenarios.Scenario, index int) *replay {
	r := &replay{scenario: s, index: index, waits: s.Waits()}
	if len(s.Steps) == 1 {
		r.hosts = e.hostsOf(&s.Steps[0])
		return r
	}
	for i := range s.Steps {
		for _, h := range e.hostsOf(&s.Steps[i]) {
			if !slices.Contains(r.hosts, h) {
				r.hosts = append(r.hosts, h)
			}
		}
	}
	return r
}

// reset makes a replay ready for its first or its next attempt.
func (e *engine) reset(r *replay) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.attempts++
	r.failure, r.attempt = nil, &attempt{}
	if r.steps = r.only[:]; len(r.scenario.Steps) > 1 {
		r.steps = make([]StepObservation, len(r.scenario.Steps))
	}
	for i := range r.steps {
		r.steps[i].Step = &r.scenario.Steps[i]
	}
}

// hostsOf lists the hosts of the providers that a step may lead to.
func (e *engine) hostsOf(s *scenarios.Step) []string {
	return hostsOf(e.cfg.Registry, s.Expect.Providers)
}

func (e *engine) summary(total int, interrupted bool) Summary {
	s := e.finisher.summary
	s.Planned, s.Interrupted, s.ReplayedAgain = total, interrupted, e.hindered.replayed
	s.Claims = e.cfg.Claims
	for _, area := range scenarios.Claims {
		if !slices.Contains(e.cfg.Claims, area) {
			s.NotClaimedAreas = append(s.NotClaimedAreas, area)
		}
	}
	for _, text := range e.leftovers {
		s.Leftovers = append(s.Leftovers, e.cfg.Providers.ring.mask(text))
	}
	for _, x := range e.cfg.Providers.strays {
		s.Strays = append(s.Strays, e.cfg.Providers.ring.maskExchange(x))
	}
	return s
}

// cleanTimeout bounds the work of leaving the target as it was.
const cleanTimeout = 30 * time.Second

// cleanUp deletes what is left of ours, also after an interrupt.
func (e *engine) cleanUp(interrupted bool) {
	ctx, cancel := context.WithTimeout(context.Background(), cleanTimeout)
	defer cancel()
	e.mu.Lock()
	left := slices.Collect(maps.Values(e.live))
	e.mu.Unlock()
	for _, w := range left {
		e.remove(ctx, w)
	}
	if interrupted || e.unread {
		e.removeUnread(ctx)
	}
	if e.traits.SharedGlobals {
		ctx, cancel := context.WithTimeout(context.Background(), cleanTimeout) // whatever the workspaces took
		defer cancel()
		if err := e.cfg.Target.SetGlobals(ctx, nil); err != nil {
			for line := range strings.Lines(err.Error()) {
				e.leftover("global secrets: " + strings.TrimSpace(line))
			}
		}
	}
	for _, w := range e.live {
		why := cmp.Or(e.silence.gaveUp(toRemove), fmt.Errorf("it could not be deleted within %s", cleanTimeout))
		e.leftWorkspace(w, why)
	}
}

// removeUnread deletes workspaces of ours whose creation was cut off before we
// read the reply, once the target has had time to finish it.
func (e *engine) removeUnread(ctx context.Context) {
	if !e.traits.HTTP {
		return
	}
	err := pause(ctx, settle)
	var rows []Workspace
	if err == nil {
		rows, err = e.cfg.Target.Rows(ctx)
	}
	if err != nil {
		e.leftover(fmt.Sprintf("workspaces whose creation was cut off, if any (names begin with byok-%s-): %v", e.cfg.RunID, err))
		return
	}
	for _, w := range rows {
		if strings.HasPrefix(w.Name, "byok-"+e.cfg.RunID+"-") {
			e.remove(ctx, w)
		}
	}
}

func (e *engine) leftover(text string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.leftovers = append(e.leftovers, text)
}

// keep and remove hold the list of workspaces that are ours and still there.
func (e *engine) keep(w Workspace) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.live[w.ID] = w
}

// mayHaveMade notes that a create may have made a workspace that we do not know.
func (e *engine) mayHaveMade() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.unread = true
}

// remove deletes a workspace. One whose delete was cut off, or that the target
// was not asked to delete, is left to cleanUp.
func (e *engine) remove(ctx context.Context, w Workspace) {
	e.keep(w) // some were made without our knowing
	if e.silence.gaveUp(toRemove) != nil {
		return
	}
	err := e.cfg.Target.Remove(ctx, w)
	if err != nil && ctx.Err() != nil {
		return
	}
	e.silence.heard(toRemove, err)
	e.mu.Lock()
	delete(e.live, w.ID)
	e.mu.Unlock()
	if err != nil {
		e.leftWorkspace(w, err)
	}
}

func (e *engine) leftWorkspace(w Workspace, why error) {
	e.leftover(fmt.Sprintf("workspace %s (%s): %v", spelled.Line(w.Name), spelled.Line(w.ID), why))
}
