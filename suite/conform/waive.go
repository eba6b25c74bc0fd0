package conform

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/molecule-ai/byok-conformance/scenarios"
	"github.com/molecule-ai/byok-conformance/suite"
	"github.com/molecule-ai/byok-conformance/suite/waivers"
)

// A Waived is one waiver that can be held to its cause here, because every
// scenario that it may cover is replayed: one that a narrowed session sees a
// part of cannot be told from one that no longer matches a failure.
type Waived struct {
	// Text names the waiver, and where it stands.
	Text string
	// Scenarios are those that it may cover.
	Scenarios []*scenarios.Scenario
	waiver    waivers.Waiver
}

// openWaivers reads the files of the options.
func (s *Session) openWaivers(rules *scenarios.Rules, selected []*scenarios.Scenario) error {
	list, _, err := waivers.LoadFiles(s.options.Waivers, rules)
	if err != nil {
		return fmt.Errorf("reading Options.Waivers: %w", err)
	}
	if s.waivers, err = waivers.New(list, s.All, time.Now()); err != nil {
		return fmt.Errorf("reading Options.Waivers: %w", err)
	}
	// replayed has the selected scenarios, true for those that are claimed.
	replayed := make(map[*scenarios.Scenario]bool, len(selected))
	for _, x := range selected {
		replayed[x] = false
	}
	for _, x := range s.Claimed {
		replayed[x] = true
	}
	for _, w := range list {
		scope := w.Scenarios(s.All)
		if !slices.ContainsFunc(scope, func(x *scenarios.Scenario) bool {
			claimed, known := replayed[x]
			return !known || w.Names(x) && !claimed
		}) {
			s.Waivers = append(s.Waivers, Waived{w.String(), scope, w})
		}
	}
	return nil
}

// Stale replays what one waiver may cover and says what is wrong with the
// waiver: nothing fails any more, or it has expired. Specs run in any order and
// in several processes, so it does not matter what was replayed before.
func (s *Session) Stale(ctx context.Context, w Waived, seed string) ([]string, error) {
	set, err := waivers.New([]waivers.Waiver{w.waiver}, s.All, time.Now())
	if err != nil {
		return nil, err
	}
	if _, err := s.replay(ctx, w.Scenarios, seed, set); err != nil {
		return nil, err
	}
	return told(set), nil
}

// told says what is wrong with the waivers of a set that has seen all of a run.
func told(set *waivers.Set) []string {
	var out []string
	for _, stale := range set.Stale() {
		out = append(out, stale.String())
	}
	return out
}

// WaivedText lists the results that are waived, by waiver; empty where none is.
func WaivedText(results []suite.Result) string {
	counts := map[string]int{}
	var reasons []string
	for _, r := range results {
		if r.Outcome != suite.Waived {
			continue
		}
		if counts[r.Reason]++; counts[r.Reason] == 1 {
			reasons = append(reasons, r.Reason)
		}
	}
	text := ""
	for i, reason := range reasons {
		if i > 0 {
			text += "\n"
		}
		text += fmt.Sprintf("%d of %d scenarios: %s", counts[reason], len(results), reason)
	}
	return text
}
