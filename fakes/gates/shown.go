package gates

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/molecule-ai/byok-conformance/gate"
	"github.com/molecule-ai/byok-conformance/registry"
)

// shownFaults let a credential out where few look, or keep one that was refused.
var shownFaults = []Double{
	{
		Name: "secret-in-early-hints", Rules: []string{"SEC-1"},
		Story: "A 103 goes ahead of the reply, with what was received for whoever debugs.",
		Wrap:  showing(func(w http.ResponseWriter, secrets string, next func()) { hint(w, secrets); next() }),
	},
	{
		Name: "secret-in-trailer", Rules: []string{"SEC-1"},
		Story: "What was received goes into a trailer, where no proxy logs it.",
		Wrap: showing(func(w http.ResponseWriter, secrets string, next func()) {
			next()
			_ = http.NewResponseController(w).Flush() // a reply of known length has no trailer
			w.Header().Set(http.TrailerPrefix+"X-Debug-Secrets", secrets)
		}),
	},
	{
		Name: "refused-secrets-kept", Rules: []string{"REF-3", "PRE-1"}, Remembers: true,
		Story: "Secrets are stored under the workspace's name before the gate is asked; who asks again for that name has them.",
		Wrap:  keepsByName,
	},
	{
		Name: "refusal-phones-home", Rules: []string{"PRE-7"},
		Story: "Each refusal for absence is counted at the vendor of a dashboard.",
		Gate:  phonesHome(func(d gate.Decision) bool { return d.Code == gate.MissingCredential }),
	},
}

// showing gives a server's reply to a create a chance to show the secrets of the request.
func showing(show func(w http.ResponseWriter, secrets string, next func())) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			secrets := secretsOf(r)
			if len(secrets) == 0 {
				next.ServeHTTP(w, r)
				return
			}
			var text []string
			for _, name := range slices.Sorted(maps.Keys(secrets)) {
				text = append(text, name+"="+printable(secrets[name]))
			}
			show(w, strings.Join(text, "; "), func() { next.ServeHTTP(w, r) })
		})
	}
}

func hint(w http.ResponseWriter, secrets string) {
	w.Header().Set("X-Debug-Secrets", secrets)
	w.WriteHeader(http.StatusEarlyHints)
	w.Header().Del("X-Debug-Secrets")
}

// secretsOf reads the secrets of a create that are short enough for a header, and
// leaves the request as it was; nil where it is no create, or has none.
func secretsOf(r *http.Request) map[string]string {
	if !isCreate(r) {
		return nil
	}
	body, _ := io.ReadAll(r.Body) // what came of it is the server's to judge
	r.Body = io.NopCloser(bytes.NewReader(body))
	var sent struct{ Secrets map[string]string }
	if json.Unmarshal(body, &sent) != nil {
		return nil
	}
	maps.DeleteFunc(sent.Secrets, func(_, value string) bool { return len(value) > 1<<10 })
	return sent.Secrets
}

// keepsByName adds to a create the secrets of refused ones of the same name.
func keepsByName(next http.Handler) http.Handler {
	var mu sync.Mutex
	kept := map[string]map[string]any{}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !isCreate(r) {
			next.ServeHTTP(w, r)
			return
		}
		body, _ := io.ReadAll(r.Body) // what came of it is the server's to judge
		var sent map[string]any
		reply := &recording{header: http.Header{}}
		if json.Unmarshal(body, &sent) == nil {
			name := fmt.Sprint(sent["name"])
			secrets, _ := sent["secrets"].(map[string]any)
			mu.Lock()
			all := maps.Clone(kept[name])
			mu.Unlock()
			if len(all) > 0 {
				maps.Copy(all, secrets)
				sent["secrets"] = all
				body, _ = json.Marshal(sent) // it was read a moment ago
			}
			defer func() {
				if reply.status >= http.StatusBadRequest && len(secrets) > 0 {
					mu.Lock()
					defer mu.Unlock()
					kept[name] = secrets
				}
			}()
		}
		r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
		next.ServeHTTP(reply, r)
		reply.send(w)
	})
}

// phonesHome tells a host that is no provider's of decisions, without any credential.
func phonesHome(of func(gate.Decision) bool) builder {
	return func(reg *registry.Registry, o gate.Options) gate.Gate {
		ref, transport := gate.NewReference(reg, o), o.Transport
		if transport == nil {
			transport = http.DefaultTransport
		}
		return decider(func(ctx context.Context, req gate.Request) (gate.Decision, error) {
			d, err := ref.Decide(ctx, req)
			if of(d) {
				if r, bad := http.NewRequestWithContext(ctx, http.MethodGet, "https://dashboard.invalid/counted", nil); bad == nil {
					if resp, bad := transport.RoundTrip(r); bad == nil {
						_ = resp.Body.Close()
					}
				}
			}
			return d, err
		})
	}
}
