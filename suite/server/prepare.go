package server

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/molecule-ai/byok-conformance/internal/spelled"
	"github.com/molecule-ai/byok-conformance/suite/target"
)

// Prepare holds the server to what a run needs before anything is changed: it
// answers, it takes our authorisation, and it holds no global secrets. Those of
// somebody else are deleted only where reset says so. Later points are not
// asked once one is wrong.
func (t *Target) Prepare(ctx context.Context, reset bool) []target.Point {
	reachable := t.reachable(ctx)
	authorised := target.Point{Asked: "authorised", State: target.NotAsked}
	empty := target.Point{Asked: "global secrets", State: target.NotAsked}
	switch {
	case reachable.State == target.Wrong:
		authorised.Seen, empty.Seen = "the server cannot be reached", "the server cannot be reached"
	case !t.profile.global.list.set:
		authorised.Seen, empty.Seen = "create will tell", "the profile does not say how to list them"
	default:
		authorised, empty = t.globalPoints(ctx, reset)
	}
	return []target.Point{reachable, authorised, empty}
}

// reachable asks the profile's health check.
func (t *Target) reachable(ctx context.Context) target.Point {
	c := &t.profile.health.call
	if !c.set {
		return target.Point{Asked: "reachable", State: target.NotAsked, Seen: "the profile has no health check"}
	}
	r, err := t.do(ctx, c, subject{})
	switch {
	case err != nil:
		return target.WrongPoint("reachable", fmt.Sprintf("the target at %s cannot be reached: %v", *t.base.Load(), err), target.InServer, "start it, or correct --target")
	case c.done != nil && r.is(c.done):
	case r.status == 404 || r.status == 405:
		return target.WrongPoint("reachable", fmt.Sprintf("%s %s answered %d", c.method, c.path, r.status), target.InProfile, "correct health.request")
	case r.status >= 300:
		return target.WrongPoint("reachable", fmt.Sprintf("the target at %s is not healthy: %s %s answered %d", *t.base.Load(), c.method, c.path, r.status), target.InServer, "see what it printed, and what it needs")
	case c.done != nil:
		return target.WrongPoint("reachable", fmt.Sprintf("%s %s answered %d, and health.done does not hold for it: %s", c.method, c.path, r.status, spelled.Line(spelled.Head(string(r.body), 200))),
			target.InProfile, "correct health.done, or raise health.within if the server is still starting")
	}
	return target.Point{Asked: "reachable", State: target.Right, Seen: fmt.Sprintf("%s %s answered %d", c.method, c.path, r.status)}
}

// globalPoints lists the global secrets, which needs our authorisation.
func (t *Target) globalPoints(ctx context.Context, reset bool) (authorised, empty target.Point) {
	c := &t.profile.global.list
	authorised = target.Point{Asked: "authorised", State: target.Right, Seen: fmt.Sprintf("%s %s takes our headers", c.method, c.path)}
	empty = target.Point{Asked: "global secrets", State: target.NotAsked, Seen: "we are not authorised"}
	names, status, err := t.globalNames(ctx)
	if status == 401 || status == 403 {
		return target.WrongPoint("authorised", fmt.Sprintf("%s %s answered %d", c.method, c.path, status), target.InServer,
			"give it and the profile's headers the same token; a command that we start finds its own in ADMIN_TOKEN"), empty
	}
	empty = target.Point{Asked: "global secrets", State: target.Right, Seen: "it holds none"}
	switch {
	case err != nil:
		empty = target.WrongPoint("global secrets", err.Error(), target.InProfile, "correct secrets.global.list, its request or its names")
	case len(names) > 0 && !reset:
		empty = target.WrongPoint("global secrets", fmt.Sprintf("it holds global secrets already (%s), which would change what it answers", spelled.Line(strings.Join(names, ", "))), target.InServer,
			"use a server of its own for the run, or delete them with --reset-global")
	}
	if empty.State == target.Wrong {
		return authorised, empty
	}
	if len(names) > 0 && t.resetting != nil {
		t.resetting(names)
	}
	for _, name := range names {
		if err := t.RemoveGlobal(ctx, name); err != nil {
			return authorised, target.WrongPoint("global secrets", err.Error(), target.InProfile, "correct secrets.global.remove")
		}
	}
	return authorised, empty
}

// Health returns one attempt at the profile's health check, for whoever waits
// for a server to come up. It fails where an environment variable is missing.
func (p *Profile) Health(env func(string) (string, bool)) (func(ctx context.Context, url string) error, error) {
	if !p.health.call.set {
		return nil, nil
	}
	if _, err := New(p, "http://127.0.0.1", Options{Env: env}); err != nil {
		return nil, err
	}
	return func(ctx context.Context, url string) error {
		t, err := New(p, url, Options{Env: env})
		if err != nil {
			return err
		}
		defer t.CloseIdle()
		r, err := t.do(ctx, &p.health.call, subject{})
		if err != nil {
			return err
		}
		if done := p.health.call.done; done != nil && !r.is(done) || done == nil && r.status >= 300 {
			return fmt.Errorf("%s %s answered %d %s", p.health.call.method, p.health.call.path, r.status, spelled.Line(spelled.Head(string(r.body), 200)))
		}
		return nil
	}, nil
}

// Within is how long a server may take to come up; 0 means the starter's default.
func (p *Profile) Within() time.Duration { return p.health.within }
