package scenarios

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/molecule-ai/byok-conformance/registry"
)

// cell is one combination of a matrix: its placeholders, and what its id adds.
type cell struct {
	vars   vars
	labels []string
}

// walk visits every combination that the registry offers, in the order of the
// file. A matrix without axes has one cell. Where keep is not nil, cells of which
// it says no after any axis are left out. A cell is good until visit returns.
func (e *expander) walk(axes []axis, keep func(vars) bool, visit func(cell) error) error {
	e.cell.vars, e.cell.labels = e.cell.vars[:0], e.cell.labels[:0]
	return e.walkOn(axes, keep, visit)
}

func (e *expander) walkOn(axes []axis, keep func(vars) bool, visit func(cell) error) error {
	if len(axes) == 0 {
		return visit(e.cell)
	}
	options, err := e.options(&axes[0], e.cell.vars)
	if err != nil {
		return err
	}
	before := e.cell
	for _, o := range options {
		e.cell = cell{before.vars.with(o.vars...), before.labels}
		if keep != nil && !keep(e.cell.vars) {
			continue
		}
		if o.label != "" {
			e.cell.labels = append(e.cell.labels, o.label)
		}
		if err := e.walkOn(axes[1:], keep, visit); err != nil {
			return err
		}
	}
	e.cell = before
	return nil
}

// count is the number of cells.
func (e *expander) count(axes []axis, bound vars) (int, error) {
	if len(axes) == 0 {
		return 1, nil
	}
	if axes[0].isPlain() { // no other axis depends on it
		rest, err := e.count(axes[1:], bound)
		return rest * len(axes[0].values), err
	}
	options, err := e.options(&axes[0], bound)
	if err != nil || len(axes) == 1 {
		return len(options), err
	}
	n := 0
	for _, o := range options {
		rest, err := e.count(axes[1:], bound.with(o.vars...))
		if err != nil {
			return 0, err
		}
		n += rest
	}
	return n, nil
}

// isPlain reports whether an axis has the values that the file lists, whatever
// the registry.
func (a *axis) isPlain() bool {
	return slices.Contains([]string{"scope", "answer", "value", "case", "space"}, a.name)
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
	case "name", "later", "spelling", "foreign", "foreign2", "sibling", "host", "other-host":
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
