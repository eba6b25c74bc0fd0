package registry

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// A Precedence is the order in which a server reads the credentials of providers,
// by the provider's name: those that it names come first, in its order, and the
// others behind them in the registry's (LIV-8).
type Precedence map[string][]string

// WithPrecedence returns a registry whose providers try their credentials in
// another order; it is r itself where p is empty. Its Digest is that of the file. An
// error says which provider is unknown, or which name it does not accept.
func (r *Registry) WithPrecedence(p Precedence) (*Registry, error) {
	if len(p) == 0 {
		return r, nil
	}
	out := &Registry{SchemaVersion: r.SchemaVersion, digest: r.digest, precedence: p, findings: r.findings}
	copies := make(map[*Provider]*Provider, len(r.Providers))
	for _, old := range r.Providers {
		row := *old
		copies[old] = &row
		out.Providers = append(out.Providers, &row)
	}
	for _, name := range slices.Sorted(maps.Keys(p)) {
		row := copies[r.Provider(name)]
		if row == nil {
			return nil, fmt.Errorf("precedence names the provider %q, which the registry does not have", name)
		}
		var err error
		if row.AuthEnv, err = row.inOrder(p[name]); err != nil {
			return nil, err
		}
	}
	for _, old := range r.Runtimes {
		row := &Runtime{Name: old.Name}
		for _, n := range old.Native {
			row.Native = append(row.Native, Native{Provider: copies[n.Provider], Models: n.Models})
		}
		out.Runtimes = append(out.Runtimes, row)
	}
	out.index()
	return out, nil
}

// inOrder is the provider's accepted names with some of them first.
func (p *Provider) inOrder(first []string) ([]string, error) {
	out := make([]string, 0, len(p.AuthEnv))
	for _, name := range first {
		switch {
		case !p.Accepts(name):
			return nil, fmt.Errorf("precedence of %s names %q, which it does not accept; it accepts %s", p.Name, name, strings.Join(p.AuthEnv, ", "))
		case slices.Contains(out, name):
			return nil, fmt.Errorf("precedence of %s names %s twice", p.Name, name)
		}
		out = append(out, name)
	}
	for _, name := range p.AuthEnv {
		if !slices.Contains(out, name) {
			out = append(out, name)
		}
	}
	return out, nil
}
