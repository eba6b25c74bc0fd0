package scenarios

import (
	"fmt"
	"strings"

	"github.com/molecule-ai/byok-conformance/registry"
)

// Name visits the id and the title of each scenario that a selection asks for, in
// the order of the corpus and without the twins that would come along, and returns
// how many there are. It fills no more of a scenario than that, so a pairwise
// matrix, which looks at more, is refused. The bytes are good until visit returns.
func (c *Corpus) Name(reg *registry.Registry, sel *Selection, visit func(id, title []byte)) (int, error) {
	if sel.Matrix == PairwiseMatrix {
		return 0, fmt.Errorf("naming scenarios: a %s matrix is found out by Select", PairwiseMatrix)
	}
	if err := sel.checkWords(c.Rules); err != nil {
		return 0, err
	}
	if len(sel.IDs) > 0 { // a glob may be like nothing, which Select finds and explains
		selected, err := c.Select(reg, sel)
		if err != nil {
			return 0, err
		}
		return selected.name(visit), nil
	}
	e, n := newExpander(reg).fork(), 0
	for _, t := range c.templates {
		if !sel.mayMatch(t) {
			continue
		}
		planned, err := t.planned()
		if err != nil {
			return n, fmt.Errorf("%s: scenario %q: %w", t.pos, t.id, err)
		}
		var id, title []byte
		err = e.walk(t.matrix, nil, func(c cell) error {
			id = c.appendID(id[:0], t)
			if sel.Shards > 1 && ShardOf(string(id), sel.Shards) != sel.Shard {
				return nil
			}
			v, err := e.titled(t, planned, c.vars)
			if err == nil {
				title, err = v.appendFilled(title[:0], t.title)
			}
			if err != nil {
				return fmt.Errorf("%s: scenario %q: %w", t.pos, id, err)
			}
			n++
			visit(id, title)
			return nil
		})
		if err != nil {
			return n, err
		}
	}
	return n, nil
}

// titled returns what a title is filled with: where it tells runtime or model,
// and the matrix leaves them to the route, they are bound as for the steps.
func (e *expander) titled(t *template, planned []plannedStep, v vars) (vars, error) {
	if !strings.Contains(t.title, "{runtime}") && !strings.Contains(t.title, "{model}") {
		return v, nil
	}
	if _, bound := v.get("runtime"); bound {
		return v, nil
	}
	steps, err := e.steps(planned, v)
	if err != nil {
		return nil, err
	}
	v, _, err = e.route(v, steps)
	return v, err
}

// name is Name, of what was selected already.
func (s Selected) name(visit func(id, title []byte)) int {
	for _, one := range s.Scenarios {
		if !s.Companions[one.ID] {
			visit([]byte(one.ID), []byte(one.Title))
		}
	}
	return len(s.Scenarios) - len(s.Companions)
}
