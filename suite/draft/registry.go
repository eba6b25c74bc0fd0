package draft

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/molecule-ai/byok-conformance/registry"
	"github.com/molecule-ai/byok-conformance/suite/server"
)

// Offered is what a server lists for one runtime.
type Offered struct {
	Runtime string
	Models  []server.Offer
}

// A DraftRegistry is a registry file as far as a server's list of models tells it.
type DraftRegistry struct {
	YAML []byte
	// Providers, Runtimes and Models count what stands in the file.
	Providers, Runtimes, Models int
	// FillIn says, provider by provider, what the list cannot tell and no known
	// provider of that name says either.
	FillIn []string
}

// Registry writes a registry file from what a server offers. What a list of models
// cannot tell (base URLs, patterns, providers that a model has beside its first) is
// taken from known where that has a provider of the same name, and else marked.
func Registry(offered []Offered, known *registry.Registry, source string) *DraftRegistry {
	d := &registryDrafting{known: known, accepted: map[string][]string{}}
	for _, o := range offered {
		d.read(o)
	}
	d.comment("", source+" The runtimes' models, the providers and the names of credentials are those that the server lists. "+
		"What no list of models tells is from the registry that was known, or marked FILL IN: compare it with the server's own file.")
	d.line("schema_version: 1\n\nproviders:")
	for _, name := range d.order {
		d.provider(name)
	}
	d.line("\nruntimes:")
	for _, r := range d.runtimes {
		d.runtime(r)
	}
	d.out.YAML, d.out.Providers, d.out.Runtimes = []byte(d.b.String()), len(d.order), len(d.runtimes)
	return &d.out
}

// registryDrafting is a registry on its way into a file.
type registryDrafting struct {
	page
	known *registry.Registry
	// order are the providers, those known first; accepted are the names that the
	// server lists for each.
	order    []string
	accepted map[string][]string
	runtimes []draftRuntime
	out      DraftRegistry
}

type draftRuntime struct {
	name    string
	natives []draftNative
}

// A draftNative is one provider of a runtime. beside: the server's list names others
// for its models, or none at all, and the known registry names this one.
type draftNative struct {
	provider string
	models   []string
	beside   bool
}

// read takes one runtime's list in.
func (d *registryDrafting) read(o Offered) {
	owner := map[string]string{}
	var providers []string
	for _, m := range o.Models {
		name := m.Provider
		if m.Platform {
			name = registry.PlatformName
		}
		if name == "" {
			continue
		}
		owner[m.Model] = name
		if !slices.Contains(providers, name) {
			providers = append(providers, name)
		}
		for _, env := range m.AuthEnv {
			if !slices.Contains(d.accepted[name], env) {
				d.accepted[name] = append(d.accepted[name], env)
			}
		}
	}
	r := draftRuntime{name: o.Runtime}
	if k := d.known.Runtime(o.Runtime); k != nil {
		for _, n := range k.Native {
			if native, there := d.native(n, k, owner); there {
				r.natives = append(r.natives, native)
			}
			providers = slices.DeleteFunc(providers, func(p string) bool { return p == n.Provider.Name })
		}
	}
	for _, p := range providers {
		r.natives = append(r.natives, draftNative{provider: p, models: ownedBy(owner, p)})
	}
	if len(r.natives) == 0 {
		return
	}
	for _, n := range r.natives {
		d.mention(n.provider)
	}
	d.runtimes = append(d.runtimes, r)
	d.out.Models += len(owner)
}

// native is a known provider of a runtime as the server has it; false where the
// server lists nothing of it any more.
func (d *registryDrafting) native(n registry.Native, k *registry.Runtime, owner map[string]string) (draftNative, bool) {
	name := n.Provider.Name
	out := draftNative{provider: name, beside: true}
	for _, m := range n.Models {
		switch of := owner[m]; {
		case of == name:
			out.beside = false
			out.models = append(out.models, m)
		case of != "" && lists(k, of, m):
			out.models = append(out.models, m)
		}
	}
	for _, m := range ownedBy(owner, name) {
		if !slices.Contains(out.models, m) {
			out.beside = false
			out.models = append(out.models, m)
		}
	}
	return out, len(out.models) > 0 || len(n.Models) == 0
}

// lists reports whether a runtime lists a model for a provider.
func lists(r *registry.Runtime, provider, model string) bool {
	return slices.ContainsFunc(r.Native, func(n registry.Native) bool {
		return n.Provider.Name == provider && slices.Contains(n.Models, model)
	})
}

// ownedBy are the models of a provider, sorted.
func ownedBy(owner map[string]string, provider string) (out []string) {
	for model, of := range owner {
		if of == provider {
			out = append(out, model)
		}
	}
	slices.Sort(out)
	return out
}

// mention puts a provider into the file: those that are known in their own order
// and before the others.
func (d *registryDrafting) mention(name string) {
	if slices.Contains(d.order, name) {
		return
	}
	d.order = append(d.order, name)
	slices.SortStableFunc(d.order, func(a, b string) int { return d.place(a) - d.place(b) })
}

func (d *registryDrafting) place(provider string) int {
	i := slices.IndexFunc(d.known.Providers, func(p *registry.Provider) bool { return p.Name == provider })
	if i < 0 {
		return len(d.known.Providers)
	}
	return i
}

// provider writes one row.
func (d *registryDrafting) provider(name string) {
	names, known := d.accepted[name], d.known.Provider(name)
	d.line("  - name: %s", word(name))
	switch {
	case len(names) > 0:
		d.line("    auth_env: %s", list(names))
	case known != nil:
		d.comment("    ", "From the registry that was known: the server lists none.")
		d.line("    auth_env: %s", list(known.AuthEnv))
	default:
		d.fillIn(name, "auth_env: []", "the names of the credentials that it accepts")
	}
	if known == nil {
		d.fillIn(name, "", "protocol: openai or anthropic")
		d.fillIn(name, "", "base_url_template, where a probe goes; without it, or with auth_mode: oauth, none is expected (LIV-7)")
		d.fillIn(name, "", "model_prefix_match, an RE2 pattern, if it owns models that no list names")
		return
	}
	if kept := []string{known.Protocol, known.AuthMode, known.BaseURLTemplate, known.BaseURLAnthropic, known.ModelPrefixMatch}; strings.Join(kept, "") != "" {
		d.comment("    ", "From the registry that was known; compare it with the server's.")
	}
	for _, field := range [][2]string{
		{"protocol", known.Protocol}, {"auth_mode", known.AuthMode}, {"base_url_template", known.BaseURLTemplate}, {"base_url_anthropic", known.BaseURLAnthropic},
		{"wire_model_prefix", known.WireModelPrefix}, {"auth_token_env", known.AuthTokenEnv}, {"model_prefix_match", known.ModelPrefixMatch}, {"upstream_vendor", known.UpstreamVendor},
	} {
		if field[1] != "" {
			d.line("    %s: %s", field[0], word(field[1]))
		}
	}
	if len(known.ModelAliases) > 0 {
		d.line("    model_aliases: %s", list(known.ModelAliases))
	}
	d.endpoints(known)
}

func (d *registryDrafting) endpoints(known *registry.Provider) {
	if len(known.EndpointVars) > 0 {
		d.line("    endpoint_vars:")
	}
	for _, name := range sortedKeys(known.EndpointVars) {
		v := known.EndpointVars[name]
		d.line("      %s: {env: %s, default: %s}", scalar(name), scalar(v.Env), scalar(v.Default))
	}
}

// fillIn marks what nobody knows, after a line that holds its place.
func (d *registryDrafting) fillIn(provider, line, what string) {
	if line != "" {
		d.line("    %s # FILL IN: %s", line, what)
	} else {
		d.comment("    ", "FILL IN: "+what)
	}
	d.out.FillIn = append(d.out.FillIn, fmt.Sprintf("%s: %s", provider, what))
}

func (d *registryDrafting) runtime(r draftRuntime) {
	d.line("  %s:\n    providers:", word(r.name))
	for _, n := range r.natives {
		if n.beside {
			d.comment("      ", "Not in the server's list, which names one provider for a model, and no patterns; from the registry that was known.")
		}
		d.line("      - name: %s\n        models: %s", word(n.provider), list(n.models))
	}
}

// plain is text that every YAML reader takes for text as it stands; notPlain are
// the words that some read as a truth or as nothing.
var (
	plain    = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_]*([./-][A-Za-z0-9_]+)*$`)
	notPlain = regexp.MustCompile(`(?i)^(y|n|yes|no|on|off|true|false|null)$`)
)

// word writes a text as plainly as can be.
func word(s string) string {
	if plain.MatchString(s) && !notPlain.MatchString(s) {
		return s
	}
	return scalar(s)
}

// list writes texts on one line.
func list(items []string) string {
	out := make([]string, len(items))
	for i, item := range items {
		out[i] = word(item)
	}
	return "[" + strings.Join(out, ", ") + "]"
}
