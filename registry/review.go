package registry

// reviewNative notes what is lawful but worth knowing in one provider of a
// runtime. listedBy holds who lists a model so far, and is added to.
func (r *reader) reviewNative(at value, runtime string, p *Provider, models []named, listedBy map[string]*Provider) {
	if p.Deprecated {
		r.finding(at, "runtime %q still uses provider %q, which is deprecated", runtime, p.Name)
	}
	if len(models) == 0 && p.ModelPrefixMatch == "" {
		r.finding(at, "no model leads to provider %q in runtime %q: it lists none there and has no pattern", p.Name, runtime)
	}
	for _, model := range models {
		if first := listedBy[model.text]; first != nil {
			r.finding(model.at, "info: %q is listed by %s too; the credentials in scope decide, and %s where they do not (DER-2)",
				model.text, first.Name, first.Name)
			continue
		}
		listedBy[model.text] = p
	}
}

// review notes what is lawful but worth knowing in the registry as a whole.
func (r *reader) review(registry *Registry) {
	native := make(map[*Provider]bool)
	for _, runtime := range registry.Runtimes {
		for _, n := range runtime.Native {
			native[n.Provider] = true
		}
	}
	vendors := make(map[string]*Provider)
	for _, p := range registry.Providers {
		row := r.rows[p]
		if !native[p] {
			r.finding(row.at, "no runtime reaches provider %q, so no workspace can have it", p.Name)
		}
		if !p.IsPlatform() && p.Protocol != "openai" && p.Protocol != "anthropic" {
			r.finding(row.field("protocol"), "protocol of provider %q is %q; openai and anthropic are known", p.Name, p.Protocol)
		}
		if p.UpstreamVendor == "" {
			continue
		}
		if first := vendors[p.UpstreamVendor]; first != nil {
			r.finding(row.field("upstream_vendor"), "upstream_vendor %q is that of provider %q too; a vendor should lead to one provider",
				p.UpstreamVendor, first.Name)
			continue
		}
		vendors[p.UpstreamVendor] = p
	}
}
