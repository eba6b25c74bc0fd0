package specs

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/onsi/ginkgo/v2"

	"github.com/molecule-ai/byok-conformance/scenarios"
	"github.com/molecule-ai/byok-conformance/suite"
	"github.com/molecule-ai/byok-conformance/suite/conform"
)

// A door is one container: the specs that it declares, and the session that
// replays them.
type door struct {
	// name is the container's own text.
	name    string
	session *conform.Session
	groups  []*group
	batches []*batch
	// diagnosis holds what the specs of this process came to.
	diagnosis *conform.Diagnosis
}

// newDoor selects and groups the scenarios. It starts nothing, because it runs
// while Ginkgo still builds its tree.
func newDoor(o Options) (*door, error) {
	session, err := conform.NewSession(o)
	if err != nil {
		return nil, err
	}
	groups := grouped(session.All, session.Claimed)
	return &door{session: session, groups: groups, batches: batched(groups), diagnosis: session.Diagnosis()}, nil
}

// verify fails the current spec unless every scenario of the group passes.
func (d *door) verify(ctx ginkgo.SpecContext, g *group) {
	ginkgo.GinkgoHelper()
	seed := ginkgo.GinkgoRandomSeed()
	flags, _ := ginkgo.GinkgoConfiguration()
	results, err := d.replay(ctx, g, seed, wantedBy(flags, ginkgo.CurrentSpecReport()))
	for _, left := range d.session.Leftovers() {
		ginkgo.AddReportEntry("left at the target", left)
	}
	for _, hint := range d.session.Hints() {
		ginkgo.AddReportEntry("hint", hint)
	}
	if err != nil {
		ginkgo.Fail(fmt.Sprintf("no verdict about %s: %v", g.text, err))
	}
	for _, r := range results {
		ginkgo.AddReportEntry(r.Scenario.ID, string(r.Outcome), ginkgo.ReportEntryVisibilityNever)
	}
	if text := conform.WaivedText(results); text != "" {
		ginkgo.AddReportEntry("waived", text, ginkgo.ReportEntryVisibilityAlways)
	}
	if text := failureText(results); text != "" {
		ginkgo.Fail(text + "\nreplay: " + replayCommand(d.name, ginkgo.CurrentSpecReport().FullText(), seed))
	}
}

// replay returns one result for each scenario of a group, in order, and leaves
// those of the specs that are wanted beside it for their turn. The seed and the
// group make the credential values.
func (d *door) replay(ctx context.Context, g *group, seed int64, wanted func(*group) bool) ([]suite.Result, error) {
	if g.results == nil {
		if err := d.replayBatch(ctx, g, seed, wanted); err != nil {
			return nil, err
		}
	}
	results := g.results
	g.results = nil // another attempt is another replay
	return results, nil
}

func (d *door) replayBatch(ctx context.Context, g *group, seed int64, wanted func(*group) bool) error {
	due := g.due(wanted)
	var list []*scenarios.Scenario
	for _, x := range due {
		list = append(list, x.scenarios...)
	}
	text := fmt.Sprintf("%d %s", seed, g.text)
	if g.attempts++; g.attempts > 1 {
		text += fmt.Sprintf(" %d", g.attempts)
	}
	results, err := d.session.Replay(ctx, list, text)
	if err != nil {
		return err
	}
	for _, r := range results {
		if g.attempts == 1 { // what is tried again is known already
			d.diagnosis.Add(r)
		}
	}
	for _, x := range due {
		x.replayed, x.results, results = true, results[:len(x.scenarios)], results[len(x.scenarios):]
	}
	return nil
}

// hold fails the current spec where a waiver no longer matches a failure.
func (d *door) hold(ctx ginkgo.SpecContext, w conform.Waived) {
	ginkgo.GinkgoHelper()
	stale, err := d.session.Stale(ctx, w, fmt.Sprintf("%d %s", ginkgo.GinkgoRandomSeed(), w.Text))
	if err != nil {
		ginkgo.Fail(err.Error())
	}
	for _, text := range stale {
		ginkgo.Fail(text)
	}
}

// replayOne is the command that replays the spec with a scenario.
func (d *door) replayOne(id string) string {
	for _, b := range d.batches {
		for _, g := range b.groups {
			if slices.ContainsFunc(g.scenarios, func(s *scenarios.Scenario) bool { return s.ID == id }) {
				return replayCommand(d.name, strings.Join([]string{d.name, b.text, g.text}, " "), ginkgo.GinkgoRandomSeed())
			}
		}
	}
	return ""
}
