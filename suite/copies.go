package suite

import (
	"context"
	"errors"
	"slices"
	"sync"

	"github.com/molecule-ai/byok-conformance/scenarios"
	"github.com/molecule-ai/byok-conformance/suite/target"
)

// A Copy is one more copy of the target: the same server, at another address and
// with a state of its own. See the fields of that name in Config.
type Copy struct {
	Target    target.Target
	Providers *Providers
	Fault     func(host, answer string) (lift func())
	Restart   func(context.Context) error
	Output    *Output
}

// Engines are those of a run, one for each copy of its target.
type engines []*engine

// withCopies returns the engine and those for the copies of its target.
func (e *engine) withCopies() (engines, error) {
	all := engines{e}
	for _, c := range e.cfg.Copies {
		cfg := e.cfg
		cfg.Target, cfg.Providers, cfg.Fault, cfg.Restart, cfg.Output = c.Target, c.Providers, c.Fault, c.Restart, c.Output
		cfg.Copies, cfg.pulse = nil, e.pulse
		if e.width != nil {
			cfg.Parallel = 0
		}
		if !e.traits.HTTP || !c.Target.Traits().HTTP {
			return nil, errors.New("only servers can have copies; this is a defect of who called the engine")
		}
		one, err := newEngineFor(cfg, e.finisher.results)
		if err != nil {
			return nil, err
		}
		all = append(all, one)
	}
	return all, nil
}

// replay replays the groups of a plan: each engine takes the next one when it has
// done with the one before.
func (all engines) replay(ctx context.Context, p *plan) {
	queue := make(chan *group)
	var wg sync.WaitGroup
	for _, e := range all {
		wg.Go(func() {
			e.lookAround(ctx)
			for g := range queue {
				e.runGroup(ctx, g)
			}
			e.finisher.drain()
		})
	}
	for _, g := range sharedOut(p.groups, len(all)) {
		if ctx.Err() != nil {
			break
		}
		queue <- g
	}
	close(queue)
	wg.Wait()
}

// worthSharing is how many scenarios a group must have for each copy to be shared out.
const worthSharing = 16

// sharedOut divides large groups into so many parts. Those that need a target to
// themselves, and those with phases, stay whole.
func sharedOut(groups []*group, parts int) []*group {
	var out []*group
	for _, g := range groups {
		if parts == 1 || len(g.sets) > 1 || g.apart || g.heavy || len(g.replays) < worthSharing*parts {
			out = append(out, g)
			continue
		}
		for n := range parts {
			part := &group{sets: g.sets}
			for i := n; i < len(g.replays); i += parts {
				part.replays = append(part.replays, g.replays[i])
			}
			out = append(out, part)
		}
	}
	return out
}

func (all engines) cleanUp(interrupted bool) {
	var wg sync.WaitGroup
	for _, e := range all {
		wg.Go(func() { e.cleanUp(interrupted) })
	}
	wg.Wait()
}

func (all engines) summary(total int, interrupted bool) Summary {
	first := all[0]
	s := first.finisher.summary
	s.Planned, s.Interrupted, s.Claims = total, interrupted, first.cfg.Claims
	for _, area := range scenarios.Claims {
		if !slices.Contains(first.cfg.Claims, area) {
			s.NotClaimedAreas = append(s.NotClaimedAreas, area)
		}
	}
	for _, e := range all {
		e.summarise(&s)
	}
	return s
}
