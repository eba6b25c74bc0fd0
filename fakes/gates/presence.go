package gates

import (
	"strings"
	"unicode"

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
		Name: "fixed-for-one-runtime", Rules: []string{"PRE-2"},
		Story: "The runtime of the bug report was repaired, and no other.",
		Gate: excused(func(reg *registry.Registry, req gate.Request, _ gate.Decision) bool {
			return req.Runtime != "claude-code" && anywhere(reg, req.Secrets)
		}),
	},
	{
		Name: "fixed-for-probed-only", Rules: []string{"PRE-2"},
		Story: "The repair sits in the probe, and a provider that cannot be asked never gets there.",
		Gate: excused(func(reg *registry.Registry, req gate.Request, d gate.Decision) bool {
			p := reg.Provider(d.Provider)
			return p != nil && p.ProbeBase() == "" && anywhere(reg, req.Secrets)
		}),
	},
	{
		Name: "fixed-for-listed-models", Rules: []string{"PRE-2"},
		Story: "Models that the registry lists were repaired; those that a pattern owns take any well-known name.",
		Gate: excused(func(reg *registry.Registry, req gate.Request, _ gate.Decision) bool {
			return reg.Derive(req.Runtime, req.Model, req.Secrets.InScope).By == registry.Pattern && anywhere(reg, req.Secrets)
		}),
	},
	{
		Name: "name-looks-like-a-key", Rules: []string{"PRE-2"},
		Story: "Whatever ends with _API_KEY or _TOKEN is a credential.",
		Gate: excused(func(_ *registry.Registry, req gate.Request, _ gate.Decision) bool {
			for _, scope := range []map[string]gate.Secret{req.Secrets.Workspace, req.Secrets.Global} {
				for name, s := range scope {
					if s.Present() && (strings.HasSuffix(name, "_API_KEY") || strings.HasSuffix(name, "_TOKEN")) {
						return true
					}
				}
			}
			return false
		}),
	},
	{
		Name: "blank-and-foreign-across-scopes", Rules: []string{"PRE-2", "PRE-3"},
		Story: "The scopes are merged by name, and then presence asks for the right name and for some value.",
		Gate: excused(func(reg *registry.Registry, req gate.Request, d gate.Decision) bool {
			p := reg.Provider(d.Provider)
			if p == nil {
				return false
			}
			for _, name := range p.AuthEnv {
				_, here := req.Secrets.Workspace[name]
				_, there := req.Secrets.Global[name]
				if here && known(reg, req.Secrets.Global) || there && known(reg, req.Secrets.Workspace) {
					return true
				}
			}
			return false
		}),
	},
	{
		Name: "two-at-one-scope-count", Rules: []string{"PRE-2"},
		Story: "Whoever has set two keys has set up the tenant.",
		Gate: excused(func(reg *registry.Registry, req gate.Request, _ gate.Decision) bool {
			return len(strays(reg, nil, gate.Secrets{Workspace: req.Secrets.Workspace})) > 1 ||
				len(strays(reg, nil, gate.Secrets{Global: req.Secrets.Global})) > 1
		}),
	},
	{
		Name: "every-name-required", Rules: []string{"PRE-4"},
		Story: "The list of alternatives is read as a list of requirements.",
		Gate: found(func(_ *registry.Registry, p *registry.Provider, s gate.Secrets) (gate.Credential, bool) {
			c, ok := gate.FindCredential(p, s)
			for _, name := range p.AuthEnv {
				ok = ok && s.InScope(name)
			}
			return c, ok
		}),
	},
	{
		Name: "dashes-folded", Rules: []string{"PRE-6"},
		Story: "Names are brought into one form, in which a dash is an underscore.",
		Gate: found(where(func(accepted, name string, s gate.Secret) bool {
			return strings.ReplaceAll(name, "-", "_") == accepted && s.Present()
		})),
	},
	{
		Name: "vendor-prefix-matches", Rules: []string{"PRE-6"},
		Story: "Whatever begins with the vendor's name is the vendor's credential, its base URL too.",
		Gate: excused(func(reg *registry.Registry, req gate.Request, d gate.Decision) bool {
			p := reg.Provider(d.Provider)
			if p == nil {
				return false
			}
			vendor, _, _ := strings.Cut(p.AuthEnv[0], "_")
			for _, scope := range []map[string]gate.Secret{req.Secrets.Workspace, req.Secrets.Global} {
				for name, s := range scope {
					if strings.HasPrefix(name, vendor+"_") && s.Present() {
						return true
					}
				}
			}
			return false
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
		Name: "only-ascii-blanks-trimmed", Rules: []string{"PRE-3"},
		Story: "Presence trims blanks, tabs and line ends, and nobody thought of other white space.",
		Gate: found(where(func(accepted, name string, s gate.Secret) bool {
			return accepted == name && (strings.Trim(s.Value, " \t\r\n") != "" || s.Unreadable)
		})),
	},
	{
		Name: "no-break-space-counts", Rules: []string{"PRE-3"},
		Story: "The trim is that of a library which leaves out what does not break a line.",
		Gate: found(where(func(accepted, name string, s gate.Secret) bool {
			return accepted == name && (s.Unreadable || strings.TrimFunc(s.Value, func(r rune) bool { return r != '\u00a0' && unicode.IsSpace(r) }) != "")
		})),
	},
	{
		Name: "line-ends-count", Rules: []string{"PRE-3"},
		Story: "An expression looks for anything but blanks, and a line end is something else.",
		Gate: found(where(func(accepted, name string, s gate.Secret) bool {
			return accepted == name && (s.Unreadable || strings.TrimFunc(s.Value, func(r rune) bool { return r != '\n' && unicode.IsSpace(r) }) != "")
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
