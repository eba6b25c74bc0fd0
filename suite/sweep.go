package suite

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/molecule-ai/byok-conformance/scenarios"
	"github.com/molecule-ai/byok-conformance/suite/target"
	"github.com/molecule-ai/byok-conformance/suite/timing"
)

// sweep looks for what refused creates left behind (REF-3), and deletes the
// workspaces among it. Names tell whose they are.
func (e *engine) sweep(ctx context.Context, replays []*replay) {
	if !slices.Contains(e.cfg.Claims, "atomicity") {
		return
	}
	replays = slices.DeleteFunc(slices.Clone(replays), (*replay).allAllowed)
	if len(replays) == 0 {
		return
	}
	if ctx.Err() != nil {
		unswept(replays)
		return
	}
	left, err := e.leftBehind(ctx, replays)
	if err == nil && len(left) > 0 && timing.Pause(ctx, settle) == nil {
		// A server may take back what it wrote a moment after it has answered.
		left, err = e.leftBehind(ctx, replays)
	}
	if err != nil && ctx.Err() != nil {
		unswept(replays)
		return
	}
	if err != nil {
		err = fmt.Errorf("not testable: atomicity is claimed, but the target's workspaces cannot be listed: %w", err)
		for _, r := range replays {
			r.fail(err)
		}
		return
	}
	for _, l := range left {
		e.remove(ctx, l.workspace)
		l.replay.left(l.workspace.Name)
	}
	e.strayGlobals(ctx, replays)
}

// unswept leaves replays without a result: the run was ended before it could be seen
// what they left behind.
func unswept(replays []*replay) {
	for _, r := range replays {
		r.cut()
		r.mu.Lock()
		if r.failure == nil && r.stopped == nil {
			r.finished = time.Time{}
		}
		r.mu.Unlock()
	}
}

// allAllowed reports whether every create of the replay made a workspace, so
// that there is nothing it may have left behind.
func (r *replay) allAllowed() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.attempt == nil {
		return true // it was not begun
	}
	for i := range r.steps {
		for j := range r.steps[i].Replies {
			if r.steps[i].Replies[j].Outcome != target.Allowed {
				return false
			}
		}
	}
	return true
}

// A leaving is a workspace that no create of its replay was allowed to make.
type leaving struct {
	replay    *replay
	workspace target.Workspace
}

func (e *engine) leftBehind(ctx context.Context, replays []*replay) ([]leaving, error) {
	if err := e.silence.GaveUp(timing.ToList); err != nil {
		return nil, err
	}
	rows, err := e.cfg.Target.Rows(ctx)
	e.silence.Heard(timing.ToList, err)
	if err != nil {
		return nil, err
	}
	byIndex := make(map[string]*replay, len(replays))
	for _, r := range replays {
		byIndex[strconv.Itoa(r.index)] = r
	}
	var out []leaving
	for _, w := range rows {
		rest, ours := strings.CutPrefix(w.Name, "byok-"+e.cfg.RunID+"-")
		index, _, _ := strings.Cut(rest, "-")
		r := byIndex[index]
		if ours && r != nil && !slices.ContainsFunc(r.created, func(c target.Workspace) bool { return c.ID == w.ID }) {
			out = append(out, leaving{r, w})
		}
	}
	return out, nil
}

// left records what a refused create left behind.
func (r *replay) left(what string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.rows = append(r.rows, what)
}

// strayGlobals looks for global secrets that nobody set, and that a refused
// create was given for its workspace.
func (e *engine) strayGlobals(ctx context.Context, replays []*replay) {
	t, ok := e.cfg.Target.(target.GlobalsLister)
	replays = slices.DeleteFunc(slices.Clone(replays), func(r *replay) bool {
		last := &r.scenario.Steps[len(r.scenario.Steps)-1]
		return last.Expect.Verdict != scenarios.Refused || last.Stage != scenarios.Create || len(last.Secrets.Workspace) == 0
	})
	if !ok || len(replays) == 0 || !slices.Contains(e.cfg.Claims, "global-scope") {
		return
	}
	names, err := t.Globals(ctx)
	if err != nil {
		return // setting them will fail as well, and say so
	}
	for _, r := range replays {
		last := &r.scenario.Steps[len(r.scenario.Steps)-1]
		for _, name := range names {
			_, given := last.Secrets.Workspace[name]
			if _, set := last.Secrets.Global[name]; given && !set && !r.setHolds(name) {
				r.left("global secret " + name)
			}
		}
	}
}

// setHolds reports whether the replay runs under a global secret of that name.
func (r *replay) setHolds(name string) bool {
	if r.set == nil {
		return false
	}
	_, ok := r.set.secrets[name]
	return ok
}
