package explore

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/molecule-ai/byok-conformance/scenarios"
	"github.com/molecule-ai/byok-conformance/suite"
)

// A hunt is one exploration.
type hunt struct {
	Options
	space   *space
	base    uint64
	began   time.Time
	tried   *coverage
	outcome *Outcome

	mu sync.Mutex
	// next is the number of the next walk; hit is the least that failed, or -1.
	next, walks, steps, creates int
	hit                         *hit
	told                        time.Time
	// replays counts those at a server.
	replays int
}

// A hit is a walk that failed.
type hit struct {
	n      int
	result suite.Result
	// before are the walks that were replayed at the same target until then, this one included.
	before []*scenarios.Scenario
}

// renewed is how many times eight walks one set of fake providers serves: they remember
// every value for as long as they live.
const renewed = 64

// take numbers the next walks; none where the time is over or enough was found.
func (h *hunt) take(ctx context.Context, many int) (from, to int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	over := time.Since(h.began) >= h.For
	if h.Pairs {
		over = h.tried.complete()
	}
	if ctx.Err() != nil || h.hit != nil || over || h.Walks > 0 && h.next >= h.Walks {
		return 0, 0
	}
	from = h.next
	h.next += many
	if h.Walks > 0 {
		h.next = min(h.next, h.Walks)
	}
	return from, h.next
}

// note counts what was replayed.
func (h *hunt) note(s *scenarios.Scenario, w *walk, r *suite.Result) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.walks++
	h.steps += len(s.Steps)
	for i := range s.Steps {
		if s.Steps[i].Stage == scenarios.Create {
			h.creates += s.Steps[i].AtOnce
		}
	}
	if r.Outcome == suite.Errored {
		if h.outcome.Unjudged++; h.outcome.Why == "" {
			h.outcome.Why = r.Reason
		}
		return
	}
	h.tried.walk(w)
	if h.Progress != nil && time.Since(h.told) > 250*time.Millisecond {
		h.told = time.Now()
		h.Progress(h.tallied())
	}
}

func (h *hunt) tally() Tried {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.tallied()
}

// tallied is what was tried; the caller holds h.mu.
func (h *hunt) tallied() Tried {
	t := Tried{Walks: h.walks, Steps: h.steps, Creates: h.creates, Took: time.Since(h.began)}
	t.Pairs, t.PairsOf = h.tried.seen, h.tried.all
	return t
}

// fails keeps the first walk that failed.
func (h *hunt) fails(n int, r suite.Result, before []*scenarios.Scenario) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.hit == nil || n < h.hit.n {
		h.hit = &hit{n, r, before}
	}
}

// value hunts at a Go value: a new one for each walk, and as many walks at once as
// there are processors.
func (h *hunt) value(ctx context.Context, first *Session) error {
	first.close()
	var wg sync.WaitGroup
	errs := make([]error, runtime.GOMAXPROCS(0))
	for i := range errs {
		wg.Go(func() { errs[i] = h.worker(ctx) })
	}
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	if h.hit == nil {
		return nil
	}
	session, err := h.Open(ctx)
	if err != nil {
		return err
	}
	defer session.close()
	return h.shrink(ctx, session)
}

func (h *hunt) worker(ctx context.Context) error {
	gen, maker := walks(h.space), newMaker(h.space)
	var session *Session
	defer func() {
		if session != nil {
			session.close()
		}
	}()
	for served := 0; ; served++ {
		from, to := h.take(ctx, 8)
		if from == to {
			return nil
		}
		if served%renewed == 0 {
			if session != nil {
				session.close()
			}
			var err error
			if session, err = h.Open(ctx); err != nil {
				return err
			}
		}
		for n := from; n < to; n++ {
			w := gen.Example(int(seedAt(h.base, n)))
			s := maker.scenario(w, idOf(n))
			if s == nil {
				continue
			}
			r, err := h.alone(ctx, session, s)
			if err != nil || ctx.Err() != nil {
				return err
			}
			h.note(s, &w, &r)
			if r.Outcome == suite.Failed {
				h.fails(n, r, []*scenarios.Scenario{s})
			}
		}
	}
}

// alone replays one walk, at a target that is new where that is cheap.
func (h *hunt) alone(ctx context.Context, session *Session, s *scenarios.Scenario) (suite.Result, error) {
	if session.Again != nil {
		if err := session.Again(); err != nil {
			return suite.Result{}, err
		}
	}
	results, err := h.replay(ctx, session, []*scenarios.Scenario{s}, s.ID)
	if err != nil || len(results) == 0 {
		return suite.Result{}, err
	}
	if r := results[0]; r.Outcome != suite.Errored || len(s.Steps) == 1 {
		return r, nil
	}
	return h.cut(ctx, session, s, results[0])
}

// cut replays a walk that could not be judged without its last steps: where one of
// them needs a workspace that was not made, what went wrong is in a step before it.
func (h *hunt) cut(ctx context.Context, session *Session, s *scenarios.Scenario, whole suite.Result) (suite.Result, error) {
	shorter := *s
	shorter.Steps = s.Steps[:len(s.Steps)-1]
	shorter.ID = s.ID + "-cut"
	r, err := h.alone(ctx, session, &shorter)
	if err != nil || r.Outcome != suite.Failed {
		return whole, err
	}
	return r, nil
}

// replay has the engine replay walks; results come in their order, and none where it
// was interrupted.
func (h *hunt) replay(ctx context.Context, session *Session, list []*scenarios.Scenario, seed string) ([]suite.Result, error) {
	cfg := session.Config
	cfg.Registry, cfg.Scenarios, cfg.Level, cfg.Claims = h.Registry, list, h.Level, h.space.claimed
	cfg.Seed = h.Seed + " " + seed
	if cfg.Target.Traits().HTTP {
		h.replays++ // names of workspaces are used once at a server
		cfg.RunID = strings.TrimSuffix(cfg.RunID, "x") + "x" + strconv.FormatInt(int64(h.replays), 36)
	}
	byID := make(map[string]suite.Result, len(list))
	cfg.Handle = func(e suite.Event) {
		if f, ok := e.(suite.Finished); ok {
			byID[f.Result.Scenario.ID] = f.Result
		}
	}
	summary, err := suite.Run(ctx, cfg)
	h.mu.Lock()
	for _, left := range summary.Leftovers {
		if !slices.Contains(h.outcome.Leftovers, left) {
			h.outcome.Leftovers = append(h.outcome.Leftovers, left)
		}
	}
	h.mu.Unlock()
	if err != nil || summary.Interrupted {
		return nil, err
	}
	return suite.InOrder(list, byID)
}

// together is how many walks a server is given in one replay.
const together = 48

// server hunts at a server: many walks in one replay, as a run does.
func (h *hunt) server(ctx context.Context, session *Session) error {
	defer func() { session.close() }()
	gen, maker := walks(h.space), newMaker(h.space)
	var before []*scenarios.Scenario
	for batch := 0; ; batch++ {
		from, to := h.take(ctx, together)
		if from == to {
			break
		}
		byID := map[string]*walk{}
		var list []*scenarios.Scenario
		for n := from; n < to; n++ {
			w := gen.Example(int(seedAt(h.base, n)))
			if s := maker.scenario(w, idOf(n)); s != nil {
				list, byID[s.ID] = append(list, s), &w
			}
		}
		if len(list) == 0 {
			continue
		}
		results, err := h.replay(ctx, session, list, fmt.Sprint("batch ", batch))
		if err != nil || ctx.Err() != nil {
			return err
		}
		before = append(before, list...)
		for i := range results {
			if results[i].Outcome == suite.Errored && len(list[i].Steps) > 1 {
				if results[i], err = h.cut(ctx, session, list[i], results[i]); err != nil || ctx.Err() != nil {
					return err
				}
			}
			h.note(list[i], byID[list[i].ID], &results[i])
			if results[i].Outcome == suite.Failed {
				h.fails(numberOf(list[i].ID), results[i], before)
			}
		}
	}
	if h.hit == nil {
		return nil
	}
	return h.shrink(ctx, session)
}

func numberOf(id string) (n int) {
	_, _ = fmt.Sscanf(id, "explored/walk-%d", &n)
	return n
}
