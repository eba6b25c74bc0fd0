package suite

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/molecule-ai/byok-conformance/gate"
)

// GateTarget drives a gate that is a Go value: no server, no rows, no output.
type GateTarget struct {
	gate gate.Gate
	kind string
	// answered are decisions that can be used again. They hold timers, which a
	// testing/synctest bubble keeps to itself, so that each target has its own.
	answered sync.Pool
	// pulse is the run's; nil until then.
	pulse *pulse
}

func (t *GateTarget) Pace(p *pulse) { t.pulse = p }

var _ Target = (*GateTarget)(nil)

// NewGateTarget returns a target around a gate. The gate's outbound calls must
// go through the transport that the run's providers answer (see Config.Upstream).
func NewGateTarget(build func(http.RoundTripper) gate.Gate, providers http.RoundTripper) *GateTarget {
	return &GateTarget{gate: build(providers), kind: "go value", answered: sync.Pool{New: newDecision}}
}

// Traits says that nothing is shared and that unreadable secrets can be planted.
func (t *GateTarget) Traits() Traits {
	return Traits{
		Unreadable: true, Kind: t.kind,
		Claims: []string{"create-presence", "create-liveness", "global-scope", "provision-presence", "unreadable-secrets"},
	}
}

// Create asks the gate at stage create.
func (t *GateTarget) Create(ctx context.Context, req CreateRequest) Reply {
	r := t.decide(ctx, req.Patience, gate.Request{
		Stage: gate.Create, Runtime: req.Runtime, Model: req.Model, External: req.External, URL: req.URL,
		Secrets: gate.Secrets{Workspace: req.Secrets, Global: req.Globals},
	})
	r.Workspace = Workspace{ID: req.Name, Name: req.Name, Runtime: req.Runtime, Model: req.Model, External: req.External, Secrets: req.Secrets}
	return r
}

// Provision asks the gate at stage provision, with what is in scope now.
func (t *GateTarget) Provision(ctx context.Context, req ProvisionRequest) Reply {
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
	done chan Reply
}

func newDecision() any {
	d := &decision{late: time.NewTimer(time.Hour), done: make(chan Reply, 1)}
	d.late.Stop()
	return d
}

// decide calls the gate in a goroutine of its own, so that one that never
// returns, or panics, is told like a server that does.
func (t *GateTarget) decide(ctx context.Context, patience time.Duration, req gate.Request) Reply {
	d := t.answered.Get().(*decision)
	d.gate, d.req = t.gate, req
	d.late.Reset(patience)
	asked := t.pulse.stretch()
	go d.ask(ctx)
	for {
		select {
		case r := <-d.done:
			r.Took = time.Since(asked.began)
			d.late.Stop()
			d.gate, d.req = nil, gate.Request{}
			t.answered.Put(d)
			return r
		case <-d.late.C:
			if left := asked.left(patience); left > 0 {
				d.late.Reset(left)
				continue
			}
			return Reply{Outcome: OutcomeLate, Err: errLate, Took: time.Since(asked.began)}
		case <-ctx.Done():
			d.late.Stop()
			return Reply{Outcome: OutcomeNone, Err: context.Cause(ctx), Took: time.Since(asked.began)}
		}
	}
}

func (d *decision) ask(ctx context.Context) {
	defer func() {
		if p := recover(); p != nil {
			d.done <- Reply{Outcome: OutcomeFailed, Err: fmt.Errorf("the gate panicked: %v", p)}
		}
	}()
	out, err := d.gate.Decide(ctx, d.req)
	d.done <- read(out, err)
}

func read(d gate.Decision, err error) Reply {
	r := Reply{
		Code: d.Code, RawCode: string(d.Code), Provider: d.Provider, Text: d.Message, Names: d.Accepted,
		Credential: d.Credential, Notices: d.Notices,
	}
	switch {
	case err != nil:
		r.Outcome, r.Err, r.Text = OutcomeFailed, err, r.Text+err.Error()
	case d.Verdict == gate.Allowed:
		r.Outcome = OutcomeAllowed
	case d.Verdict == gate.Refused:
		r.Outcome = OutcomeRefused
	default:
		r.Outcome, r.Err = OutcomeFailed, fmt.Errorf("the decision's verdict is %q; it must be %q or %q", d.Verdict, gate.Allowed, gate.Refused)
	}
	return r
}

// Settle does nothing: a Go value has nothing in the background.
func (t *GateTarget) Settle(context.Context, Workspace) error { return nil }

// Remove does nothing: a Go value keeps no workspaces.
func (t *GateTarget) Remove(context.Context, Workspace) error { return nil }

// SetGlobals does nothing: they come with each request.
func (t *GateTarget) SetGlobals(context.Context, map[string]gate.Secret) error { return nil }

// Rows is empty: a Go value keeps no rows, and does not claim atomicity.
func (t *GateTarget) Rows(context.Context) ([]Workspace, error) { return nil, nil }
