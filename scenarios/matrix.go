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
	routeSets    = []string{"byok", "platform", "tied"}
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
				next = append(next, cell{merged, append(c.labels[:len(c.labels):len(c.labels)], o.label)})
			}
		}
		out = next
	}
	return out, nil
}

type option struct {
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
	case "name", "foreign", "foreign2":
		p := reg.Provider(bound["provider"])
		if p == nil {
			return nil, fmt.Errorf("axis %s needs an axis provider or route before it", a.name)
		}
		if a.name == "name" {
			return nameOptions(a.values[0], p), nil
		}
		return foreignOptions(a.name, bound, p, reg), nil
	}
	var out []option
	for _, v := range a.values {
		out = append(out, option{v, vars{a.name: v}})
	}
	return out, nil
}

func providerOptions(sets []string, reg *registry.Registry) []option {
	var out []option
	for _, p := range reg.BYOK() {
		for _, set := range sets {
			if inProviderSet(set, p) {
				out = append(out, option{p.Name, vars{"provider": p.Name, "accepted": p.AuthEnv[0], "accepted-lower": strings.ToLower(p.AuthEnv[0])}})
				break
			}
		}
	}
	return out
}

func inProviderSet(set string, p *registry.Provider) bool {
	switch set {
	case "probed":
		return p.ProbeBase() != ""
	case "unprobed":
		return p.ProbeBase() == ""
	case "several-names":
		return len(p.AuthEnv) > 1
	}
	return true
}

// routeOptions lists (runtime, model) pairs: every id that a runtime lists and
// one sample for each alternative of each pattern.
func routeOptions(sets []string, reg *registry.Registry) []option {
	var out []option
	for _, r := range reg.Routes() {
		set := "byok"
		switch {
		case r.Provider.IsPlatform():
			set = "platform"
		case len(r.Needs) > 0:
			set = "tied"
		}
		for _, want := range sets {
			if want == set {
				label := r.Runtime + "/" + r.Model
				if set == "tied" {
					label += "/" + r.Provider.Name
				}
				out = append(out, option{label, vars{
					"provider": r.Provider.Name, "accepted": r.Provider.AuthEnv[0], "runtime": r.Runtime, "model": r.Model,
				}})
				break
			}
		}
	}
	return out
}

func nameOptions(set string, p *registry.Provider) []option {
	list := p.AuthEnv
	switch set {
	case "first":
		list = list[:1]
	case "later":
		list = list[1:]
	}
	var out []option
	for _, name := range list {
		out = append(out, option{name, vars{"name": name}})
	}
	return out
}

// foreignOptions lists every known name that the provider does not accept;
// foreign2 is the one after the first, around the end of the list.
func foreignOptions(axis string, bound vars, p *registry.Provider, reg *registry.Registry) []option {
	var list []string
	for _, name := range reg.CredentialNames() {
		if !p.Accepts(name) {
			list = append(list, name)
		}
	}
	var out []option
	for i, name := range list {
		if axis == "foreign" {
			out = append(out, option{name, vars{"foreign": name}})
		} else if name == bound["foreign"] && len(list) > 1 {
			next := list[(i+1)%len(list)]
			out = append(out, option{next, vars{"foreign2": next}})
		}
	}
	return out
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
