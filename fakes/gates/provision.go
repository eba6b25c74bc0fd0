package gates

import (
	"github.com/molecule-ai/byok-conformance/gate"
	"github.com/molecule-ai/byok-conformance/registry"
)

// provisionFaults are right at create and wrong at provisioning.
var provisionFaults = []Double{
	{
		Name: "provision-unchecked", Rules: []string{"PRV-1"},
		Story: "The create call has looked, so provisioning does not look again.",
		Gate:  atProvision(func(_ *registry.Registry, req gate.Request) gate.Request { req.External = true; return req }),
	},
	{
		Name: "provision-blank-counts", Rules: []string{"PRV-1", "PRV-2"},
		Story: "Provisioning has a predicate of its own, in which a blank value counts.",
		Gate: excused(func(reg *registry.Registry, req gate.Request, d gate.Decision) bool {
			p := reg.Provider(d.Provider)
			for name, s := range req.Secrets.Workspace {
				if req.Stage == gate.Provision && p != nil && p.Accepts(name) && s.Value != "" {
					return true
				}
			}
			return false
		}),
	},
	{
		Name: "provision-ignores-global", Rules: []string{"PRV-2"},
		Story: "Provisioning reads the workspace's secrets only.",
		Gate: atProvision(func(_ *registry.Registry, req gate.Request) gate.Request {
			req.Secrets.Global = nil
			return req
		}),
	},
	{
		Name: "provision-global-any-known", Rules: []string{"PRV-1"}, Bypass: true,
		Story: "At provisioning, whatever the tenant stored counts.",
		Gate: excused(func(reg *registry.Registry, req gate.Request, _ gate.Decision) bool {
			return req.Stage == gate.Provision && known(reg, req.Secrets.Global)
		}),
	},
	{
		Name: "provision-first-name-only", Rules: []string{"PRV-2"},
		Story: "Provisioning exports one name to the container and asks for that one only.",
		Gate: decidedAt(gate.Provision, func(reg *registry.Registry, req gate.Request, d gate.Decision) gate.Decision {
			p := reg.Provider(d.Provider)
			if p == nil || d.Verdict != gate.Allowed || req.Secrets.InScope(p.AuthEnv[0]) {
				return d
			}
			return gate.Decision{Verdict: gate.Refused, Code: gate.MissingCredential, Provider: p.Name, Accepted: p.AuthEnv, Message: "missing for " + p.Name}
		}),
	},
	{
		Name: "provision-gates-platform", Rules: []string{"DER-4"},
		Story: "Provisioning asks for the platform's token where the container would need it.",
		Gate: decidedAt(gate.Provision, func(reg *registry.Registry, req gate.Request, d gate.Decision) gate.Decision {
			if p := lookUp(reg, req); p != nil && p.IsPlatform() {
				return gate.Decision{Verdict: gate.Refused, Code: gate.MissingCredential, Provider: p.Name, Message: "missing"}
			}
			return d
		}),
	},
	{
		Name: "provision-unprobed", Rules: []string{"PRV-3"}, Extended: true,
		Story: "The key was alive when the workspace was created.",
		Gate: decidedAt(gate.Provision, func(_ *registry.Registry, _ gate.Request, d gate.Decision) gate.Decision {
			if d.Code == gate.InvalidCredential {
				return gate.Decision{Verdict: gate.Allowed, Provider: d.Provider}
			}
			return d
		}),
	},
}

// atProvision changes the request at provisioning only.
func atProvision(change func(*registry.Registry, gate.Request) gate.Request) builder {
	return changed(func(reg *registry.Registry, req gate.Request) gate.Request {
		if req.Stage == gate.Provision {
			return change(reg, req)
		}
		return req
	})
}

// decidedAt changes the decision at one stage only.
func decidedAt(stage gate.Stage, change func(*registry.Registry, gate.Request, gate.Decision) gate.Decision) builder {
	return decided(func(reg *registry.Registry, req gate.Request, d gate.Decision) gate.Decision {
		if req.Stage == stage {
			return change(reg, req, d)
		}
		return d
	})
}
