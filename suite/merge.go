package suite

import (
	"maps"
	"slices"
	"strings"

	"github.com/molecule-ai/byok-conformance/scenarios"
)

// mergeWaiting joins groups whose scenarios all wait for silent providers, so
// that their waits overlap. Two sets of global secrets are joined only where
// no scenario of one can tell: its provider tries none of the other's names
// before its own (LIV-8), its pair still leads to that provider, and nobody else
// asks its hosts, so that a late call is its own. Scenarios with the same set
// that ask the same host are taken apart: each gets values of its own, and none
// has to wait until the one before it has come to rest.
func (e *engine) mergeWaiting(groups []*group) []*group {
	var out, merged []*group
	for _, g := range slices.Concat(apart(groups)...) {
		if !mergeable(g) {
			out = append(out, g)
			continue
		}
		into := slices.IndexFunc(merged, func(m *group) bool { return e.compatible(m, g) && e.compatible(g, m) })
		if into < 0 {
			merged = append(merged, &group{sets: []map[string]scenarios.Value{maps.Clone(g.sets[0])}, replays: g.replays})
			continue
		}
		maps.Copy(merged[into].sets[0], g.sets[0])
		merged[into].replays = append(merged[into].replays, g.replays...)
	}
	for _, m := range merged {
		m.apart = true
	}
	return append(merged, out...)
}

// apart makes a group of each replay of the groups that can be merged.
func apart(groups []*group) [][]*group {
	out := make([][]*group, len(groups))
	for i, g := range groups {
		if !mergeable(g) {
			out[i] = []*group{g}
			continue
		}
		for _, r := range g.replays {
			out[i] = append(out[i], &group{sets: g.sets, replays: []*replay{r}})
		}
	}
	return out
}

func mergeable(g *group) bool {
	if g.heavy || len(g.sets) != 1 || len(g.sets[0]) == 0 {
		return false
	}
	return !slices.ContainsFunc(g.replays, func(r *replay) bool {
		s := r.scenario
		return !r.waits || len(s.Steps) != 1 && !s.Pauses() || s.Steps[0].Expect.Upstream != scenarios.OneProbe
	})
}

// compatible reports whether no scenario of a group can tell that another
// group's global secrets are there, too.
func (e *engine) compatible(a, b *group) bool {
	for _, r := range a.replays {
		step := &r.scenario.Steps[0]
		if slices.ContainsFunc(b.replays, func(other *replay) bool { return sharesHost(r, other) }) {
			return false
		}
		for name := range b.sets[0] {
			if e.decides(step, name) && b.sets[0][name].String() != a.sets[0][name].String() {
				return false
			}
		}
		joined := scenarios.Secrets{Workspace: step.Secrets.Workspace, Global: maps.Clone(a.sets[0])}
		maps.Copy(joined.Global, b.sets[0])
		d := e.cfg.Registry.Derive(step.Runtime, step.Model, joined.InScope)
		if d.Provider == nil || !slices.Contains(step.Expect.Providers, d.Provider.Name) {
			return false
		}
	}
	return true
}

func sharesHost(a, b *replay) bool {
	return slices.ContainsFunc(a.hosts, func(h string) bool { return slices.Contains(b.hosts, h) })
}

// decides reports whether a name, were it in scope, could decide a step: its
// provider tries it no later than the credential that decides now.
func (e *engine) decides(step *scenarios.Step, name string) bool {
	_, probed, _ := strings.Cut(step.Expect.Probed, "/")
	for _, provider := range step.Expect.Providers {
		if p := e.cfg.Registry.Provider(provider); p != nil {
			at := slices.Index(p.AuthEnv, name)
			if own := slices.Index(p.AuthEnv, probed); at >= 0 && (own < 0 || at <= own) {
				return true
			}
		}
	}
	return false
}
