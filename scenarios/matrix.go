package scenarios

import (
	"fmt"
	"slices"
	"strings"

	"github.com/molecule-ai/byok-conformance/scenarios/strict"
)

// vars are the placeholders of one cell, by name; of two with the same name the
// later counts. Cells share what the axes before them bound.
type vars []binding

type binding struct{ name, value string }

// get returns the value of a placeholder, and whether it is bound.
func (v vars) get(name string) (string, bool) {
	for i := len(v) - 1; i >= 0; i-- {
		if v[i].name == name {
			return v[i].value, true
		}
	}
	return "", false
}

// value is the value of a placeholder, or "".
func (v vars) value(name string) string {
	value, _ := v.get(name)
	return value
}

// with returns v and more bindings; v itself stays as it is.
func (v vars) with(more ...binding) vars { return append(v[:len(v):len(v)], more...) }

// cell is one combination of a matrix: its placeholders, and what its id adds.
type cell struct {
	vars   vars
	labels []string
}

var (
	providerSets = []string{"byok", "probed", "unprobed", "several-names"}
	routeSets    = []string{"byok", "platform", "probed", "tied", "tied-listed", "tied-probed", "runtimes", "platform-runtimes", "strangers", "overlaps"}
	nameSets     = []string{"accepted", "first", "later"}
)

// cells returns every combination that the registry offers, in the order of
// the file. A matrix without axes has one cell. Where keep is not nil, cells of
// which it says no after any axis are left out.
func (e *expander) cells(axes []axis, keep func(vars) bool) ([]cell, error) {
	out := []cell{{}}
	for _, a := range axes {
		var next []cell
		for _, c := range out {
			options, err := e.options(a, c.vars)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", a.pos, err)
			}
			for _, o := range options {
				bound := c.vars.with(o.vars...)
				if keep != nil && !keep(bound) {
					continue
				}
				labels := c.labels
				if o.label != "" {
					labels = append(labels[:len(labels):len(labels)], o.label)
				}
				next = append(next, cell{bound, labels})
			}
		}
		out = next
	}
	return out, nil
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
	options, err := e.options(axes[0], bound)
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
func (a axis) isPlain() bool {
	return slices.Contains([]string{"scope", "answer", "value", "case"}, a.name)
}

type option struct {
	// label is what the id adds; empty where the axis only binds or filters.
	label string
	vars  vars
}

// options lists the values of an axis, given what the axes before it bound.
func (e *expander) options(a axis, bound vars) ([]option, error) {
	switch a.name {
	case "provider":
		return providerOptions(a.values, e.reg), nil
	case "route":
		return routeOptions(a.values, e.reg), nil
	case "name", "later", "foreign", "foreign2", "sibling", "host":
		p := e.reg.Provider(bound.value("provider"))
		if p == nil {
			return nil, fmt.Errorf("axis %s needs an axis provider or route before it", a.name)
		}
		return e.ofProvider(a, bound, p)
	}
	var out []option
	for _, v := range a.values {
		out = append(out, option{v, vars{{a.name, v}}})
	}
	return out, nil
}

func (v vars) unknown(name string) error {
	if len(v) == 0 {
		return fmt.Errorf("unknown placeholder {%s}; there is no matrix", name)
	}
	known := map[string]bool{}
	for _, b := range v {
		known[b.name] = true
	}
	return fmt.Errorf("unknown placeholder {%s}; this matrix binds %s", name, strings.Join(strict.SortedKeys(known), ", "))
}

// fill replaces {placeholders}; an unknown one is an error.
func (v vars) fill(s string) (string, error) {
	if !strings.Contains(s, "{") {
		return s, nil
	}
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(s, "{")
		b.WriteString(before)
		if !found {
			return b.String(), nil
		}
		name, after, closed := strings.Cut(rest, "}")
		value, known := v.get(name)
		if !closed || !known {
			return "", v.unknown(name)
		}
		b.WriteString(value)
		s = after
	}
}

// fillFields fills the names of further fields, and their values where they
// are strings.
func (v vars) fillFields(fields map[string]any) (map[string]any, error) {
	if fields == nil {
		return nil, nil
	}
	out := make(map[string]any, len(fields))
	for name, value := range fields {
		name, err := v.fill(name)
		if err != nil {
			return nil, err
		}
		if text, ok := value.(string); ok {
			if value, err = v.fill(text); err != nil {
				return nil, err
			}
		}
		out[name] = value
	}
	return out, nil
}
