package suite

import (
	"context"
	"fmt"
	"strings"
	"time"
)

// Prepare holds the server to what a run needs before anything is changed: it
// answers, it takes our authorisation, and it holds no global secrets. Those of
// somebody else are deleted only where reset says so.
func (t *HTTPTarget) Prepare(ctx context.Context, reset bool) error {
	if t.profile.health.call.set {
		r, err := t.do(ctx, &t.profile.health.call, nil, "", nil, 0)
		if err != nil {
			return fmt.Errorf("the target at %s cannot be reached: %w; start it, or correct --target", t.base, err)
		}
		if r.status >= 300 {
			return fmt.Errorf("the target at %s is not healthy: %s %s answered %d", t.base, t.profile.health.call.method, t.profile.health.call.path, r.status)
		}
	}
	if !t.profile.global.list.set {
		return nil
	}
	names, err := t.Globals(ctx)
	if err != nil {
		return fmt.Errorf("the target at %s: %w; check its admin token and the profile", t.base, err)
	}
	if len(names) > 0 && !reset {
		return fmt.Errorf("the target at %s holds global secrets already (%s), which would change what it answers; use a server of its own for the run, or delete them with --reset-global", t.base, strings.Join(names, ", "))
	}
	for _, name := range names {
		if err := t.RemoveGlobal(ctx, name); err != nil {
			return err
		}
	}
	return nil
}

// Health returns one attempt at the profile's health check, for whoever waits
// for a server to come up. It fails where an environment variable is missing.
func (p *Profile) Health(env func(string) (string, bool)) (func(ctx context.Context, url string) error, error) {
	if !p.health.call.set {
		return nil, nil
	}
	if _, err := NewHTTPTarget(p, "http://127.0.0.1", HTTPOptions{Env: env}); err != nil {
		return nil, err
	}
	return func(ctx context.Context, url string) error {
		t, err := NewHTTPTarget(p, url, HTTPOptions{Env: env})
		if err != nil {
			return err
		}
		r, err := t.do(ctx, &p.health.call, nil, "", nil, 0)
		if err != nil {
			return err
		}
		if r.status >= 300 {
			return fmt.Errorf("%s %s answered %d", p.health.call.method, p.health.call.path, r.status)
		}
		return nil
	}, nil
}

// Within is how long a server may take to come up; 0 means the starter's default.
func (p *Profile) Within() time.Duration { return p.health.within }
