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
		Name: "incomplete-create-quoted", Rules: []string{"SEC-1"},
		Story: "A create without a name is answered with what was wrong about it: the input.",
		Wrap: quoting(func(r *http.Request, body map[string]any) bool {
			_, named := body["name"].(string)
			return isCreate(r) && !named
		}),
	},
	{
		Name: "modelless-create-quoted", Rules: []string{"SEC-1"},
		Story: "The validation of the model quotes the request.",
		Wrap: quoting(func(r *http.Request, body map[string]any) bool {
			_, named := body["model"].(string)
			return isCreate(r) && !named
		}),
	},
	{
		Name: "wrong-type-quoted", Rules: []string{"SEC-1"},
		Story: "Where one secret is of a wrong type, the validation quotes all of them.",
		Wrap: quoting(func(r *http.Request, body map[string]any) bool {
			secrets, _ := body["secrets"].(map[string]any)
			return isCreate(r) && slices.ContainsFunc(slices.Collect(maps.Values(secrets)), func(v any) bool { _, text := v.(string); return !text })
		}),
	},
	{
		Name: "error-page-shows-request", Rules: []string{"SEC-1"},
		Story: "What cannot be read ends in the framework's page for developers, with the request on it.",
		Wrap:  errorPage,
	},
	{
		Name: "tenant-secret-echoed", Rules: []string{"SEC-1"},
		Story: "Setting a secret of the tenant answers with the row that was written.",
		Wrap: quoting(func(r *http.Request, _ map[string]any) bool {
			return r.URL.Path == "/settings/secrets" && r.Method != http.MethodGet
		}),
	},
	{
		Name: "workspace-secret-echoed", Rules: []string{"SEC-1"},
		Story: "Setting a secret of a workspace answers with the row that was written.",
		Wrap: quoting(func(r *http.Request, _ map[string]any) bool {
			return strings.HasPrefix(r.URL.Path, "/workspaces/") && strings.HasSuffix(r.URL.Path, "/secrets")
		}),
	},
	{
		Name: "tenant-secrets-listed", Rules: []string{"SEC-1"},
		Story: "The list of the tenant's secrets has their values, for the settings page to show.",
		Wrap:  listsValues,
	},
	{
		Name: "removed-secret-returned", Rules: []string{"SEC-1"},
		Story: "Removing a secret of the tenant answers with the row that was removed, so that the page can undo it.",
		Wrap:  returnsRemoved,
	},
	{
		Name: "deleted-workspace-returned", Rules: []string{"SEC-1"},
		Story: "The delete answers with the workspace that it deleted, secrets and all.",
		Wrap:  returnsDeleted,
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

// quoting adds what was sent to the reply to some requests.
func quoting(such func(r *http.Request, body map[string]any) bool) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			payload, _ := io.ReadAll(r.Body) // what came of it is the server's to judge
			r.Body = io.NopCloser(bytes.NewReader(payload))
			var body map[string]any
			if len(payload) == 0 || len(payload) > 64<<10 || json.Unmarshal(payload, &body) != nil || !such(r, body) {
				next.ServeHTTP(w, r)
				return
			}
			changing(func(object map[string]any) { object["input"] = body })(next).ServeHTTP(w, r)
		})
	}
}

// changing changes replies that are JSON objects.
func changing(change func(object map[string]any)) func(http.Handler) http.Handler {
	return replied(func(w http.ResponseWriter, _ *http.Request, reply *recording) {
		var object map[string]any
		if json.Unmarshal(reply.body.Bytes(), &object) != nil || object == nil {
			reply.send(w)
			return
		}
		change(object)
		writeObject(w, reply.status, object)
	})
}

// errorPage answers what is no JSON with a page that shows it.
func errorPage(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		payload, _ := io.ReadAll(r.Body) // what came of it is the server's to judge
		r.Body = io.NopCloser(bytes.NewReader(payload))
		if isCreate(r) && len(payload) < 64<<10 && !json.Valid(payload) {
			http.Error(w, "cannot decode: "+string(payload), http.StatusInternalServerError)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// secretsSet keeps the tenant's values as they are set.
type secretsSet struct{ values sync.Map }

// keep notes the value of a request that sets one, and leaves the request as it was.
func (s *secretsSet) keep(r *http.Request) {
	if r.URL.Path != "/settings/secrets" || r.Method == http.MethodGet {
		return
	}
	payload, _ := io.ReadAll(r.Body) // what came of it is the server's to judge
	r.Body = io.NopCloser(bytes.NewReader(payload))
	var set struct{ Key, Value string }
	if json.Unmarshal(payload, &set) == nil {
		s.values.Store(set.Key, set.Value)
	}
}

// listsValues adds the values to the list of the tenant's secrets.
func listsValues(next http.Handler) http.Handler {
	var set secretsSet
	shown := replied(func(w http.ResponseWriter, r *http.Request, reply *recording) {
		var rows []map[string]any
		if r.Method != http.MethodGet || r.URL.Path != "/settings/secrets" || json.Unmarshal(reply.body.Bytes(), &rows) != nil {
			reply.send(w)
			return
		}
		for _, row := range rows {
			row["value"], _ = set.values.Load(row["key"])
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(rows) // the client has gone; there is nobody to tell
	})(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		set.keep(r)
		shown.ServeHTTP(w, r)
	})
}

// returnsRemoved shows a secret of the tenant that was removed.
func returnsRemoved(next http.Handler) http.Handler {
	var set secretsSet
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		set.keep(r)
		name, of := strings.CutPrefix(r.URL.Path, "/settings/secrets/")
		if !of || r.Method != http.MethodDelete {
			next.ServeHTTP(w, r)
			return
		}
		changing(func(object map[string]any) { object["removed"], _ = set.values.Load(name) })(next).ServeHTTP(w, r)
	})
}

// returnsDeleted shows the secrets of a workspace that was deleted.
func returnsDeleted(next http.Handler) http.Handler {
	var secrets sync.Map
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if isCreate(r) {
			sent := secretsOf(r)
			changing(func(object map[string]any) { secrets.Store(object["id"], sent) })(next).ServeHTTP(w, r)
			return
		}
		id, of := strings.CutPrefix(r.URL.Path, "/workspaces/")
		if !of || r.Method != http.MethodDelete {
			next.ServeHTTP(w, r)
			return
		}
		changing(func(object map[string]any) { object["secrets"], _ = secrets.Load(id) })(next).ServeHTTP(w, r)
	})
}
