package registry

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/molecule-ai/byok-conformance/internal/strict"
)

// Explain says in a sentence why the derivation came out as it did and, where
// no provider could be derived, what to do about it.
func (d Derivation) Explain() string {
	switch d.Reason {
	case UnknownRuntime:
		names := d.registry.runtimeNames()
		return fmt.Sprintf("the registry has no runtime %q%s; it has %s",
			d.Runtime, strict.DidYouMean(d.Runtime, names), strings.Join(names, ", "))
	case EmptyModel:
		return fmt.Sprintf("the model is empty; name one that runtime %q can run", d.Runtime)
	case UnownedModel:
		return fmt.Sprintf("no provider of runtime %q lists or matches model %q; its providers are %s",
			d.Runtime, d.Model, providerNames(d.registry.Runtime(d.Runtime).natives()))
	case UndecidedOverlap:
		return fmt.Sprintf("several patterns match model %q in runtime %q; bring into scope a credential that only one of them accepts: %s",
			d.Model, d.Runtime, acceptedNames(d.Tied))
	}
	how := fmt.Sprintf("runtime %q lists model %q under %s", d.Runtime, d.Model, d.Provider.Name)
	if d.By == Pattern {
		how = fmt.Sprintf("no provider of runtime %q lists model %q, and the pattern of %s, %s, matches it",
			d.Runtime, d.Model, d.Provider.Name, d.Provider.ModelPrefixMatch)
	}
	if d.Tied == nil {
		return how
	}
	if d.By == Pattern {
		return fmt.Sprintf("%s; of %s, only it accepts a credential in scope", how, providerNames(d.Tied))
	}
	return fmt.Sprintf("%s; of %s, it is the first that accepts a credential in scope, or the first of all", how, providerNames(d.Tied))
}

// MarshalJSON gives {"provider":"name"}, or {"provider":null,"reason":"…"}.
func (d Derivation) MarshalJSON() ([]byte, error) {
	out := struct {
		Provider *string `json:"provider"`
		Reason   Reason  `json:"reason,omitempty"`
	}{Reason: d.Reason}
	if d.Provider != nil {
		out.Provider = &d.Provider.Name
	}
	return json.Marshal(out)
}

func (r *Registry) runtimeNames() []string {
	names := make([]string, len(r.Runtimes))
	for i, runtime := range r.Runtimes {
		names[i] = runtime.Name
	}
	return names
}

func (rt *Runtime) natives() []*Provider {
	providers := make([]*Provider, len(rt.Native))
	for i, native := range rt.Native {
		providers[i] = native.Provider
	}
	return providers
}

func providerNames(providers []*Provider) string {
	names := make([]string, len(providers))
	for i, p := range providers {
		names[i] = p.Name
	}
	return strings.Join(names, ", ")
}

func acceptedNames(providers []*Provider) string {
	parts := make([]string, len(providers))
	for i, p := range providers {
		parts[i] = fmt.Sprintf("%s (%s)", p.Name, strings.Join(p.AuthEnv, ", "))
	}
	return strings.Join(parts, ", ")
}
