package server

import (
	"context"
	"fmt"

	"github.com/molecule-ai/byok-conformance/suite/target"
)

// Answers asks for the list of workspaces, or else of the global secrets, or the
// health, which does least.
func (t *Target) Answers(ctx context.Context) error {
	p := t.profile
	for _, c := range []*call{&p.list.call, &p.global.list, &p.health.call} {
		if c.set {
			_, err := t.do(ctx, c, subject{})
			return err
		}
	}
	return nil
}

// Look asks for all that the profile knows how to read: the workspace's state
// and its failures, the workspaces, the names of the global secrets. Their
// replies go to Inspect; only one that does not come is an error.
func (t *Target) Look(ctx context.Context, w target.Workspace) error {
	p := t.profile
	for _, c := range []*call{&p.provision.state, &p.provision.failures, &p.provision.reason, &p.list.call, &p.global.list, &p.workspace.list} {
		if !c.set {
			continue
		}
		if _, err := t.do(ctx, c, subject{workspace: w}); err != nil {
			return fmt.Errorf("%s %s: %w", c.method, c.path, err)
		}
	}
	return nil
}
