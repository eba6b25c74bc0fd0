package server

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/molecule-ai/byok-conformance/gate"
	"github.com/molecule-ai/byok-conformance/internal/spelled"
	"github.com/molecule-ai/byok-conformance/suite/target"
	"github.com/molecule-ai/byok-conformance/suite/timing"
)

// Globals lists the names of the server's global secrets.
func (t *Target) Globals(ctx context.Context) ([]string, error) {
	names, _, err := t.globalNames(ctx)
	return names, err
}

// globalNames is Globals with the status of the reply; 0 where there was none.
func (t *Target) globalNames(ctx context.Context) (names []string, status int, err error) {
	return t.secretNames(ctx, &t.profile.global, subject{}, "secrets.global.list")
}

// SecretNames lists the names of a workspace's secrets; false where the profile
// does not say how.
func (t *Target) SecretNames(ctx context.Context, w target.Workspace) ([]string, bool, error) {
	s := &t.profile.workspace
	if !s.list.set || s.names == nil {
		return nil, false, nil
	}
	names, _, err := t.secretNames(ctx, s, subject{workspace: w}, "secrets.workspace.list")
	return names, true, err
}

// secretNames lists the names of a scope, page by page; where is its place in the profile.
func (t *Target) secretNames(ctx context.Context, s *secretCalls, a subject, where string) (names []string, status int, err error) {
	items, status, err := t.pages(ctx, &s.list, s.names, s.next, a)
	if err != nil {
		return nil, status, fmt.Errorf("listing the secrets (%s of the profile): %w", where, err)
	}
	for _, item := range items {
		if s, ok := item.(string); ok {
			names = append(names, s)
		}
	}
	return names, status, nil
}

// SetGlobals removes what we set before and sets what is wanted now. An error
// has a line for each secret that could not be removed.
func (t *Target) SetGlobals(ctx context.Context, secrets map[string]gate.Secret) error {
	defer t.letRestart(ctx, &t.profile.global)()
	var left []error
	for _, name := range slices.Sorted(maps.Keys(t.globals)) {
		if _, stays := secrets[name]; !stays {
			left = append(left, t.RemoveGlobal(ctx, name))
		}
	}
	if err := errors.Join(left...); err != nil {
		return err
	}
	for name, s := range secrets {
		t.globals[name] = true
		set := &t.profile.global.set
		if s.Unreadable {
			if set = &t.profile.global.unreadable; !set.set {
				return fmt.Errorf("setting global secret %s: the profile does not say how to plant one that is unreadable (secrets.global.unreadable)", name)
			}
		}
		if _, err := t.ensure(ctx, set, subject{key: name, value: s.Value}); err != nil {
			return fmt.Errorf("setting global secret %s: %w", name, err)
		}
	}
	return nil
}

// A server that restarts workspaces because of a secret finds out which after its
// reply. One that is made meanwhile is restarted in the middle of its first
// provisioning, which some servers hold up for seconds. So a change is followed by
// as much time as it took, some times over.
const (
	restartsAfter    = 3
	leastToRestart   = 2 * time.Millisecond
	longestToRestart = 500 * time.Millisecond
)

// letRestart measures a change of secrets; what it returns waits after it.
func (t *Target) letRestart(ctx context.Context, s *secretCalls) func() {
	if !s.restarts {
		return func() {}
	}
	began := time.Now()
	return func() {
		wait := min(max(restartsAfter*time.Since(began), leastToRestart), longestToRestart)
		t.ledger.Waited(wait)
		_ = timing.Pause(ctx, wait) // whoever asks next sees that ctx has ended
	}
}

// RemoveGlobal deletes one global secret; one that is not there is no error.
func (t *Target) RemoveGlobal(ctx context.Context, name string) error {
	if err := t.gone(t.ensure(ctx, &t.profile.global.remove, subject{key: name})); err != nil {
		return fmt.Errorf("removing global secret %s: %w", name, err)
	}
	delete(t.globals, name)
	return nil
}

// gone is the error of a delete, which finds nothing to delete where there is nothing.
func (t *Target) gone(r *httpReply, err error) error {
	if r != nil && (r.status == 404 || r.status == 410) {
		return nil
	}
	return err
}

// Provision changes the workspace's secrets, has it provisioned again, and
// watches for what comes of it.
func (t *Target) Provision(ctx context.Context, req target.ProvisionRequest) target.Reply {
	out := t.provision(ctx, req)
	if err := t.overrun(); err != nil {
		return failed(err)
	}
	return out
}

func (t *Target) provision(ctx context.Context, req target.ProvisionRequest) target.Reply {
	ctx, cancel := t.pulse.Within(ctx, 2*t.profile.provision.within)
	defer cancel()
	w := req.Workspace
	if w.External {
		return t.provisionExternal(ctx, req)
	}
	before, err := t.changed(ctx, req)
	if err != nil {
		return failed(cause(ctx, err))
	}
	req.Began()
	p := &t.profile.provision
	r, err := t.ensure(ctx, &p.again, subject{workspace: w, requestID: req.RequestID})
	var not *NotDoneError
	switch {
	case errors.As(err, &not) && r.status >= 300:
		return t.verdict(r) // a refusal of the restart itself
	case err != nil:
		return failed(fmt.Errorf("asking for another provisioning: %w", cause(ctx, err)))
	}
	return t.watch(ctx, w, before, req.Doubt)
}

// changed makes the workspace's secrets those of the request, and returns the
// failures that there are by then. A server may provision again by itself when
// secrets change, so both sides of the change are waited out.
func (t *Target) changed(ctx context.Context, req target.ProvisionRequest) (before []failure, err error) {
	w := req.Workspace
	if _, err := t.settled(ctx, w); err != nil {
		return nil, fmt.Errorf("waiting for the first provisioning: %w", err)
	}
	if before, err = t.told(ctx, w, nil); err != nil {
		return nil, err
	}
	if err = t.changeSecrets(ctx, req); err != nil {
		return nil, err
	}
	moved, err := t.settled(ctx, w)
	switch {
	case err != nil:
		return nil, fmt.Errorf("waiting for a provisioning after the secrets changed: %w", err)
	case moved:
		before, err = t.told(ctx, w, before)
	default:
		before, err = t.failures(ctx, w)
	}
	return before, err
}

// changeSecrets sets before it removes, so that a server which provisions at
// each change never sees less than both.
func (t *Target) changeSecrets(ctx context.Context, req target.ProvisionRequest) error {
	w := req.Workspace
	defer t.letRestart(ctx, &t.profile.workspace)()
	for name, s := range req.Secrets {
		if old, ok := w.Secrets[name]; ok && old == s {
			continue
		}
		set := &t.profile.workspace.set
		if s.Unreadable {
			set = &t.profile.workspace.unreadable
		}
		if _, err := t.ensure(ctx, set, subject{workspace: w, key: name, value: s.Value}); err != nil {
			return fmt.Errorf("setting secret %s of the workspace: %w", name, err)
		}
	}
	for name := range w.Secrets {
		if _, stays := req.Secrets[name]; stays {
			continue
		}
		if _, err := t.ensure(ctx, &t.profile.workspace.remove, subject{workspace: w, key: name}); err != nil {
			return fmt.Errorf("removing secret %s of the workspace: %w", name, err)
		}
	}
	return nil
}

// Settle waits until the workspace's provisioning has come to an end; where the
// profile does not say how to see it, it does not wait.
func (t *Target) Settle(ctx context.Context, w target.Workspace) error {
	if !t.profile.provision.state.set || w.External {
		return nil
	}
	ctx, cancel := t.pulse.Within(ctx, t.profile.provision.within)
	defer cancel()
	_, err := t.settled(ctx, w)
	return cmp.Or(t.overrun(), err)
}

// Outcome waits until the workspace's provisioning has come to an end, and tells
// a failure of the gate.
func (t *Target) Outcome(ctx context.Context, w target.Workspace) *target.Reply {
	if t.Settle(ctx, w) != nil || !t.profile.provision.state.set || w.External {
		return nil
	}
	ctx, cancel := t.pulse.Within(ctx, t.profile.provision.within)
	defer cancel()
	state, err := t.do(ctx, &t.profile.provision.state, subject{workspace: w})
	if err != nil || state.is(t.profile.provision.running) {
		return nil
	}
	f, found, err := t.awaited(ctx, w, nil)
	if err != nil || !found {
		return nil
	}
	out := t.stopped(target.Reply{}, f)
	return &out
}

// settled waits until the workspace's provisioning has come to an end; moved says
// that one was under way.
func (t *Target) settled(ctx context.Context, w target.Workspace) (moved bool, err error) {
	for wait := time.Millisecond; ; wait = min(2*wait, 100*time.Millisecond) {
		r, err := t.do(ctx, &t.profile.provision.state, subject{workspace: w})
		if err != nil {
			return moved, err
		}
		if !r.is(t.profile.provision.pending) {
			return moved, nil
		}
		moved = true
		t.ledger.Provisioned(wait)
		if err := timing.Pause(ctx, wait); err != nil {
			return moved, err
		}
	}
}

// errNoFailures is what a provisioning comes to whose failure cannot be seen.
var errNoFailures = errors.New("state is neither pending nor running, and the profile names no failures; add provision.failures or provision.reason to it, or correct provision.state")

// staleFor is how many times as long a failure behind the gate is doubted, where the
// gate must stop: two provisionings may have been under way before, and the failure
// of the second comes when we have read that of the first.
const staleFor = 10

// watch waits for the outcome of a provisioning: a state that says it runs, or
// a failure that was not there before.
func (t *Target) watch(ctx context.Context, w target.Workspace, before []failure, doubt bool) target.Reply {
	p := &t.profile.provision
	start, doubted := time.Now(), t.doubts.Long()
	mustStop := doubt
	seemed := false // it seemed to run, or to have passed the gate, at first
	for wait := time.Millisecond; ; wait = min(2*wait, 100*time.Millisecond) {
		state, err := t.do(ctx, &p.state, subject{workspace: w})
		if err != nil {
			return failed(cause(ctx, err))
		}
		var out target.Reply
		switch running, pending := state.is(p.running), state.is(p.pending); {
		case running && (!doubt || time.Since(start) > doubted):
			if doubt {
				t.doubts.InVain()
			}
			out.Outcome, out.Headline = target.Allowed, "provisioning went through, and the workspace runs"
			return out
		case running:
			seemed = true
		case pending:
			if seemed {
				t.doubts.Proved()
			}
			doubt = false // whatever comes now is new
		case !p.seesFailures(): // by a claim of the command line; a profile's own is refused when it is read
			out.Outcome, out.Err = target.Failed, errNoFailures
			return out
		default:
			f, found, err := t.newFailure(ctx, w, before)
			if err != nil {
				return failed(cause(ctx, err))
			}
			if found {
				out = t.stopped(out, f)
				passed := out.Outcome != target.Refused && mustStop
				if passed && time.Since(start) <= staleFor*doubted {
					seemed = true // an earlier provisioning's failure may have come late
					break
				}
				if passed {
					t.doubts.InVain()
				} else if seemed {
					t.doubts.Proved()
				}
				return out
			}
		}
		if t.ledger.Provisioned(wait); seemed {
			t.ledger.Provisioned(-wait) // it runs, and we look again whether it stays so
			t.ledger.Waited(wait)
		}
		if err := timing.Pause(ctx, wait); err != nil {
			return failed(err)
		}
	}
}

// stopped tells a failure of the gate from one that came after it.
func (t *Target) stopped(out target.Reply, f failure) target.Reply {
	out.Text, out.RawCode, out.Code = f.text, f.code, t.profile.code(f.code)
	if f.code == "" && (t.profile.provision.passed == "" || !strings.Contains(f.text, t.profile.provision.passed)) {
		for raw, code := range t.profile.codes {
			if strings.Contains(f.text, raw) {
				out.RawCode, out.Code = raw, code
			}
		}
	}
	out.Outcome, out.Headline = target.Allowed, "the gate was passed, and then provisioning failed: "+spelled.Line(spelled.Head(f.text, 120))
	if out.Code != "" {
		out.Outcome, out.Headline = target.Refused, "provisioning was stopped: "+out.RawCode
	}
	return out
}
