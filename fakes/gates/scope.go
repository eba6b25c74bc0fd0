package gates

import (
	"context"
	"net/http"
	"strings"

	"github.com/molecule-ai/byok-conformance/gate"
	"github.com/molecule-ai/byok-conformance/registry"
)

// scopeFaults mistake where a credential stands, or which one decides.
var scopeFaults = []Double{
	{
		Name: "global-ignored", Rules: []string{"PRE-5"},
		Story: "Only the secrets of the request are looked at.",
		Gate: changed(func(_ *registry.Registry, req gate.Request) gate.Request {
			req.Secrets.Global = nil
			return req
		}),
	},
	{
		Name: "global-first", Rules: []string{"PRE-5"},
		Story: "The tenant's value is asked about, the workspace's is used.",
		Gate: changed(func(_ *registry.Registry, req gate.Request) gate.Request {
			merged := map[string]gate.Secret{}
			for _, scope := range []map[string]gate.Secret{req.Secrets.Workspace, req.Secrets.Global} {
				for name, s := range scope {
					if s.Present() || merged[name] == (gate.Secret{}) {
						merged[name] = s
					}
				}
			}
			req.Secrets = gate.Secrets{Workspace: merged}
			return req
		}),
	},
	{
		Name: "any-live-name-suffices", Rules: []string{"LIV-8"},
		Story: "Every accepted name is tried until one is alive; the runtime uses the first.",
		Gate:  probesUntilAlive,
	},
	{
		Name: "last-name-decides", Rules: []string{"LIV-8"},
		Story: "The list of accepted names is walked backwards.",
		Gate: found(func(_ *registry.Registry, p *registry.Provider, s gate.Secrets) (gate.Credential, bool) {
			backwards := *p
			backwards.AuthEnv = nil
			for _, name := range p.AuthEnv {
				backwards.AuthEnv = append([]string{name}, backwards.AuthEnv...)
			}
			return gate.FindCredential(&backwards, s)
		}),
	},
	{
		Name: "workspace-names-first", Rules: []string{"LIV-8"},
		Story: "All names of the workspace are tried before those of the tenant, so a later name goes before an earlier one.",
		Gate: found(func(_ *registry.Registry, p *registry.Provider, s gate.Secrets) (gate.Credential, bool) {
			if c, ok := gate.FindCredential(p, gate.Secrets{Workspace: s.Workspace}); ok {
				return c, true
			}
			return gate.FindCredential(p, gate.Secrets{Global: s.Global})
		}),
	},
	{
		Name: "foreign-vouches", Rules: []string{"LIV-1", "LIV-8"},
		Story: "A live key of any vendor in scope is taken as proof that the tenant is genuine.",
		Gate:  foreignVouches,
	},
}

// gatedBy gates a provider that the reference gate leaves alone.
func gatedBy(which func(*registry.Provider) bool) builder {
	return decided(func(reg *registry.Registry, req gate.Request, d gate.Decision) gate.Decision {
		p := lookUp(reg, req)
		if p == nil || !which(p) || req.External {
			return d
		}
		if _, ok := gate.FindCredential(p, req.Secrets); ok {
			return d
		}
		return gate.Decision{Verdict: gate.Refused, Code: gate.MissingCredential, Provider: p.Name, Accepted: p.AuthEnv, Message: "credential missing for " + p.Name}
	})
}

// probesStrays asks the vendors of stray credentials where the gate must stay out.
func probesStrays(reg *registry.Registry, o gate.Options) gate.Gate {
	ref := gate.NewReference(reg, o)
	return decider(func(ctx context.Context, req gate.Request) (gate.Decision, error) {
		if p := lookUp(reg, req); p != nil && p.IsPlatform() && !req.External {
			for _, c := range strays(reg, p, req.Secrets) {
				if v := vendorOf(reg, c.Name); v != nil {
					ref.Probe(ctx, v, c)
				}
			}
		}
		return ref.Decide(ctx, req)
	})
}

// probesForeign sends a foreign credential to the derived provider before it
// refuses for absence.
func probesForeign(reg *registry.Registry, o gate.Options) gate.Gate {
	ref := gate.NewReference(reg, o)
	return decider(func(ctx context.Context, req gate.Request) (gate.Decision, error) {
		d, err := ref.Decide(ctx, req)
		if p := reg.Provider(d.Provider); d.Code == gate.MissingCredential && p != nil && p.ProbeBase() != "" {
			for _, c := range strays(reg, p, req.Secrets) {
				ref.Probe(ctx, p, c)
			}
		}
		return d, err
	})
}

// probesAnonymously asks the derived provider without any credential.
func probesAnonymously(reg *registry.Registry, o gate.Options) gate.Gate {
	ref := gate.NewReference(reg, o)
	transport := o.Transport
	if transport == nil {
		transport = http.DefaultTransport
	}
	return decider(func(ctx context.Context, req gate.Request) (gate.Decision, error) {
		d, err := ref.Decide(ctx, req)
		if p := reg.Provider(d.Provider); d.Code == gate.MissingCredential && p != nil && p.ProbeBase() != "" {
			if r, bad := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimSuffix(p.ProbeBase(), "/")+"/models", nil); bad == nil {
				if resp, bad := transport.RoundTrip(r); bad == nil {
					_ = resp.Body.Close()
				}
			}
		}
		return d, err
	})
}

// probesUntilAlive tries every accepted name that is present.
func probesUntilAlive(reg *registry.Registry, o gate.Options) gate.Gate {
	ref := gate.NewReference(reg, o)
	return decider(func(ctx context.Context, req gate.Request) (gate.Decision, error) {
		d, err := ref.Decide(ctx, req)
		p := reg.Provider(d.Provider)
		if d.Code != gate.InvalidCredential || p == nil {
			return d, err
		}
		for _, name := range p.AuthEnv {
			one := *p
			one.AuthEnv = []string{name}
			if c, ok := gate.FindCredential(&one, req.Secrets); ok && name != d.Credential && ref.Probe(ctx, p, c).Finding == gate.Alive {
				return gate.Decision{Verdict: gate.Allowed, Provider: p.Name}, nil
			}
		}
		return d, err
	})
}

// foreignVouches asks the vendors of foreign credentials when the right one is dead.
func foreignVouches(reg *registry.Registry, o gate.Options) gate.Gate {
	ref := gate.NewReference(reg, o)
	return decider(func(ctx context.Context, req gate.Request) (gate.Decision, error) {
		d, err := ref.Decide(ctx, req)
		if d.Code != gate.InvalidCredential {
			return d, err
		}
		for _, c := range strays(reg, reg.Provider(d.Provider), req.Secrets) {
			if v := vendorOf(reg, c.Name); v != nil && ref.Probe(ctx, v, c).Finding == gate.Alive {
				return gate.Decision{Verdict: gate.Allowed, Provider: d.Provider}, nil
			}
		}
		return d, err
	})
}
