package scenarios

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/molecule-ai/byok-conformance/registry"
)

// expander turns templates into scenarios for one registry.
type expander struct {
	reg *registry.Registry
	// foreign: the registry is not ours, so a scenario may not apply to it.
	foreign bool
	// routes are the registry's routes by provider.
	routes map[string][]registry.Route
}

// expand returns one scenario per cell.
func (e *expander) expand(t *template) ([]*Scenario, error) {
	all, err := cells(t.matrix, e.reg)
	if err != nil {
		return nil, err
	}
	out := make([]*Scenario, 0, len(all))
	for _, c := range all {
		s, err := e.scenario(t, c)
		if err != nil {
			return nil, fmt.Errorf("%s: scenario %q: %w", t.pos, strings.Join(append([]string{t.id}, c.labels...), "/"), err)
		}
		out = append(out, s)
	}
	return out, nil
}

func (e *expander) scenario(t *template, c cell) (*Scenario, error) {
	s := &Scenario{
		ID: strings.Join(append([]string{t.id}, c.labels...), "/"), Class: t.class, Level: Level(t.level),
		Severity: t.severity, Rules: t.rules, Source: t.source, Needs: slices.Clone(t.needs), Twin: t.twin, Pos: t.pos,
		template: t.id, cell: c.labels,
	}
	steps, err := e.steps(t, c.vars)
	if err != nil {
		return nil, err
	}
	if s.NotApplicable, err = e.route(c.vars, steps); err != nil {
		return nil, err
	}
	for i := range steps {
		d := &steps[i]
		if err := e.finish(d, c.vars); err != nil {
			return nil, err
		}
		s.Steps = append(s.Steps, d.step)
		s.NotApplicable = cmp.Or(s.NotApplicable, d.notApplicable)
	}
	if s.Title, err = c.vars.fill(t.title); err != nil {
		return nil, err
	}
	if s.Effect, err = c.vars.fill(t.effect); err != nil {
		return nil, err
	}
	s.Needs = needs(s)
	return s, nil
}

// draft is a step whose secrets are known and whose runtime and model may
// still be placeholders.
type draft struct {
	step          Step
	given         givenTemplate
	expect        expectTemplate
	notApplicable string
}

// steps fills the secrets of every step. A single provision entry becomes two
// steps, so that there is a workspace to provision again.
func (e *expander) steps(t *template, v vars) ([]draft, error) {
	list := t.steps
	if len(list) == 0 {
		list = []stepTemplate{{given: t.given, expect: t.expect}}
		if t.given.stage == string(Provision) {
			create := t.given
			create.stage, create.secrets, create.hasSecrets = string(Create), t.given.before, true
			list = []stepTemplate{
				{name: "create", given: create, expect: expectTemplate{verdict: string(Allowed), upstream: string(AnyProbe), pos: t.pos}},
				{name: "provision", given: t.given, expect: t.expect},
			}
		}
	}
	var out []draft
	for i, st := range list {
		d := draft{given: inherit(st.given, t.given), expect: st.expect, step: Step{Name: st.name, Stage: Stage(st.given.stage), Alongside: st.alongside}}
		if d.step.Stage == "" {
			d.step.Stage = Create
		}
		switch {
		case d.step.Stage != Create && i == 0:
			return nil, fmt.Errorf("its first step is to %s, but no workspace was created before", d.step.Stage)
		case st.alongside && (i == 0 || d.step.Stage != Create):
			return nil, fmt.Errorf("step %q is to run alongside the one before it; only a create behind another create can", st.name)
		}
		var err error
		if d.step.Secrets, err = d.given.secrets.fill(v, d.given.upstream); err != nil {
			return nil, err
		}
		for n := range d.given.filler {
			d.step.Secrets.put("workspace", fmt.Sprintf("CONFORMANCE_FILLER_%d", n+1), Value{Answers: []string{"live"}})
		}
		out = append(out, d)
	}
	return out, nil
}

// inherit fills what a step leaves out from the scenario's own given.
func inherit(g, from givenTemplate) givenTemplate {
	if g.runtime == nil {
		g.runtime = from.runtime
	}
	if g.model == nil {
		g.model = from.model
	}
	if g.external == nil {
		g.external = from.external
	}
	if g.url == nil {
		g.url = from.url
	}
	if g.fields == nil {
		g.fields = from.fields
	}
	if g.upstream == "" {
		g.upstream = from.upstream
	}
	if !g.hasSecrets {
		g.secrets = from.secrets
	}
	return g
}

func (s secretsTemplate) fill(v vars, upstream string) (Secrets, error) {
	var out Secrets
	var answers []string
	if answer, err := v.fill(upstream); err != nil {
		return out, err
	} else if answer != "" {
		if answers, err = parseAnswers(answer); err != nil {
			return out, err
		}
	}
	var err error
	for scope, byName := range s {
		if scope, err = v.fill(scope); err != nil {
			return out, err
		}
		if !slices.Contains(scopeNames, scope) {
			return out, fmt.Errorf("secrets have no scope %q; the scopes are %s", scope, strings.Join(scopeNames, ", "))
		}
		for name, value := range byName {
			if name, err = v.fill(name); err != nil {
				return out, err
			}
			if value, err = v.fill(value); err != nil {
				return out, err
			}
			parsed, err := ParseValue(value)
			if err != nil {
				return out, err
			}
			if answers != nil && slices.Equal(parsed.Answers, []string{"live"}) {
				parsed.Answers = answers
			}
			for one := range strings.SplitSeq(name, ",") {
				// A registry may know no name but the provider's own.
				if one != "" && !out.put(scope, one, parsed) {
					return out, fmt.Errorf("%s is given twice at scope %s", one, scope)
				}
			}
		}
	}
	return out, nil
}

// put adds a value at one scope or at both, and reports whether the name was free.
func (s *Secrets) put(scope, name string, v Value) bool {
	free := true
	add := func(to *map[string]Value) {
		if *to == nil {
			*to = map[string]Value{}
		}
		_, taken := (*to)[name]
		(*to)[name], free = v, free && !taken
	}
	if scope != "global" {
		add(&s.Workspace)
	}
	if scope != "workspace" {
		add(&s.Global)
	}
	return free
}

// route binds {runtime} and {model} for a provider axis: the first route that
// leads to the provider with each step's credentials in scope. Where there is
// none, our own corpus is wrong, and somebody else's registry cannot express
// the scenario; notApplicable says so.
func (e *expander) route(v vars, steps []draft) (notApplicable string, err error) {
	if v["provider"] == "" || v["runtime"] != "" {
		return "", nil
	}
	for _, r := range e.routes[v["provider"]] {
		leads := !slices.ContainsFunc(steps, func(d draft) bool {
			got := e.reg.Derive(r.Runtime, r.Model, d.step.Secrets.InScope).Provider
			return got == nil || got.Name != v["provider"]
		})
		if leads {
			v["runtime"], v["model"] = r.Runtime, r.Model
			return "", nil
		}
	}
	problem := fmt.Sprintf("no runtime and model of the registry lead to provider %q with these credentials in scope", v["provider"])
	if !e.foreign {
		return "", errors.New(problem)
	}
	first := e.routes[v["provider"]][0] // an axis only holds providers that a route leads to
	v["runtime"], v["model"] = first.Runtime, first.Model
	return problem, nil
}

// finish fills what is left of a step once runtime and model are known.
func (e *expander) finish(d *draft, v vars) error {
	for _, f := range []struct {
		from *string
		into *string
	}{{d.given.runtime, &d.step.Runtime}, {d.given.model, &d.step.Model}, {d.given.url, &d.step.URL}} {
		if f.from == nil {
			continue
		}
		var err error
		if *f.into, err = v.fill(*f.from); err != nil {
			return err
		}
	}
	if d.given.external != nil {
		d.step.External = *d.given.external
	}
	d.step.AtOnce = max(1, d.given.atOnce)
	malformed, err := v.fill(d.given.malformed)
	if err != nil {
		return err
	}
	d.step.Malformed = Malformation(malformed)
	if d.step.Fields, err = v.fillFields(d.given.fields); err != nil {
		return err
	}
	return e.expectation(d, v)
}

// expectation fills the defaults of what must happen, and holds it to the
// registry: a scenario written for another provider than the one derived is an
// error in our corpus, and does not apply to somebody else's registry.
func (e *expander) expectation(d *draft, v vars) error {
	x := Expect{Verdict: Verdict(d.expect.verdict), Code: d.expect.code, Upstream: Upstream(d.expect.upstream)}
	derived := e.reg.Derive(d.step.Runtime, d.step.Model, d.step.Secrets.InScope).Provider
	gated := derived != nil && !derived.IsPlatform() && !d.step.External
	for _, p := range d.expect.providers {
		name, err := v.fill(p)
		if err != nil {
			return err
		}
		x.Providers = append(x.Providers, name)
	}
	if len(x.Providers) == 0 && gated {
		x.Providers = []string{derived.Name}
	}
	if problem := mismatch(x, derived, gated, d.step.Secrets); problem != "" {
		switch {
		case !e.foreign && d.step.Name != "":
			return fmt.Errorf("step %q: %s", d.step.Name, problem)
		case !e.foreign:
			return errors.New(problem)
		}
		d.notApplicable = problem
	}
	var err error
	if x.Probed, err = v.fill(d.expect.probed); err != nil {
		return err
	}
	if x.Probed == "" && gated {
		x.Probed = probed(derived, d.step.Secrets)
	}
	if x.Upstream == "" {
		x.Upstream = defaultUpstream(x, derived, gated)
	}
	x.Loud = x.Verdict == Allowed && x.Upstream == OneProbe && slices.Contains(LoudAnswers, d.step.Secrets.value(x.Probed).lastAnswer())
	if d.expect.loud != nil {
		x.Loud = *d.expect.loud
	}
	if x.Upstream == NoCall && !x.Loud {
		x.Probed = ""
	}
	x.OrRejected = d.expect.rejection != nil && *d.expect.rejection
	d.step.Expect = x
	return nil
}

// mismatch says why an expectation does not fit what the registry derives.
func mismatch(x Expect, derived *registry.Provider, gated bool, s Secrets) string {
	switch {
	case x.Verdict == Any:
		return ""
	case x.Verdict == Untouched && gated:
		return fmt.Sprintf("it expects the gate to stay out, but the registry derives BYOK provider %q", derived.Name)
	case x.Verdict != Untouched && !gated:
		return "it expects a verdict of the gate, but the registry derives no BYOK provider"
	case gated && !slices.Contains(x.Providers, derived.Name):
		return fmt.Sprintf("it expects provider %s, but the registry derives %q", strings.Join(x.Providers, " or "), derived.Name)
	case gated && derived.ProbeBase() == "" && (x.Code == "BYOK_CREDENTIAL_INVALID" && x.Verdict == Refused || x.Upstream == OneProbe):
		return fmt.Sprintf("it expects a probe, but the registry has nothing to probe for provider %q", derived.Name)
	case gated && x.Code == "MISSING_BYOK_CREDENTIAL" && x.Verdict == Refused && probed(derived, s) != "":
		return fmt.Sprintf("it expects that a credential is missing, but provider %q accepts %s", derived.Name, probed(derived, s))
	}
	return ""
}

// probed is the credential that decides by LIV-8 and PRE-5, as "scope/NAME".
func probed(p *registry.Provider, s Secrets) string {
	for _, name := range p.AuthEnv {
		if v, ok := s.Workspace[name]; ok && v.Present() {
			return "workspace/" + name
		}
		if v, ok := s.Global[name]; ok && v.Present() {
			return "global/" + name
		}
	}
	return ""
}

func (s Secrets) value(probed string) Value {
	scope, name, _ := strings.Cut(probed, "/")
	if scope == "global" {
		return s.Global[name]
	}
	return s.Workspace[name]
}

// Value returns the symbolic value of a credential given as "scope/NAME".
func (s Secrets) Value(probed string) Value { return s.value(probed) }

func (v Value) lastAnswer() string {
	if len(v.Answers) == 0 {
		return ""
	}
	return v.Answers[len(v.Answers)-1]
}

func defaultUpstream(x Expect, derived *registry.Provider, gated bool) Upstream {
	switch {
	case !gated, x.Code == "MISSING_BYOK_CREDENTIAL" && x.Verdict == Refused, derived.ProbeBase() == "":
		return NoCall
	case x.Verdict == Either, x.Verdict == Any:
		return AnyProbe
	}
	return OneProbe
}

// needs adds the claims that follow from what a scenario does.
func needs(s *Scenario) []string {
	out := s.Needs
	add := func(claim string, when bool) {
		if when && !slices.Contains(out, claim) {
			out = append(out, claim)
		}
	}
	last := s.Steps[len(s.Steps)-1]
	liveness := last.Expect.Code == "BYOK_CREDENTIAL_INVALID" && last.Expect.Verdict == Refused
	if last.Stage == Provision {
		add("provision-presence", !liveness)
		add("provision-liveness", liveness)
	} else {
		add("create-presence", !liveness && len(s.Needs) == 0)
		add("create-liveness", liveness)
	}
	for _, st := range s.Steps {
		add("global-scope", len(st.Secrets.Global) > 0)
		for _, v := range st.Secrets.all() {
			add("unreadable-secrets", v.Shape == Unreadable)
		}
	}
	return out
}

func (s Secrets) all() []Value {
	var out []Value
	for _, m := range []map[string]Value{s.Workspace, s.Global} {
		for _, v := range m {
			out = append(out, v)
		}
	}
	return out
}
