package scenarios

import (
	"fmt"
	"slices"
	"strings"

	"github.com/molecule-ai/byok-conformance/registry"
)

func (o *offers) providers(sets []string, reg *registry.Registry) []option {
	var out []option
	for _, p := range reg.BYOK() {
		for _, set := range sets {
			if inProviderSet(set, p) {
				out = append(out, option{p.Name, vars{
					{"provider", p.Name}, {"accepted", p.AuthEnv[0]}, {"accepted-lower", strings.ToLower(p.AuthEnv[0])},
					{"accepted-dashed", strings.ReplaceAll(p.AuthEnv[0], "_", "-")}, {"base-url", baseURLName(p.AuthEnv[0])},
					// Secrets take several names at once, separated by commas.
					{"others", o.foreignTo(p, "", "", reg).others},
				}})
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

// foreignNames lists every known name that a provider does not accept. Where
// the pair is bound, those that would give the pair to another provider are
// left out: there they are not foreign (DER-2). Of a large registry it lists a part.
func foreignNames(p *registry.Provider, runtime, model string, reg *registry.Registry) []string {
	names := slices.DeleteFunc(slices.Clone(reg.CredentialNames()), p.Accepts)
	names = slices.Clone(fewer(names, foreignEach(reg), p, reg))
	if runtime == "" {
		return names
	}
	return slices.DeleteFunc(names, func(name string) bool {
		d := reg.Derive(runtime, model, func(asked string) bool { return asked == name })
		return d.Provider != p
	})
}

// baseURLName is the setting that client libraries read beside a credential:
// GROQ_BASE_URL beside GROQ_API_KEY.
func baseURLName(credential string) string {
	for _, end := range []string{"_API_KEY", "_AUTH_TOKEN", "_TOKEN", "_KEY"} {
		if vendor, ok := strings.CutSuffix(credential, end); ok {
			return vendor + "_BASE_URL"
		}
	}
	return credential + "_BASE_URL"
}

// settings are the ways in which clients spell the setting beside a credential that
// says where its provider is (LIV-4).
var settings = []string{"base-url", "api-base", "api-url", "api-host", "endpoint", "lower-case"}

// settingOptions lists the names of a provider's own setting.
func settingOptions(list []string, p *registry.Provider) []option {
	base := baseURLName(p.AuthEnv[0])
	vendor := strings.TrimSuffix(base, "_BASE_URL")
	names := map[string]string{
		"base-url": base, "api-base": vendor + "_API_BASE", "api-url": vendor + "_API_URL", "api-host": vendor + "_API_HOST",
		"endpoint": vendor + "_ENDPOINT", "lower-case": strings.ToLower(base),
	}
	var out []option
	for _, setting := range list {
		out = append(out, option{setting, vars{{"setting", names[setting]}}})
	}
	return out
}

// ofProvider lists the values of an axis that belongs to a provider.
func (e *expander) ofProvider(a *axis, bound vars, p *registry.Provider) ([]option, error) {
	switch a.name {
	case "name":
		return nameOptions(a.values[0], p), nil
	case "later":
		if bound.value("name") == "" {
			return nil, fmt.Errorf("%s: axis later needs an axis name before it", a.pos)
		}
		return laterOptions(bound.value("name"), p), nil
	case "spelling":
		return spellingOptions(a.values, p), nil
	case "setting":
		return settingOptions(a.values, p), nil
	case "sibling":
		if bound.value("name") == "" {
			return nil, fmt.Errorf("%s: axis sibling needs an axis name before it", a.pos)
		}
		return siblingOptions(bound.value("name"), p, e.reg), nil
	case "host":
		return hostOptions(a.values, p), nil
	case "other-host":
		return otherHostOptions(a.values, p), nil
	}
	return e.foreignOptions(a.name, bound, p), nil
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
		out = append(out, option{name, vars{{"name", name}}})
	}
	return out
}

// laterOptions lists the accepted names that are tried after one (LIV-8).
func laterOptions(name string, p *registry.Provider) []option {
	var out []option
	for _, later := range p.AuthEnv[slices.Index(p.AuthEnv, name)+1:] {
		out = append(out, option{later, vars{{"later", later}}})
	}
	return out
}

// siblingOptions lists the other providers that accept the same name and are
// probed at another host, each with a pair that leads there (LIV-12).
func siblingOptions(name string, p *registry.Provider, reg *registry.Registry) []option {
	var out []option
	inScope := func(asked string) bool { return asked == name }
	for _, other := range reg.BYOK() {
		if other == p || !other.Accepts(name) || other.ProbeBase() == "" || shareHost(p, other) {
			continue
		}
		for _, r := range reg.Routes() {
			if r.Provider == other && reg.Derive(r.Runtime, r.Model, inScope).Provider == other {
				out = append(out, option{other.Name, vars{{"sibling", other.Name}, {"sibling-runtime", r.Runtime}, {"sibling-model", r.Model}}})
				break
			}
		}
	}
	return out
}

func shareHost(a, b *registry.Provider) bool {
	return slices.ContainsFunc(a.Hosts(), func(h string) bool { return slices.Contains(b.Hosts(), h) })
}

// hostOptions keeps a cell whose provider is probed at one of the hosts; a
// dialect belongs to a host, whatever a registry calls its provider.
func hostOptions(hosts []string, p *registry.Provider) []option {
	for _, h := range hosts {
		if p.ProbeBase() != "" && slices.Contains(p.Hosts(), h) {
			return []option{{vars: vars{{"host", h}}}}
		}
	}
	return nil
}

// otherHostOptions keeps a cell whose provider is probed at none of the hosts.
func otherHostOptions(hosts []string, p *registry.Provider) []option {
	if p.ProbeBase() == "" || hostOptions(hosts, p) != nil {
		return nil
	}
	return []option{{}}
}

// foreignOptions lists every known name that the provider does not accept;
// foreign2 is the one after the first, around the end of the list.
func (e *expander) foreignOptions(axis string, bound vars, p *registry.Provider) []option {
	f := e.offers.foreignTo(p, bound.value("runtime"), bound.value("model"), e.reg)
	if axis == "foreign" {
		return f.options
	}
	i := slices.Index(f.names, bound.value("foreign"))
	if i < 0 || len(f.names) < 2 {
		return nil
	}
	next := f.names[(i+1)%len(f.names)]
	return []option{{next, vars{{"foreign2", next}}}}
}
