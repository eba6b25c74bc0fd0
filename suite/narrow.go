package suite

import (
	"context"
	"slices"
)

// Scenarios that may have made a call which others may have made are replayed in
// ever smaller company: first all of them beside each other, without those whose
// calls are lawful; then side by side where no two ask one host, so that the host
// says whose a call is; what is not clear even then, by itself.

// verified is in how many rounds the scenarios to which a call was given by its
// host are replayed alone as well, before hosts are believed.
const verified = 3

// A trust is what came of holding such calls to a replay alone. One that is
// contradicted says that the target asks other providers' hosts, and no host is
// believed any more.
type trust struct {
	rounds int
	broken bool
}

func (t *trust) verifying() bool { return t.rounds < verified }

// narrowed replays what is unclear and returns what has to be replayed alone.
func (e *engine) narrowed(ctx context.Context, set *globalSet, list []*replay) []*replay {
	var alone, unclear []*replay
	for _, r := range list {
		if r.unclear() && !r.severed { // what stopped the target may be among those
			unclear = append(unclear, r)
		} else {
			alone = append(alone, r)
		}
	}
	if len(unclear) < 2 || set != nil && len(set.secrets) > 0 {
		return list
	}
	unclear, hindered := e.replayed(ctx, set, unclear)
	alone = append(alone, hindered...)
	// Those without a provider ask no host, and seldom call anybody.
	var nobody []*replay
	unclear = slices.DeleteFunc(unclear, func(r *replay) bool {
		if len(r.hosts) > 0 {
			return false
		}
		nobody = append(nobody, r)
		return true
	})
	still, hindered := e.replayed(ctx, set, nobody)
	alone = slices.Concat(alone, still, hindered)
	for len(unclear) > 0 && ctx.Err() == nil {
		var wave, rest []*replay
		hosts := map[string]bool{}
		for _, r := range unclear {
			if e.hosts.broken {
				alone = append(alone, r)
			} else if slices.ContainsFunc(r.hosts, func(h string) bool { return hosts[h] }) {
				rest = append(rest, r)
			} else {
				wave = append(wave, r)
				for _, h := range r.hosts {
					hosts[h] = true
				}
			}
		}
		unclear = rest
		alone = append(alone, e.wave(ctx, set, wave)...)
	}
	return append(alone, unclear...)
}

// replayed replays scenarios again beside each other, and has those judged that
// are clear now.
func (e *engine) replayed(ctx context.Context, set *globalSet, list []*replay) (unclear, hindered []*replay) {
	if len(list) == 0 {
		return nil, nil
	}
	for _, r := range list {
		e.forget(r)
		e.reset(r)
	}
	var clear []*replay
	e.single(ctx, set, list, func(done []*replay) {
		e.sweep(ctx, done)
		for _, r := range done {
			switch {
			case r.unclear():
				unclear = append(unclear, r)
			case e.isHindered(r) || r.wasGuessed() && e.hosts.verifying():
				hindered = append(hindered, r)
			default:
				clear = append(clear, r)
			}
		}
	})
	e.finisher.add(clear)
	return unclear, hindered
}

// wave replays scenarios that have no host in common, and returns those that have
// to be replayed alone all the same.
func (e *engine) wave(ctx context.Context, set *globalSet, list []*replay) []*replay {
	e.cfg.Providers.setApart(true)
	unclear, held := e.replayed(ctx, set, list)
	e.cfg.Providers.setApart(false)
	guessed := false
	for _, r := range held {
		if !r.wasGuessed() {
			unclear = append(unclear, r)
			continue
		}
		guessed = true
		failed := false
		e.alone(ctx, r, func() {
			e.turn(ctx, set, r, e.slots)
			failed, _ = e.fails(r)
		})
		e.hosts.broken = e.hosts.broken || !failed && ctx.Err() == nil
	}
	if guessed {
		e.hosts.rounds++
	}
	return unclear
}

func (r *replay) wasGuessed() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.attempt != nil && r.guessed
}

// setApart says that no two replays under way have a host in common.
func (p *Providers) setApart(apart bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.apart = apart
}
