// Package specs is the Ginkgo door of the harness: it declares the corpus as
// specs in the caller's own suite, so that a Go server carries the corpus as a
// regression suite, offline and with one `go test`:
//
//	var _ = specs.Describe("our BYOK gate", specs.Options{
//		Gate: func(t http.RoundTripper) gate.Gate { return byok.New(byok.Transport(t)) },
//	})
//
// What lives here is the declaration only: which scenarios stand in which spec,
// their labels, and what a failure prints. Replaying and judging are the
// engine's (suite), which the command line uses, too; a test holds both doors
// to the same outcomes. Servers behind HTTP are the command line's business.
package specs

import (
	"net/http"
	"time"

	"github.com/onsi/ginkgo/v2"
	"github.com/onsi/ginkgo/v2/types"

	"github.com/molecule-ai/byok-conformance/gate"
	"github.com/molecule-ai/byok-conformance/registry"
	"github.com/molecule-ai/byok-conformance/scenarios"
)

// Options say which scenarios are declared, and at which gate they are replayed.
type Options struct {
	// Gate builds the gate under test, whose outbound calls must all go through
	// the transport: the fake providers answer there. It is called once in each
	// process, when the first spec runs. Required.
	Gate func(http.RoundTripper) gate.Gate
	// Registry is the gate's own; the matrix follows it. Nil means the one built in.
	Registry *registry.Registry
	// Level: empty means core.
	Level scenarios.Level
	// Claims are the areas that the gate is held to; nil means those that a Go
	// value can be held to, which leaves out provision-liveness.
	Claims []string
	// Classes and IDs narrow the corpus as --class and --id do. The twins of
	// what they select come along.
	Classes, IDs []string
	// Waivers are files that say which failures are known (see suite/waivers);
	// paths are from the package's folder, where `go test` runs. What is waived
	// stands in the report, and each waiver whose scenarios are all declared has a
	// spec of its own that fails once the waiver has outlived its cause.
	Waivers []string
	// Budget is the bound of the gate's own probe (LIV-6); zero means 6 s. A
	// short one, given to the gate as well, makes the suite fast.
	Budget time.Duration
}

// Describe declares a container with the corpus in it; call it at the top level
// of a package, or inside another container. One spec is one scenario, or the
// scenarios that a matrix makes for one provider. The labels are class:NAME,
// rule:ID, the level and the severity, so that
// --label-filter='class:mismatched && critical' works.
//
// What the gate does not claim is counted by a spec of its own. Options that
// leave nothing to replay, or that name what the corpus does not know, are
// declared as a spec that fails. The result is always true.
func Describe(name string, o Options) bool {
	at := types.NewCodeLocation(1)
	return ginkgo.Describe(name, at, func() {
		d, err := newDoor(o)
		if err != nil {
			ginkgo.It("can be prepared", at, func() { ginkgo.Fail("preparing the specs: " + err.Error()) })
			return
		}
		for _, g := range d.groups {
			ginkgo.It(g.text, at, ginkgo.Label(g.labels...), func(ctx ginkgo.SpecContext) { d.verify(ctx, g) })
		}
		for _, n := range d.needs {
			ginkgo.It(n.text, at, ginkgo.Label(n.labels...), func(ctx ginkgo.SpecContext) { d.hold(ctx, n) })
		}
		if d.unclaimed != nil {
			ginkgo.It(d.unclaimed.text, at, ginkgo.Label(d.unclaimed.labels...), func(ctx ginkgo.SpecContext) { d.account(ctx) })
		}
	})
}

// verify fails the current spec unless every scenario of the group passes.
func (d *door) verify(ctx ginkgo.SpecContext, g *group) {
	ginkgo.GinkgoHelper()
	results, err := d.replay(ctx, g, ginkgo.GinkgoRandomSeed())
	if err != nil {
		ginkgo.Fail(err.Error())
	}
	if text := waivedText(results); text != "" {
		ginkgo.AddReportEntry("waived", text, ginkgo.ReportEntryVisibilityAlways)
	}
	if text := failureText(results); text != "" {
		ginkgo.Fail(text + "\nreplay: " + replayCommand(ginkgo.CurrentSpecReport().FullText(), ginkgo.GinkgoRandomSeed()))
	}
}

// hold fails the current spec where a waiver has outlived its cause.
func (d *door) hold(ctx ginkgo.SpecContext, n *need) {
	ginkgo.GinkgoHelper()
	stale, err := d.stale(ctx, n, ginkgo.GinkgoRandomSeed())
	if err != nil {
		ginkgo.Fail(err.Error())
	}
	for _, s := range stale {
		ginkgo.Fail(s.String())
	}
}

// account shows what is not claimed, with the engine's own reasons.
func (d *door) account(ctx ginkgo.SpecContext) {
	ginkgo.GinkgoHelper()
	results, err := d.replay(ctx, d.unclaimed, ginkgo.GinkgoRandomSeed())
	if err != nil {
		ginkgo.Fail(err.Error())
	}
	text, err := unclaimedText(results)
	if err != nil {
		ginkgo.Fail(err.Error())
	}
	ginkgo.AddReportEntry("not claimed", text, ginkgo.ReportEntryVisibilityAlways)
}
