package suite

import (
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/molecule-ai/byok-conformance/gate"
	"github.com/molecule-ai/byok-conformance/scenarios"
	"github.com/molecule-ai/byok-conformance/suite/judge"
	"github.com/molecule-ai/byok-conformance/suite/secrets"
	"github.com/molecule-ai/byok-conformance/suite/target"
	"github.com/molecule-ai/byok-conformance/suite/timing"
)

// A replay is one scenario of a run. There is one for each from the run's
// beginning to its end, so it holds little; what an attempt makes is let go of
// when it has been judged.
type replay struct {
	scenario *scenarios.Scenario
	index    int
	// waits: see scenarios.Scenario.Waits and Pauses.
	waits bool
	// attempts is how often it was begun.
	attempts int
	// set is the group of global secrets that it runs under; nil where the
	// target shares none.
	set *globalSet
	// hosts are those of the derived providers of all its steps.
	hosts []string

	mu     sync.Mutex
	judged bool
	// failure says why the scenario could not be replayed; nil where it could.
	failure error
	// attempt is nil before the first one and after the judgement.
	*attempt
}

// An attempt is what replaying a scenario once makes and sees.
type attempt struct {
	// credentials are the scenario's own.
	credentials secrets.Credentials
	next        int
	started     time.Time
	finished    time.Time
	// under is the time since it began, and stalled how long of that the harness
	// did not run.
	under     timing.Stretch
	stalled   time.Duration
	workspace target.Workspace
	created   []target.Workspace

	// What follows is guarded by the replay's mutex.

	// steps are only where the scenario has one step.
	steps []judge.StepObservation
	only  [1]judge.StepObservation
	// windows are those of the step under way, or the last one; several where
	// steps are replayed together.
	windows []*window
	// past are the windows of the steps before it.
	past []*window
	// trail keeps what we asked the target.
	trail target.Trail
	// changed: secrets were changed since the first step, or are being changed.
	changed bool
	leaks   []judge.Leak
	rows    []string
	// ambiguous: a call was seen that may be this replay's or another's.
	ambiguous bool
	// restarts is how often the target had been started again when it began;
	// severed: it was again meanwhile. stopped: it stopped answering because of this one.
	restarts int
	severed  bool
	stopped  *judge.Stop
	// guessed: a call without a credential was taken for this replay's by its host.
	guessed bool
	// haunted: while it was replayed alone, a call was seen with a credential of
	// a replay that was judged before.
	haunted bool
	// alive is when credentials were last seen alive.
	alive kept
	// noPlace says why the target's profile cannot express the scenario, or the
	// target lawfully has nothing that it could be asked about; empty where it is asked.
	noPlace string
}

// ScenarioID makes a replay the owner of its credentials.
func (r *replay) ScenarioID() string { return r.scenario.ID }

// drop lets go of what a replay that has been judged holds.
func (r *replay) drop() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.attempt = nil
}

// A window is the time of one step, to which calls are attributed.
type window struct {
	step *judge.StepObservation
	// secrets are the values that the step was given, as they are sent.
	secrets []string
	// globals is how many global secrets there were when the step was prepared;
	// those that were set later come behind.
	globals int
	// replied: the target has answered. heldBack is closed then, and nil where
	// nobody waits for it.
	replied  bool
	heldBack chan struct{}
	arrived  int
	// generation counts how often the window's calls were forgotten.
	generation int
	// final: an answer was given after which no retry is lawful.
	final bool
	// awaits: a call was held back as long as it can be, and the target did not
	// answer before.
	awaits bool
	// restarts: secrets were changed for the step, so that the target restarts by
	// itself a workspace of an earlier step.
	restarts bool
	// hangUp is nil where the clients of the step wait for their replies.
	hangUp *hangUp
}

// A globalSet is the global secrets that the target holds, with values that all
// scenarios under it share.
type globalSet struct {
	// secrets are those of the current phase.
	secrets map[string]gate.Secret
	// credentials are those of all phases.
	credentials secrets.Credentials
	replays     []*replay
	// apart is the group's field of that name.
	apart bool
	// trail keeps what we asked the target to set and to remove for it.
	trail target.Trail

	mu sync.Mutex
	// asked are the hosts that were asked about each value.
	asked map[string]map[string]bool
}

// ScenarioID makes a set the owner of its credentials; it is no one scenario's.
func (s *globalSet) ScenarioID() string { return "" }

// ask notes that a host was asked about a value.
func (s *globalSet) ask(value, host string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.asked == nil {
		s.asked = map[string]map[string]bool{}
	}
	if s.asked[value] == nil {
		s.asked[value] = map[string]bool{}
	}
	s.asked[value][host] = true
}

// knows reports whether one of the hosts was asked about the credential of a
// step that stands at global scope.
func (s *globalSet) knows(step *scenarios.Step, hosts []string) bool {
	name, global := strings.CutPrefix(step.Expect.Probed, "global/")
	if s == nil || !global {
		return false
	}
	c := s.credentials.Find("global", name, step.Secrets.Global[name])
	s.mu.Lock()
	defer s.mu.Unlock()
	return c != nil && slices.ContainsFunc(hosts, func(h string) bool { return s.asked[c.Value][h] })
}

// of are the set's credentials that a step names: scenarios that share a set, and
// whose providers change their answers, name others.
func (s *globalSet) of(step *scenarios.Step) secrets.Credentials {
	return slices.DeleteFunc(slices.Clone(s.credentials), func(c *secrets.Credential) bool {
		v, named := step.Secrets.Global[c.Name]
		return !named || v.String() != c.Symbol
	})
}

// leaked records a piece of a global credential in the output; it belongs to
// all that run under the set.
func (s *globalSet) leaked(c *secrets.Credential) {
	for _, r := range s.replays {
		r.leak("SEC-2", "a line of output", c)
	}
}

// open begins the steps from one index up to another, which run together.
func (r *replay) open(from, end int) []*window {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.past, r.windows = append(r.past, r.windows...), make([]*window, 0, end-from)
	for i := from; i < end; i++ {
		r.windows = append(r.windows, &window{step: &r.steps[i]})
	}
	return r.windows
}

// windowOf returns the window of the step that was given one of the values: of
// those under way, or of an earlier one whose call comes late. Where no step
// was, it is the first under way; nil where none is. The caller holds r.mu.
func (r *replay) windowOf(values []string) *window {
	if r.attempt == nil || len(r.windows) == 0 {
		return nil
	}
	given := func(w *window) bool {
		return slices.ContainsFunc(values, func(v string) bool { return slices.Contains(w.secrets, v) })
	}
	for _, list := range [][]*window{r.windows, r.past} {
		if i := slices.IndexFunc(list, given); i >= 0 {
			return list[i]
		}
	}
	return r.windows[0]
}

// close ends the wait of a step; later calls belong to what the target does
// after its answer.
func (r *replay) close(w *window) {
	r.mu.Lock()
	defer r.mu.Unlock()
	w.replied = true
	if w.heldBack != nil {
		close(w.heldBack)
		w.heldBack = nil
	}
}

func (r *replay) leak(rule, where string, c *secrets.Credential) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.judged {
		return // too late to be told
	}
	if r.attempt == nil {
		r.attempt = &attempt{}
	}
	l := judge.Leak{Rule: rule, Where: where, Credential: c.Scope + "/" + c.Name}
	if !slices.Contains(r.leaks, l) {
		r.leaks = append(r.leaks, l)
	}
}

// namedBy returns the step whose workspace name a step asks for: its own, or that
// of the create before it where that one must be refused. A tenant who was refused
// asks again for the same workspace, and nothing may have been left that answers for it.
func (r *replay) namedBy(step int) int {
	steps := r.scenario.Steps
	if steps[step].SameName && step > 0 {
		for step--; step > 0 && steps[step].Stage != scenarios.Create; step-- {
		}
	}
	for step > 0 && !steps[step].Alongside && steps[step-1].Stage == scenarios.Create && steps[step-1].AtOnce == 1 && steps[step-1].Expect.Verdict == scenarios.Refused {
		step--
	}
	return step
}

// name is the workspace's name for one of the creates of a step; it is unique
// in the run and tells the run and the scenario apart in the target's rows.
func (r *replay) name(run string, step, n int) string {
	if r.scenario.Steps[step].OneName {
		n = 0
	}
	name := append([]byte("byok-"), run...)
	for _, part := range []int{r.index, r.attempts, step, n} {
		name = strconv.AppendInt(append(name, '-'), int64(part), 10)
	}
	return string(name)
}
