package registry

import (
	"cmp"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/molecule-ai/byok-conformance/internal/strict"
)

// runtime reads one runtime. known are the providers in order, for suggestions.
func (r *reader) runtime(e entry, known []*Provider, byName map[string]*Provider) *Runtime {
	r.checkName(e.key, e.name, "a runtime's name")
	runtime := &Runtime{Name: e.name}
	body := r.record(e.value, "providers")
	natives := body.field("providers")
	lines := make(map[*Provider]int)
	listedBy := make(map[string]*Provider)
	for _, item := range r.list(natives) {
		provider, models := r.native(item, e.name, known, byName)
		if provider == nil {
			continue
		}
		if line, twice := lines[provider]; twice {
			r.problem(item, "runtime %q has provider %q twice, first on line %d; put its models together", e.name, provider.Name, line)
			continue
		}
		lines[provider] = item.line
		runtime.Native = append(runtime.Native, Native{Provider: provider, Models: texts(models)})
		r.reviewNative(item, e.name, provider, models, listedBy)
	}
	wrongKind := !e.value.absent() && e.value.node.Kind != yaml.MappingNode
	if !wrongKind && isEmpty(natives) {
		r.problem(e.key, "runtime %q has no providers; %s, or remove the runtime", e.name, body.missing("providers"))
	}
	return runtime
}

// native reads one provider of a runtime with its models. The provider is nil
// where the row names none that the registry has, which is reported.
func (r *reader) native(v value, runtime string, known []*Provider, byName map[string]*Provider) (*Provider, []named) {
	row := r.record(v, "name", "models")
	if !v.absent() && v.node.Kind != yaml.MappingNode {
		return nil, nil
	}
	name := r.name(row, "name", "a provider of runtime "+runtime)
	models := r.names(row.field("models"), "model id")
	provider := byName[name]
	if provider == nil && strings.TrimSpace(name) != "" {
		names := make([]string, len(known))
		for i, p := range known {
			names[i] = p.Name
		}
		r.problem(row.field("name"), "runtime %q refers to provider %q, which the registry does not have%s",
			runtime, name, cmp.Or(strict.DidYouMean(name, names), "; correct the name, or add the provider"))
	}
	return provider, models
}
