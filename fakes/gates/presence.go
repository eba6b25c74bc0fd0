package gates

import (
	"strings"

	"github.com/molecule-ai/byok-conformance/gate"
	"github.com/molecule-ai/byok-conformance/registry"
)

// presenceFaults begin with the defect that this suite was written for, and
// with the repairs of it that did not go far enough.
var presenceFaults = []Double{
	{
		Name: "any-known-credential", Rules: []string{"PRE-2"}, Bypass: true,
		Story: "Presence asks for any well-known name; liveness looks for an accepted one, finds none, and skips in silence.",
		Gate: excused(func(reg *registry.Registry, req gate.Request, _ gate.Decision) bool {
			return anywhere(reg, req.Secrets)
		}),
	},
	{
		Name: "fixed-at-create-only", Rules: []string{"PRV-1"}, Bypass: true,
		Story: "The create call was repaired; provisioning still asks for any well-known name.",
		Gate: excused(func(reg *registry.Registry, req gate.Request, _ gate.Decision) bool {
			return req.Stage == gate.Provision && anywhere(reg, req.Secrets)
		}),
	},
	{
		Name: "fixed-for-anthropic-only", Rules: []string{"PRE-2"}, Bypass: true,
		Story: "The provider of the bug report was repaired, and no other.",
		Gate: excused(func(reg *registry.Registry, req gate.Request, d gate.Decision) bool {
			return !strings.HasPrefix(d.Provider, "anthropic") && anywhere(reg, req.Secrets)
		}),
	},
	{
		Name: "fixed-for-workspace-only", Rules: []string{"PRE-2"}, Bypass: true,
		Story: "The secrets of the request are matched to the provider; those of the tenant still count by any well-known name.",
		Gate: excused(func(reg *registry.Registry, req gate.Request, _ gate.Decision) bool {
			return known(reg, req.Secrets.Global)
		}),
	},
	{
		Name: "nothing-required", Rules: []string{"PRE-1"},
		Story: "A missing credential is left to the first call of the workspace.",
		Gate:  excused(func(*registry.Registry, gate.Request, gate.Decision) bool { return true }),
	},
	{
		Name: "none-at-all-allowed", Rules: []string{"PRE-1"},
		Story: "No credential at all is taken for a workspace that will get one later.",
		Gate: excused(func(_ *registry.Registry, req gate.Request, _ gate.Decision) bool {
			return len(req.Secrets.Workspace)+len(req.Secrets.Global) == 0
		}),
	},
	{
		Name: "same-vendor-counts", Rules: []string{"PRE-2"}, Bypass: true,
		Story: "ANTHROPIC_API_KEY is taken for a Claude subscription: the vendor is the same, the provider is not.",
		Gate: excused(func(reg *registry.Registry, req gate.Request, d gate.Decision) bool {
			p := reg.Provider(d.Provider)
			for _, c := range strays(reg, p, req.Secrets) {
				if v := vendorOf(reg, c.Name); v != nil && p != nil && v.VendorLogo == p.VendorLogo {
					return true
				}
			}
			return false
		}),
	},
	{
		Name: "two-foreign-count", Rules: []string{"PRE-2"}, Bypass: true,
		Story: "Something at the workspace and something at the tenant together look configured.",
		Gate: excused(func(reg *registry.Registry, req gate.Request, _ gate.Decision) bool {
			return known(reg, req.Secrets.Workspace) && known(reg, req.Secrets.Global)
		}),
	},
	{
		Name: "empty-counts", Rules: []string{"PRE-3"},
		Story: "Presence asks whether the name is in the map, not whether there is a value.",
		Gate:  found(where(func(accepted, name string, _ gate.Secret) bool { return accepted == name })),
	},
	{
		Name: "blank-counts", Rules: []string{"PRE-3"},
		Story: "A value counts if it is not the empty string; white space is not.",
		Gate: found(where(func(accepted, name string, s gate.Secret) bool {
			return accepted == name && (s.Value != "" || s.Unreadable)
		})),
	},
	{
		Name: "blank-beside-foreign-counts", Rules: []string{"PRE-2", "PRE-3"}, Bypass: true,
		Story: "The right name is there, and some value is there; that they do not belong together is not seen.",
		Gate: excused(func(reg *registry.Registry, req gate.Request, d gate.Decision) bool {
			p := reg.Provider(d.Provider)
			for name := range req.Secrets.Workspace {
				if p != nil && p.Accepts(name) {
					return anywhere(reg, req.Secrets)
				}
			}
			return false
		}),
	},
	{
		Name: "case-folded", Rules: []string{"PRE-6"},
		Story: "Names are compared without regard to case.",
		Gate: found(where(func(accepted, name string, s gate.Secret) bool {
			return strings.EqualFold(accepted, name) && s.Present()
		})),
	},
	{
		Name: "name-prefix-matches", Rules: []string{"PRE-6"},
		Story: "A name counts if it begins with an accepted one.",
		Gate: found(where(func(accepted, name string, s gate.Secret) bool {
			return strings.HasPrefix(name, accepted) && s.Present()
		})),
	},
	{
		Name: "name-substring-matches", Rules: []string{"PRE-6"},
		Story: "A name counts if it ends with an accepted one.",
		Gate: found(where(func(accepted, name string, s gate.Secret) bool {
			return strings.HasSuffix(name, accepted) && s.Present()
		})),
	},
	{
		Name: "anthropic-prefix", Rules: []string{"PRE-6"},
		Story: "Whatever begins with ANTHROPIC_ is a credential for Anthropic.",
		Gate: excused(func(_ *registry.Registry, req gate.Request, d gate.Decision) bool {
			for name, s := range req.Secrets.Workspace {
				if d.Provider == "anthropic-api" && strings.HasPrefix(name, "ANTHROPIC_") && s.Present() {
					return true
				}
			}
			return false
		}),
	},
	{
		Name: "name-trimmed", Rules: []string{"PRE-6"},
		Story: "Names are trimmed before they are compared; the runtime does not trim them.",
		Gate: found(where(func(accepted, name string, s gate.Secret) bool {
			return strings.TrimSpace(name) == accepted && s.Present()
		})),
	},
	{
		Name: "first-name-only", Rules: []string{"PRE-4"},
		Story: "The list of accepted names is read up to its first entry.",
		Gate: found(func(_ *registry.Registry, p *registry.Provider, s gate.Secrets) (gate.Credential, bool) {
			first := *p
			first.AuthEnv = p.AuthEnv[:1]
			return gate.FindCredential(&first, s)
		}),
	},
	{
		Name: "probe-before-presence", Rules: []string{"PRE-7"},
		Story: "Whatever key is in scope is sent to the derived provider first; the refusal for absence comes after.",
		Gate:  probesForeign,
	},
	{
		Name: "anonymous-probe", Rules: []string{"PRE-7"},
		Story: "With no credential the provider is still asked, to see whether it wants one.",
		Gate:  probesAnonymously,
	},
}

// where returns a presence predicate that matches names and values its own way.
func where(counts func(accepted, name string, s gate.Secret) bool) func(*registry.Registry, *registry.Provider, gate.Secrets) (gate.Credential, bool) {
	return func(_ *registry.Registry, p *registry.Provider, s gate.Secrets) (gate.Credential, bool) {
		for _, accepted := range p.AuthEnv {
			for i, scope := range []map[string]gate.Secret{s.Workspace, s.Global} {
				for name, v := range scope {
					if counts(accepted, name, v) {
						v.Value = strings.TrimSpace(v.Value)
						return gate.Credential{Name: name, Scope: []gate.Scope{gate.WorkspaceScope, gate.GlobalScope}[i], Secret: v}, true
					}
				}
			}
		}
		return gate.Credential{}, false
	}
}
