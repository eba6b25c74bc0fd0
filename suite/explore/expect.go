package explore

import (
	"context"
	"slices"
	"strings"

	"github.com/molecule-ai/byok-conformance/gate"
	"github.com/molecule-ai/byok-conformance/registry"
	"github.com/molecule-ai/byok-conformance/scenarios"
)

// A maker makes scenarios of walks. It is not for use by several goroutines.
type maker struct {
	*space
	completes *scenarios.Maker
	gate      *gate.Reference
	// asked are the values of the request that the gate is asked about, by what stands
	// for each of them.
	asked map[string]string
}

func newMaker(s *space) *maker {
	x := &maker{space: s, completes: scenarios.NewMaker(s.registry), gate: gate.NewReference(s.registry, gate.Options{}), asked: map[string]string{}}
	x.gate.Probe = x.probe
	return x
}

// probe is what the reference gate's own probe comes to where a provider answers so.
func (x *maker) probe(_ context.Context, p *registry.Provider, c gate.Credential) gate.Outcome {
	switch {
	case c.Secret.Unreadable:
		return gate.Outcome{Finding: gate.Unproven, Cause: "the value cannot be read"}
	case p.ProbeBase() == "":
		return gate.Outcome{Finding: gate.Alive}
	}
	switch scenarios.AnswerOf(x.asked[c.Secret.Value]).Means {
	case scenarios.Alive:
		return gate.Outcome{Finding: gate.Alive}
	case scenarios.Dead:
		return gate.Outcome{Finding: gate.Dead}
	}
	return gate.Outcome{Finding: gate.Unproven, Cause: "the provider says nothing of the value"}
}

// secretsOf writes values as the gate is asked about them: each stands for itself.
func (x *maker) secretsOf(h holding, scope string, step int) map[string]gate.Secret {
	out := make(map[string]gate.Secret, len(h))
	for n, v := range h {
		switch {
		case v.shape == scenarios.Unreadable:
			out[n] = gate.Secret{Unreadable: true}
		case v.shape == scenarios.Empty || v.shape.IsBlank():
			out[n] = gate.Secret{}
		default:
			out[n] = gate.Secret{Value: scope + "/" + n}
			x.asked[scope+"/"+n] = v.at(step)
		}
	}
	return out
}

// expect says what must come of a model's last step. The reference gate decides; what
// it leaves to the server is left to it.
func (x *maker) expect(m *model, d *draft) {
	step := len(m.steps) - 1
	if d.Stage == scenarios.Look || d.Stage == scenarios.Remove {
		d.Expect = scenarios.Expect{Verdict: scenarios.Any, Upstream: scenarios.AnyProbe}
		d.rules = []string{"SEC-1"}
		x.complete(m, d, false)
		return
	}
	clear(x.asked)
	req := gate.Request{
		Stage: gate.Stage(d.Stage), Runtime: d.Runtime, Model: d.Model, External: d.External, URL: d.URL,
		Secrets: gate.Secrets{Workspace: x.secretsOf(d.workspace, "workspace", step), Global: x.secretsOf(d.tenant, "global", step)},
	}
	decision, _ := x.gate.Decide(context.Background(), req) // never an error
	d.provider = nil
	derived := x.registry.Derive(d.Runtime, d.Model, req.Secrets.InScope)
	if p := derived.Provider; p != nil && !p.IsPlatform() && !d.External {
		d.provider = p
	}
	known := x.known(d, step)
	if d.provider == nil {
		d.rules = staysOut(derived, d)
		d.Expect = scenarios.Expect{Verdict: scenarios.Untouched}
		x.soften(m, d, derived)
		x.complete(m, d, false)
		return
	}
	said := x.asked[decisive(d, decision)]
	e := scenarios.Expect{Verdict: scenarios.Allowed}
	if decision.Verdict == gate.Refused {
		e = scenarios.Expect{Verdict: scenarios.Refused, Code: string(decision.Code)}
	}
	d.Expect = e
	d.rules = rulesOf(m, d, decision, said)
	loud := len(decision.Notices) > 0 && d.AtOnce == 1 && !strings.HasPrefix(said, "echo-") && scenarios.AnswerOf(said).Loud
	if d.provider.ProbeBase() != "" && x.unreadable(d, decision) {
		d.Expect.Upstream, loud = scenarios.NoCall, d.AtOnce == 1
	}
	if d.Stage == scenarios.Provision {
		loud = loud && x.claims("provision-liveness")
		x.atProvision(d, decision)
	}
	if v := deciding(d, decision); x.cache && v != nil && v.since < step {
		loud = false // a verdict that is kept proves life
	}
	if said == "forbidden-empty" && slices.Contains(d.provider.Hosts(), "api.anthropic.com") {
		d.Expect = scenarios.Expect{Verdict: scenarios.Any, Upstream: scenarios.AnyProbe} // the edge in front of it says so, too (DIA-2)
	}
	x.form(m, d, decision, said, &loud)
	x.soften(m, d, derived)
	if v := deciding(d, decision); !known && v != nil && decision.Code != gate.MissingCredential {
		d.Expect = scenarios.Expect{Verdict: scenarios.Any, Upstream: scenarios.AnyProbe}
	}
	x.complete(m, d, loud)
}

// known notes which provider knows the values that a step brings, and reports whether
// none in scope is another one's that the derived provider would take.
func (x *maker) known(d *draft, step int) bool {
	all := true
	for _, h := range []holding{d.workspace, d.tenant} {
		for n, v := range h {
			switch {
			case d.provider == nil || !d.provider.Accepts(n):
			case v.since == step:
				v.knows = d.provider
			case v.knows != nil && v.knows != d.provider:
				all = false
			}
		}
	}
	return all
}

// complete fills in the rest. A step that the registry cannot have is a defect of ours.
func (x *maker) complete(m *model, d *draft, loud bool) {
	st := d.Step
	st.Secrets = scenarios.Secrets{Workspace: now(d.workspace, len(m.steps)), Global: now(d.tenant, len(m.steps))}
	if err := x.completes.Complete(&st, scenarios.Loud(loud)); err != nil {
		panic("explore made a step that contradicts the registry: " + err.Error())
	}
	d.Expect = st.Expect
}

func now(h holding, steps int) map[string]scenarios.Value {
	out := make(map[string]scenarios.Value, len(h))
	for n, v := range h {
		out[n] = v.symbol(steps)
	}
	return out
}

// decisive is what stands for the value that decides.
func decisive(d *draft, decision gate.Decision) string {
	if v := d.workspace[decision.Credential]; v != nil && v.shape != scenarios.Empty && !v.shape.IsBlank() {
		return "workspace/" + decision.Credential
	}
	return "global/" + decision.Credential
}

// deciding is the value that decides; nil where none does.
func deciding(d *draft, decision gate.Decision) *value {
	scope, n, _ := strings.Cut(decisive(d, decision), "/")
	if scope == "global" {
		return d.tenant[n]
	}
	return d.workspace[n]
}

func (x *maker) unreadable(d *draft, decision gate.Decision) bool {
	v := deciding(d, decision)
	return v != nil && v.shape == scenarios.Unreadable
}

// staysOut are the rules of a request that is none of the gate's business.
func staysOut(derived registry.Derivation, d *draft) []string {
	switch {
	case d.External:
		return []string{"DER-5"}
	case derived.Provider != nil:
		return []string{"DER-4"}
	}
	return []string{"DER-3"}
}

// atProvision: the core rules ask for presence there, and extended ones for liveness,
// too (PRV-3).
func (x *maker) atProvision(d *draft, decision gate.Decision) {
	switch {
	case decision.Code == gate.InvalidCredential && !x.claims("provision-liveness"):
		d.Expect = scenarios.Expect{Verdict: scenarios.Any, Upstream: scenarios.AnyProbe}
	case decision.Verdict == gate.Allowed && d.Expect.Upstream == "":
		d.Expect.Upstream = scenarios.AnyProbe
	}
}

// breaks are the shapes that no header may hold (SEC-6).
var breaks = []scenarios.Shape{scenarios.InnerNewline, scenarios.InnerCR, scenarios.InnerLF, scenarios.InnerNUL}

// form softens what must happen where the form of a value lets a server choose (SEC-6).
func (x *maker) form(m *model, d *draft, decision gate.Decision, said string, loud *bool) {
	for _, h := range []holding{d.workspace, d.tenant} {
		for n, v := range h {
			if slices.Contains(breaks, v.shape) || v.shape == scenarios.Newline || v.shape == scenarios.CRLF || v.shape == scenarios.NonASCII || !storable(n) {
				d.Expect.OrRejected = true
			}
		}
	}
	v := deciding(d, decision)
	if v == nil || decision.Code == gate.MissingCredential {
		return
	}
	either := scenarios.Expect{Verdict: scenarios.Either, Code: string(gate.InvalidCredential), Upstream: scenarios.AnyProbe, OrRejected: true}
	switch {
	case v.shape != scenarios.Newline && v.shape != scenarios.CRLF && v.shape != scenarios.NonASCII && !slices.Contains(breaks, v.shape):
		return
	case d.provider.ProbeBase() == "":
		d.rules = []string{"SEC-6"}
	case slices.Contains(breaks, v.shape):
		either.Upstream = scenarios.NoCall
		d.Expect, *loud, d.rules = either, d.AtOnce == 1, []string{"SEC-6"}
	case v.shape != scenarios.NonASCII && scenarios.AnswerOf(said).Means == scenarios.Dead:
		d.Expect.Upstream, d.rules = scenarios.AnyProbe, []string{"SEC-6", "LIV-1"}
	default:
		d.Expect, *loud, d.rules = either, false, []string{"SEC-6"}
	}
}

// soften leaves to the server what the rules leave to it.
func (x *maker) soften(m *model, d *draft, derived registry.Derivation) {
	hidden := d.provider != nil && slices.ContainsFunc(d.provider.AuthEnv, func(n string) bool {
		w, g := d.workspace[n], d.tenant[n]
		return w != nil && g != nil && (w.shape == scenarios.Empty || w.shape.IsBlank()) && g.shape != scenarios.Empty && !g.shape.IsBlank()
	})
	any := scenarios.Expect{Verdict: scenarios.Any, Upstream: scenarios.AnyProbe}
	switch {
	case hidden, derived.By == registry.Pattern && !x.unlisted:
		d.Expect = any // PRE-5 leaves it open; or another rule of the server decides
	case d.Malformed != "" && (!inBytes(d.Malformed) || d.Expect.Verdict != scenarios.Refused):
		d.Expect, d.rules = any, []string{"ROB-2"}
	case d.Malformed != "", d.SameName:
		if d.Expect.Verdict == scenarios.Refused {
			d.Expect.OrRejected = true
			if d.Malformed != "" || d.Expect.Code == string(gate.InvalidCredential) {
				d.Expect.Upstream = scenarios.AnyProbe
			}
		}
	}
}

// inBytes reports whether a malformation leaves the gate everything to decide by.
func inBytes(m scenarios.Malformation) bool {
	switch m {
	case scenarios.NULName, scenarios.QuoteName, scenarios.EmojiName, scenarios.LongName, scenarios.NULKey, scenarios.QuoteKey:
		return true
	}
	return false
}

// rulesOf are the rules that a wrong verdict about a step breaks, the first one first.
func rulesOf(m *model, d *draft, decision gate.Decision, said string) []string {
	var out []string
	add := func(such bool, rules ...string) {
		if such {
			out = append(out, rules...)
		}
	}
	absent := decision.Code == gate.MissingCredential
	add(d.Stage == scenarios.Provision && decision.Verdict == gate.Refused && absent, "PRV-1")
	add(d.Stage == scenarios.Provision && decision.Verdict == gate.Refused && !absent, "PRV-3")
	add(d.Stage == scenarios.Provision && decision.Verdict == gate.Allowed, "PRV-2")
	add((d.Switch != nil || d.SameName || d.Malformed != "") && decision.Verdict == gate.Refused, "PRE-9")
	moves := m.at(d.move, setting) != "none" || d.URL != "" || d.Switch != nil && strings.HasPrefix(d.Switch.Name, "endpoint-")
	add(moves && !absent, "LIV-4")
	if absent {
		return append(out, absence(m, d)...)
	}
	global := strings.HasPrefix(decisive(d, decision), "global/")
	v := deciding(d, decision)
	a := scenarios.AnswerOf(said)
	add(d.alike, "LIV-12")
	add(d.changed, "LIV-13")
	add(v != nil && v.shape == scenarios.Unreadable, "LIV-10", "LIV-11")
	add(decision.Verdict == gate.Refused, "LIV-1")
	if decision.Verdict == gate.Allowed {
		add(a.Means == scenarios.Transient, "LIV-2")
		add(a.Means == scenarios.Inconclusive, "LIV-3")
		add(strings.HasPrefix(a.Name, "redirect-"), "SEC-4")
		add(global, "PRE-5")
		add(d.provider.ProbeBase() == "", "LIV-7")
		add(v != nil && strings.HasPrefix(string(v.shape), "form-"), "LIV-15")
		add(true, "PRE-4", "LIV-3")
	}
	add(strings.HasPrefix(a.Name, "echo-"), "SEC-5")
	add(d.AtOnce > 1, "ROB-3")
	return out
}

// absence are the rules by which nothing in scope counts.
func absence(m *model, d *draft) []string {
	var out []string
	known, blank, other := false, false, false
	for _, h := range []holding{d.workspace, d.tenant} {
		for n, v := range h {
			switch {
			case d.provider.Accepts(n):
				blank = true
			case v.shape == scenarios.Empty || v.shape.IsBlank() || strings.HasPrefix(n, "A0_CONFORMANCE_FILLER"):
			case slices.Contains(m.names, n):
				known = true
			default:
				other = true
			}
		}
	}
	for _, r := range []struct {
		such bool
		rule string
	}{{known, "PRE-2"}, {other, "PRE-6"}, {blank, "PRE-3"}, {true, "PRE-1"}, {true, "PRE-7"}, {d.AtOnce > 1, "ROB-3"}} {
		if r.such {
			out = append(out, r.rule)
		}
	}
	return out
}
