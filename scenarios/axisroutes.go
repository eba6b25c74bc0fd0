package scenarios

import (
	"slices"
	"strings"

	"github.com/molecule-ai/byok-conformance/registry"
)

// routes lists (runtime, model) pairs: every id that a runtime lists and
// one sample for each alternative of each pattern.
func (o *offers) routes(sets []string, reg *registry.Registry) []option {
	var out []option
	seen := map[[2]string]bool{}
	for _, r := range reg.Routes() {
		pair := [2]string{r.Runtime, r.Provider.Name}
		for _, want := range sets {
			if inRouteSet(want, r, seen[pair]) {
				out = append(out, o.route(r, reg))
				break
			}
		}
		seen[pair] = true
	}
	for _, want := range sets {
		switch want {
		case "strangers":
			out = append(out, strangers(reg)...)
		case "overlaps":
			out = append(out, overlaps(reg)...)
		}
		if slices.Contains(idSets, want) {
			out = append(out, o.ids(want, reg)...)
		}
	}
	return out
}

// inRouteSet reports whether a route belongs to a set; again says that one of
// the same runtime and provider came before it.
func inRouteSet(set string, r registry.Route, again bool) bool {
	platform, tied := r.Provider.IsPlatform(), len(r.Needs) > 0
	switch set {
	case "byok":
		return !platform && !tied
	case "runtimes":
		return !platform && !tied && !again
	case "platform":
		return platform
	case "platform-runtimes":
		return platform && !again
	case "tied":
		return !platform && tied
	case "tied-listed":
		return !platform && tied && r.By == registry.Verbatim
	case "probed":
		return !platform && r.Provider.ProbeBase() != ""
	case "tied-probed":
		return !platform && tied && r.Provider.ProbeBase() != ""
	}
	return false
}

func (o *offers) route(r registry.Route, reg *registry.Registry) option {
	p := r.Provider
	out := option{r.Runtime + "/" + r.Model, vars{
		{"provider", p.Name}, {"accepted", p.AuthEnv[0]}, {"others", o.foreignTo(p, r.Runtime, r.Model, reg).others}, {"runtime", r.Runtime}, {"model", r.Model},
	}}
	if len(r.Needs) == 0 {
		return out
	}
	out.label += "/" + p.Name
	out.vars = out.vars.with(binding{"accepted", r.Needs[0]})
	// The provider that has the pair where the credentials decide nothing.
	if first := reg.Derive(r.Runtime, r.Model, nil).Provider; first != nil {
		out.vars = out.vars.with(binding{"first", first.Name}, binding{"first-accepted", first.AuthEnv[0]})
	}
	return out
}

// strangers are pairs that nobody owns: a model that leads to a provider in
// some runtime, in every runtime where it leads nowhere, one for each provider.
func strangers(reg *registry.Registry) []option {
	var out []option
	for _, rt := range reg.Runtimes {
		seen, listed := map[*registry.Provider]bool{}, map[string]bool{}
		for _, r := range reg.Routes() {
			if seen[r.Provider] || listed[r.Model] || reg.Derive(rt.Name, r.Model, nil).Reason != registry.UnownedModel {
				continue
			}
			seen[r.Provider], listed[r.Model] = true, true
			out = append(out, option{rt.Name + "/" + r.Model, vars{{"runtime", rt.Name}, {"model", r.Model}, {"accepted", r.Provider.AuthEnv[0]}}})
		}
	}
	return out
}

// ownName is a name that a provider accepts, and another one does not if there
// is any.
func ownName(p, not *registry.Provider) string {
	for _, name := range p.AuthEnv {
		if !not.Accepts(name) {
			return name
		}
	}
	return p.AuthEnv[0]
}

// otherName is ownName, and a name that nobody accepts where the two providers
// differ in none.
func otherName(p, not *registry.Provider) string {
	if name := ownName(p, not); !not.Accepts(name) {
		return name
	}
	return "CONFORMANCE_UNKNOWN_KEY"
}

// overlaps are pairs that several patterns match; with no credential in scope
// they are underivable (DER-2).
func overlaps(reg *registry.Registry) []option {
	var out []option
	seen := map[string]bool{}
	for _, r := range reg.Routes() {
		label := r.Runtime + "/" + r.Model
		d := reg.Derive(r.Runtime, r.Model, nil)
		if d.Reason != registry.UndecidedOverlap || seen[label] {
			continue
		}
		seen[label] = true
		accepted := map[string]bool{}
		for _, p := range d.Tied {
			for _, name := range p.AuthEnv {
				accepted[name] = true
			}
		}
		others := slices.DeleteFunc(slices.Clone(reg.CredentialNames()), func(name string) bool { return accepted[name] })
		out = append(out, option{label, vars{
			{"runtime", r.Runtime}, {"model", r.Model}, {"first-accepted", ownName(d.Tied[0], d.Tied[1])}, {"accepted", otherName(d.Tied[1], d.Tied[0])},
			{"others", strings.Join(others, ",")},
		}})
	}
	return out
}
