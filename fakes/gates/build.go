package gates

import (
	"context"
	"net/http"
	"slices"

	"github.com/molecule-ai/byok-conformance/gate"
	"github.com/molecule-ai/byok-conformance/registry"
)

// A builder makes a gate over a registry.
type builder = func(*registry.Registry, gate.Options) gate.Gate

// decider is a gate that is a function.
type decider func(context.Context, gate.Request) (gate.Decision, error)

func (f decider) Decide(ctx context.Context, req gate.Request) (gate.Decision, error) {
	return f(ctx, req)
}

// decided changes the reference gate's decision.
func decided(change func(*registry.Registry, gate.Request, gate.Decision) gate.Decision) builder {
	return func(reg *registry.Registry, o gate.Options) gate.Gate {
		ref := gate.NewReference(reg, o)
		return decider(func(ctx context.Context, req gate.Request) (gate.Decision, error) {
			d, err := ref.Decide(ctx, req)
			return change(reg, req, d), err
		})
	}
}

// excused turns a refusal for absence into an allow where the excuse holds:
// the credential that would be probed is not there, so liveness skips.
func excused(excuse func(*registry.Registry, gate.Request, gate.Decision) bool) builder {
	return decided(func(reg *registry.Registry, req gate.Request, d gate.Decision) gate.Decision {
		if d.Code == gate.MissingCredential && excuse(reg, req, d) {
			return gate.Decision{Verdict: gate.Allowed, Provider: d.Provider}
		}
		return d
	})
}

// changed asks the reference gate about a changed request.
func changed(change func(*registry.Registry, gate.Request) gate.Request) builder {
	return func(reg *registry.Registry, o gate.Options) gate.Gate {
		ref := gate.NewReference(reg, o)
		return decider(func(ctx context.Context, req gate.Request) (gate.Decision, error) {
			return ref.Decide(ctx, change(reg, req))
		})
	}
}

// found picks the credential differently.
func found(find func(*registry.Registry, *registry.Provider, gate.Secrets) (gate.Credential, bool)) builder {
	return func(reg *registry.Registry, o gate.Options) gate.Gate {
		ref := gate.NewReference(reg, o)
		ref.Find = func(p *registry.Provider, s gate.Secrets) (gate.Credential, bool) { return find(reg, p, s) }
		return ref
	}
}

// A prober asks a provider about a credential.
type prober = func(context.Context, *registry.Provider, gate.Credential) gate.Outcome

// probed asks differently; next is the reference gate's own probe.
func probed(probe func(o gate.Options, next prober) prober) builder {
	return func(reg *registry.Registry, o gate.Options) gate.Gate {
		ref := gate.NewReference(reg, o)
		ref.Probe = probe(o, ref.Probe)
		return ref
	}
}

// judged reads a probe's outcome differently.
func judged(read func(gate.Outcome) gate.Finding) builder {
	return probed(func(_ gate.Options, next prober) prober {
		return func(ctx context.Context, p *registry.Provider, c gate.Credential) gate.Outcome {
			out := next(ctx, p, c)
			out.Finding = read(out)
			return out
		}
	})
}

// A roundTripper is a transport that is a function.
type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// sent changes the probe's call; next is the transport underneath.
func sent(send func(next http.RoundTripper, r *http.Request) (*http.Response, error)) builder {
	return func(reg *registry.Registry, o gate.Options) gate.Gate {
		next := o.Transport
		if next == nil {
			next = http.DefaultTransport
		}
		o.Transport = roundTripper(func(r *http.Request) (*http.Response, error) { return send(next, r) })
		return gate.NewReference(reg, o)
	}
}

// known reports whether a scope holds a usable credential with a name that any
// provider of the registry accepts.
func known(reg *registry.Registry, secrets map[string]gate.Secret) bool {
	for name, s := range secrets {
		if s.Present() && slices.Contains(reg.CredentialNames(), name) {
			return true
		}
	}
	return false
}

func anywhere(reg *registry.Registry, s gate.Secrets) bool {
	return known(reg, s.Workspace) || known(reg, s.Global)
}

// strays are the known credentials in scope that the provider does not accept.
func strays(reg *registry.Registry, p *registry.Provider, s gate.Secrets) []gate.Credential {
	var out []gate.Credential
	for _, name := range reg.CredentialNames() {
		if p != nil && p.Accepts(name) {
			continue
		}
		for _, scope := range []map[string]gate.Secret{s.Workspace, s.Global} {
			if v, ok := scope[name]; ok && v.Present() {
				out = append(out, gate.Credential{Name: name, Secret: v})
				break
			}
		}
	}
	return out
}

// vendorOf is the first provider with a probe that accepts a name, or nil.
func vendorOf(reg *registry.Registry, name string) *registry.Provider {
	for _, p := range reg.Providers {
		if p.Accepts(name) && p.ProbeBase() != "" && !p.IsPlatform() {
			return p
		}
	}
	return nil
}
