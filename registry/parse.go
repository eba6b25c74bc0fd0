package registry

import (
	"regexp"

	"gopkg.in/yaml.v3"
)

func (r *reader) registry(root value) *Registry {
	top := r.record(root, "schema_version", "providers", "runtimes")
	if root.absent() || root.node.Kind != yaml.MappingNode {
		if root.absent() {
			r.problem(root, "the file holds nothing; write a registry with schema_version, providers and runtimes")
		}
		return nil
	}
	registry := &Registry{SchemaVersion: schemaVersion}
	r.schemaVersion(top)

	byName := make(map[string]*Provider)
	for _, item := range r.list(top.field("providers")) {
		if p := r.provider(item, byName); p != nil {
			p.hosts = p.findHosts()
			registry.Providers = append(registry.Providers, p)
		}
	}
	if isEmpty(top.field("providers")) {
		r.problem(top.field("providers"), "the registry has no providers; %s", top.missing("providers"))
	}

	for _, e := range r.entries(top.field("runtimes")) {
		registry.Runtimes = append(registry.Runtimes, r.runtime(e, registry.Providers, byName))
	}
	if isEmpty(top.field("runtimes")) {
		r.problem(top.field("runtimes"), "the registry has no runtimes; %s", top.missing("runtimes"))
	}
	return registry
}

// isEmpty reports whether a value is absent, or a list or mapping of nothing.
func isEmpty(v value) bool {
	return v.absent() || v.node.Kind != yaml.ScalarNode && len(v.node.Content) == 0
}

func (r *reader) schemaVersion(top record) {
	v := top.field("schema_version")
	if v.absent() {
		r.problem(v, "schema_version is missing; %s (this loader reads version %d)", top.missing("schema_version"), schemaVersion)
		return
	}
	var version int
	if v.node.Kind != yaml.ScalarNode || v.node.Decode(&version) != nil {
		r.wrongKind(v, "the number 1")
		return
	}
	if version != schemaVersion {
		r.problem(v, "schema_version is %d; this loader reads version %d only", version, schemaVersion)
	}
}

// provider reads one row. It returns nil for a row that cannot be referred to:
// one without a name, or with the name of another.
func (r *reader) provider(v value, byName map[string]*Provider) *Provider {
	row := r.record(v, "name", "display_name", "vendor_logo", "protocol", "auth_mode",
		"base_url_template", "base_url_anthropic", "endpoint_vars", "wire_model_prefix",
		"auth_env", "auth_token_env", "model_prefix_match", "model_aliases", "deprecated", "upstream_vendor")
	if !v.absent() && v.node.Kind != yaml.MappingNode {
		return nil
	}
	text := func(key string) string { return r.text(row.field(key)) }
	p := &Provider{
		Name:             r.name(row, "name", "a provider"),
		DisplayName:      text("display_name"),
		VendorLogo:       text("vendor_logo"),
		Protocol:         text("protocol"),
		AuthMode:         text("auth_mode"),
		BaseURLTemplate:  text("base_url_template"),
		BaseURLAnthropic: text("base_url_anthropic"),
		EndpointVars:     r.endpointVars(row.field("endpoint_vars")),
		WireModelPrefix:  text("wire_model_prefix"),
		AuthEnv:          texts(r.names(row.field("auth_env"), "credential name")),
		AuthTokenEnv:     text("auth_token_env"),
		ModelPrefixMatch: text("model_prefix_match"),
		ModelAliases:     texts(r.names(row.field("model_aliases"), "model alias")),
		Deprecated:       r.truth(row.field("deprecated")),
		UpstreamVendor:   text("upstream_vendor"),
	}
	if isEmpty(row.field("auth_env")) {
		r.problem(row.field("auth_env"), "provider %q accepts no credential, as auth_env names none; %s", p.Name, row.missing("auth_env"))
	}
	r.pattern(p, row.field("model_prefix_match"))
	r.baseURL(p, row.field("base_url_template"), p.BaseURLTemplate)
	r.baseURL(p, row.field("base_url_anthropic"), p.BaseURLAnthropic)
	if p.Name == "" {
		return nil
	}
	if first := byName[p.Name]; first != nil {
		r.problem(row.field("name"), "provider %q stands twice, first on line %d; rename or remove one", p.Name, r.rows[first].at.line)
		return nil
	}
	byName[p.Name] = p
	r.rows[p] = row
	return p
}

func (r *reader) endpointVars(v value) map[string]EndpointVar {
	var vars map[string]EndpointVar
	for _, e := range r.entries(v) {
		if vars == nil {
			vars = make(map[string]EndpointVar)
		}
		fields := r.record(e.value, "env", "default")
		vars[e.name] = EndpointVar{Env: r.text(fields.field("env")), Default: r.text(fields.field("default"))}
	}
	return vars
}

func (r *reader) pattern(p *Provider, at value) {
	if p.ModelPrefixMatch == "" {
		return
	}
	pattern, err := regexp.Compile(p.ModelPrefixMatch)
	if err != nil {
		r.problem(at, "the pattern of provider %q is not RE2: %v; correct it, or leave it out", p.Name, err)
		return
	}
	p.pattern = pattern
}
