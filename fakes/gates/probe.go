package gates

import (
	"context"
	"crypto/tls"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/molecule-ai/byok-conformance/fakes/upstream"
	"github.com/molecule-ai/byok-conformance/gate"
	"github.com/molecule-ai/byok-conformance/registry"
)

// probeFaults ask the provider in a wrong way.
var probeFaults = []Double{
	{
		Name: "certificates-ignored", Rules: []string{"LIV-14"},
		Story: "The probe's client takes any certificate, since a developer's proxy has one of its own.",
		Gate: sent(func(next http.RoundTripper, r *http.Request) (*http.Response, error) {
			return careless(next, r)
		}),
	},
	{
		Name: "certificates-ignored-at-retry", Rules: []string{"LIV-14"},
		Story: "Where the certificate is not taken, the call is made again without looking at it, so that an old host's bundle harms nobody.",
		Gate: sent(func(next http.RoundTripper, r *http.Request) (*http.Response, error) {
			resp, err := next.RoundTrip(r)
			var unproved *tls.CertificateVerificationError
			if errors.As(err, &unproved) {
				return careless(next, r)
			}
			return resp, err
		}),
	},
	{
		Name: "certificates-ignored-for-tenants", Rules: []string{"LIV-14"},
		Story: "Keys of the tenant are asked about by a client of their own, whose test settings stayed on.",
		Gate:  carelessForTenants,
	},
	{
		Name: "blank-base-url-default", Rules: []string{"LIV-4"},
		Story: "A base URL among the secrets that is blank means the library's default, and that is OpenAI's.",
		Gate: movedBy(func(req gate.Request) string {
			for name, s := range req.Secrets.Workspace {
				if strings.HasSuffix(name, "_BASE_URL") && strings.TrimSpace(s.Value) == "" {
					return "https://api.openai.com/v1"
				}
			}
			return ""
		}),
	},
	{
		Name: "tenant-base-url", Rules: []string{"LIV-4"},
		Story: "The tenant's own base URL is read by the gate, since it is not the workspace's.",
		Gate:  movedBy(func(req gate.Request) string { return baseURLSecret(req.Secrets.Global) }),
	},
	{
		Name: "api-base-from-secret", Rules: []string{"LIV-4"},
		Story: "The library's own spelling, …_API_BASE in any case, is read by the gate, too.",
		Gate: movedBy(func(req gate.Request) string {
			for name, s := range req.Secrets.Workspace {
				if strings.HasSuffix(strings.ToUpper(name), "API_BASE") {
					return s.Value
				}
			}
			return ""
		}),
	},
	{
		Name: "proxy-from-secret", Rules: []string{"LIV-4"},
		Story: "The probe is made with the workspace's environment, and its proxy.",
		Gate:  movedBy(func(req gate.Request) string { return req.Secrets.Workspace["HTTPS_PROXY"].Value }),
	},
	{
		Name: "tenant-proxy", Rules: []string{"LIV-4"},
		Story: "The probe is made with the tenant's settings, and their proxy.",
		Gate:  movedBy(func(req gate.Request) string { return req.Secrets.Global["ALL_PROXY"].Value }),
	},
	{
		Name: "base-url-from-secret", Rules: []string{"LIV-4"},
		Story: "ANTHROPIC_BASE_URL, which the runtime reads, is read by the gate, too.",
		Gate:  movedBy(func(req gate.Request) string { return baseURLSecret(req.Secrets.Workspace) }),
	},
	{
		Name: "url-field-moves-probe", Rules: []string{"LIV-4"},
		Story: "The request's url field, meant for external workspaces, becomes the base URL.",
		Gate:  movedBy(func(req gate.Request) string { return req.URL }),
	},
	{
		Name: "bearer-to-anthropic", Rules: []string{"LIV-5"},
		Story: "One probe for all providers: Authorization: Bearer, also where x-api-key is read.",
		Gate: sent(func(next http.RoundTripper, r *http.Request) (*http.Response, error) {
			if key := r.Header.Get("X-Api-Key"); key != "" {
				r.Header.Del("X-Api-Key")
				r.Header.Set("Authorization", "Bearer "+key)
			}
			return next.RoundTrip(r)
		}),
	},
	{
		Name: "x-api-key-to-everybody", Rules: []string{"LIV-5"},
		Story: "The registry's auth modes all say anthropic, so every probe is Anthropic's.",
		Gate: sent(func(next http.RoundTripper, r *http.Request) (*http.Response, error) {
			if key, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); ok {
				r.Header.Del("Authorization")
				r.Header.Set("X-Api-Key", key)
			}
			return next.RoundTrip(r)
		}),
	},
	{
		Name: "both-headers", Rules: []string{"LIV-5"},
		Story: "To be safe the key goes into both headers.",
		Gate: sent(func(next http.RoundTripper, r *http.Request) (*http.Response, error) {
			if key := keyOf(r); key != "" {
				r.Header.Set("X-Api-Key", key)
				r.Header.Set("Authorization", "Bearer "+key)
			}
			return next.RoundTrip(r)
		}),
	},
	{
		Name: "bearer-doubled", Rules: []string{"LIV-1", "LIV-3", "LIV-5"},
		Story: "The client adds a Bearer to a value that has one already.",
		Gate: sent(func(next http.RoundTripper, r *http.Request) (*http.Response, error) {
			if v := r.Header.Get("Authorization"); v != "" {
				r.Header.Set("Authorization", "Bearer "+v)
			}
			return next.RoundTrip(r)
		}),
	},
	{
		Name: "key-in-query", Rules: []string{"LIV-5"},
		Story: "One provider takes ?key=, so all of them get it, and every log on the way has the key.",
		Gate: sent(func(next http.RoundTripper, r *http.Request) (*http.Response, error) {
			r.URL.RawQuery = "key=" + url.QueryEscape(keyOf(r))
			return next.RoundTrip(r)
		}),
	},
	{
		Name: "no-anthropic-version", Rules: []string{"LIV-5"},
		Story: "The version header is forgotten; Anthropic answers 400, which is no refusal of the key.",
		Gate: sent(func(next http.RoundTripper, r *http.Request) (*http.Response, error) {
			r.Header.Del("Anthropic-Version")
			return next.RoundTrip(r)
		}),
	},
	{
		Name: "no-deadline", Rules: []string{"LIV-6"},
		Story: "The client has no timeout.",
		Gate: func(reg *registry.Registry, o gate.Options) gate.Gate {
			o.Budget = time.Hour
			return gate.NewReference(reg, o)
		},
	},
	{
		Name: "deadline-for-headers-only", Rules: []string{"LIV-6"},
		Story: "The deadline ends with the headers; the body is read for as long as it drips.",
		Gate:  deadlineForHeaders,
	},
	{
		Name: "fresh-budget-for-each-try", Rules: []string{"LIV-6", "LIV-9"},
		Story: "The deadline is the attempt's, and there are several attempts.",
		Gate:  retrying(2, func(status int) bool { return status == 0 }),
	},
	{
		Name: "impatient", Rules: []string{"LIV-1"}, Hurried: true,
		Story: "The probe has a few milliseconds, so that the create stays fast; a slow 401 comes too late.",
		Gate: func(reg *registry.Registry, o gate.Options) gate.Gate {
			o.Budget = 10 * time.Millisecond
			return gate.NewReference(reg, o)
		},
	},
	{
		Name: "workspace-probed-only", Rules: []string{"LIV-1"},
		Story: "The tenant's credentials were checked when they were stored, so they are not asked about.",
		Gate:  unprobed(func(_ *registry.Provider, c gate.Credential) bool { return c.Scope == gate.GlobalScope }),
	},
	{
		Name: "first-name-probed-only", Rules: []string{"LIV-1"},
		Story: "The probe knows the provider's first name; what stands under another passes.",
		Gate:  unprobed(func(p *registry.Provider, c gate.Credential) bool { return c.Name != p.AuthEnv[0] }),
	},
	{
		Name: "one-protocol-probed", Rules: []string{"LIV-1"},
		Story: "The probe speaks Anthropic's protocol; everybody else passes.",
		Gate:  unprobed(func(p *registry.Provider, _ gate.Credential) bool { return p.Protocol != "anthropic" }),
	},
	{
		Name: "both-scopes-probed", Rules: []string{"PRE-5", "LIV-8", "LIV-9"},
		Story: "Where the same name stands at both scopes, both values are asked about, to be safe.",
		Gate:  probesBothScopes,
	},
	{
		Name: "url-means-external", Rules: []string{"PRE-1", "LIV-9", "LIV-4"},
		Story: "A request with a url is taken for an external workspace, whatever its flag says.",
		Gate: changed(func(_ *registry.Registry, req gate.Request) gate.Request {
			req.External = req.External || req.URL != ""
			return req
		}),
	},
	{
		Name: "unprobeable-refused", Rules: []string{"LIV-7"},
		Story: "No base URL is an error of the probe, and errors refuse.",
		Gate: probed(func(_ gate.Options, next prober) prober {
			return func(ctx context.Context, p *registry.Provider, c gate.Credential) gate.Outcome {
				if p.ProbeBase() == "" && p.AuthMode != registry.AuthModeOAuth {
					return gate.Outcome{Finding: gate.Dead, Cause: "no base URL"}
				}
				return next(ctx, p, c)
			}
		}),
	},
	{
		Name: "oauth-refused", Rules: []string{"LIV-7"},
		Story: "A subscription token is no API key, so it is not valid.",
		Gate: probed(func(_ gate.Options, next prober) prober {
			return func(ctx context.Context, p *registry.Provider, c gate.Credential) gate.Outcome {
				if p.AuthMode == registry.AuthModeOAuth {
					return gate.Outcome{Finding: gate.Dead, Cause: "not an API key"}
				}
				return next(ctx, p, c)
			}
		}),
	},
	{
		Name: "oauth-probed", Rules: []string{"LIV-7"},
		Story: "The subscription token is sent to the vendor's API host.",
		Gate:  probedAt(func(p *registry.Provider) bool { return p.AuthMode == registry.AuthModeOAuth }, "https://api.anthropic.com/v1"),
	},
	{
		Name: "default-host", Rules: []string{"LIV-7"},
		Story: "Without a base URL the client library's default host gets the key.",
		Gate:  probedAt(func(p *registry.Provider) bool { return p.ProbeBase() == "" }, "https://api.openai.com/v1"),
	},
	{
		Name: "retry-storm", Rules: []string{"LIV-9"},
		Story: "The client library retries four times.",
		Gate:  retrying(4, func(status int) bool { return status == 0 || status >= 500 }),
	},
	{
		Name: "retry-after-401", Rules: []string{"LIV-9"},
		Story: "A new key needs a moment, so a 401 is asked again.",
		Gate:  retrying(1, func(status int) bool { return status == 401 }),
	},
	{
		Name: "retry-after-403", Rules: []string{"LIV-9"},
		Story: "A 403 may be spurious, so it is asked again.",
		Gate:  retrying(1, func(status int) bool { return status == 403 }),
	},
	{
		Name: "retry-after-429", Rules: []string{"LIV-9"},
		Story: "A rate limit is answered with another call.",
		Gate:  retrying(1, func(status int) bool { return status == 429 }),
	},
	{
		Name: "401-asked-again-as-invited", Rules: []string{"LIV-9"},
		Story: "A 401 that names a scheme is an invitation, and the library asks again in that scheme.",
		Gate: sent(func(next http.RoundTripper, r *http.Request) (*http.Response, error) {
			resp, err := next.RoundTrip(r)
			if err != nil || resp.StatusCode != http.StatusUnauthorized || resp.Header.Get("Www-Authenticate") == "" {
				return resp, err
			}
			_ = resp.Body.Close()
			return next.RoundTrip(r.Clone(r.Context()))
		}),
	},
	{
		Name: "post-probe", Rules: []string{"LIV-9"},
		Story: "A completion of one token is posted, on the tenant's bill.",
		Gate:  method(http.MethodPost),
	},
	{
		Name: "head-probe", Rules: []string{"LIV-9"},
		Story: "HEAD is enough, it is thought.",
		Gate:  method(http.MethodHead),
	},
	{
		Name: "silent-allow", Rules: []string{"LIV-11"},
		Story: "An outage lets everybody through, and nobody knows.",
		Gate:  silenced(func(gate.Outcome) bool { return true }),
	},
	{
		Name: "silent-on-5xx", Rules: []string{"LIV-11"},
		Story: "Timeouts are logged, errors of the provider are not.",
		Gate:  silenced(func(o gate.Outcome) bool { return o.Status >= 500 }),
	},
	{
		Name: "silent-on-timeout", Rules: []string{"LIV-11"},
		Story: "Errors of the provider are logged, timeouts are not.",
		Gate:  silenced(func(o gate.Outcome) bool { return o.Status == 0 }),
	},
}

func keyOf(r *http.Request) string {
	if key := r.Header.Get("X-Api-Key"); key != "" {
		return key
	}
	return strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
}

// target is how a request's own URL reaches the transport of its probe.
type targetKey struct{}

func movedBy(base func(gate.Request) string) builder {
	return func(reg *registry.Registry, o gate.Options) gate.Gate {
		ref := sent(func(next http.RoundTripper, r *http.Request) (*http.Response, error) {
			if u, ok := r.Context().Value(targetKey{}).(*url.URL); ok {
				r.URL.Scheme, r.URL.Host, r.Host = u.Scheme, u.Host, u.Host
			}
			return next.RoundTrip(r)
		})(reg, o)
		return decider(func(ctx context.Context, req gate.Request) (gate.Decision, error) {
			if u, err := url.Parse(base(req)); err == nil && u.Host != "" {
				ctx = context.WithValue(ctx, targetKey{}, u)
			}
			return ref.Decide(ctx, req)
		})
	}
}

// carelessForTenants looks at no certificate where a credential of the tenant decides.
func carelessForTenants(reg *registry.Registry, o gate.Options) gate.Gate {
	type tenant struct{}
	ref := sent(func(next http.RoundTripper, r *http.Request) (*http.Response, error) {
		if r.Context().Value(tenant{}) != nil {
			return careless(next, r)
		}
		return next.RoundTrip(r)
	})
	return probed(func(o gate.Options, next prober) prober {
		tenants, _ := ref(reg, o).(*gate.Reference)
		return func(ctx context.Context, p *registry.Provider, c gate.Credential) gate.Outcome {
			if c.Scope == gate.GlobalScope {
				return tenants.Probe(context.WithValue(ctx, tenant{}, true), p, c)
			}
			return next(ctx, p, c)
		}
	})(reg, o)
}

func baseURLSecret(secrets map[string]gate.Secret) string {
	for name, s := range secrets {
		if strings.HasSuffix(name, "BASE_URL") {
			return s.Value
		}
	}
	return ""
}

func deadlineForHeaders(reg *registry.Registry, o gate.Options) gate.Gate {
	return gate.NewReference(reg, boundless(o, func(*http.Response) bool { return true }))
}

// boundless lets the bodies of some answers outlive the probe's budget.
func boundless(o gate.Options, which func(*http.Response) bool) gate.Options {
	next, budget := o.Transport, o.Budget
	if next == nil {
		next = http.DefaultTransport
	}
	if budget == 0 {
		budget = gate.DefaultBudget
	}
	o.Budget = time.Hour
	o.Transport = roundTripper(func(r *http.Request) (*http.Response, error) {
		ctx, cancel := context.WithCancel(r.Context())
		late := time.AfterFunc(budget, cancel)
		resp, err := next.RoundTrip(r.WithContext(ctx))
		if err == nil && which(resp) {
			late.Stop()
		}
		return resp, err
	})
	return o
}

// probedAt asks a base URL of the gate's own about some providers.
func probedAt(which func(*registry.Provider) bool, base string) builder {
	return probed(func(_ gate.Options, next prober) prober {
		return func(ctx context.Context, p *registry.Provider, c gate.Credential) gate.Outcome {
			if which(p) {
				elsewhere := *p
				elsewhere.AuthMode, elsewhere.BaseURLTemplate = "", base
				p = &elsewhere
				out := next(ctx, p, c)
				out.Finding = gate.Alive
				return out
			}
			return next(ctx, p, c)
		}
	})
}

func retrying(times int, after func(status int) bool) builder {
	return probed(func(_ gate.Options, next prober) prober {
		return func(ctx context.Context, p *registry.Provider, c gate.Credential) gate.Outcome {
			out := next(ctx, p, c)
			for range times {
				if p.ProbeBase() == "" || !after(out.Status) {
					break
				}
				out = next(ctx, p, c)
			}
			return out
		}
	})
}

func method(m string) builder {
	return sent(func(next http.RoundTripper, r *http.Request) (*http.Response, error) {
		r.Method = m
		return next.RoundTrip(r)
	})
}

// silenced takes an outcome without proof for a proof, so that nothing is said.
func silenced(which func(gate.Outcome) bool) builder {
	return judged(func(o gate.Outcome) gate.Finding {
		if o.Finding == gate.Unproven && which(o) {
			return gate.Alive
		}
		return o.Finding
	})
}

// unprobed passes some credentials without a call.
func unprobed(which func(*registry.Provider, gate.Credential) bool) builder {
	return probed(func(_ gate.Options, next prober) prober {
		return func(ctx context.Context, p *registry.Provider, c gate.Credential) gate.Outcome {
			if which(p, c) {
				return gate.Outcome{Finding: gate.Alive}
			}
			return next(ctx, p, c)
		}
	})
}

// probesBothScopes asks about the tenant's value as well, where the workspace's decides.
func probesBothScopes(reg *registry.Registry, o gate.Options) gate.Gate {
	ref := gate.NewReference(reg, o)
	return decider(func(ctx context.Context, req gate.Request) (gate.Decision, error) {
		d, err := ref.Decide(ctx, req)
		p := reg.Provider(d.Provider)
		if p == nil || d.Credential == "" || !req.Secrets.Workspace[d.Credential].Present() {
			return d, err
		}
		if other := req.Secrets.Global[d.Credential]; other.Present() {
			ref.Probe(ctx, p, gate.Credential{Name: d.Credential, Scope: gate.GlobalScope, Secret: other})
		}
		return d, err
	})
}

// unverified is http.DefaultTransport for whoever takes any certificate.
var unverified = sync.OnceValue(func() http.RoundTripper {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.TLSClientConfig = &tls.Config{InsecureSkipVerify: true} // the fault itself
	return t
})

// careless makes a call without a look at the certificate: over the network by a
// client that takes any, in process by saying so.
func careless(next http.RoundTripper, r *http.Request) (*http.Response, error) {
	if next == http.DefaultTransport {
		next = unverified()
	}
	return next.RoundTrip(r.Clone(upstream.AnyCertificate(r.Context())))
}
