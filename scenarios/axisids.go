package scenarios

import (
	"strings"

	"github.com/molecule-ai/byok-conformance/registry"
)

// Ids that somebody writes and no list of the runtime holds: what a gate makes of
// them must be what the registry makes of them (DER-1).
//
// idSets are the route sets of such ids, by what the registry derives.
var idSets = []string{
	"elsewhere", "elsewhere-probed", "elsewhere-unowned",
	"written", "written-probed", "written-unowned",
	"vendor", "vendor-probed", "recased-runtimes",
}

// ids lists the pairs of one set.
func (o *offers) ids(set string, reg *registry.Registry) []option {
	kind, want, _ := strings.Cut(set, "-")
	var out []option
	switch kind {
	case "elsewhere":
		out = o.elsewhere(reg)
	case "written":
		out = o.written(reg)
	case "vendor":
		out = o.vendors(reg)
	case "recased":
		return recased(reg)
	}
	kept := out[:0:0]
	for _, one := range out {
		p := reg.Provider(one.vars.value("provider"))
		switch {
		case want == "unowned" && p == nil, want == "" && p != nil, want == "probed" && p != nil && p.ProbeBase() != "":
			kept = append(kept, one)
		}
	}
	return kept
}

// idOf is the option of an id that is derived by itself; false where the
// credentials decide, where it is the platform's, and where a list of the runtime holds it.
func (o *offers) idOf(label, runtime, model string, reg *registry.Registry, more ...binding) (option, bool) {
	d := reg.Derive(runtime, model, nil)
	if len(d.Tied) > 0 || d.By == registry.Verbatim || d.Provider != nil && d.Provider.IsPlatform() {
		return option{}, false
	}
	bound := vars{{"runtime", runtime}, {"model", model}}
	if p := d.Provider; p != nil {
		bound = bound.with(binding{"provider", p.Name}, binding{"accepted", p.AuthEnv[0]}, binding{"others", o.foreignTo(p, runtime, model, reg).others})
	}
	return option{label, bound.with(more...)}, true
}

// elsewhere are the ids that some other runtime lists, at every runtime that does
// not: one that the platform pays there may be the tenant's here.
func (o *offers) elsewhere(reg *registry.Registry) []option {
	var out []option
	for _, rt := range reg.Runtimes {
		seen := map[string]bool{}
		for _, other := range reg.Runtimes {
			for _, native := range other.Native {
				for _, model := range native.Models {
					if seen[model] {
						continue
					}
					seen[model] = true
					one, ok := o.idOf(rt.Name+"/"+model, rt.Name, model, reg, binding{"owner", native.Provider.Name}, binding{"owned", native.Provider.AuthEnv[0]})
					if ok {
						out = append(out, one)
					}
				}
			}
		}
	}
	return out
}

// writings are ways to write an id otherwise.
var writings = []struct {
	name  string
	write func(string) string
}{
	{"context-suffix", func(id string) string { return id + "[1m]" }},
	{"price-suffix", func(id string) string { return id + ":free" }},
	{"date-suffix", func(id string) string { return id + "-20261101" }},
	{"version-suffix", func(id string) string { return id + "@latest" }},
	{"upper-case", strings.ToUpper},
	{"title-case", func(id string) string { return strings.ToUpper(id[:1]) + id[1:] }},
	{"percent-sign", percented},
	{"full-width", fullWidth},
}

// percented writes the first mark of an id as a URL may: %2F for a slash.
func percented(id string) string {
	for _, mark := range [][2]string{{"/", "%2F"}, {":", "%3A"}, {"-", "%2D"}} {
		if strings.Contains(id, mark[0]) {
			return strings.Replace(id, mark[0], mark[1], 1)
		}
	}
	return id
}

// fullWidth writes the first letter in the form that East Asian keyboards have.
func fullWidth(id string) string {
	if id[0] <= ' ' || id[0] > '~' {
		return id
	}
	return string(rune(id[0])-'!'+'\uff01') + id[1:]
}

// written are the ids of every provider at every runtime, a listed one and a
// made-up one, written otherwise.
func (o *offers) written(reg *registry.Registry) []option {
	var out []option
	first, seen := map[[3]string]bool{}, map[[2]string]bool{}
	for _, r := range reg.Routes() {
		if key := [3]string{r.Runtime, r.Provider.Name, string(r.By)}; first[key] {
			continue
		} else {
			first[key] = true
		}
		for _, w := range writings {
			id := w.write(r.Model)
			if id == r.Model || seen[[2]string{r.Runtime, id}] {
				continue
			}
			seen[[2]string{r.Runtime, id}] = true
			label := r.Runtime + "/" + r.Provider.Name + "/" + string(r.By) + "/" + w.name
			if one, ok := o.idOf(label, r.Runtime, id, reg, binding{"owned", r.Provider.AuthEnv[0]}); ok {
				out = append(out, one)
			}
		}
	}
	return out
}

// vendors are ids behind a gateway's prefix that name somebody else's model: one of
// each provider, the platform's, too. They are the gateway's all the same.
func (o *offers) vendors(reg *registry.Registry) []option {
	var named []registry.Route
	one := map[*registry.Provider]bool{}
	for _, r := range reg.Routes() {
		if !one[r.Provider] {
			one[r.Provider] = true
			named = append(named, r)
		}
	}
	var out []option
	done := map[*registry.Provider]bool{}
	for _, r := range reg.Routes() {
		cut := strings.IndexAny(r.Model, ":/")
		if r.By != registry.Pattern || cut < 0 || r.Provider.IsPlatform() || done[r.Provider] {
			continue
		}
		done[r.Provider] = true
		for _, v := range named {
			if v.Provider == r.Provider {
				continue
			}
			model := r.Model[:cut+1] + v.Model
			name := otherName(v.Provider, r.Provider)
			d := reg.Derive(r.Runtime, model, func(asked string) bool { return asked == name })
			one, ok := o.idOf(r.Runtime+"/"+r.Provider.Name+"/"+v.Provider.Name, r.Runtime, model, reg, binding{"vendor", v.Provider.Name}, binding{"vendors", name})
			if ok && d.Provider == r.Provider {
				out = append(out, one)
			}
		}
	}
	return out
}

// recased are runtimes whose names are written in another case: unknown ones.
func recased(reg *registry.Registry) []option {
	var out []option
	for _, rt := range reg.Runtimes {
		for _, r := range reg.Routes() {
			if r.Runtime != rt.Name || r.Provider.IsPlatform() || len(r.Needs) > 0 {
				continue
			}
			for _, w := range []struct{ name, text string }{
				{"upper-case", strings.ToUpper(rt.Name)}, {"title-case", strings.ToUpper(rt.Name[:1]) + rt.Name[1:]}, {"underscore", strings.ReplaceAll(rt.Name, "-", "_")},
			} {
				if reg.Runtime(w.text) == nil {
					out = append(out, option{rt.Name + "/" + w.name, vars{{"runtime", w.text}, {"model", r.Model}, {"accepted", r.Provider.AuthEnv[0]}}})
				}
			}
			break
		}
	}
	return out
}

// spaces are characters of Unicode's White_Space beyond ASCII's blank, tab and line
// breaks, by name. U+0085 is left out: it is no white space to JavaScript.
var spaces = []struct{ name, text string }{
	{"no-break-space", "\u00a0"}, {"ogham-space", "\u1680"}, {"en-quad", "\u2000"}, {"em-space", "\u2003"}, {"hair-space", "\u200a"},
	{"narrow-no-break-space", "\u202f"}, {"mathematical-space", "\u205f"}, {"ideographic-space", "\u3000"},
	{"line-separator", "\u2028"}, {"paragraph-separator", "\u2029"}, {"vertical-tab", "\v"}, {"form-feed", "\f"},
}

func spaceNames() []string {
	out := make([]string, len(spaces))
	for i, s := range spaces {
		out[i] = s.name
	}
	return out
}

// spaceOptions bind {space} to the character of each name.
func spaceOptions(names []string) []option {
	var out []option
	for _, name := range names {
		for _, s := range spaces {
			if s.name == name {
				out = append(out, option{name, vars{{"space", s.text}, {"space-name", name}}})
			}
		}
	}
	return out
}
