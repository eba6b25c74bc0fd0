// Package govalue drives a gate.Gate that is a Go value: no server, no rows, no output.
package govalue

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/molecule-ai/byok-conformance/gate"
	"github.com/molecule-ai/byok-conformance/suite/target"
	"github.com/molecule-ai/byok-conformance/suite/timing"
)

// Target drives a gate that is a Go value: no server, no rows, no output.
type Target struct {
	gate gate.Gate
	kind string
	// answered are decisions that can be used again. They hold timers, which a
	// testing/synctest bubble keeps to itself, so that each target has its own.
	answered sync.Pool
	// pulse is the run's; nil until then.
	pulse *timing.Pulse
}

func (t *Target) Pace(p *timing.Pulse) { t.pulse = p }

var _ target.Target = (*Target)(nil)

// New returns a target around a gate. The gate's outbound calls must
// go through the transport that the run's providers answer (see Config.Upstream).
func New(build func(http.RoundTripper) gate.Gate, providers http.RoundTripper) *Target {
	return &Target{gate: build(providers), kind: "go value", answered: sync.Pool{New: newDecision}}
}

// Traits says that nothing is shared and that unreadable secrets can be planted.
func (t *Target) Traits() target.Traits {
	return target.Traits{
		Unreadable: true, Kind: t.kind,
		Claims: []string{"create-presence", "create-liveness", "global-scope", "provision-presence", "unreadable-secrets"},
	}
}

// Create asks the gate at stage create.
func (t *Target) Create(ctx context.Context, req target.CreateRequest) target.Reply {
	r := t.decide(ctx, req.Patience, gate.Request{
		Stage: gate.Create, Runtime: req.Runtime, Model: req.Model, External: req.External, URL: req.URL,
		Secrets: gate.Secrets{Workspace: req.Secrets, Global: req.Globals},
	})
	r.Workspace = target.Workspace{ID: req.Name, Name: req.Name, Runtime: req.Runtime, Model: req.Model, External: req.External, Secrets: req.Secrets}
	return r
}

// Provision asks the gate at stage provision, with what is in scope now.
func (t *Target) Provision(ctx context.Context, req target.ProvisionRequest) target.Reply {
	req.Began()
	w := req.Workspace
	return t.decide(ctx, req.Patience, gate.Request{
		Stage: gate.Provision, Runtime: w.Runtime, Model: w.Model, External: w.External,
		Secrets: gate.Secrets{Workspace: req.Secrets, Global: req.Globals},
	})
}

// A decision is one question to a gate, and where its answer arrives.
type decision struct {
	gate gate.Gate
	req  gate.Request
	late *time.Timer
	done chan target.Reply
}

func newDecision() any {
	d := &decision{late: time.NewTimer(time.Hour), done: make(chan target.Reply, 1)}
	d.late.Stop()
	return d
}

// decide calls the gate in a goroutine of its own, so that one that never
// returns, or panics, is told like a server that does.
func (t *Target) decide(ctx context.Context, patience time.Duration, req gate.Request) target.Reply {
	d := t.answered.Get().(*decision)
	d.gate, d.req = t.gate, req
	d.late.Reset(patience)
	asked := t.pulse.Stretch()
	go d.ask(ctx)
	for {
		select {
		case r := <-d.done:
			r.Took = time.Since(asked.Began)
			d.late.Stop()
			d.gate, d.req = nil, gate.Request{}
			t.answered.Put(d)
			return r
		case <-d.late.C:
			if left := asked.Left(patience); left > 0 {
				d.late.Reset(left)
				continue
			}
			return target.Reply{Outcome: target.Late, Err: timing.ErrLate, Took: time.Since(asked.Began)}
		case <-ctx.Done():
			d.late.Stop()
			return target.Reply{Outcome: target.NoReply, Err: context.Cause(ctx), Took: time.Since(asked.Began)}
		}
	}
}

func (d *decision) ask(ctx context.Context) {
	defer func() {
		if p := recover(); p != nil {
			d.done <- target.Reply{Outcome: target.Failed, Err: fmt.Errorf("the gate panicked: %v", p)}
		}
	}()
	out, err := d.gate.Decide(ctx, d.req)
	d.done <- read(out, err)
}

func read(d gate.Decision, err error) target.Reply {
	r := target.Reply{
		Code: d.Code, RawCode: string(d.Code), Provider: d.Provider, Text: d.Message, Names: d.Accepted,
		Credential: d.Credential, Notices: d.Notices,
	}
	switch {
	case err != nil:
		r.Outcome, r.Err, r.Text = target.Failed, err, r.Text+err.Error()
	case d.Verdict == gate.Allowed:
		r.Outcome = target.Allowed
	case d.Verdict == gate.Refused:
		r.Outcome = target.Refused
	default:
		r.Outcome, r.Err = target.Failed, fmt.Errorf("the decision's verdict is %q; it must be %q or %q", d.Verdict, gate.Allowed, gate.Refused)
	}
	return r
}

// Settle does nothing: a Go value has nothing in the background.
func (t *Target) Settle(context.Context, target.Workspace) error { return nil }

// Remove does nothing: a Go value keeps no workspaces.
func (t *Target) Remove(context.Context, target.Workspace) error { return nil }

// SetGlobals does nothing: they come with each request.
func (t *Target) SetGlobals(context.Context, map[string]gate.Secret) error { return nil }

// Rows is empty: a Go value keeps no rows, and does not claim atomicity.
func (t *Target) Rows(context.Context) ([]target.Workspace, error) { return nil, nil }
