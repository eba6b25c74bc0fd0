package registry

// A Route is a (runtime, model) pair that leads to a provider.
type Route struct {
	Runtime, Model string
	Provider       *Provider
	By             By
	// Needs lists the credential names of which one, alone in scope, makes this
	// provider win a tie. It is empty where the provider wins with none in scope.
	Needs []string
}

// Routes returns the ways to reach the providers, in the order of the file: for
// each provider of each runtime the models that are listed for it, then one
// made-up model for each alternative of its pattern. A pair stands there once
// for each provider that it can lead to, and nothing that cannot be derived
// stands there. The result is not to be modified.
func (r *Registry) Routes() []Route {
	r.routesOnce.Do(func() {
		for _, runtime := range r.Runtimes {
			for _, native := range runtime.Native {
				for _, model := range native.Models {
					r.addRoute(runtime.Name, model, native.Provider, Verbatim)
				}
				r.addSamples(runtime.Name, native.Provider)
			}
		}
		r.rememberSamples()
		r.byok = r.reached()
	})
	return r.routes
}

// RouteTo returns the preferred route to a provider: the first that needs no
// credential in scope, a listed model before a made-up one. It is false where
// there is none, be it that the provider is unknown.
func (r *Registry) RouteTo(provider string) (Route, bool) {
	var sample *Route
	for i, route := range r.Routes() {
		if route.Provider.Name != provider || len(route.Needs) > 0 {
			continue
		}
		if route.By == Verbatim {
			return route, true
		}
		if sample == nil {
			sample = &r.routes[i]
		}
	}
	if sample == nil {
		return Route{}, false
	}
	return *sample, true
}

// BYOK returns the providers other than platform that some route leads to, in
// the order of the file.
func (r *Registry) BYOK() []*Provider {
	r.Routes()
	return r.byok
}

// reached is what BYOK returns.
func (r *Registry) reached() []*Provider {
	reached := make(map[*Provider]bool)
	for _, route := range r.routes {
		reached[route.Provider] = true
	}
	var providers []*Provider
	for _, p := range r.Providers {
		if reached[p] && !p.IsPlatform() {
			providers = append(providers, p)
		}
	}
	return providers
}

// addSamples adds, for each alternative of the provider's pattern, the first
// model made up for it that the pattern decides.
func (r *Registry) addSamples(runtime string, p *Provider) {
	added := make(map[string]bool)
	for _, alternative := range sampleModels(p.ModelPrefixMatch) {
		for _, model := range alternative {
			if added[model] || r.addRoute(runtime, model, p, Pattern) {
				added[model] = true
				break
			}
		}
	}
}

// rememberSamples keeps what the patterns make of the models of the routes, and
// of each provider's in every other runtime, too.
func (r *Registry) rememberSamples() {
	for _, runtime := range r.Runtimes {
		sampled := map[string][]*Provider{}
		for _, route := range r.routes {
			if _, done := sampled[route.Model]; !done && len(runtime.owners[route.Model]) == 0 {
				sampled[route.Model] = runtime.matching(route.Model)
			}
		}
		runtime.sampled.Store(&sampled)
	}
}

// addRoute adds the route from a model to a provider, and reports whether there
// is one that goes this way.
func (r *Registry) addRoute(runtime, model string, p *Provider, by By) bool {
	needs, ok := r.needs(runtime, model, p, by)
	if ok {
		r.routes = append(r.routes, Route{runtime, model, p, by, needs})
	}
	return ok
}

// needs returns the names of which one must be in scope for the pair to lead to
// the provider: nil and true where it does without, false where it never does.
// One name is always enough to ask about: what several can win, one of them can.
func (r *Registry) needs(runtime, model string, p *Provider, by By) ([]string, bool) {
	leads := func(inScope func(string) bool) bool {
		d := r.Derive(runtime, model, inScope)
		return d.Provider == p && d.By == by && d.Model == model
	}
	if leads(nil) {
		return nil, true
	}
	var needs []string
	for _, name := range p.AuthEnv {
		if leads(func(asked string) bool { return asked == name }) {
			needs = append(needs, name)
		}
	}
	return needs, len(needs) > 0
}
