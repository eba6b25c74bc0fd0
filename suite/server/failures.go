package server

import (
	"context"
	"fmt"
	"time"

	"github.com/molecule-ai/byok-conformance/suite/target"
	"github.com/molecule-ai/byok-conformance/suite/timing"
)

// A failure is one failed provisioning. Two that are alike in all that the server
// tells of them, which may give no ids, are told apart by their number alone.
type failure struct{ id, code, text string }

// eventWait is how long the event of a failed provisioning may come after the
// workspace's status says that it failed. A server writes the two one after the
// other.
const eventWait = 2 * time.Second

// failures lists the failed provisionings of a workspace, newest first; nil
// where the server tells none.
func (t *Target) failures(ctx context.Context, w target.Workspace) ([]failure, error) {
	p := &t.profile.provision
	if !p.failures.set {
		return nil, nil
	}
	r, err := t.do(ctx, &p.failures, subject{workspace: w})
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

// told lists the failures of a workspace at rest, once the last of them is among
// them: its event may come after the status. before are those that there were
// until its provisioning began.
func (t *Target) told(ctx context.Context, w target.Workspace, before []failure) ([]failure, error) {
	p := &t.profile.provision
	list, err := t.failures(ctx, w)
	if _, found := fresh(list, before); err != nil || found || !p.failures.set || !t.late.WorthIt() {
		return list, err
	}
	state, err := t.do(ctx, &p.state, subject{workspace: w})
	if err != nil || state.is(p.running) {
		return list, err
	}
	if _, _, err = t.awaited(ctx, w, before); err != nil {
		return nil, err
	}
	list, err = t.failures(ctx, w)
	return list, err
}

// fresh is the newest failure that was not there before; false where there is
// none. Of those that are alike there has to be one more than before.
func fresh(now, before []failure) (failure, bool) {
	count := func(list []failure, f failure) (n int) {
		for _, other := range list {
			if other == f {
				n++
			}
		}
		return n
	}
	for _, f := range now {
		if count(now, f) > count(before, f) {
			return f, true
		}
	}
	return failure{}, false
}

// newFailure looks for a failure that was not there before; where the server
// lists none, for the reason that it gives elsewhere.
func (t *Target) newFailure(ctx context.Context, w target.Workspace, before []failure) (failure, bool, error) {
	now, err := t.failures(ctx, w)
	if err != nil {
		return failure{}, false, err
	}
	if f, found := fresh(now, before); found {
		return f, true, nil
	}
	p := &t.profile.provision
	if now != nil || !p.reason.set {
		return failure{}, false, nil
	}
	r, err := t.do(ctx, &p.reason, subject{workspace: w})
	if err != nil {
		return failure{}, false, fmt.Errorf("reading why provisioning failed: %w", err)
	}
	text := r.str(p.reasonText, w.ID)
	return failure{text: text}, text != "", nil
}

// awaited is newFailure for a workspace whose status says that it failed: the
// event of that is waited for. A server that never has any for that is not waited
// for every time.
func (t *Target) awaited(ctx context.Context, w target.Workspace, before []failure) (failure, bool, error) {
	start := time.Now()
	for wait := 5 * time.Millisecond; ; wait = min(2*wait, 100*time.Millisecond) {
		f, found, err := t.newFailure(ctx, w, before)
		waited := time.Since(start)
		if err != nil || found {
			if found && waited > 50*time.Millisecond {
				t.late.Proved()
			}
			return f, found, err
		}
		if waited > eventWait || !t.late.WorthIt() {
			t.late.InVain()
			return failure{}, false, nil
		}
		t.ledger.Waited(wait)
		if err := timing.Pause(ctx, wait); err != nil {
			return failure{}, false, err
		}
	}
}
