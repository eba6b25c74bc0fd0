package gates

import (
	"context"
	"net/url"
	"strings"

	"github.com/molecule-ai/byok-conformance/gate"
	"github.com/molecule-ai/byok-conformance/registry"
)

// formFaults think that they know what a key looks like (LIV-15).
var formFaults = []Double{
	{
		Name: "short-values-refused", Rules: []string{"LIV-15"},
		Story: "A value of fewer than 20 characters cannot be a key, and is refused unasked.",
		Gate:  formed(gate.Dead, func(_ *registry.Provider, v string) bool { return len(v) < 20 }),
	},
	{
		Name: "short-values-pass", Rules: []string{"LIV-15"},
		Story: "A value of fewer than 20 characters is a placeholder that a template will fill, and is not asked about.",
		Gate:  formed(gate.Unproven, func(_ *registry.Provider, v string) bool { return len(v) < 20 }),
	},
	{
		Name: "dots-refused", Rules: []string{"LIV-15"},
		Story: "A key is letters, digits, dashes and underscores; anything else was pasted wrongly.",
		Gate:  formed(gate.Dead, func(_ *registry.Provider, v string) bool { return strings.ContainsAny(v, ".{\"") }),
	},
	{
		Name: "prefixes-wanted", Rules: []string{"LIV-15"},
		Story: "Keys of the vendors that speak Anthropic's protocol begin with sk-; others are refused unasked.",
		Gate: formed(gate.Dead, func(p *registry.Provider, v string) bool {
			return p.Protocol == "anthropic" && !strings.HasPrefix(v, "sk-")
		}),
	},
	{
		Name: "subscription-tokens-pass", Rules: []string{"LIV-15"},
		Story: "What begins like a subscription's token is one, whatever its name, and presence decides.",
		Gate:  formed(gate.Alive, func(_ *registry.Provider, v string) bool { return strings.HasPrefix(v, "sk-ant-"+"oat") }),
	},
	{
		Name: "long-values-pass", Rules: []string{"LIV-15"},
		Story: "A value that is longer than any key is a file, which is not asked about.",
		Gate:  formed(gate.Alive, func(_ *registry.Provider, v string) bool { return len(v) > 1000 && len(v) < 3000 }),
	},
	{
		Name: "quotes-stripped", Rules: []string{"LIV-15"},
		Story: "Quotes around a value are taken for those of a shell, and another value is asked about than the runtime gets.",
		Gate:  askedAs(func(v string) string { return strings.Trim(v, "\"'") }),
	},
	{
		Name: "percent-escapes-decoded", Rules: []string{"LIV-15"},
		Story: "Values come from a form, so they are decoded like one.",
		Gate: askedAs(func(v string) string {
			if plain, err := url.QueryUnescape(v); err == nil {
				return plain
			}
			return v
		}),
	},
	{
		Name: "cut-at-hash", Rules: []string{"LIV-15"},
		Story: "Secrets are read as a .env file is, where a hash begins a comment.",
		Gate:  askedAs(func(v string) string { before, _, _ := strings.Cut(v, "#"); return before }),
	},
}

// askedAs asks about what a value is changed into.
func askedAs(changed func(string) string) builder {
	return probed(func(_ gate.Options, next prober) prober {
		return func(ctx context.Context, p *registry.Provider, c gate.Credential) gate.Outcome {
			c.Secret.Value = changed(c.Secret.Value)
			return next(ctx, p, c)
		}
	})
}

// formed gives values of a form a verdict without asking.
func formed(finding gate.Finding, such func(*registry.Provider, string) bool) builder {
	return probed(func(_ gate.Options, next prober) prober {
		return func(ctx context.Context, p *registry.Provider, c gate.Credential) gate.Outcome {
			if p.ProbeBase() != "" && !c.Secret.Unreadable && such(p, c.Secret.Value) {
				return gate.Outcome{Finding: finding, Cause: "its value does not look like a key"}
			}
			return next(ctx, p, c)
		}
	})
}
