package gates

import (
	"bytes"
	"context"
	"io"
	"net/http"

	"github.com/molecule-ai/byok-conformance/gate"
	"github.com/molecule-ai/byok-conformance/registry"
)

// secrecyFaults let a credential out.
var secrecyFaults = []Double{
	{
		Name: "secret-in-error", Rules: []string{"SEC-1"},
		Story: "The error wraps the request, and the request holds the key.",
		Gate:  told(func(value string) string { return value }),
	},
	{
		Name: "secret-truncated", Rules: []string{"SEC-1"},
		Story: "The key is shortened for display, to twenty characters from its middle.",
		Gate: told(func(value string) string {
			middle := len(value) / 2
			return value[max(0, middle-10):min(len(value), middle+10)]
		}),
	},
	{
		Name: "secret-in-log", Rules: []string{"SEC-2", "SEC-1"},
		Story: "The loud line holds the credential, value and all.",
		Gate: probed(func(_ gate.Options, next prober) prober {
			return func(ctx context.Context, p *registry.Provider, c gate.Credential) gate.Outcome {
				out := next(ctx, p, c)
				out.Cause += " (" + c.Name + "=" + c.Secret.Value + ")"
				return out
			}
		}),
	},
	{
		Name: "probes-every-provider", Rules: []string{"SEC-3"},
		Story: "The key is tried at every provider that accepts its name.",
		Gate:  probesEverybody,
	},
	{
		Name: "redirect-followed", Rules: []string{"SEC-4"},
		Story: "Go's client follows redirects and keeps x-api-key; so does this one, with Authorization, too.",
		Gate:  sent(followingRedirects),
	},
	{
		Name: "upstream-body-passed-on", Rules: []string{"SEC-5", "SEC-1"},
		Story: "The provider's error message is shown to the tenant, because it explains so much.",
		Gate:  passesOn,
	},
}

// told puts what show makes of the value into the message of a refusal.
func told(show func(string) string) builder {
	return decided(func(reg *registry.Registry, req gate.Request, d gate.Decision) gate.Decision {
		if p := reg.Provider(d.Provider); d.Code == gate.InvalidCredential && p != nil {
			if c, ok := gate.FindCredential(p, req.Secrets); ok {
				d.Message += ": " + show(c.Secret.Value)
			}
		}
		return d
	})
}

// probesEverybody asks every provider that accepts the credential's name.
func probesEverybody(reg *registry.Registry, o gate.Options) gate.Gate {
	ref := gate.NewReference(reg, o)
	probe := ref.Probe
	ref.Probe = func(ctx context.Context, p *registry.Provider, c gate.Credential) gate.Outcome {
		out := probe(ctx, p, c)
		for _, other := range reg.Providers {
			if other != p && other.Accepts(c.Name) && other.ProbeBase() != "" {
				probe(ctx, other, c)
			}
		}
		return out
	}
	return ref
}

func followingRedirects(next http.RoundTripper, r *http.Request) (*http.Response, error) {
	resp, err := next.RoundTrip(r)
	for range 10 {
		if err != nil || resp.StatusCode < 300 || resp.StatusCode > 399 {
			return resp, err
		}
		where, bad := resp.Location()
		if bad != nil {
			return resp, err
		}
		_ = resp.Body.Close()
		again := r.Clone(r.Context())
		again.URL, again.Host = where, where.Host
		resp, err = next.RoundTrip(again)
	}
	return resp, err
}

// passesOn shows the provider's own words in the refusal.
func passesOn(reg *registry.Registry, o gate.Options) gate.Gate {
	type words struct{ text string }
	type wordsKey struct{}
	ref := sent(func(next http.RoundTripper, r *http.Request) (*http.Response, error) {
		resp, err := next.RoundTrip(r)
		if w, ok := r.Context().Value(wordsKey{}).(*words); ok && err == nil && resp.StatusCode >= 400 {
			body, bad := io.ReadAll(io.LimitReader(resp.Body, 4<<10))
			if bad == nil {
				w.text = string(body)
			}
			_ = resp.Body.Close()
			resp.Body = io.NopCloser(bytes.NewReader(body))
		}
		return resp, err
	})(reg, o)
	return decider(func(ctx context.Context, req gate.Request) (gate.Decision, error) {
		w := &words{}
		d, err := ref.Decide(context.WithValue(ctx, wordsKey{}, w), req)
		if d.Verdict == gate.Refused && w.text != "" {
			d.Message += ": the provider said " + w.text
		}
		return d, err
	})
}
