package suite

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/molecule-ai/byok-conformance/registry"
	"github.com/molecule-ai/byok-conformance/scenarios"
	"github.com/molecule-ai/byok-conformance/suite/judge"
	"github.com/molecule-ai/byok-conformance/suite/secrets"
	"github.com/molecule-ai/byok-conformance/suite/target"
	"github.com/molecule-ai/byok-conformance/suite/timing"
)

// A Config says what to replay, at which target, and how.
type Config struct {
	Registry *registry.Registry
	// Scenarios are those that are replayed, companions included (see Select).
	Scenarios []*scenarios.Scenario
	// Companions are the ids that were not selected themselves; may be nil.
	Companions map[string]bool
	Target     target.Target
	// Providers are the fakes that the target's outbound calls reach.
	Providers *Providers
	// Claims are the areas that the target is held to; nil means those of its traits.
	Claims []string
	Level  scenarios.Level
	// LivenessCache is how long the target says that it keeps a live verdict (LIV-13);
	// zero means what its traits say.
	LivenessCache time.Duration
	// Budget bounds the target's probe (LIV-6); zero means 6 s.
	Budget time.Duration
	// Timeout is how long a reply that no probe can delay is waited for; zero means 30 s.
	Timeout time.Duration
	// Parallel is how many scenarios are replayed at once; zero means as many as the
	// target takes (timing.Width), and 8 for a Go value.
	// Scenarios that wait for a silent provider run beside them.
	Parallel int
	// Seed makes the credential values; the same seed makes the same ones.
	Seed string
	// RunID names the run in X-Request-ID and in workspace names: letters and
	// digits. Two runs at one target need different ones.
	RunID string
	// Copies are further copies of the target, each with a state, and fake providers,
	// of its own; what is replayed is shared out among the target and them. Their
	// providers are made by Providers.Copy. May be empty.
	Copies []Copy
	// Fault strikes a provider's host as a whole until the function that it
	// returns is called, for answers that come before a request can be read.
	// Nil where the providers can give those answers by credential, as in process.
	Fault func(host, answer string) (lift func())
	// Restart starts the target again after it stopped answering, at the same
	// Target; nil where it is not ours to start.
	Restart func(context.Context) error
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
	pulse *timing.Pulse
	// judge stands in for Judge; nil but in tests.
	judge func(*judge.Observation) []judge.Violation

	// cleanWithin takes the place of cleanTimeout in tests; zero means that one.
	cleanWithin time.Duration
}

// waitingScenarios is how many scenarios may wait for silent providers at once.
const waitingScenarios = 256

type engine struct {
	cfg    Config
	traits target.Traits
	things *secrets.Materials
	// slots bound what is replayed at once; waits bound what waits.
	slots, waits *slots
	// width says how many slots there are; nil where the run was told.
	width    *timing.Width
	finisher *finisher
	silence  *timing.Silence
	// afterwards are the looks at what became of workspaces after their create.
	afterwards timing.Doubts
	// pulse tells when the harness itself did not run, and hindered what came of
	// replaying what failed then.
	pulse    *timing.Pulse
	hindered hindrance
	// ledger adds up where the time goes.
	ledger timing.Ledger
	// crowded is what came of replaying by itself what was answered late among many.
	crowded hindrance
	// hosts is whether a call without a credential may be told by its host.
	hosts trust

	// life is what is under way, and how often the target was started again.
	life *lifeline
	// verdicts are the expectations of creates that got one.
	verdicts sync.Map

	mu        sync.Mutex
	leftovers []string
	*belongings
}

// ErrNothingSelected means that there is no scenario to replay.
var ErrNothingSelected = errors.New("no scenario is selected")

// ErrDeadline is the cause of a context that ends with the time that a run has.
var ErrDeadline = errors.New("the run's deadline had passed")

// ErrEnough is the cause with which a handler cancels a run's context once it has
// seen enough: no further result is judged, though it may have ended already.
var ErrEnough = errors.New("enough has been seen")

// Run replays the scenarios and returns what became of them. Every result goes
// to cfg.Handle. The error says why the run could not be carried out; a target
// that violates rules is no error. When ctx ends, what is under way is finished
// or abandoned, the target is cleaned up, and the summary says Interrupted. Where
// ErrDeadline ended it, what has no result by then is an error.
func Run(ctx context.Context, cfg Config) (Summary, error) {
	e, err := newEngine(cfg)
	if err != nil {
		return Summary{}, err
	}
	all, err := e.withCopies()
	if err != nil {
		return Summary{}, err
	}
	if cfg.pulse == nil {
		defer e.pulse.Start()()
	}
	results := e.finisher.results
	results.enough = func() bool { return errors.Is(context.Cause(ctx), ErrEnough) }
	p := e.plan()
	for _, one := range all {
		one.cfg.Providers.ring.Reserve(p.values / len(all))
	}
	results.emit(Planned{p.total})
	for _, r := range p.idle {
		results.finish(r)
	}
	all.replay(ctx, p)
	results.flush(ctx.Err() != nil)
	late := errors.Is(context.Cause(ctx), ErrDeadline)
	if late {
		results.unjudged(ErrDeadline)
	}
	all.cleanUp(ctx.Err() != nil)
	s := all.summary(p.total, ctx.Err() != nil)
	s.Late = late
	results.emit(Ended{s})
	return s, nil
}

func newEngine(cfg Config) (*engine, error) {
	return newEngineFor(cfg, nil)
}

// newEngineFor is an engine that shares the results of another one; nil makes some.
func newEngineFor(cfg Config, shared *results) (*engine, error) {
	if len(cfg.Scenarios) == 0 {
		return nil, ErrNothingSelected
	}
	e := &engine{cfg: cfg, traits: cfg.Target.Traits(), life: newLifeline(), belongings: newBelongings()}
	if e.cfg.Claims == nil {
		e.cfg.Claims = e.traits.Claims
	}
	setDefault(&e.cfg.LivenessCache, e.traits.LivenessCache)
	setDefault(&e.cfg.Budget, defaultBudget)
	setDefault(&e.cfg.Timeout, 30*time.Second)
	if e.cfg.Parallel == 0 && e.traits.HTTP {
		e.width = timing.NewWidth(e.cfg.Budget)
	}
	setDefault(&e.cfg.Parallel, timing.StartWidth)
	e.hindered.most, e.crowded.most = inVainAgain, inVainCrowded
	setDefault(&e.cfg.RunID, "run")
	setDefault(&e.cfg.Level, scenarios.Core)
	if e.cfg.judge == nil {
		e.cfg.judge = judge.Judge
	}
	if e.cfg.Handle == nil {
		e.cfg.Handle = func(Event) {}
	}
	results := shared
	if results == nil {
		results = newResults(&e.cfg)
	}
	// A call is held back long enough for a server that writes its reply slowly,
	// and well below the budget, so that the wait itself is no timeout.
	if e.traits.HTTP { // a Go value does nothing in the background
		cfg.Providers.hold = min(2*time.Second, 2*e.cfg.Budget/3)
	}
	e.things = secrets.NewMaterials(cfg.Seed, cfg.Registry)
	e.slots, e.waits = newSlots(e.cfg.Parallel), newSlots(waitingScenarios)
	e.finisher, e.silence, e.pulse = &finisher{e: e, results: results}, timing.NewSilence(e.cfg.Parallel), cmp.Or(cfg.pulse, &timing.Pulse{})
	cfg.Providers.ring.Hide(e.traits.Secrets)
	if cfg.Output != nil {
		cfg.Output.watch(cfg.Providers.ring)
	}
	if t, ok := cfg.Target.(target.Inspected); ok {
		t.Inspect(e.inspect)
	}
	if t, ok := cfg.Target.(interface{ Pace(*timing.Pulse) }); ok {
		t.Pace(e.pulse)
	}
	if t, ok := cfg.Target.(interface{ Account(*timing.Ledger) }); ok {
		t.Account(&e.ledger)
	}
	return e, nil
}

func setDefault[T comparable](field *T, value T) {
	if *field == *new(T) {
		*field = value
	}
}

func (e *engine) newReplay(s *scenarios.Scenario, index int) *replay {
	r := &replay{scenario: s, index: index, waits: s.Waits()}
	r.waits = r.waits || e.paces(r)
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
		r.steps = make([]judge.StepObservation, len(r.scenario.Steps))
	}
	for i := range r.steps {
		r.steps[i].Step = &r.scenario.Steps[i]
	}
}

// hostsOf lists the hosts of the providers that a step may lead to.
func (e *engine) hostsOf(s *scenarios.Step) []string {
	return judge.HostsOf(e.cfg.Registry, s.Expect.Providers)
}

// summarise adds what one copy of the target came to.
func (e *engine) summarise(s *Summary) {
	s.ReplayedAgain += e.hindered.replayed + e.crowded.replayed
	s.Restarts += e.life.restarts
	s.Spent = s.Spent.And(e.ledger.Spent())
	if e.width != nil {
		s.AtOnce += e.width.Most()
	} else {
		s.AtOnce += e.cfg.Parallel
	}
	for _, text := range e.leftovers {
		s.Leftovers = append(s.Leftovers, e.cfg.Providers.ring.Mask(text))
	}
	s.LeftBehind = append(s.LeftBehind, e.left...)
	for _, x := range e.cfg.Providers.strays {
		s.Strays = append(s.Strays, e.cfg.Providers.ring.MaskExchange(x))
	}
}

// defaultBudget is how long a probe may take where nobody says otherwise (LIV-6).
const defaultBudget = 6 * time.Second
