// Package gates holds test doubles of the gate: the reference gate with one
// rule broken, each named for its bug and naming its rule, and correct variants
// that differ from it in what no rule fixes.
//
// They prove the corpus: every faulty gate must fail at least one scenario,
// under the rule that it breaks, and every variant must pass them all. What
// does not live here: providers (fakes/upstream), and the replay (suite).
package gates

import (
	"net/http"
	"slices"
	"time"

	"github.com/molecule-ai/byok-conformance/gate"
	"github.com/molecule-ai/byok-conformance/gate/server"
	"github.com/molecule-ai/byok-conformance/registry"
)

// A Double is one gate, faulty or correct, with what surrounds it.
type Double struct {
	Name string
	// Rules are what a faulty gate breaks: a run must find at least one of them
	// violated. Empty for a correct variant.
	Rules []string
	// Bypass: a faulty gate that lets a credential of another provider count, which
	// is the defect that `conformance prove mismatch` proves closed.
	Bypass bool
	// Story says how a team comes to write this.
	Story string
	// Gate builds the gate; nil means the reference gate.
	Gate builder
	// Server changes the server around the gate; nil changes nothing. A double
	// with Server or Wrap shows itself over HTTP only.
	Server func(*server.Config)
	// Wrap goes around the server's handler; nil changes nothing.
	Wrap func(http.Handler) http.Handler
	// Precedence and LivenessCache are what its profile would say (LIV-8, LIV-13).
	Precedence    registry.Precedence
	LivenessCache time.Duration
	// Extended: only --level extended can tell it from a correct gate.
	Extended bool
	// Remembers: what it answers depends on what it was asked before, so that
	// two runs in another order lawfully end differently, scenario by scenario.
	Remembers bool
	// Hurried: its fault shows itself by the clock, so that on a busy machine
	// scenarios lawfully fail that pass on an idle one.
	Hurried bool
	// Patience is how long the corpus waits for its answers; zero means 30 s. It is
	// short for one that stops answering.
	Patience time.Duration
	// CoreOnly: a correct variant that keeps the core rules only, so that
	// --level extended may find fault with it.
	CoreOnly bool
}

// HTTPOnly reports whether the double needs a server to show itself.
func (d *Double) HTTPOnly() bool { return d.Server != nil || d.Wrap != nil }

// Build returns the double's gate.
func (d *Double) Build(reg *registry.Registry, o gate.Options) gate.Gate {
	if d.Gate == nil {
		return gate.NewReference(reg, o)
	}
	return d.Gate(reg, o)
}

// Faulty returns the faulty gates, in order of the rules that they break.
func Faulty() []Double {
	return slices.Concat(derivationFaults, idFaults, presenceFaults, operatorFaults, switchFaults, formFaults, spellingFaults, scopeFaults, livenessFaults, probeFaults, unreadableFaults, sequenceFaults, refusalFaults, secrecyFaults, shownFaults, provisionFaults, robustFaults, dialectFaults, answerFaults, leavingFaults)
}

// Bypasses returns the faulty gates that let a credential of another provider
// count: each is a way to close the hole that leaves it open somewhere.
func Bypasses() []Double {
	return slices.DeleteFunc(Faulty(), func(d Double) bool { return !d.Bypass })
}

// Find returns a faulty gate by name, or nil.
func Find(name string) *Double {
	for _, d := range Faulty() {
		if d.Name == name {
			return &d
		}
	}
	return nil
}

// Names lists the faulty gates.
func Names() []string {
	var out []string
	for _, d := range Faulty() {
		out = append(out, d.Name)
	}
	return out
}
