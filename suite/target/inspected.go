package target

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
