package suite

import (
	"context"
	"fmt"
	"time"
)

// provisionExternal asks for another provisioning of an external workspace. A
// server need not have such a thing: what it answers, and the state that the
// workspace is in, are its own affair, unless the gate's code stands there
// (DER-5). So no state is waited for, and only failures are looked at.
func (t *HTTPTarget) provisionExternal(ctx context.Context, req ProvisionRequest) Reply {
	w, p := req.Workspace, &t.profile.provision
	trail, err := t.changeSecrets(ctx, req)
	if err != nil {
		return failed(cause(ctx, err))
	}
	before, _, err := t.failures(ctx, w)
	if err != nil {
		return failed(cause(ctx, err))
	}
	req.Began()
	r, err := t.do(ctx, &p.again, subject{workspace: w, requestID: req.RequestID})
	if err != nil {
		return failed(fmt.Errorf("asking for another provisioning of an external workspace: %w", cause(ctx, err)))
	}
	out := t.verdict(r)
	out.Exchanges = append(trail, r.exchange("provision"))
	switch {
	case out.Code != "":
		out.Outcome = OutcomeRefused
	case r.status >= 300:
		out.Outcome = OutcomeRejected
	default:
		return t.watchExternal(ctx, w, before, out)
	}
	return out
}

// watchExternal looks for a failure that was not there before, for as long as a
// workspace that runs is doubted. Where there is none, nothing stopped it.
func (t *HTTPTarget) watchExternal(ctx context.Context, w Workspace, before []failure, out Reply) Reply {
	start := time.Now()
	for wait := time.Millisecond; ; wait *= 2 {
		f, found, r, err := t.newFailure(ctx, w, before)
		switch {
		case err != nil:
			return failed(cause(ctx, err))
		case found:
			out.Exchanges = append(out.Exchanges, r.exchange("provision"))
			return t.stopped(out, f)
		case time.Since(start) > doubted:
			out.Outcome = OutcomeAllowed
			return out
		}
		if err := pause(ctx, wait); err != nil {
			return failed(err)
		}
	}
}
