package server

import (
	"context"
	"fmt"
	"time"

	"github.com/molecule-ai/byok-conformance/suite/target"
	"github.com/molecule-ai/byok-conformance/suite/timing"
)

// provisionExternal asks for another provisioning of an external workspace. A
// server need not have such a thing: what it answers, and the state that the
// workspace is in, are its own affair, unless the gate's code stands there
// (DER-5). So no state is waited for, and only failures are looked at.
func (t *Target) provisionExternal(ctx context.Context, req target.ProvisionRequest) target.Reply {
	w, p := req.Workspace, &t.profile.provision
	if err := t.changeSecrets(ctx, req); err != nil {
		return failed(cause(ctx, err))
	}
	before, err := t.failures(ctx, w)
	if err != nil {
		return failed(cause(ctx, err))
	}
	req.Began()
	r, err := t.do(ctx, &p.again, subject{workspace: w, requestID: req.RequestID})
	if err != nil {
		return failed(fmt.Errorf("asking for another provisioning of an external workspace: %w", cause(ctx, err)))
	}
	out := t.verdict(r)
	switch {
	case out.Code != "":
		out.Outcome = target.Refused
	case r.status >= 300:
		out.Outcome = target.Rejected
	default:
		return t.watchExternal(ctx, w, before, out)
	}
	return out
}

// watchExternal looks for a failure that was not there before, for as long as a
// workspace that runs is doubted. Where there is none, nothing stopped it.
func (t *Target) watchExternal(ctx context.Context, w target.Workspace, before []failure, out target.Reply) target.Reply {
	start := time.Now()
	for wait := time.Millisecond; ; wait *= 2 {
		f, found, err := t.newFailure(ctx, w, before)
		switch {
		case err != nil:
			return failed(cause(ctx, err))
		case found:
			return t.stopped(out, f)
		case time.Since(start) > timing.Doubted:
			out.Outcome = target.Allowed
			return out
		}
		t.ledger.Waited(wait)
		if err := timing.Pause(ctx, wait); err != nil {
			return failed(err)
		}
	}
}
