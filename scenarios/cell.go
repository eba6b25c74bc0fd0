package scenarios

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/molecule-ai/byok-conformance/registry"
)

// A Cell is a scenario that nobody has asked for yet: an entry of the corpus with
// its value on each axis of the matrix.
type Cell struct {
	*template
	// labels are what the id adds, vars the placeholders, at the place among the
	// entry's cells.
	labels []string
	vars   vars
	at     int
	// buffer is room for the id.
	buffer []byte
}

// id is the id of the cell's scenario. It is good until the next call.
func (c *Cell) id() []byte {
	c.buffer = append(c.buffer[:0], c.template.id...)
	for _, label := range c.labels {
		c.buffer = append(append(c.buffer, '/'), label...)
	}
	return c.buffer
}

// kept is a copy that stays good.
func (c *Cell) kept() Cell {
	return Cell{template: c.template, labels: slices.Clone(c.labels), vars: slices.Clone(c.vars), at: c.at}
}

// walk visits every cell of an entry that the registry offers, in the order of the
// file; an entry without a matrix has one. A cell is good until
// visit returns.
func (e *expander) walk(t *template, visit func(*Cell) error) error {
	e.cell = Cell{template: t, vars: e.cell.vars[:0], labels: e.cell.labels[:0], at: -1, buffer: e.cell.buffer}
	return e.walkOn(t.matrix, visit)
}

func (e *expander) walkOn(axes []axis, visit func(*Cell) error) error {
	if len(axes) == 0 {
		e.cell.at++
		return visit(&e.cell)
	}
	options, err := e.options(&axes[0], e.cell.vars)
	if err != nil {
		return err
	}
	vars, labels := e.cell.vars, e.cell.labels
	for _, o := range options {
		e.cell.vars, e.cell.labels = vars.with(o.vars...), labels
		if o.label != "" {
			e.cell.labels = append(e.cell.labels, o.label)
		}
		if err := e.walkOn(axes[1:], visit); err != nil {
			return err
		}
	}
	e.cell.vars, e.cell.labels = vars, labels
	return nil
}

type option struct {
	// label is what the id adds; empty where the axis only binds or filters.
	label string
	vars  vars
}

// options lists the values of an axis, given what the axes before it bound. They
// are shared, and not to be modified.
func (e *expander) options(a *axis, bound vars) ([]option, error) {
	switch a.name {
	case "name", "later", "spelling", "setting", "foreign", "foreign2", "sibling", "host", "other-host":
		p := e.reg.Provider(bound.value("provider"))
		if p == nil {
			return nil, fmt.Errorf("%s: axis %s needs an axis provider or route before it", a.pos, a.name)
		}
		return e.ofProvider(a, bound, p)
	}
	known, ok := e.plain[a]
	if !ok {
		known = e.offers.list(a, e.reg)
		e.plain[a] = known
	}
	return known, nil
}

// offers is what a registry offers to the axes of a corpus. Many entries ask for
// the same, and the forks of an expander share it.
type offers struct {
	mu sync.Mutex
	// lists are the values of axes that depend on no other, by name and values.
	lists map[string][]option
	// foreign are the names that a provider does not accept, by provider, runtime
	// and model.
	foreign map[[3]string]*foreign
}

// A foreign is the names that a provider does not accept, as values of an axis
// and as a list separated by commas.
type foreign struct {
	names   []string
	options []option
	others  string
}

// list lists the values of an axis that depends on no other.
func (o *offers) list(a *axis, reg *registry.Registry) []option {
	key := a.name + " " + strings.Join(a.values, " ")
	o.mu.Lock()
	out, ok := o.lists[key]
	o.mu.Unlock()
	if ok {
		return out
	}
	switch a.name {
	case "provider":
		out = o.providers(a.values, reg)
	case "route":
		out = o.routes(a.values, reg)
	case "space":
		out = spaceOptions(a.values)
	default:
		for _, v := range a.values {
			out = append(out, option{v, vars{{a.name, v}}})
		}
	}
	o.mu.Lock()
	o.lists[key] = out
	o.mu.Unlock()
	return out
}

// foreignTo lists the names that are foreign to a provider (see foreignNames).
func (o *offers) foreignTo(p *registry.Provider, runtime, model string, reg *registry.Registry) *foreign {
	key := [3]string{p.Name, runtime, model}
	o.mu.Lock()
	f := o.foreign[key]
	o.mu.Unlock()
	if f != nil {
		return f
	}
	f = &foreign{names: foreignNames(p, runtime, model, reg)}
	f.others = strings.Join(f.names, ",")
	for _, name := range f.names {
		f.options = append(f.options, option{name, vars{{"foreign", name}}})
	}
	o.mu.Lock()
	o.foreign[key] = f
	o.mu.Unlock()
	return f
}
