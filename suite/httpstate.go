package suite

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/molecule-ai/byok-conformance/gate"
)

// Remove deletes a workspace. The name that the server gave it may differ from
// ours, so a refused delete is tried again with the listed name.
func (t *HTTPTarget) Remove(ctx context.Context, w Workspace) error {
	remove := &t.profile.remove
	for _, name := range []func() (string, error){
		func() (string, error) { return w.Name, nil },
		func() (string, error) { return t.actualName(ctx, w.ID) },
	} {
		actual, err := name()
		if err != nil {
			return err
		}
		r, err := t.do(ctx, &remove.call, placeholders{"id": w.ID, "name": w.Name, "actual-name": actual}, "", nil, 0)
		if err != nil {
			return fmt.Errorf("deleting it: %w", err)
		}
		if r.is(remove.removed) {
			return nil
		}
	}
	return errors.New("the server did not delete it (workspaces.remove of the profile)")
}

func (t *HTTPTarget) actualName(ctx context.Context, id string) (string, error) {
	rows, err := t.Rows(ctx)
	if err != nil {
		return "", err
	}
	for _, w := range rows {
		if w.ID == id {
			return w.Name, nil
		}
	}
	return "", nil
}

// Rows lists the server's workspaces.
func (t *HTTPTarget) Rows(ctx context.Context) ([]Workspace, error) {
	if !t.profile.list.call.set {
		return nil, errors.New("the profile does not say how to list workspaces (workspaces.list)")
	}
	r, err := t.do(ctx, &t.profile.list.call, nil, "", nil, 0)
	if err != nil {
		return nil, fmt.Errorf("listing the workspaces: %w", err)
	}
	items, ok := r.ask(t.profile.list.items).([]any)
	if !ok || r.status >= 300 {
		return nil, fmt.Errorf("listing the workspaces: status %d, and workspaces.list.items of the profile finds no list", r.status)
	}
	var out []Workspace
	for _, item := range items {
		m, _ := item.(map[string]any)
		id, _ := m["id"].(string)
		name, _ := m["name"].(string)
		out = append(out, Workspace{ID: id, Name: name})
	}
	return out, nil
}

// Globals lists the names of the server's global secrets.
func (t *HTTPTarget) Globals(ctx context.Context) ([]string, error) {
	names, _, err := t.globalNames(ctx)
	return names, err
}

// globalNames is Globals with the status of the reply; 0 where there was none.
func (t *HTTPTarget) globalNames(ctx context.Context) (names []string, status int, err error) {
	r, err := t.do(ctx, &t.profile.global.list, nil, "", nil, 0)
	if err != nil {
		return nil, 0, fmt.Errorf("listing the global secrets: %w", err)
	}
	items, ok := r.ask(t.profile.global.names).([]any)
	if !ok || r.status >= 300 {
		return nil, r.status, fmt.Errorf("listing the global secrets: status %d, and secrets.global.list.names of the profile finds no names", r.status)
	}
	for _, item := range items {
		if s, ok := item.(string); ok {
			names = append(names, s)
		}
	}
	return names, r.status, nil
}

// SetGlobals removes what we set before and sets what is wanted now. An error
// has a line for each secret that could not be removed.
func (t *HTTPTarget) SetGlobals(ctx context.Context, secrets map[string]gate.Secret) error {
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
		r, err := t.do(ctx, set, placeholders{"key": name}, "", keyAndValue(name, s.Value, ""), 0)
		if err != nil {
			return fmt.Errorf("setting global secret %s: %w", name, err)
		}
		if r.status >= 300 {
			return fmt.Errorf("setting global secret %s: the server answered %d", name, r.status)
		}
	}
	return nil
}

// RemoveGlobal deletes one global secret; one that is not there is no error.
func (t *HTTPTarget) RemoveGlobal(ctx context.Context, name string) error {
	r, err := t.do(ctx, &t.profile.global.remove, placeholders{"key": name}, "", keyAndValue(name, "", ""), 0)
	if err != nil {
		return fmt.Errorf("removing global secret %s: %w", name, err)
	}
	if r.status >= 300 && r.status != 404 && r.status != 410 {
		return fmt.Errorf("removing global secret %s: the server answered %d", name, r.status)
	}
	delete(t.globals, name)
	return nil
}

func keyAndValue(key, value, id string) []any {
	return []any{"", "", "", false, "", map[string]any{}, map[string]any{}, key, value, id}
}

// Provision changes the workspace's secrets, has it provisioned again, and
// watches for what comes of it.
func (t *HTTPTarget) Provision(ctx context.Context, req ProvisionRequest) Reply {
	ctx, cancel := t.pulse.within(ctx, 2*t.profile.provision.within)
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
	r, err := t.do(ctx, &p.again, placeholders{"id": w.ID, "name": w.Name}, req.RequestID, keyAndValue("", "", w.ID), 0)
	if err != nil {
		return failed(fmt.Errorf("asking for another provisioning: %w", cause(ctx, err)))
	}
	if r.status >= 300 {
		return t.verdict(r)
	}
	out := t.watch(ctx, w.ID, before, req.Doubt)
	out.Exchanges = append([]Exchange{r.exchange("provision")}, out.Exchanges...)
	return out
}

// changed makes the workspace's secrets those of the request, and returns the
// failures that there are by then. A server may provision again by itself when
// secrets change, so both sides of the change are waited out.
func (t *HTTPTarget) changed(ctx context.Context, req ProvisionRequest) ([]failure, error) {
	id := req.Workspace.ID
	if err := t.settled(ctx, id); err != nil {
		return nil, fmt.Errorf("waiting for the first provisioning: %w", err)
	}
	if err := t.changeSecrets(ctx, req); err != nil {
		return nil, err
	}
	if err := t.settled(ctx, id); err != nil {
		return nil, fmt.Errorf("waiting for a provisioning after the secrets changed: %w", err)
	}
	return t.failures(ctx, id)
}

// changeSecrets sets before it removes, so that a server which provisions at
// each change never sees less than both.
func (t *HTTPTarget) changeSecrets(ctx context.Context, req ProvisionRequest) error {
	w := req.Workspace
	for name, s := range req.Secrets {
		if old, ok := w.Secrets[name]; ok && old == s {
			continue
		}
		set := &t.profile.workspace.set
		if s.Unreadable {
			set = &t.profile.workspace.unreadable
		}
		r, err := t.do(ctx, set, placeholders{"id": w.ID, "key": name}, "", keyAndValue(name, s.Value, w.ID), 0)
		if err != nil || r.status >= 300 {
			return fmt.Errorf("setting secret %s of the workspace: %w", name, statusError(r, err))
		}
	}
	for name := range w.Secrets {
		if _, stays := req.Secrets[name]; stays {
			continue
		}
		r, err := t.do(ctx, &t.profile.workspace.remove, placeholders{"id": w.ID, "key": name}, "", keyAndValue(name, "", w.ID), 0)
		if err != nil || r.status >= 300 {
			return fmt.Errorf("removing secret %s of the workspace: %w", name, statusError(r, err))
		}
	}
	return nil
}

func statusError(r *httpReply, err error) error {
	if err != nil {
		return err
	}
	return fmt.Errorf("the server answered %d", r.status)
}

// Settle waits until the workspace's provisioning has come to an end; where the
// profile does not say how to see it, it does not wait.
func (t *HTTPTarget) Settle(ctx context.Context, w Workspace) error {
	if !t.profile.provision.state.set || w.External {
		return nil
	}
	ctx, cancel := t.pulse.within(ctx, t.profile.provision.within)
	defer cancel()
	return t.settled(ctx, w.ID)
}

// Outcome waits until the workspace's provisioning has come to an end, and tells
// a failure of the gate.
func (t *HTTPTarget) Outcome(ctx context.Context, w Workspace) *Reply {
	if t.Settle(ctx, w) != nil || !t.profile.provision.state.set || w.External {
		return nil
	}
	ctx, cancel := t.pulse.within(ctx, t.profile.provision.within)
	defer cancel()
	state, err := t.do(ctx, &t.profile.provision.state, placeholders{"id": w.ID}, "", nil, 0)
	if err != nil || state.is(t.profile.provision.running) {
		return nil
	}
	f, found, err := t.newFailure(ctx, w.ID, nil)
	if err != nil || !found {
		return nil
	}
	out := t.stopped(Reply{Exchanges: []Exchange{state.exchange("provision")}}, f)
	return &out
}

// settled waits until the workspace's provisioning has come to an end.
func (t *HTTPTarget) settled(ctx context.Context, id string) error {
	for wait := time.Millisecond; ; wait = min(2*wait, 100*time.Millisecond) {
		r, err := t.do(ctx, &t.profile.provision.state, placeholders{"id": id}, "", nil, 0)
		if err != nil {
			return err
		}
		if !r.is(t.profile.provision.pending) {
			return nil
		}
		if err := pause(ctx, wait); err != nil {
			return err
		}
	}
}

func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// A failure is one failed provisioning.
type failure struct{ id, code, text string }

// failures lists the failed provisionings of a workspace, newest first; nil
// where the server tells none.
func (t *HTTPTarget) failures(ctx context.Context, id string) ([]failure, error) {
	p := &t.profile.provision
	if !p.failures.set {
		return nil, nil
	}
	r, err := t.do(ctx, &p.failures, placeholders{"id": id}, "", nil, 0)
	if err != nil {
		return nil, fmt.Errorf("reading the failed provisionings: %w", err)
	}
	items, ok := r.ask(p.list).([]any)
	if !ok {
		return nil, nil
	}
	out := make([]failure, 0, len(items))
	for _, item := range items {
		m, _ := item.(map[string]any)
		key, _ := m["id"].(string)
		code, _ := m["code"].(string)
		text, _ := m["text"].(string)
		out = append(out, failure{key, code, text})
	}
	return out, nil
}

// watch waits for the outcome of a provisioning: a state that says it runs, or
// a failure that was not there before.
func (t *HTTPTarget) watch(ctx context.Context, id string, before []failure, doubt bool) Reply {
	p := &t.profile.provision
	start, doubted := time.Now(), t.doubts.long()
	seemed := false // it seemed to run at first
	for wait := time.Millisecond; ; wait = min(2*wait, 100*time.Millisecond) {
		state, err := t.do(ctx, &p.state, placeholders{"id": id}, "", nil, 0)
		if err != nil {
			return failed(cause(ctx, err))
		}
		out := Reply{Status: state.status, Exchanges: []Exchange{state.exchange("provision")}}
		switch running, pending := state.is(p.running), state.is(p.pending); {
		case running && (!doubt || time.Since(start) > doubted):
			if doubt {
				t.doubts.inVain()
			}
			out.Outcome = OutcomeAllowed
			return out
		case running:
			seemed = true
		case pending:
			if seemed {
				t.doubts.proved()
			}
			doubt = false // whatever comes now is new
		case !running:
			f, found, err := t.newFailure(ctx, id, before)
			if err != nil {
				return failed(cause(ctx, err))
			}
			if found {
				if seemed {
					t.doubts.proved()
				}
				return t.stopped(out, f)
			}
		}
		if err := pause(ctx, wait); err != nil {
			return failed(err)
		}
	}
}

// newFailure looks for a failure that was not there before; where the server
// lists none, for the reason that it gives elsewhere.
func (t *HTTPTarget) newFailure(ctx context.Context, id string, before []failure) (failure, bool, error) {
	now, err := t.failures(ctx, id)
	if err != nil {
		return failure{}, false, err
	}
	for _, f := range now {
		if !slices.ContainsFunc(before, func(old failure) bool { return old.id == f.id }) {
			return f, true, nil
		}
	}
	p := &t.profile.provision
	if now != nil || !p.reason.set {
		return failure{}, false, nil
	}
	r, err := t.do(ctx, &p.reason, placeholders{"id": id}, "", nil, 0)
	if err != nil {
		return failure{}, false, fmt.Errorf("reading why provisioning failed: %w", err)
	}
	text := r.str(p.reasonText, id)
	return failure{text: text}, text != "", nil
}

// stopped tells a failure of the gate from one that came after it.
func (t *HTTPTarget) stopped(out Reply, f failure) Reply {
	out.Text, out.RawCode, out.Code = f.text, f.code, t.profile.code(f.code)
	if f.code == "" && (t.profile.provision.passed == "" || !strings.Contains(f.text, t.profile.provision.passed)) {
		for raw, code := range t.profile.codes {
			if strings.Contains(f.text, raw) {
				out.RawCode, out.Code = raw, code
			}
		}
	}
	out.Outcome = OutcomeAllowed
	if out.Code != "" {
		out.Outcome = OutcomeRefused
	}
	return out
}
