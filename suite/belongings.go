package suite

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/molecule-ai/byok-conformance/internal/spelled"
	"github.com/molecule-ai/byok-conformance/suite/target"
	"github.com/molecule-ai/byok-conformance/suite/timing"
)

// belongings are the workspaces of a run: which are ours, and which are still
// there. The engine's mutex guards them.
type belongings struct {
	// live are ours and were not deleted yet.
	live map[string]target.Workspace
	// before are the ids that were there when the run began; made are those that
	// our creates were answered with, strange those of them that are not ours.
	before, made, strange map[string]bool
	// root is kept to the end, since others nest under it: a server may delete
	// those along with it. rooted: that was decided, also that there is none.
	root   string
	rooted bool
	// unanswered: creates were sent whose replies we do not know.
	unanswered atomic.Bool
	// left is what was there in the end.
	left []target.Workspace
}

func newBelongings() *belongings {
	return &belongings{live: map[string]target.Workspace{}, before: map[string]bool{}, made: map[string]bool{}, strange: map[string]bool{}}
}

// errNotMade is why nothing more is asked about a workspace.
var errNotMade = errors.New("the reply to its create names a workspace that this create did not make, so it is left alone")

// lookAround notes what the target holds before the run makes anything.
func (e *engine) lookAround(ctx context.Context) {
	if !e.traits.HTTP {
		return
	}
	rows, err := e.cfg.Target.Rows(ctx)
	if err != nil {
		return // whoever needs the list later says so
	}
	for _, w := range rows {
		e.before[w.ID] = true
	}
}

// prefix begins the names of all workspaces of a run.
func prefix(runID string) string { return "byok-" + runID + "-" }

// make takes in a workspace that a create was answered with; false where it is
// none of ours: nothing is ever done to it then. The caller holds no e.mu.
func (e *engine) make(w target.Workspace) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.traits.HTTP && (e.before[w.ID] || e.made[w.ID]) {
		e.strange[w.ID] = true
		delete(e.live, w.ID)
		return false
	}
	e.made[w.ID], e.live[w.ID] = true, w
	return true
}

// owns reports whether something may be done to a workspace.
func (e *engine) owns(w target.Workspace) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return !e.before[w.ID] && !e.strange[w.ID]
}

// mayHaveMade notes that a create may have made a workspace that we do not know.
func (e *engine) mayHaveMade() { e.unanswered.Store(true) }

// remove deletes a workspace. One that could not be deleted is left to cleanUp.
func (e *engine) remove(ctx context.Context, w target.Workspace) {
	if !e.owns(w) {
		return
	}
	e.mu.Lock()
	e.live[w.ID] = w // some were made without our knowing
	e.mu.Unlock()
	if e.silence.GaveUp(timing.ToRemove) != nil || e.keepsRoot(ctx, w) {
		return
	}
	e.delete(ctx, w)
}

func (e *engine) delete(ctx context.Context, w target.Workspace) {
	err := e.cfg.Target.Remove(ctx, w)
	if err != nil && ctx.Err() != nil {
		return
	}
	e.silence.Heard(timing.ToRemove, err)
	if err == nil {
		e.mu.Lock()
		delete(e.live, w.ID)
		e.mu.Unlock()
	}
}

// keepsRoot reports whether a workspace is kept to the end: new ones nest under
// it, and a server that deletes what nests under a workspace along with it would
// take away those of other scenarios. It is decided with the first one of ours.
func (e *engine) keepsRoot(ctx context.Context, w target.Workspace) bool {
	e.mu.Lock()
	rooted, root := e.rooted, e.root
	e.mu.Unlock()
	if rooted || !e.traits.HTTP {
		return root == w.ID && root != ""
	}
	rows, err := e.cfg.Target.Rows(ctx)
	if err != nil {
		return false
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.rooted {
		return e.root == w.ID
	}
	at := slices.IndexFunc(rows, func(row target.Workspace) bool { return row.Parent != "" })
	switch {
	case at >= 0: // they nest: under one of ours, or under somebody else's
		e.rooted = true
		if _, ours := e.live[rows[at].Parent]; ours {
			e.root = rows[at].Parent
		}
	case slices.ContainsFunc(rows, func(row target.Workspace) bool { return row.ID == w.ID }) && len(rows) == 1:
		e.root = w.ID // nothing nests yet, and the next one might
		return true
	default:
		e.rooted = true
	}
	return e.root == w.ID && e.root != ""
}

const (
	// cleanTimeout bounds the work of leaving the target as it was, and stillMoving
	// what it takes until a row can have come back that was deleted too early.
	cleanTimeout = 30 * time.Second
	stillMoving  = 500 * time.Millisecond
	// deleting is how many workspaces are deleted at once.
	deleting = 8
)

// cleanUp deletes what is left of ours, also after an interrupt, and counts by the
// target's own list what is still there.
func (e *engine) cleanUp(interrupted bool) {
	ctx, cancel := context.WithTimeout(context.Background(), cmp.Or(e.cfg.cleanWithin, cleanTimeout))
	defer cancel()
	e.sweepAll(ctx, interrupted)
	if e.traits.SharedGlobals {
		ctx, cancel := context.WithTimeout(context.Background(), cleanTimeout) // whatever the workspaces took
		defer cancel()
		if err := e.cfg.Target.SetGlobals(ctx, nil); err != nil {
			for line := range strings.Lines(err.Error()) {
				e.leftover("global secrets: " + strings.TrimSpace(line))
			}
		}
	}
	for _, w := range e.left {
		e.leftover(fmt.Sprintf("workspace %s (%s): %v", spelled.Line(w.Name), spelled.Line(w.ID), cmp.Or(e.silence.GaveUp(timing.ToRemove), errStays)))
	}
}

var errStays = errors.New("it is still there after it was deleted")

// sweepAll deletes all workspaces of the run, known or not, until the target lists
// none of them any more.
func (e *engine) sweepAll(ctx context.Context, interrupted bool) {
	e.deleteAll(ctx, slices.Collect(maps.Values(e.live)))
	if !e.traits.HTTP {
		e.left = slices.Collect(maps.Values(e.live))
		return
	}
	clear := 0
	for wait := settle; ; wait = min(2*wait, 2*time.Second) {
		ours, err := e.listed(ctx)
		if err != nil {
			e.unlisted(err)
			return
		}
		e.left = ours
		if clear++; len(ours) > 0 {
			clear = 0
		}
		// What was cut off may still be on its way to the list.
		if clear > 1 || clear > 0 && !interrupted && !e.unread() {
			return
		}
		e.deleteAll(ctx, ours)
		if clear > 0 {
			wait = stillMoving
		}
		if timing.Pause(ctx, wait) != nil || e.silence.GaveUp(timing.ToRemove) != nil {
			return
		}
	}
}

// unread reports whether there were creates whose replies we do not know.
func (e *engine) unread() bool { return e.unanswered.Load() }

// unlisted takes what the target did not delete for what is left, where it has no
// list, or gives none any more.
func (e *engine) unlisted(err error) {
	e.left = slices.Collect(maps.Values(e.live))
	if e.unread() {
		e.leftover(fmt.Sprintf("workspaces whose creation was cut off, if any (names begin with %s): %v", prefix(e.cfg.RunID), err))
	}
}

// listed are the workspaces of the run that the target lists.
func (e *engine) listed(ctx context.Context) ([]target.Workspace, error) {
	rows, err := e.cfg.Target.Rows(ctx)
	if err != nil {
		return nil, err
	}
	var out []target.Workspace
	for _, w := range rows {
		if known, ours := e.live[w.ID]; ours {
			out = append(out, known)
		} else if (e.made[w.ID] || strings.HasPrefix(w.Name, prefix(e.cfg.RunID))) && !e.before[w.ID] && !e.strange[w.ID] {
			out = append(out, w)
		}
	}
	return out, nil
}

// deleteAll deletes workspaces, those that others nest under last.
func (e *engine) deleteAll(ctx context.Context, list []target.Workspace) {
	var wg sync.WaitGroup
	slots := make(chan struct{}, deleting)
	for _, w := range list {
		if w.ID == e.root {
			continue
		}
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			if e.silence.GaveUp(timing.ToRemove) == nil {
				e.delete(ctx, w)
			}
		})
	}
	wg.Wait()
	if i := slices.IndexFunc(list, func(w target.Workspace) bool { return w.ID == e.root }); i >= 0 && e.silence.GaveUp(timing.ToRemove) == nil {
		e.delete(ctx, list[i])
	}
}

func (e *engine) leftover(text string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.leftovers = append(e.leftovers, text)
}

// Clean deletes what a run left at a target that was killed or could not finish:
// the workspaces whose names begin with the run's own, and nothing else. left are
// those that are still listed afterwards.
func Clean(ctx context.Context, t target.Target, runID string) (removed int, left []target.Workspace, err error) {
	for wait := settle; ; wait = min(2*wait, 2*time.Second) {
		rows, err := t.Rows(ctx)
		if err != nil {
			return removed, left, err
		}
		was := left
		left = slices.DeleteFunc(rows, func(w target.Workspace) bool {
			return !slices.ContainsFunc([]string{runID, runID + ofCheck, runID + ofCheck + ofProvisions}, func(id string) bool { return strings.HasPrefix(w.Name, prefix(id)) })
		})
		removed += max(0, len(was)-len(left))
		if len(left) == 0 {
			return removed, nil, nil
		}
		for _, w := range left {
			_ = t.Remove(ctx, w) // the list tells
		}
		if err := timing.Pause(ctx, wait); err != nil {
			return removed, left, nil // what is left is told
		}
	}
}

// ofCheck ends the id of the run that checks a target, and ofProvisions, behind it,
// that of the one which tries how it provisions again.
const ofCheck, ofProvisions = "c", "p"
