package gates

import (
	"bytes"
	"context"
	"io"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/molecule-ai/byok-conformance/gate"
	"github.com/molecule-ai/byok-conformance/registry"
)

// sequenceFaults let one request decide another one.
var sequenceFaults = []Double{
	{
		Name: "verdict-cached-by-name", Rules: []string{"LIV-12", "LIV-1"}, Remembers: true,
		Story: "One verdict per provider and credential name is kept for a minute; the value is not part of the key.",
		Gate:  cachedBy(func(p *registry.Provider, c gate.Credential) string { return p.Name + "/" + c.Name }),
	},
	{
		Name: "verdict-cached-by-value", Rules: []string{"LIV-12", "LIV-9"}, Remembers: true,
		Story: "One verdict per value is kept; the provider that gave it is not part of the key.",
		Gate:  cachedBy(func(_ *registry.Provider, c gate.Credential) string { return c.Secret.Value }),
	},
	{
		Name: "list-cached-by-url", Rules: []string{"LIV-12", "LIV-13"}, Remembers: true,
		Story: "The HTTP client has a cache, as a browser does: a list of models that may be kept answers for whoever asks for its URL next.",
		Gate:  cachesLists,
	},
	{
		Name: "tenant-verdict-cached", Rules: []string{"LIV-12"}, Remembers: true,
		Story: "The verdict about a tenant's credential is kept by its name, since the tenant has only one.",
		Gate: cachedBy(func(p *registry.Provider, c gate.Credential) string {
			if c.Scope == gate.GlobalScope {
				return p.Name + "/" + c.Name
			}
			return p.Name + "/" + c.Name + "/" + c.Secret.Value
		}),
	},
	{
		Name: "verdict-kept", Rules: []string{"LIV-13"}, Remembers: true,
		Story: "One verdict per provider, credential name and value is kept, so the same question is asked once.",
		Gate: cachedBy(func(p *registry.Provider, c gate.Credential) string {
			return p.Name + "/" + c.Name + "/" + c.Secret.Value
		}),
	},
	{
		Name: "live-verdict-kept", Rules: []string{"LIV-13"}, Remembers: true,
		Story: "A key that was alive is not asked about again for a while, and no profile says so.",
		Gate:  keeps(func(out gate.Outcome) bool { return out.Finding == gate.Alive }),
	},
	{
		Name: "dead-verdict-kept", Rules: []string{"LIV-13"}, Remembers: true,
		Story: "A value that was refused once is on a list, and nobody takes it off.",
		Gate:  keeps(func(out gate.Outcome) bool { return out.Finding == gate.Dead }),
	},
	{
		Name: "outage-verdict-kept", Rules: []string{"LIV-13"}, Remembers: true,
		Story: "Where a provider had an outage, its answer about that value is kept for a while.",
		Gate:  keeps(func(out gate.Outcome) bool { return out.Status >= 500 }),
	},
	{
		Name: "stated-time-exceeded", Rules: []string{"LIV-13"}, Remembers: true, Hurried: true, LivenessCache: statedTime,
		Story: "The profile says how long a live verdict is kept; the setting behind it was raised since.",
		Gate:  keepsAlive(20*statedTime, false),
	},
	{
		Name: "kept-verdict-slides", Rules: []string{"LIV-13"}, Remembers: true, Hurried: true, LivenessCache: statedTime,
		Story: "Each use of a kept verdict renews it, so that a key in use is never asked about again.",
		Gate:  keepsAlive(statedTime, true),
	},
	{
		Name: "kept-until-restart", Rules: []string{"LIV-13"}, Remembers: true, Extended: true,
		Story: "A restart takes the verdict of the create, which has the same value.",
		Gate:  keptForProvision,
	},
	{
		Name: "verdict-by-head", Rules: []string{"LIV-12"}, Remembers: true,
		Story: "Verdicts are kept under the beginning of a value, so that no key stands in the cache.",
		Gate: cachedBy(func(p *registry.Provider, c gate.Credential) string {
			return p.Name + c.Secret.Value[:min(24, len(c.Secret.Value))]
		}),
	},
	{
		Name: "verdict-by-tail", Rules: []string{"LIV-12"}, Remembers: true,
		Story: "Verdicts are kept under the last characters of a value, as the console shows them.",
		Gate: cachedBy(func(p *registry.Provider, c gate.Credential) string {
			return p.Name + c.Secret.Value[max(0, len(c.Secret.Value)-8):]
		}),
	},
	{
		Name: "verdict-by-lower-case", Rules: []string{"LIV-12"}, Remembers: true,
		Story: "Verdicts are kept in a table whose column is compared without case.",
		Gate:  cachedBy(func(p *registry.Provider, c gate.Credential) string { return p.Name + strings.ToLower(c.Secret.Value) }),
	},
	{
		Name: "verdict-by-ends", Rules: []string{"LIV-12"}, Remembers: true,
		Story: "Verdicts are kept under a value as it is masked in logs: its ends and its length.",
		Gate: cachedBy(func(p *registry.Provider, c gate.Credential) string {
			v := c.Secret.Value
			return p.Name + v[:min(8, len(v))] + v[max(0, len(v)-8):] + strconv.Itoa(len(v))
		}),
	},
	{
		Name: "outage-opens-gate", Rules: []string{"LIV-12"}, Remembers: true,
		Story: "A circuit breaker: after one outage the provider is not asked again for a while.",
		Gate:  breaksCircuit,
	},
	{
		Name: "probes-shared", Rules: []string{"LIV-12"}, Remembers: true,
		Story: "Probes of one provider that come together are folded into one call; the value is not part of the key.",
		Gate:  sharesProbes,
	},
	{
		Name: "credential-remembered", Rules: []string{"LIV-12", "PRE-1"}, Remembers: true,
		Story: "The resolver keeps the last credential of a provider in a field, and finds it there for whoever comes next.",
		Gate:  remembersCredential,
	},
	{
		Name: "tenant-secrets-remembered", Rules: []string{"PRE-1"}, Remembers: true,
		Story: "The tenant's secrets are read into a cache, and one that was deleted stays there until it expires.",
		Gate:  remembersTenant,
	},
	{
		Name: "tenant-secrets-paged", Rules: []string{"PRE-5"},
		Story: "The tenant's secrets are listed in pages of 50, and only the first page is read.",
		Gate: changed(func(_ *registry.Registry, req gate.Request) gate.Request {
			names := slices.Sorted(maps.Keys(req.Secrets.Global))
			if len(names) > 50 {
				req.Secrets.Global = maps.Clone(req.Secrets.Global)
				for _, name := range names[50:] {
					delete(req.Secrets.Global, name)
				}
			}
			return req
		}),
	},
	{
		Name: "second-try-allowed", Rules: []string{"ROB-3"}, Remembers: true,
		Story: "A dead key is refused once; who insists is let through.",
		Gate:  allowsSecondTry,
	},
	{
		Name: "busy-lets-through", Rules: []string{"ROB-3"}, Remembers: true,
		Story: "No more than eight probes run at once, and what comes beyond them is let through.",
		Gate:  letsThroughWhenBusy,
	},
}

func cachedBy(key func(*registry.Provider, gate.Credential) string) builder {
	return probed(func(_ gate.Options, next prober) prober {
		var mu sync.Mutex
		verdicts := map[string]gate.Outcome{}
		return func(ctx context.Context, p *registry.Provider, c gate.Credential) gate.Outcome {
			k := key(p, c)
			mu.Lock()
			out, ok := verdicts[k]
			mu.Unlock()
			if ok {
				return out
			}
			out = next(ctx, p, c)
			mu.Lock()
			verdicts[k] = out
			mu.Unlock()
			return out
		}
	})
}

// keeps keeps some outcomes about a value at a provider.
func keeps(kept func(gate.Outcome) bool) builder {
	return probed(func(_ gate.Options, next prober) prober {
		var verdicts sync.Map
		return func(ctx context.Context, p *registry.Provider, c gate.Credential) gate.Outcome {
			key := p.Name + "/" + c.Name + "/" + c.Secret.Value
			if out, ok := verdicts.Load(key); ok {
				return out.(gate.Outcome)
			}
			out := next(ctx, p, c)
			if p.ProbeBase() != "" && kept(out) {
				verdicts.Store(key, out)
			}
			return out
		}
	})
}

// statedTime is how long a live verdict is kept by doubles that state it.
const statedTime = time.Second

// keepsAlive keeps the verdict that a value is alive at a provider for some time.
// sliding: each use renews it.
func keepsAlive(keep time.Duration, sliding bool) builder {
	return probed(func(_ gate.Options, next prober) prober {
		var until sync.Map
		return func(ctx context.Context, p *registry.Provider, c gate.Credential) gate.Outcome {
			key := p.Name + "/" + c.Name + "/" + c.Secret.Value
			if end, ok := until.Load(key); ok && time.Now().Before(end.(time.Time)) {
				if sliding {
					until.Store(key, time.Now().Add(keep))
				}
				return gate.Outcome{Finding: gate.Alive, Cause: "it was alive a moment ago"}
			}
			began := time.Now()
			out := next(ctx, p, c)
			if p.ProbeBase() != "" && out.Finding == gate.Alive {
				until.Store(key, began.Add(keep))
			}
			return out
		}
	})
}

// keptForProvision asks at creates, and has restarts take what was said there.
func keptForProvision(reg *registry.Registry, o gate.Options) gate.Gate {
	type stage struct{}
	ref := probed(func(_ gate.Options, next prober) prober {
		var alive sync.Map
		return func(ctx context.Context, p *registry.Provider, c gate.Credential) gate.Outcome {
			key := p.Name + "/" + c.Name + "/" + c.Secret.Value
			if _, ok := alive.Load(key); ok && ctx.Value(stage{}) == gate.Provision {
				return gate.Outcome{Finding: gate.Alive, Cause: "it was alive at the create"}
			}
			out := next(ctx, p, c)
			if out.Finding == gate.Alive {
				alive.Store(key, true)
			}
			return out
		}
	})(reg, o)
	return decider(func(ctx context.Context, req gate.Request) (gate.Decision, error) {
		return ref.Decide(context.WithValue(ctx, stage{}, req.Stage), req)
	})
}

// breaksCircuit stops to ask a provider that had an outage.
func breaksCircuit(reg *registry.Registry, o gate.Options) gate.Gate {
	return probed(func(_ gate.Options, next prober) prober {
		var open sync.Map
		return func(ctx context.Context, p *registry.Provider, c gate.Credential) gate.Outcome {
			if _, down := open.Load(p.Name); down && p.ProbeBase() != "" {
				return gate.Outcome{Cause: "the provider had an outage a moment ago"}
			}
			out := next(ctx, p, c)
			if out.Status >= 500 || out.Status == 0 && out.Finding == gate.Unproven {
				open.Store(p.Name, true)
			}
			return out
		}
	})(reg, o)
}

// sharesProbes gives all who ask about a provider at once the answer of the first.
func sharesProbes(reg *registry.Registry, o gate.Options) gate.Gate {
	type flight struct {
		done chan struct{}
		out  gate.Outcome
	}
	return probed(func(_ gate.Options, next prober) prober {
		var mu sync.Mutex
		flights := map[string]*flight{}
		return func(ctx context.Context, p *registry.Provider, c gate.Credential) gate.Outcome {
			mu.Lock()
			if f := flights[p.Name]; f != nil {
				mu.Unlock()
				<-f.done
				return f.out
			}
			f := &flight{done: make(chan struct{})}
			flights[p.Name] = f
			mu.Unlock()
			f.out = next(ctx, p, c)
			mu.Lock()
			delete(flights, p.Name)
			mu.Unlock()
			close(f.done)
			return f.out
		}
	})(reg, o)
}

// remembersCredential takes the last credential of a provider where there is none.
func remembersCredential(reg *registry.Registry, o gate.Options) gate.Gate {
	var last sync.Map
	return found(func(_ *registry.Registry, p *registry.Provider, s gate.Secrets) (gate.Credential, bool) {
		if c, ok := gate.FindCredential(p, s); ok {
			last.Store(p.Name, c)
			return c, true
		}
		if c, ok := last.Load(p.Name); ok {
			return c.(gate.Credential), true
		}
		return gate.Credential{}, false
	})(reg, o)
}

// remembersTenant finds a tenant's secret that it saw before.
func remembersTenant(reg *registry.Registry, o gate.Options) gate.Gate {
	var mu sync.Mutex
	seen := map[string]gate.Secret{}
	return changed(func(_ *registry.Registry, req gate.Request) gate.Request {
		mu.Lock()
		defer mu.Unlock()
		maps.Copy(seen, req.Secrets.Global)
		req.Secrets.Global = maps.Clone(seen)
		return req
	})(reg, o)
}

func allowsSecondTry(reg *registry.Registry, o gate.Options) gate.Gate {
	return probed(func(_ gate.Options, next prober) prober {
		var tried sync.Map
		return func(ctx context.Context, p *registry.Provider, c gate.Credential) gate.Outcome {
			out := next(ctx, p, c)
			if _, again := tried.LoadOrStore(p.Name+c.Secret.Value, true); again && out.Finding == gate.Dead {
				out.Finding = gate.Unproven
			}
			return out
		}
	})(reg, o)
}

func letsThroughWhenBusy(reg *registry.Registry, o gate.Options) gate.Gate {
	const most = 8
	return probed(func(_ gate.Options, next prober) prober {
		var running atomic.Int64
		return func(ctx context.Context, p *registry.Provider, c gate.Credential) gate.Outcome {
			defer running.Add(-1)
			if running.Add(1) > most {
				return gate.Outcome{Cause: "too many probes at once"}
			}
			return next(ctx, p, c)
		}
	})(reg, o)
}

// cachesLists answers again what a provider said may be kept, whoever asks.
func cachesLists(reg *registry.Registry, o gate.Options) gate.Gate {
	var kept sync.Map
	return sent(func(next http.RoundTripper, r *http.Request) (*http.Response, error) {
		if body, ok := kept.Load(r.URL.String()); ok {
			return &http.Response{StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(bytes.NewReader(body.([]byte)))}, nil
		}
		resp, err := next.RoundTrip(r)
		if err == nil && resp.StatusCode == http.StatusOK && strings.Contains(resp.Header.Get("Cache-Control"), "max-age") {
			kept.Store(r.URL.String(), peek(resp))
		}
		return resp, err
	})(reg, o)
}
