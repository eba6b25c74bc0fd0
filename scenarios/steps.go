package scenarios

import "fmt"

// A plannedStep is a step of a template with what it inherits, the same for
// every cell.
type plannedStep struct {
	stepTemplate
	at Stage
	// mentions are the placeholders that stand in its secrets, once each.
	mentions []string
}

// plan returns the steps of a template. A single provision entry becomes
// two, so that there is a workspace to provision again.
func (t *template) plan() ([]plannedStep, error) {
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
	out := make([]plannedStep, len(list))
	for i, st := range list {
		p := plannedStep{stepTemplate: st, at: Stage(st.given.stage)}
		p.given = inherit(st.given, t.given)
		p.mentions = p.given.mentions()
		if p.at == "" {
			p.at = Create
		}
		switch {
		case p.at != Create && i == 0:
			return nil, fmt.Errorf("its first step is to %s, but no workspace was created before", p.at)
		case p.alongside && (i == 0 || p.at != Create):
			return nil, fmt.Errorf("step %q is to run alongside the one before it; only a create behind another create can", p.name)
		}
		out[i] = p
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
