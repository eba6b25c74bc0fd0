package suite

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// sweep looks for workspaces that refused creates left behind (REF-3), and
// deletes them. Names tell whose they are.
func (e *engine) sweep(ctx context.Context, replays []*replay) {
	if !slices.Contains(e.cfg.Claims, "atomicity") || ctx.Err() != nil {
		return
	}
	rows, err := e.cfg.Target.Rows(ctx)
	if err != nil {
		err = fmt.Errorf("not testable: atomicity is claimed, but the target's workspaces cannot be listed: %w", err)
		for _, r := range replays {
			r.fail(err)
		}
		return
	}
	byIndex := make(map[string]*replay, len(replays))
	for _, r := range replays {
		byIndex[strconv.Itoa(r.index)] = r
	}
	for _, w := range rows {
		rest, ours := strings.CutPrefix(w.Name, "byok-"+e.cfg.RunID+"-")
		index, _, _ := strings.Cut(rest, "-")
		r := byIndex[index]
		if !ours || r == nil {
			continue
		}
		e.remove(ctx, w)
		if !slices.ContainsFunc(r.created, func(c Workspace) bool { return c.ID == w.ID }) {
			r.mu.Lock()
			r.rows = append(r.rows, w.Name)
			r.mu.Unlock()
		}
	}
}
