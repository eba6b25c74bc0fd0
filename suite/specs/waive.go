package specs

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/molecule-ai/byok-conformance/scenarios"
	"github.com/molecule-ai/byok-conformance/suite"
	"github.com/molecule-ai/byok-conformance/suite/waivers"
)

// A need is the spec that holds one waiver to its cause. It replays the
// waiver's scenarios once more, because specs run in any order and in several
// processes, so that no spec knows what another has seen.
type need struct {
	group
	waiver []waivers.Waiver // one
	all    []*scenarios.Scenario
}

// openWaivers reads the files, and declares a need for every waiver whose
// scenarios are all replayed here: one that a narrowed suite sees a part of can
// not be told from one that has outlived its cause.
func (d *door) openWaivers(rules *scenarios.Rules, all, claimed, unclaimed []*scenarios.Scenario) error {
	list, err := waivers.LoadFiles(d.opts.Waivers, rules)
	if err != nil {
		return fmt.Errorf("reading Options.Waivers: %w", err)
	}
	if d.waivers, err = waivers.New(list, all, time.Now()); err != nil {
		return fmt.Errorf("reading Options.Waivers: %w", err)
	}
	// declared has the selected scenarios, true for those that are replayed.
	declared := map[*scenarios.Scenario]bool{}
	for _, s := range claimed {
		declared[s] = true
	}
	for _, s := range unclaimed {
		declared[s] = false
	}
	for _, w := range list {
		scope := w.Scenarios(all)
		if slices.ContainsFunc(scope, func(s *scenarios.Scenario) bool {
			replayed, known := declared[s]
			return !known || w.Names(s) && !replayed
		}) {
			continue
		}
		d.needs = append(d.needs, &need{
			group:  group{text: w.String() + " still has a cause", labels: []string{"waiver"}, scenarios: scope},
			waiver: []waivers.Waiver{w}, all: all,
		})
	}
	return nil
}

// stale replays what a waiver names and returns what is wrong with the waiver.
func (d *door) stale(ctx context.Context, n *need, seed int64) ([]waivers.Stale, error) {
	set, err := waivers.New(n.waiver, n.all, time.Now())
	if err != nil {
		return nil, err
	}
	if _, err := d.replayWaiving(ctx, &n.group, seed, set); err != nil {
		return nil, err
	}
	return set.Stale(), nil
}

// waivedText lists the results of one spec that are waived, by waiver; empty
// where none is.
func waivedText(results []suite.Result) string {
	var reasons []string
	counts := map[string]int{}
	for _, r := range results {
		if r.Outcome != suite.Waived {
			continue
		}
		if counts[r.Reason]++; counts[r.Reason] == 1 {
			reasons = append(reasons, r.Reason)
		}
	}
	var b strings.Builder
	for _, reason := range reasons {
		fmt.Fprintf(&b, "%d of %d scenarios: %s\n", counts[reason], len(results), reason)
	}
	return strings.TrimSuffix(b.String(), "\n")
}
