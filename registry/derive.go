package registry

import "strings"

// By says how a model led to its provider.
type By string

const (
	// Verbatim: the runtime lists the model id under the provider.
	Verbatim By = "verbatim"
	// Pattern: nobody lists the id, and the provider's pattern matches it.
	Pattern By = "pattern"
)

// A Reason says why no provider could be derived (DER-3).
type Reason string

const (
	// UnknownRuntime: the registry has no runtime of that name.
	UnknownRuntime Reason = "unknown-runtime"
	// EmptyModel: nothing is left of the model id after trimming white space.
	EmptyModel Reason = "empty-model"
	// UnownedModel: no native provider of the runtime lists or matches the model.
	UnownedModel Reason = "unowned-model"
	// UndecidedOverlap: several patterns match, and the credentials in scope do
	// not single one provider out (DER-2).
	UndecidedOverlap Reason = "undecided-overlap"
)

// A Derivation is the answer to which provider owns a (runtime, model) pair.
type Derivation struct {
	// Runtime is as asked; Model is trimmed.
	Runtime, Model string
	// Provider is nil where the pair is underivable; Reason then says why, and
	// is empty otherwise.
	Provider *Provider
	// By is empty where Provider is nil.
	By     By
	Reason Reason
	// Tied are all providers that list the model, or whose pattern matches it,
	// in the order of the file, where there are several; nil otherwise. It is
	// not to be modified.
	Tied []*Provider

	registry *Registry
}

// Derive returns the provider of a (runtime, model) pair by rules DER-1 and
// DER-2. inScope reports whether a credential of that name is in scope; nil
// means that none is. It is asked only where several providers could own the
// model.
func (r *Registry) Derive(runtime, model string, inScope func(name string) bool) Derivation {
	d := Derivation{Runtime: runtime, Model: strings.TrimSpace(model), registry: r}
	rt := r.runtimes[runtime]
	if rt == nil {
		d.Reason = UnknownRuntime
		return d
	}
	if d.Model == "" {
		d.Reason = EmptyModel
		return d
	}
	if owners := rt.owners[d.Model]; len(owners) > 0 {
		d.Provider, d.By = firstInScope(owners, inScope), Verbatim
		if len(owners) > 1 {
			d.Tied = owners
		}
		return d
	}
	d.byPattern(rt, inScope)
	return d
}

// byPattern decides among the native providers whose pattern matches.
func (d *Derivation) byPattern(rt *Runtime, inScope func(string) bool) {
	switch matching := rt.matching(d.Model); len(matching) {
	case 0:
		d.Reason = UnownedModel
	case 1:
		d.Provider, d.By = matching[0], Pattern
	default:
		d.Tied = matching
		if d.Provider = onlyInScope(d.Tied, inScope); d.Provider == nil {
			d.Reason = UndecidedOverlap
		} else {
			d.By = Pattern
		}
	}
}

// matching lists the native providers whose pattern matches a model, in order.
// The models of the registry's routes are looked up, since a corpus asks for
// them over and over.
func (rt *Runtime) matching(model string) []*Provider {
	if sampled := rt.sampled.Load(); sampled != nil {
		if known, ok := (*sampled)[model]; ok {
			return known
		}
	}
	var out []*Provider
	for _, native := range rt.Native {
		if native.Provider.Matches(model) {
			out = append(out, native.Provider)
		}
	}
	return out
}

// firstInScope returns the first provider with an accepted name in scope, and
// the first of all where there is none.
func firstInScope(tied []*Provider, inScope func(string) bool) *Provider {
	if len(tied) > 1 {
		for _, p := range tied {
			if p.acceptsAny(inScope) {
				return p
			}
		}
	}
	return tied[0]
}

// onlyInScope returns the one provider with an accepted name in scope, and nil
// where there is none or more than one.
func onlyInScope(tied []*Provider, inScope func(string) bool) *Provider {
	var only *Provider
	for _, p := range tied {
		if !p.acceptsAny(inScope) {
			continue
		}
		if only != nil {
			return nil
		}
		only = p
	}
	return only
}

// acceptsAny reports whether a name that the provider accepts is in scope.
func (p *Provider) acceptsAny(inScope func(string) bool) bool {
	if inScope == nil {
		return false
	}
	for _, name := range p.AuthEnv {
		if inScope(name) {
			return true
		}
	}
	return false
}
