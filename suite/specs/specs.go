// Package specs is the Ginkgo door of the harness: it declares the corpus as
// specs in the caller's own suite, so that a Go server carries the corpus as a
// regression suite, offline and with one `go test`:
//
//	var _ = specs.Describe("our BYOK gate", specs.Options{
//		Gate: func(providers http.RoundTripper) gate.Gate { return byok.New(providers) },
//	})
//
// What lives here is the declaration only: which scenarios stand in which spec,
// their labels, and where to replay a failure. What is tested, and what a
// failure says, comes from package suite/conform, which a team without Ginkgo
// uses alone; replaying and judging are the engine's (suite), which the command
// line uses, too. A test holds the doors to the same outcomes.
package specs

import (
	"github.com/onsi/ginkgo/v2"
	"github.com/onsi/ginkgo/v2/types"

	"github.com/molecule-ai/byok-conformance/suite/conform"
)

// Options say what is tested: a Gate, a Handler or a URL, and against what part
// of the corpus. Seed is not used; Ginkgo's own makes the values.
type Options = conform.Options

// Describe declares a container with the corpus in it; call it at the top level
// of a package, or inside another container that is not Ordered. It has one
// container a class, in which one spec is one scenario, or the scenarios that a
// matrix makes for one provider. Specs of a class are replayed together, up to a
// thousand scenarios at once, by the first of them that runs, which Ginkgo
// reports as the slow one. The labels are class:NAME,
// rule:ID, the level and the severity, so that
// --label-filter='class:mismatched && critical' works.
//
// Where specs fail, the last one of the container says why in few statements, of all
// that this process replayed; its label is findings, for those who select by label.
//
// What is left out, and what is not claimed, is counted by a spec of its own. Options that leave
// nothing to replay, or that name what the corpus does not know, are declared
// as a spec that fails. Each process of `ginkgo -p` builds the gate for itself;
// the specs of a URL, whose server the processes may share, are serial. The
// result is always true.
func Describe(name string, o Options) bool {
	at := types.NewCodeLocation(1)
	names = append(names, name)
	return ginkgo.Describe(name, at, func() {
		d, err := newDoor(o)
		if err != nil {
			ginkgo.It("can be prepared", at, func() { ginkgo.Fail("preparing the specs: " + err.Error()) })
			return
		}
		var serial []any
		if d.session.Shared() {
			serial = append(serial, ginkgo.Serial)
		}
		d.name = name
		for _, b := range d.batches {
			ginkgo.Describe(b.text, at, ginkgo.Ordered, ginkgo.ContinueOnFailure, serial, func() {
				for _, g := range b.groups {
					ginkgo.It(g.text, at, ginkgo.Label(g.labels...), func(ctx ginkgo.SpecContext) { d.verify(ctx, g) })
				}
			})
		}
		ginkgo.It("says in few statements what is wrong", at, ginkgo.Label("findings"), serial, func() {
			if text := d.diagnosis.Text(d.replayOne); text != "" {
				ginkgo.AddReportEntry("findings", text, ginkgo.ReportEntryVisibilityAlways)
			}
		})
		for _, w := range d.session.Waivers {
			ginkgo.It(w.Text+" still has a cause", at, ginkgo.Label("waiver"), serial, func(ctx ginkgo.SpecContext) { d.hold(ctx, w) })
		}
		if text := d.session.NotReplayedText(); text != "" {
			ginkgo.It("counts what is left out, and what is not claimed", at, ginkgo.Label("not-claimed"), func() {
				ginkgo.AddReportEntry("not replayed", text, ginkgo.ReportEntryVisibilityAlways)
			})
		}
	})
}
