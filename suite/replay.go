package suite

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/molecule-ai/byok-conformance/fakes/upstream"
	"github.com/molecule-ai/byok-conformance/gate"
	"github.com/molecule-ai/byok-conformance/scenarios"
)

// A replay is one attempt at one scenario.
type replay struct {
	scenario *scenarios.Scenario
	index    int
	attempt  int
	// set is the group of global secrets that it runs under; nil where the
	// target shares none.
	set *globalSet
	// hosts are those of the derived providers of all its steps.
	hosts []string
	// credentials are its own, by "scope/NAME" and value.
	credentials map[string]*credential
	next        int
	started     time.Time
	finished    time.Time
	workspace   Workspace
	created     []Workspace

	mu    sync.Mutex
	steps []StepObservation
	// windows are those of the step under way, or the last one; several where
	// steps are replayed together.
	windows []*window
	// past are the windows of the steps before it.
	past  []*window
	leaks []Leak
	rows  []string
	// ambiguous: a call was seen that may be this replay's or another's.
	ambiguous bool
	judged    bool
	// failure says why the scenario could not be replayed; nil where it could.
	failure error
	// noPlace says why the target's profile cannot express the scenario; empty
	// where it can.
	noPlace string
}

func (r *replay) owns() {}

// drop lets go of what a replay that has been judged holds.
func (r *replay) drop() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.steps, r.windows, r.past, r.credentials, r.created, r.leaks, r.rows = nil, nil, nil, nil, nil, nil, nil
}

// A window is the time of one step, to which calls are attributed.
type window struct {
	step *StepObservation
	// secrets are the values that the step was given, as they are sent.
	secrets map[string]bool
	// replied is closed when the target has answered.
	replied chan struct{}
	arrived int
	// generation counts how often the window's calls were forgotten.
	generation int
	// final: an answer was given after which no retry is lawful.
	final bool
	// awaits: a call was held back as long as it can be, and the target did not
	// answer before.
	awaits bool
}

// A globalSet is the global secrets that the target holds, with values that all
// scenarios under it share.
type globalSet struct {
	// secrets are those of the current phase.
	secrets map[string]gate.Secret
	// credentials are those of all phases, by name and value.
	credentials map[string]*credential
	replays     []*replay
	// apart is the group's field of that name.
	apart bool

	mu sync.Mutex
	// asked are the hosts that were asked about each value.
	asked map[string]map[string]bool
}

func (s *globalSet) owns() {}

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
	c := s.credentials["global/"+name+"="+step.Secrets.Global[name].String()]
	s.mu.Lock()
	defer s.mu.Unlock()
	return c != nil && slices.ContainsFunc(hosts, func(h string) bool { return s.asked[c.Value][h] })
}

// leaked records a piece of a global credential in the output; it belongs to
// all that run under the set.
func (s *globalSet) leaked(c *credential) {
	for _, r := range s.replays {
		r.leak("SEC-2", "a line of output", c)
	}
}

// open begins the steps from one index up to another, which run together.
func (r *replay) open(from, end int) []*window {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.past, r.windows = append(r.past, r.windows...), nil
	for i := from; i < end; i++ {
		r.windows = append(r.windows, &window{step: &r.steps[i], replied: make(chan struct{})})
	}
	return r.windows
}

// windowOf returns the window of the step that was given one of the values: of
// those under way, or of an earlier one whose call comes late. Where no step
// was, it is the first under way; nil where none is. The caller holds r.mu.
func (r *replay) windowOf(values []string) *window {
	if len(r.windows) == 0 {
		return nil
	}
	given := func(w *window) bool {
		return slices.ContainsFunc(values, func(v string) bool { return w.secrets[v] })
	}
	for _, w := range slices.Concat(r.windows, r.past) {
		if given(w) {
			return w
		}
	}
	return r.windows[0]
}

// close ends the wait of a step; later calls belong to what the target does
// after its answer.
func (r *replay) close(w *window) {
	r.mu.Lock()
	defer r.mu.Unlock()
	select {
	case <-w.replied:
	default:
		close(w.replied)
	}
}

func (r *replay) leak(rule, where string, c *credential) {
	r.mu.Lock()
	defer r.mu.Unlock()
	l := Leak{Rule: rule, Where: where, Credential: c.scope + "/" + c.Name}
	if !slices.Contains(r.leaks, l) {
		r.leaks = append(r.leaks, l)
	}
}

// materials makes credentials for symbolic values.
type materials struct {
	maker *maker
	mu    sync.Mutex
	hosts func(name string, own []string) []string
}

// make writes out one scope's values. parts tell these values from all others
// of the run; known holds what the same owner was given before.
func (m *materials) make(o owner, scope string, values map[string]scenarios.Value, known map[string]*credential, own []string, parts ...string) (map[string]gate.Secret, []*credential) {
	if len(values) == 0 {
		return nil, nil
	}
	secrets := make(map[string]gate.Secret, len(values))
	var fresh []*credential
	for name, v := range values {
		key := scope + "/" + name + "=" + v.String()
		c := known[key]
		if c == nil {
			c = m.credential(o, scope, name, v, own, append(parts, key))
			known[key] = c
			if c.secret.random != "" {
				fresh = append(fresh, c)
			}
		}
		secrets[name] = gate.Secret{Value: c.secret.written, Unreadable: c.secret.unreadable}
	}
	return secrets, fresh
}

func (m *materials) credential(o owner, scope, name string, v scenarios.Value, own []string, parts []string) *credential {
	random := ""
	if v.Present() {
		m.mu.Lock()
		random = m.maker.random(parts...)
		m.mu.Unlock()
	}
	c := &credential{scope: scope, secret: write(v, name, random), owner: o}
	c.Name, c.Value, c.Hosts = name, c.secret.sent, m.hosts(name, own)
	if c.Value == "" {
		c.Value = c.secret.written
	}
	for _, a := range v.Answers {
		c.Answers = append(c.Answers, upstream.Answer(a))
	}
	if r, ok := o.(*replay); ok {
		c.Scenario = r.scenario.ID
	}
	return c
}

// name is the workspace's name for one of the creates of a step; it is unique
// in the run and tells the run and the scenario apart in the target's rows.
func (r *replay) name(run string, step, n int) string {
	return fmt.Sprintf("byok-%s-%d-%d-%d-%d", run, r.index, r.attempt, step, n)
}
