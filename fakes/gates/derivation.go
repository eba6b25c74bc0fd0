package gates

import (
	"slices"
	"strings"

	"github.com/molecule-ai/byok-conformance/gate"
	"github.com/molecule-ai/byok-conformance/gate/server"
	"github.com/molecule-ai/byok-conformance/registry"
)

// derivationFaults find the wrong provider, or one where there is none.
var derivationFaults = []Double{
	{
		Name: "model-not-trimmed", Rules: []string{"DER-1"},
		Story: "The model id is looked up as it was sent; a space around it makes the pair unknown, and the gate stays out.",
		Gate: derived(func(reg *registry.Registry, req gate.Request) *registry.Provider {
			if req.Model != strings.TrimSpace(req.Model) {
				return nil
			}
			return lookUp(reg, req)
		}),
	},
	{
		Name: "pattern-beats-listed", Rules: []string{"DER-1", "DER-2"},
		Story: "Patterns are tried first, and the list of model ids is what is left.",
		Gate: derived(func(reg *registry.Registry, req gate.Request) *registry.Provider {
			if rt := reg.Runtime(req.Runtime); rt != nil {
				for _, native := range rt.Native {
					if native.Provider.Matches(strings.TrimSpace(req.Model)) {
						return native.Provider
					}
				}
			}
			return lookUp(reg, req)
		}),
	},
	{
		Name: "model-case-folded", Rules: []string{"DER-1"},
		Story: "Model ids are compared in lower case, patterns included.",
		Gate: derived(func(reg *registry.Registry, req gate.Request) *registry.Provider {
			if p := lookUp(reg, req); p != nil {
				return p
			}
			req.Model = strings.ToLower(req.Model)
			return lookUp(reg, req)
		}),
	},
	{
		Name: "whole-catalogue", Rules: []string{"DER-1"},
		Story: "Every provider of the catalogue is a candidate, and not only those of the runtime.",
		Gate: derived(func(reg *registry.Registry, req gate.Request) *registry.Provider {
			if p := lookUp(reg, req); p != nil {
				return p
			}
			for _, p := range reg.Providers {
				if p.Matches(req.Model) {
					return p
				}
			}
			return nil
		}),
	},
	{
		Name: "default-provider", Rules: []string{"DER-3"},
		Story: "What nobody owns is taken for OpenAI's.",
		Gate: derived(func(reg *registry.Registry, req gate.Request) *registry.Provider {
			if p := lookUp(reg, req); p != nil || reg.Runtime(req.Runtime) == nil {
				return p
			}
			return reg.Provider("openai-api")
		}),
	},
	{
		Name: "unknown-runtime-guessed", Rules: []string{"DER-3"},
		Story: "An unknown runtime is taken for the default one.",
		Gate: derived(func(reg *registry.Registry, req gate.Request) *registry.Provider {
			if reg.Runtime(req.Runtime) == nil {
				req.Runtime = reg.Runtimes[0].Name
			}
			return lookUp(reg, req)
		}),
	},
	{
		Name: "underivable-refused", Rules: []string{"DER-3"},
		Story: "Fail closed was read as: refuse what cannot be derived, with the gate's own code.",
		Gate: decided(func(reg *registry.Registry, req gate.Request, d gate.Decision) gate.Decision {
			if lookUp(reg, req) == nil && !req.External {
				return gate.Decision{Verdict: gate.Refused, Code: gate.MissingCredential, Provider: "unknown", Message: "no provider for this model"}
			}
			return d
		}),
	},
	{
		Name: "tie-first-declared", Rules: []string{"DER-2"},
		Story: "Two providers list the model, and the first declared always wins.",
		Gate: derived(func(reg *registry.Registry, req gate.Request) *registry.Provider {
			return reg.Derive(req.Runtime, req.Model, nil).Provider
		}),
	},
	{
		Name: "tie-by-workspace-only", Rules: []string{"DER-2"},
		Story: "The tie is decided by the secrets of the request; those of the tenant are not looked at.",
		Gate: derived(func(reg *registry.Registry, req gate.Request) *registry.Provider {
			return reg.Derive(req.Runtime, req.Model, gate.Secrets{Workspace: req.Secrets.Workspace}.InScope).Provider
		}),
	},
	{
		Name: "tie-last-wins", Rules: []string{"DER-2"},
		Story: "Where the credentials of both are in scope, the last one that is looked at wins.",
		Gate: derived(func(reg *registry.Registry, req gate.Request) *registry.Provider {
			d := reg.Derive(req.Runtime, req.Model, req.Secrets.InScope)
			for _, p := range slices.Backward(d.Tied) {
				if _, ok := gate.FindCredential(p, req.Secrets); ok {
					return p
				}
			}
			return d.Provider
		}),
	},
	{
		Name: "overlap-first-declared", Rules: []string{"DER-2"},
		Story: "Where several patterns match and no credential decides, the first declared provider is taken, as for listed models.",
		Gate: derived(func(reg *registry.Registry, req gate.Request) *registry.Provider {
			d := reg.Derive(req.Runtime, req.Model, req.Secrets.InScope)
			if d.Provider == nil && len(d.Tied) > 0 {
				return d.Tied[0]
			}
			return d.Provider
		}),
	},
	{
		Name: "overlap-first-in-scope", Rules: []string{"DER-2"},
		Story: "Where several patterns match, the first provider with a credential is taken, though the other one has one, too.",
		Gate: derived(func(reg *registry.Registry, req gate.Request) *registry.Provider {
			d := reg.Derive(req.Runtime, req.Model, req.Secrets.InScope)
			if d.Provider != nil {
				return d.Provider
			}
			for _, p := range d.Tied {
				if _, ok := gate.FindCredential(p, req.Secrets); ok {
					return p
				}
			}
			return nil
		}),
	},
	{
		Name: "overlap-never-decided", Rules: []string{"DER-2"},
		Story: "A model that several patterns match is nobody's, whatever credentials there are, so that the gate stays out.",
		Gate: derived(func(reg *registry.Registry, req gate.Request) *registry.Provider {
			if d := reg.Derive(req.Runtime, req.Model, nil); d.Reason == registry.UndecidedOverlap {
				return nil
			}
			return lookUp(reg, req)
		}),
	},
	{
		Name: "overlap-first-pattern", Rules: []string{"DER-2"},
		Story: "The first pattern that matches decides, and nobody looks whether there is another.",
		Gate: derived(func(reg *registry.Registry, req gate.Request) *registry.Provider {
			if d := reg.Derive(req.Runtime, req.Model, req.Secrets.InScope); len(d.Tied) == 0 || d.By == registry.Verbatim {
				return d.Provider
			}
			for _, native := range reg.Runtime(req.Runtime).Native {
				if native.Provider.Matches(strings.TrimSpace(req.Model)) {
					return native.Provider
				}
			}
			return nil
		}),
	},
	{
		Name: "platform-gated", Rules: []string{"DER-4"},
		Story: "The platform's own token is asked for like any other credential.",
		Gate:  gatedBy(func(p *registry.Provider) bool { return p.IsPlatform() }),
	},
	{
		Name: "platform-probes-strays", Rules: []string{"DER-4"},
		Story: "For a platform model every credential that lies around is checked, to be helpful.",
		Gate:  probesStrays,
	},
	{
		Name: "external-gated", Rules: []string{"DER-5"},
		Story: "The external flag is looked at after the gate.",
		Gate: changed(func(_ *registry.Registry, req gate.Request) gate.Request {
			req.External = false
			return req
		}),
	},
	{
		Name: "external-gated-at-restart", Rules: []string{"DER-5"},
		Story: "The create looks at the external flag; a restart takes every workspace for one of the server's own.",
		Server: func(c *server.Config) {
			c.Hooks.RestartExternal = true
			c.Hooks.GateRequest = func(id string, req gate.Request) gate.Request {
				req.External = req.External && id == ""
				return req
			}
		},
	},
}

func lookUp(reg *registry.Registry, req gate.Request) *registry.Provider {
	return reg.Derive(req.Runtime, req.Model, req.Secrets.InScope).Provider
}

// derived finds the provider differently.
func derived(find func(*registry.Registry, gate.Request) *registry.Provider) builder {
	return func(reg *registry.Registry, o gate.Options) gate.Gate {
		ref := gate.NewReference(reg, o)
		ref.Derive = func(req gate.Request) registry.Derivation { return registry.Derivation{Provider: find(reg, req)} }
		return ref
	}
}
