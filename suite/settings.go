package suite

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/molecule-ai/byok-conformance/gate"
	"github.com/molecule-ai/byok-conformance/scenarios"
	"github.com/molecule-ai/byok-conformance/suite/target"
	"github.com/molecule-ai/byok-conformance/suite/timing"
)

// globalPoint sets one global secret and removes it again, and looks for its name
// in the server's list after each. It is nil where global scope is
// not claimed, and where the target keeps none between requests.
func globalPoint(ctx context.Context, t target.Target, cfg Config, s *scenarios.Scenario) *target.Point {
	const asked = "set and remove"
	if !slices.Contains(cfg.Claims, "global-scope") || !t.Traits().SharedGlobals {
		return nil
	}
	names := slices.Sorted(maps.Keys(s.Steps[0].Secrets.Workspace))
	lister, lists := t.(target.GlobalsLister)
	if len(names) == 0 {
		return &target.Point{Asked: asked, State: target.NotAsked, Seen: "the scenario of the check has no secret"}
	}
	name := names[0]
	listed := func() (bool, error) {
		all, err := lister.Globals(ctx)
		return slices.Contains(all, name), err
	}
	wrong := func(seen, advice string) *target.Point {
		p := target.WrongPoint(asked, seen, target.InProfile, advice)
		return &p
	}
	if err := t.SetGlobals(ctx, map[string]gate.Secret{name: {Value: "no-key-" + cfg.RunID}}); err != nil {
		return wrong(err.Error(), "correct secrets.global.set, its request or its done")
	}
	if lists {
		if there, err := listed(); err != nil || !there {
			_ = t.SetGlobals(ctx, nil) // what is wrong is told already
			return wrong(fmt.Sprintf("the global secret %s was set, and the list does not name it%s", name, because(err)), "correct secrets.global.set, or names of secrets.global.list")
		}
	}
	if err := t.SetGlobals(ctx, nil); err != nil {
		return wrong(err.Error(), "correct secrets.global.remove, its request or its done; delete "+name+" by hand")
	}
	if lists {
		if there, err := listed(); err != nil || there {
			return wrong(fmt.Sprintf("the removal of the global secret %s was answered as done, and the list still names it%s", name, because(err)), "correct secrets.global.remove, or repair the server; delete "+name+" by hand")
		}
		return &target.Point{Asked: asked, State: target.Right, Seen: "the global secret " + name + " was set, listed, removed, and is gone from the list"}
	}
	return &target.Point{Asked: asked, State: target.Right, Seen: "the global secret " + name + " was set and removed; the target has no list to see it in"}
}

// listPoint looks for a workspace in the target's list; nil where there is no list.
func listPoint(ctx context.Context, t target.Target, made target.Workspace) *target.Point {
	const asked = "list"
	for wait := 10 * time.Millisecond; ; wait *= 2 {
		rows, err := t.Rows(ctx)
		switch {
		case errors.Is(err, target.ErrNoList):
			return nil
		case err != nil:
			p := target.WrongPoint(asked, err.Error(), target.InProfile, "correct workspaces.list, its request or its items")
			return &p
		case slices.ContainsFunc(rows, func(row target.Workspace) bool { return row.ID == made.ID && strings.HasPrefix(row.Name, made.Name) }):
			return &target.Point{Asked: asked, State: target.Right, Seen: "the list of workspaces names the one that was made"}
		}
		if wait > time.Second || timing.Pause(ctx, wait) != nil { // a list may be somewhat behind
			p := target.WrongPoint(asked, fmt.Sprintf("the list of workspaces (%d of them) does not name the one that was made", len(rows)), target.InProfile,
				"correct workspaces.list, what its items take for id and name")
			return &p
		}
	}
}

func because(err error) string {
	if err == nil {
		return ""
	}
	return ": " + err.Error()
}
