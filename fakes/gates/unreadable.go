package gates

import (
	"context"

	"github.com/molecule-ai/byok-conformance/gate"
	"github.com/molecule-ai/byok-conformance/registry"
)

// unreadableFaults do not know what to make of a value that cannot be decrypted.
var unreadableFaults = []Double{
	{
		Name: "unreadable-refused", Rules: []string{"LIV-10"},
		Story: "What cannot be decrypted cannot be valid.",
		Gate: onUnreadable(func(prober, context.Context, *registry.Provider, gate.Credential) gate.Outcome {
			return gate.Outcome{Finding: gate.Dead, Cause: "it cannot be decrypted"}
		}),
	},
	{
		Name: "unreadable-is-absent", Rules: []string{"LIV-10"},
		Story: "Presence asks for a value, and decryption gave none.",
		Gate: changed(func(_ *registry.Registry, req gate.Request) gate.Request {
			req.Secrets = readable(req.Secrets)
			return req
		}),
	},
	{
		Name: "unreadable-falls-through", Rules: []string{"LIV-8", "LIV-10", "PRE-5"},
		Story: "What cannot be decrypted is passed over while there is something else.",
		Gate: found(func(_ *registry.Registry, p *registry.Provider, s gate.Secrets) (gate.Credential, bool) {
			if c, ok := gate.FindCredential(p, readable(s)); ok {
				return c, true
			}
			return gate.FindCredential(p, s)
		}),
	},
	{
		Name: "unreadable-silent", Rules: []string{"LIV-11", "LIV-10"},
		Story: "There is nothing to ask, so there is nothing to say.",
		Gate: onUnreadable(func(prober, context.Context, *registry.Provider, gate.Credential) gate.Outcome {
			return gate.Outcome{Finding: gate.Alive}
		}),
	},
	{
		Name: "unreadable-probed", Rules: []string{"LIV-10"},
		Story: "The ciphertext is sent as the key, and the provider is sure not to like it.",
		Gate: onUnreadable(func(next prober, ctx context.Context, p *registry.Provider, c gate.Credential) gate.Outcome {
			c.Secret = gate.Secret{Value: "ciphertext"}
			return next(ctx, p, c)
		}),
	},
	{
		Name: "unreadable-foreign-counts", Rules: []string{"PRE-2"},
		Story: "After a key rotation, whatever cannot be read is given the benefit of the doubt.",
		Gate: excused(func(reg *registry.Registry, req gate.Request, _ gate.Decision) bool {
			for _, c := range strays(reg, nil, req.Secrets) {
				if c.Secret.Unreadable {
					return true
				}
			}
			return false
		}),
	},
	{
		Name: "provision-unreadable-stops", Rules: []string{"LIV-10", "PRV-2"},
		Story: "Provisioning needs the value for the container, and stops without it.",
		Gate: atProvision(func(_ *registry.Registry, req gate.Request) gate.Request {
			req.Secrets = readable(req.Secrets)
			return req
		}),
	},
}

// onUnreadable answers for what cannot be decrypted in the probe's place.
func onUnreadable(answer func(next prober, ctx context.Context, p *registry.Provider, c gate.Credential) gate.Outcome) builder {
	return probed(func(_ gate.Options, next prober) prober {
		return func(ctx context.Context, p *registry.Provider, c gate.Credential) gate.Outcome {
			if c.Secret.Unreadable {
				return answer(next, ctx, p, c)
			}
			return next(ctx, p, c)
		}
	})
}

// readable leaves out what cannot be decrypted.
func readable(s gate.Secrets) gate.Secrets {
	keep := func(from map[string]gate.Secret) map[string]gate.Secret {
		out := map[string]gate.Secret{}
		for name, v := range from {
			if !v.Unreadable {
				out[name] = v
			}
		}
		return out
	}
	return gate.Secrets{Workspace: keep(s.Workspace), Global: keep(s.Global)}
}
