package scenarios

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/molecule-ai/byok-conformance/internal/strict"
	"github.com/molecule-ai/byok-conformance/registry"
)

// expander turns templates into scenarios for one registry. It is not for use
// by several goroutines; fork makes another that is.
type expander struct {
	reg *registry.Registry
	// foreign: the registry is not ours, so a scenario may not apply to it.
	foreign bool
	// routes are the registry's routes by provider.
	routes map[string][]registry.Route
	offers *offers
	// plain are the values of axes that depend on no other.
	plain map[*axis][]option
	// secrets, sets, values, needs and lists are shared by scenarios that have the
	// same ones: a corpus has many times more scenarios than sets of secrets.
	secrets map[secretsKey]Secrets
	sets    map[string]map[string]Value
	values  map[string]Value
	needs   map[needsKey][]string
	lists   map[string][]string
	// cell, drafts, text and filled are the room for one scenario at a time.
	cell   Cell
	drafts []draft
	text   []byte
	filled [2][]namedValue
}

// newExpander returns what all forks of one registry share.
func newExpander(reg *registry.Registry) *expander {
	e := &expander{
		reg: reg, foreign: reg.Digest() != registry.Embedded().Digest() || reg.Precedence() != nil, routes: map[string][]registry.Route{},
		offers: &offers{lists: map[string][]option{}, foreign: map[[3]string]*foreign{}},
	}
	for _, verbatim := range []bool{true, false} {
		for _, r := range reg.Routes() {
			if (r.By == registry.Verbatim) == verbatim {
				e.routes[r.Provider.Name] = append(e.routes[r.Provider.Name], r)
			}
		}
	}
	return e
}

// fork returns an expander of the same registry that remembers for itself.
func (e *expander) fork() *expander {
	return &expander{
		reg: e.reg, foreign: e.foreign, routes: e.routes, offers: e.offers,
		plain: map[*axis][]option{}, secrets: map[secretsKey]Secrets{}, sets: map[string]map[string]Value{},
		values: map[string]Value{}, needs: map[needsKey][]string{}, lists: map[string][]string{},
		cell: Cell{vars: make(vars, 0, 32), labels: make([]string, 0, 8)}, // more than any matrix of ours binds
	}
}

// scenario makes a cell's scenario.
func (e *expander) scenario(c *Cell) (*Scenario, error) {
	s, err := e.fill(c)
	if err != nil {
		return nil, fmt.Errorf("%s: scenario %q: %w", c.pos, c.id(), err)
	}
	return s, nil
}

func (e *expander) fill(c *Cell) (*Scenario, error) {
	t, v := c.template, c.vars
	s := &Scenario{
		ID: string(c.id()), Class: t.class, Level: Level(t.level),
		Severity: t.severity, Rules: t.rules, Source: t.source, Twin: t.twin, Pos: t.pos,
		entry: t, cell: slices.Clone(c.labels), at: c.at,
	}
	steps, err := e.steps(t.planned, v)
	if err != nil {
		return nil, err
	}
	if v, s.NotApplicable, err = e.route(v, steps); err != nil {
		return nil, err
	}
	s.Steps = make([]Step, 0, len(steps))
	for i := range steps {
		d := &steps[i]
		if err := e.finish(d, v); err != nil {
			return nil, err
		}
		s.Steps = append(s.Steps, d.step)
		s.NotApplicable = cmp.Or(s.NotApplicable, d.notApplicable)
	}
	if s.Title, err = v.fill(t.title); err != nil {
		return nil, err
	}
	if s.Effect, err = v.fill(t.effect); err != nil {
		return nil, err
	}
	s.Needs = e.needsOf(t, s)
	return s, nil
}

// title fills a cell's title, into a buffer. Where it tells runtime or model, and
// the matrix leaves them to the route, they are bound as for the steps.
func (e *expander) title(c *Cell, to []byte) ([]byte, error) {
	v := c.vars
	if _, bound := v.get("runtime"); !bound && (strings.Contains(c.template.title, "{runtime}") || strings.Contains(c.template.title, "{model}")) {
		steps, err := e.steps(c.planned, v)
		if err != nil {
			return nil, err
		}
		if v, _, err = e.route(v, steps); err != nil {
			return nil, err
		}
	}
	return v.appendFilled(to, c.template.title)
}

// draft is a step whose secrets are known and whose runtime and model may
// still be placeholders.
type draft struct {
	*plannedStep
	step          Step
	notApplicable string
}

// steps fills the secrets of every step. The result is good until the next call.
func (e *expander) steps(planned []plannedStep, v vars) ([]draft, error) {
	e.drafts = e.drafts[:0]
	for i := range planned {
		p := &planned[i]
		d := draft{plannedStep: p, step: Step{Name: p.name, Stage: p.at, Alongside: p.alongside}}
		var err error
		if d.step.Secrets, err = e.secretsOf(p, v); err != nil {
			return nil, err
		}
		e.drafts = append(e.drafts, d)
	}
	return e.drafts, nil
}

// route binds {runtime} and {model} for a provider axis: the first route that
// leads to the provider with each step's credentials in scope. Where there is
// none, our own corpus is wrong, and somebody else's registry cannot express
// the scenario; notApplicable says so.
func (e *expander) route(v vars, steps []draft) (bound vars, notApplicable string, err error) {
	provider := v.value("provider")
	if provider == "" || v.value("runtime") != "" {
		return v, "", nil
	}
	to := func(r registry.Route) vars { return v.with(binding{"runtime", r.Runtime}, binding{"model", r.Model}) }
	for _, r := range e.routes[provider] {
		leads := !slices.ContainsFunc(steps, func(d draft) bool {
			got := e.reg.Derive(r.Runtime, r.Model, d.step.Secrets.InScope).Provider
			return got == nil || got.Name != provider
		})
		if leads {
			return to(r), "", nil
		}
	}
	problem := fmt.Sprintf("no runtime and model of the registry lead to provider %q with these credentials in scope", provider)
	if !e.foreign {
		return v, "", errors.New(problem)
	}
	return to(e.routes[provider][0]), problem, nil // an axis only holds providers that a route leads to
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
	d.step.Malformed, d.step.SameName, d.step.After = Malformation(malformed), d.given.sameName, Part(d.given.after)
	d.step.OneName, d.step.HangUp = d.given.oneName, d.given.hangUp
	if d.given.switchName != "" {
		name, err := v.fill(d.given.switchName)
		if err != nil {
			return err
		}
		if d.step.Switch = FindSwitch(name); d.step.Switch == nil {
			return fmt.Errorf("there is no switch %q%s; the switches are %s", name, strict.DidYouMean(name, switchNames()), strings.Join(switchNames(), ", "))
		}
	}
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
		if len(d.expect.providers) == 1 {
			x.Providers = e.listOf(name)
		} else {
			x.Providers = append(x.Providers, name)
		}
	}
	if len(x.Providers) == 0 && gated {
		x.Providers = e.listOf(derived.Name)
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
	x.Loud = x.Verdict == Allowed && x.Upstream == OneProbe && AnswerOf(d.step.Secrets.value(x.Probed).lastAnswer()).Loud
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

// listOf is a list of one name: one for all that have the same.
func (e *expander) listOf(name string) []string {
	list, ok := e.lists[name]
	if !ok {
		list = []string{name}
		e.lists[name] = list
	}
	return list
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
