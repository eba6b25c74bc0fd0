package suite

import (
	"context"
	"net/http"
)

// An Inspected target shows every reply of its server, and not only those that
// hold a verdict: a list of workspaces may give a credential away, too (SEC-1).
type Inspected interface {
	// Inspect has every further reply shown; where says which one it is. It is
	// called before the target is first asked.
	Inspect(show func(where string, r Shown))
}

// A Looker is a target that can be read: what it shows of a workspace, of its
// failures, and of the tenant's secrets. Look asks for all that there is.
type Looker interface {
	Look(ctx context.Context, w Workspace) error
}

// Shown is a reply of a target's server.
type Shown struct {
	// Status is the whole status line behind the version, such as "200 OK".
	Status string
	Header http.Header
	Body   []byte
}

// inspect looks for pieces of credentials in a reply that holds no verdict.
func (e *engine) inspect(where string, r Shown) {
	ring := e.cfg.Providers.ring
	found := ring.sightAll(string(r.Body))
	found = append(found, ring.sightAll(r.Status)...)
	for name, values := range r.Header {
		found = append(found, ring.sightName(name)...)
		for _, v := range values {
			found = append(found, ring.sightAll(v)...)
		}
	}
	for _, c := range found {
		switch o := c.owner.(type) {
		case *replay:
			o.leak("SEC-1", "the reply to "+where, c)
		case *globalSet:
			for _, r := range o.replays {
				r.leak("SEC-1", "the reply to "+where, c)
			}
		}
	}
}
