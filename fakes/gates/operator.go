package gates

import (
	"context"
	"strings"

	"github.com/molecule-ai/byok-conformance/gate"
	"github.com/molecule-ai/byok-conformance/registry"
)

// operatorFaults use what stands in the server's own environment for a tenant.
var operatorFaults = []Double{
	{
		Name: "operator-key-counts", Rules: []string{"PRE-8", "PRE-1"},
		Story: "Credentials are looked up in the request, then at the tenant, then in the environment, as a command line tool does.",
		Gate:  withOperator(),
	},
	{
		Name: "operator-key-at-restart", Rules: []string{"PRE-8", "PRV-1"},
		Story: "A restart fills what is missing from the environment of the server.",
		Gate: func(reg *registry.Registry, o gate.Options) gate.Gate {
			create := gate.NewReference(reg, o)
			provision := withOperator()(reg, o)
			return decider(func(ctx context.Context, req gate.Request) (gate.Decision, error) {
				if req.Stage == gate.Provision {
					return provision.Decide(ctx, req)
				}
				return create.Decide(ctx, req)
			})
		},
	},
	{
		Name: "operator-key-rescues", Rules: []string{"PRE-8", "LIV-1"},
		Story: "Where the tenant's key is dead, the operator's is tried, so that the workspace runs.",
		Gate: probed(func(o gate.Options, next prober) prober {
			return func(ctx context.Context, p *registry.Provider, c gate.Credential) gate.Outcome {
				out := next(ctx, p, c)
				if own := environment(o, p); out.Finding == gate.Dead && own.Secret.Value != "" {
					return next(ctx, p, own)
				}
				return out
			}
		}),
	},
	{
		Name: "operator-key-is-present", Rules: []string{"PRE-1"},
		Story: "Presence asks the environment, too, and what is there need not be proved.",
		Gate: func(reg *registry.Registry, o gate.Options) gate.Gate {
			return excused(func(reg *registry.Registry, _ gate.Request, d gate.Decision) bool {
				return environment(o, reg.Provider(d.Provider)).Secret.Value != ""
			})(reg, o)
		},
	},
	{
		Name: "values-expanded", Rules: []string{"PRE-8"},
		Story: "A value may name a variable, as in a configuration file: ${NAME}, $NAME, os.environ/NAME.",
		Gate: probed(func(o gate.Options, next prober) prober {
			return func(ctx context.Context, p *registry.Provider, c gate.Credential) gate.Outcome {
				name := strings.TrimPrefix(strings.Trim(c.Secret.Value, "${}"), "os.environ/")
				if o.Env != nil && name != c.Secret.Value && o.Env(name) != "" {
					c.Secret.Value = o.Env(name)
				}
				return next(ctx, p, c)
			}
		}),
	},
	{
		Name: "references-skipped", Rules: []string{"LIV-1", "PRE-8", "LIV-9"},
		Story: "A value that is a reference cannot be asked about before the runtime has filled it in, so it passes.",
		Gate: probed(func(_ gate.Options, next prober) prober {
			return func(ctx context.Context, p *registry.Provider, c gate.Credential) gate.Outcome {
				if strings.HasPrefix(c.Secret.Value, "$") || strings.HasPrefix(c.Secret.Value, "os.environ/") {
					return gate.Outcome{Cause: "its value is a reference"}
				}
				return next(ctx, p, c)
			}
		}),
	},
	{
		Name: "operator-base-url", Rules: []string{"SEC-3"},
		Story: "The vendor's library is used for the probe, which reads its base URL from the environment.",
		Gate: probed(func(o gate.Options, next prober) prober {
			return func(ctx context.Context, p *registry.Provider, c gate.Credential) gate.Outcome {
				if base := baseOf(o, p); base != "" && p.ProbeBase() != "" {
					moved := *p
					moved.BaseURLTemplate = base
					p = &moved
				}
				return next(ctx, p, c)
			}
		}),
	},
}

// environment is the first credential of a provider in the process's environment;
// without value where there is none.
func environment(o gate.Options, p *registry.Provider) gate.Credential {
	if o.Env == nil || p == nil {
		return gate.Credential{}
	}
	for _, name := range p.AuthEnv {
		if value := o.Env(name); value != "" {
			return gate.Credential{Name: name, Scope: gate.GlobalScope, Secret: gate.Secret{Value: value}}
		}
	}
	return gate.Credential{}
}

// baseOf is the base URL that a library finds in the environment.
func baseOf(o gate.Options, p *registry.Provider) string {
	vendor, ok := strings.CutSuffix(p.AuthEnv[0], "_API_KEY")
	if o.Env == nil || !ok {
		return ""
	}
	return o.Env(vendor + "_BASE_URL")
}

// withOperator takes the credential of the environment where the tenant has none.
func withOperator() builder {
	return func(reg *registry.Registry, o gate.Options) gate.Gate {
		return found(func(_ *registry.Registry, p *registry.Provider, s gate.Secrets) (gate.Credential, bool) {
			c, ok := gate.FindCredential(p, s)
			if own := environment(o, p); !ok && own.Secret.Value != "" {
				return own, true
			}
			return c, ok
		})(reg, o)
	}
}
