package server

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/molecule-ai/byok-conformance/gate"
	"github.com/molecule-ai/byok-conformance/suite/target"
	"github.com/molecule-ai/byok-conformance/suite/timing"
)

// Create sends the profile's create request and reads the verdict.
func (t *Target) Create(ctx context.Context, req target.CreateRequest) target.Reply {
	for name, s := range req.Secrets {
		if s.Unreadable {
			return failed(fmt.Errorf("secret %s cannot be sent with a create so that it is stored unreadable; over HTTP one can be planted for the tenant, or before another provisioning", name))
		}
	}
	if err := t.overrun(); err != nil {
		return failed(err)
	}
	fields := req.Fields
	if fields == nil {
		fields = map[string]any{}
	}
	if req.Switch != nil {
		fields = maps.Clone(fields)
		maps.Copy(fields, req.Switch.Fields)
	}
	spoil := plain
	if req.Malformed != "" {
		spoil = spoilFor(&req)
	}
	r, err := t.send(ctx, &t.profile.create.call, nil, req.RequestID, []any{
		req.Name, req.Runtime, req.Model, req.External, req.URL, values(req.Secrets), fields, "", "", "", "", map[string]any{},
	}, req.Patience, spoil, req.Switch)
	if err != nil {
		return cutShort(ctx, r, err)
	}
	r.hide = r.str(t.profile.create.token)
	keep(ctx, r, nil)
	out := t.verdict(r)
	if err := t.overrun(); err != nil {
		return failed(err)
	}
	out.Workspace = target.Workspace{
		ID: r.str(t.profile.create.id), Name: nameOf(&req), Runtime: req.Runtime, Model: req.Model, External: req.External, Secrets: req.Secrets, Token: r.hide,
	}
	if out.Outcome == target.Allowed {
		if err := t.idOf(r); err != nil {
			out.Outcome, out.Err = target.Failed, err
		}
	}
	return out
}

// nameOf is the name that a create asks for: a scenario may give one among its fields.
func nameOf(req *target.CreateRequest) string {
	if name, ok := req.Fields["name"].(string); ok {
		return name
	}
	return req.Name
}

// idOf says what is wrong with the id of a workspace that was allowed; nil where
// it can be asked for.
func (t *Target) idOf(r *httpReply) error {
	x := t.profile.create.id
	switch id := r.ask(x).(type) {
	case nil:
		if why := r.notJSON(); why != nil && slices.Contains(x.reads, "body") {
			return target.BrokenReplyError{Err: fmt.Errorf("the reply allows the workspace, and its body is no JSON, so it holds no id: %w", why)}
		}
		if why := x.failure(r.input()); why != nil {
			return target.ProfileError{Err: fmt.Errorf("the profile's create.id finds nothing in a reply that allows the workspace: %w", why)}
		}
	case string:
		if id != "" {
			return safeID(id)
		}
	default:
		return fmt.Errorf("the reply's id is not a string (create.id finds %v); write it as: %s", id, "… | tostring")
	}
	return errors.New("the reply allows the workspace, but holds no id where the profile looks for it (create.id)")
}

func failed(err error) target.Reply {
	var broken target.BrokenReplyError
	switch {
	case errors.Is(err, timing.ErrLate):
		return target.Reply{Outcome: target.Late, Err: err}
	case errors.As(err, &broken):
		return target.Reply{Outcome: target.Failed, Err: err}
	}
	return target.Reply{Outcome: target.NoReply, Err: err}
}

// cutShort is the reply of a create that failed, with what was read of it; r is
// nil where nothing was sent. Its status is in err.
func cutShort(ctx context.Context, r *httpReply, err error) target.Reply {
	out := failed(err)
	if r != nil {
		out.StatusLine, out.Header, out.Body, out.Text, out.Took = r.line, r.header, r.body, string(r.body), r.took
		keep(ctx, r, err)
	}
	return out
}

// verdict reads what a reply to a create comes to.
func (t *Target) verdict(r *httpReply) target.Reply {
	c := &t.profile.create
	out := target.Reply{
		Status: r.status, StatusLine: r.line, Header: r.header, Body: r.body, Text: r.readable(), Took: r.took,
		RawCode: r.str(c.code), Provider: r.str(c.provider),
	}
	out.Names, out.Credential = r.strings(c.accepted), r.str(c.credential)
	out.Object = r.object
	out.Code = t.profile.code(out.RawCode)
	out.Outcome = t.outcome(r, out.Code, out.RawCode)
	return out
}

func (t *Target) outcome(r *httpReply, code gate.Code, raw string) target.Outcome {
	c := &t.profile.create
	switch {
	case r.is(c.allowed):
		return target.Allowed
	case code != "":
		return target.Refused
	case slices.Contains(c.otherCodes, raw) || r.is(c.other):
		return target.Rejected
	case r.status >= 400 && r.status < 500:
		return target.Refused
	}
	return target.Failed
}
