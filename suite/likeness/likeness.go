// Package likeness names the faulty gate of ours that answers as a target does.
// Some scenarios that tell gates apart, half of which the target failed, are
// replayed in process at the faulty gates that break the same rules; the one whose
// verdicts agree best is named, if it agrees well enough.
//
// What a target came to is known already: nothing is asked of it here. Findings
// themselves stand in suite/findings, the gates in fakes/gates.
package likeness

import (
	"cmp"
	"context"
	"runtime"
	"slices"
	"sync"

	"github.com/molecule-ai/byok-conformance/fakes/gates"
	"github.com/molecule-ai/byok-conformance/registry"
	"github.com/molecule-ai/byok-conformance/scenarios"
	"github.com/molecule-ai/byok-conformance/suite/findings"
	"github.com/molecule-ai/byok-conformance/suite/judge"
)

const (
	// enough is the part of the verdicts in which a gate has to agree: of those that
	// fail, and of all.
	enough = 0.95
	// fewest is how many verdicts there must be to compare: of a few, any gate may
	// share all by chance.
	fewest = 20
	// mostServed bounds how many gates are replayed over HTTP, so that a run ends soon
	// without a limit in time, by which two runs alike might differ.
	mostServed = 12
	// compared is for how many findings a gate is looked for: those that are told at length.
	compared = 3
)

// A Question is what a run came to.
type Question struct {
	Registry *registry.Registry
	// Cases are all scenarios that were judged.
	Cases []findings.Case
	// Claims are those of the target.
	Claims []string
	Level  scenarios.Level
}

// Fill sets LooksLike of the first findings, where a gate agrees. It asks so many
// gates and no more, whatever the time. Where ctx ends first, the rest stays as it is.
func (q *Question) Fill(ctx context.Context, list []findings.Finding) {
	for i := range list[:min(len(list), compared)] {
		list[i].LooksLike = q.like(ctx, &list[i])
	}
}

// like is the gate whose verdicts agree best with what a finding says; nil where none does.
func (q *Question) like(ctx context.Context, f *findings.Finding) *findings.Likeness {
	sample := q.sample(f)
	if len(sample) < fewest {
		return nil
	}
	var inProcess, served []gates.Double
	for _, d := range gates.Faulty() {
		switch {
		case !slices.ContainsFunc(d.Rules, func(rule string) bool { return slices.Contains(f.Rules, rule) }):
		case d.HTTPOnly() || needsHTTP(q.Registry, sample):
			served = append(served, d)
		default:
			inProcess = append(inProcess, d)
		}
	}
	if best := q.best(ctx, f, sample, inProcess, openGate); best != nil {
		return best
	}
	slices.SortStableFunc(served, func(a, b gates.Double) int { return cmp.Compare(besides(&a, f), besides(&b, f)) })
	return q.best(ctx, f, sample, served[:min(len(served), mostServed)], openServer)
}

// best is the best of some gates; of those that agree alike, the one that breaks
// least besides what the target does.
func (q *Question) best(ctx context.Context, f *findings.Finding, sample []probe, list []gates.Double, open opener) *findings.Likeness {
	agreed := make([]agreement, len(list))
	free := make(chan struct{}, max(8, runtime.GOMAXPROCS(0))) // those that are served mostly wait
	var wg sync.WaitGroup
	for i := range list {
		free <- struct{}{}
		wg.Go(func() {
			defer func() { <-free }()
			agreed[i] = q.agreement(ctx, f, sample, &list[i], open)
		})
	}
	wg.Wait()
	failing := 0
	for _, p := range sample {
		if p.fails {
			failing++
		}
	}
	at := -1
	for i, a := range agreed {
		if float64(a.all) < enough*float64(len(sample)) || float64(a.failing) < enough*float64(failing) {
			continue
		}
		if at < 0 || cmp.Or(cmp.Compare(a.all, agreed[at].all), cmp.Compare(besides(&list[at], f), besides(&list[i], f))) > 0 {
			at = i
		}
	}
	if ctx.Err() != nil || at < 0 {
		return nil
	}
	return &findings.Likeness{Gate: list[at].Name, Story: list[at].Story, Agreed: agreed[at].all, Compared: len(sample)}
}

// An agreement is in how many verdicts a gate ends as the target did: of those that
// fail, and of all.
type agreement struct{ failing, all int }

// besides counts the rules that a gate breaks and a finding does not name.
func besides(d *gates.Double, f *findings.Finding) int {
	n := 0
	for _, rule := range d.Rules {
		if !slices.Contains(f.Rules, rule) {
			n++
		}
	}
	return n
}

// A probe is a scenario of the sample, and whether the target fails it in the
// finding's way.
type probe struct {
	*scenarios.Scenario
	fails bool
}

// sampled is how many scenarios that fail, and that pass, are compared.
const sampled = 32

// sample picks scenarios that tell gates apart: of those that fail, from every entry
// of the corpus; of those that passed, first from
// the same entries, then from those of the same rules.
func (q *Question) sample(f *findings.Finding) []probe {
	failing := map[string]bool{}
	for _, id := range f.Scenarios {
		failing[id] = true
	}
	var failed, near, far, rest []*scenarios.Scenario
	entries := map[string]bool{}
	for _, c := range q.Cases {
		if failing[c.Scenario.ID] {
			entries[entryOf(c.Scenario)] = true
			if quick(c.Scenario) {
				failed = append(failed, c.Scenario)
			}
		}
	}
	for _, c := range q.Cases {
		switch {
		case len(c.Violations) > 0 || !quick(c.Scenario):
		case entries[entryOf(c.Scenario)]:
			near = append(near, c.Scenario)
		case slices.ContainsFunc(c.Scenario.Rules, func(rule string) bool { return slices.Contains(f.Rules, rule) }):
			far = append(far, c.Scenario)
		default:
			rest = append(rest, c.Scenario)
		}
	}
	var out []probe
	for _, s := range spread(failed, sampled) {
		out = append(out, probe{s, true})
	}
	passed := spread(near, sampled/2)
	passed = append(passed, spread(far, sampled-len(passed))...)
	passed = append(passed, spread(rest, sampled-len(passed))...)
	for _, s := range passed {
		out = append(out, probe{s, false})
	}
	if len(failed) == 0 {
		return nil
	}
	return out
}

// quick scenarios wait for nobody, and ask for one thing at a time.
func quick(s *scenarios.Scenario) bool {
	return !s.Waits() && !slices.ContainsFunc(s.Steps, func(st scenarios.Step) bool { return st.AtOnce > 1 || st.Alongside })
}

// spread picks so many scenarios, from every entry in turn, and as far apart in each as can be.
func spread(list []*scenarios.Scenario, most int) []*scenarios.Scenario {
	byEntry := map[string][]*scenarios.Scenario{}
	var entries []string
	slices.SortFunc(list, func(a, b *scenarios.Scenario) int { return cmp.Compare(a.ID, b.ID) })
	for _, s := range list {
		e := entryOf(s)
		if byEntry[e] == nil {
			entries = append(entries, e)
		}
		byEntry[e] = append(byEntry[e], s)
	}
	var out []*scenarios.Scenario
	for round := 0; len(out) < most; round++ {
		before := len(out)
		for _, e := range entries {
			of := byEntry[e]
			share := min(len(of), (most+len(entries)-1)/len(entries))
			if round < share && len(out) < most {
				out = append(out, of[round*len(of)/share])
			}
		}
		if len(out) == before {
			return out
		}
	}
	return out
}

// failsAs reports whether violations are of a finding's kinds.
func failsAs(f *findings.Finding, list []judge.Violation) bool {
	return slices.ContainsFunc(list, func(v judge.Violation) bool { return f.Kinds[v.Kind] > 0 })
}
