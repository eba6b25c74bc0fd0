package gates

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/molecule-ai/byok-conformance/gate"
	"github.com/molecule-ai/byok-conformance/gate/server"
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
		Name: "provision-case-folded", Rules: []string{"PRV-1"},
		Story: "Provisioning looks names up in a map that folds their case.",
		Gate: excusedAtProvision(func(p *registry.Provider, name string) bool {
			return slices.ContainsFunc(p.AuthEnv, func(accepted string) bool { return strings.EqualFold(accepted, name) })
		}),
	},
	{
		Name: "provision-name-suffix-matches", Rules: []string{"PRV-1"},
		Story: "Provisioning greps the environment for the accepted name.",
		Gate: excusedAtProvision(func(p *registry.Provider, name string) bool {
			return slices.ContainsFunc(p.AuthEnv, func(accepted string) bool { return strings.HasSuffix(name, accepted) })
		}),
	},
	{
		Name: "provision-of-create", Rules: []string{"PRV-1", "PRV-2"},
		Story: "Provisioning decides by the secrets that the create call had, which it was handed.",
		Server: func(c *server.Config) {
			var first sync.Map
			c.Hooks.GateRequest = func(id string, req gate.Request) gate.Request {
				if id == "" {
					return req
				}
				kept, _ := first.LoadOrStore(id, req.Secrets)
				req.Secrets = kept.(gate.Secrets)
				return req
			}
		},
	},
	{
		Name: "second-restart-unchecked", Rules: []string{"PRV-1"},
		Story: "The first restart checks, and marks the workspace as checked, whatever came of it; the next one takes the mark for a pass.",
		Server: func(c *server.Config) {
			var asked sync.Map
			c.Hooks.GateRequest = func(id string, req gate.Request) gate.Request {
				n, _ := asked.LoadOrStore(id, new(atomic.Int64))
				// The first provisioning is the create's own.
				if n.(*atomic.Int64).Add(1) > 2 && id != "" {
					req.External = true
				}
				return req
			}
		},
	},
	{
		Name: "provision-outage-stops", Rules: []string{"LIV-2"},
		Story: "Provisioning asks the provider, too, and takes an outage for a no.",
		Gate: decidedAt(gate.Provision, func(_ *registry.Registry, _ gate.Request, d gate.Decision) gate.Decision {
			if len(d.Notices) > 0 {
				return gate.Decision{Verdict: gate.Refused, Code: gate.InvalidCredential, Provider: d.Provider, Credential: d.Credential, Message: "not proved"}
			}
			return d
		}),
	},
	{
		Name: "provision-follows-redirects", Rules: []string{"SEC-4"},
		Story: "Provisioning has an HTTP client of its own, which follows redirects.",
		Gate: func(reg *registry.Registry, o gate.Options) gate.Gate {
			create, provision := gate.NewReference(reg, o), sent(followingRedirects)(reg, o)
			return decider(func(ctx context.Context, req gate.Request) (gate.Decision, error) {
				if req.Stage == gate.Provision {
					return provision.Decide(ctx, req)
				}
				return create.Decide(ctx, req)
			})
		},
	},
	{
		Name: "provision-quotes-secrets", Rules: []string{"SEC-1", "SEC-2"},
		Story: "The reason of a failed provisioning quotes what was found in place of the credential.",
		Gate: decidedAt(gate.Provision, func(_ *registry.Registry, req gate.Request, d gate.Decision) gate.Decision {
			for name, s := range req.Secrets.Workspace {
				if d.Code == gate.MissingCredential {
					d.Message += fmt.Sprintf("; found %s=%s", name, s.Value)
				}
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
	{
		Name: "dead-key-told-once", Rules: []string{"PRV-3"}, Extended: true, Remembers: true,
		Story: "A restart does not ask twice about one key in a while, and takes that it was asked for a yes.",
		Gate:  tellsOnce,
	},
}

// tellsOnce refuses a dead credential at provisioning once.
func tellsOnce(reg *registry.Registry, o gate.Options) gate.Gate {
	var told sync.Map
	return decidedAt(gate.Provision, func(reg *registry.Registry, req gate.Request, d gate.Decision) gate.Decision {
		p := reg.Provider(d.Provider)
		if d.Code != gate.InvalidCredential || p == nil {
			return d
		}
		c, _ := gate.FindCredential(p, req.Secrets)
		if _, again := told.LoadOrStore(p.Name+c.Secret.Value, true); again {
			return gate.Decision{Verdict: gate.Allowed, Provider: d.Provider}
		}
		return d
	})(reg, o)
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

// excusedAtProvision has names count at provisioning that do not at create.
func excusedAtProvision(counts func(p *registry.Provider, name string) bool) builder {
	return excused(func(reg *registry.Registry, req gate.Request, d gate.Decision) bool {
		p := reg.Provider(d.Provider)
		if req.Stage != gate.Provision || p == nil {
			return false
		}
		for name, s := range req.Secrets.Workspace {
			if s.Present() && counts(p, name) {
				return true
			}
		}
		return false
	})
}
