package scenarios

import (
	"fmt"
	"strings"

	"github.com/molecule-ai/byok-conformance/registry"
	"github.com/molecule-ai/byok-conformance/scenarios/strict"
)

// vars are the placeholders of one cell.
type vars map[string]string

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
// the file. A matrix without axes has one cell.
func cells(axes []axis, reg *registry.Registry) ([]cell, error) {
	out := []cell{{vars: vars{}}}
	for _, a := range axes {
		var next []cell
		for _, c := range out {
			options, err := a.options(c.vars, reg)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", a.pos, err)
			}
			for _, o := range options {
				merged := make(vars, len(c.vars)+len(o.vars))
				for k, v := range c.vars {
					merged[k] = v
				}
				for k, v := range o.vars {
					merged[k] = v
				}
				labels := c.labels[:len(c.labels):len(c.labels)]
				if o.label != "" {
					labels = append(labels, o.label)
				}
				next = append(next, cell{merged, labels})
			}
		}
		out = next
	}
	return out, nil
}

type option struct {
	// label is what the id adds; empty where the axis only binds or filters.
	label string
	vars  vars
}

// options lists the values of an axis, given what the axes before it bound.
func (a axis) options(bound vars, reg *registry.Registry) ([]option, error) {
	switch a.name {
	case "provider":
		return providerOptions(a.values, reg), nil
	case "route":
		return routeOptions(a.values, reg), nil
	case "name", "later", "foreign", "foreign2", "sibling", "host":
		p := reg.Provider(bound["provider"])
		if p == nil {
			return nil, fmt.Errorf("axis %s needs an axis provider or route before it", a.name)
		}
		return a.ofProvider(bound, p, reg)
	}
	var out []option
	for _, v := range a.values {
		out = append(out, option{v, vars{a.name: v}})
	}
	return out, nil
}

func (v vars) unknown(name string) error {
	if len(v) == 0 {
		return fmt.Errorf("unknown placeholder {%s}; there is no matrix", name)
	}
	return fmt.Errorf("unknown placeholder {%s}; this matrix binds %s", name, strings.Join(strict.SortedKeys(v), ", "))
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
		value, known := v[name]
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
