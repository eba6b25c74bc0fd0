package gates

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"sync"

	"github.com/molecule-ai/byok-conformance/gate"
	"github.com/molecule-ai/byok-conformance/gate/server"
	"github.com/molecule-ai/byok-conformance/registry"
)

// leavingFaults keep what a create that came to nothing should have given back, or
// stumble over its name.
var leavingFaults = []Double{
	{
		Name: "hang-up-is-an-outage", Rules: []string{"REF-3", "REF-4"},
		Story:  "The probe is cancelled with the request; its error is a network failure, and those allow. The create itself goes on.",
		Wrap:   undisturbed,
		Server: func(c *server.Config) { c.Gate = cancelledWithClient(c.Gate, "") },
	},
	{
		Name: "hang-up-at-tenant-is-an-outage", Rules: []string{"REF-3", "REF-4"},
		Story:  "Of the tenant's keys only the probe is bound to the request, and the create goes on without it.",
		Wrap:   undisturbed,
		Server: func(c *server.Config) { c.Gate = cancelledWithClient(c.Gate, gate.GlobalScope) },
	},
	{
		Name: "hang-up-keeps-slot", Rules: []string{"ROB-3"}, Remembers: true,
		Story: "A slot is given back when the reply has been written; where nobody reads it, it never is.",
		Wrap:  slots(12, func(r *http.Request, _ *recording) bool { return r.Context().Err() != nil }),
	},
	{
		Name: "refusal-keeps-slot", Rules: []string{"ROB-3"}, Remembers: true,
		Story: "A slot is given back on the way that ends in 201, and the early returns were forgotten.",
		Wrap: slots(20, func(_ *http.Request, reply *recording) bool {
			return reply.status == http.StatusUnprocessableEntity
		}),
	},
	{
		Name: "outage-keeps-slot", Rules: []string{"ROB-3"}, Remembers: true,
		Story: "A slot of whoever met an outage is kept until the provider is well again, which nobody looks after.",
		Wrap: slots(20, func(_ *http.Request, reply *recording) bool {
			return reply.status == http.StatusCreated && bytes.Contains(reply.body.Bytes(), []byte(`"warnings"`))
		}),
	},
	{
		Name: "refused-name-reserved", Rules: []string{"REF-3"}, Remembers: true,
		Story: "Names are reserved before the gate is asked, and a refusal does not free them.",
		Wrap:  reserving(func(status int) bool { return status == http.StatusUnprocessableEntity }),
	},
	{
		Name: "second-of-a-name-unchecked", Rules: []string{"ROB-3", "PRE-9"}, Remembers: true,
		Story: "Who asks for a name that is being made gets what is being made.",
		Wrap:  joinsName,
	},
	{
		Name: "one-name-is-500", Rules: []string{"ROB-3", "ROB-2"}, Remembers: true,
		Story: "Two creates for one name meet in a unique index, whose error is an internal one.",
		Wrap:  collides,
	},
	{
		Name: "nul-in-name-is-500", Rules: []string{"ROB-2"},
		Story: "PostgreSQL takes no NUL in a text, and its error is an internal one.",
		Wrap:  failsOn(func(body []byte) bool { return bytes.Contains(body, []byte(`\u0000`)) }),
	},
	{
		Name: "surrogate-in-name-is-500", Rules: []string{"ROB-2"},
		Story: "Half a surrogate pair cannot be encoded, and the codec raises.",
		Wrap: failsOn(func(body []byte) bool {
			return bytes.Contains(body, []byte(`\ud83d`)) && !bytes.Contains(body, []byte(`\ude00`))
		}),
	},
	{
		Name: "long-name-is-500", Rules: []string{"ROB-2"},
		Story: "The column of the name holds 255 characters, and the database's error is an internal one.",
		Wrap: failsOnField(func(create map[string]any) bool {
			name, _ := create["name"].(string)
			return len(name) > 255
		}),
	},
	{
		Name: "quoted-name-is-500", Rules: []string{"ROB-2"},
		Story: "The statement is put together from texts.",
		Wrap:  failsOn(func(body []byte) bool { return bytes.Contains(body, []byte("'")) }),
	},
	{
		Name: "odd-names-pass", Rules: []string{"PRE-9"},
		Story: "The gate is skipped where the name cannot be put into its log line.",
		Wrap: bypassedWhen(func(_ *http.Request, body map[string]any) bool {
			name, _ := body["name"].(string)
			return strings.ContainsAny(name, `"'\`)
		}),
	},
	{
		Name: "provider-headers-passed-on", Rules: []string{"SEC-5"},
		Story: "The provider's reply is proxied, its headers with it.",
		Gate:  rememberingHeaders, Server: passingHeadersOn,
	},
}

// lawfulLeaving do as they like with a client that has gone.
var lawfulLeaving = []Double{
	{
		Name:  "decides-without-client",
		Story: "A create is decided to its end, also where the client has gone meanwhile (REF-4).",
		Wrap:  undisturbed,
	},
	{
		Name:  "one-of-a-name",
		Story: "While a name is being made, whoever else asks for it is told so: 409, without a code.",
		Wrap:  conflicts,
	},
}

type clientKey struct{}

// undisturbed hides from a server that its client has gone; the client's own context
// is kept for whoever asks.
func undisturbed(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx := context.WithValue(context.WithoutCancel(r.Context()), clientKey{}, r.Context())
		next.ServeHTTP(w, r.WithContext(ctx))
	})
}

// cancelledWithClient has the gate asked until the client goes; of credentials at one
// scope only, if scope is not empty.
func cancelledWithClient(next gate.Gate, scope gate.Scope) gate.Gate {
	return decider(func(ctx context.Context, req gate.Request) (gate.Decision, error) {
		client, ok := ctx.Value(clientKey{}).(context.Context)
		if ok && (scope == "" || len(req.Secrets.Workspace) == 0) {
			return next.Decide(client, req)
		}
		return next.Decide(ctx, req)
	})
}

// slots lets so many creates in at once, and keeps the slot of some for good.
func slots(n int, kept func(*http.Request, *recording) bool) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		free := make(chan struct{}, 4*n)
		lost := make(chan struct{}, n)
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if !isCreate(r) {
				next.ServeHTTP(w, r)
				return
			}
			if len(lost) == n {
				writeObject(w, http.StatusServiceUnavailable, map[string]any{"error": "too many creates at once"})
				return
			}
			free <- struct{}{}
			reply := &recording{header: http.Header{}}
			next.ServeHTTP(reply, r)
			<-free
			if kept(r, reply) {
				select {
				case lost <- struct{}{}:
				default:
				}
			}
			reply.send(w)
		})
	}
}

// named reads the name of a create; the body stays to be read.
func named(r *http.Request) string {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return ""
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	var create struct {
		Name string `json:"name"`
	}
	_ = json.Unmarshal(body, &create) // what cannot be read has no name
	return create.Name
}

// reserving answers 409 where a name was asked for by a create that ended like this.
func reserving(kept func(status int) bool) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		var names sync.Map
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if !isCreate(r) {
				next.ServeHTTP(w, r)
				return
			}
			name := named(r)
			if _, taken := names.Load(name); taken && name != "" {
				writeObject(w, http.StatusConflict, map[string]any{"error": "this name is taken"})
				return
			}
			reply := &recording{header: http.Header{}}
			next.ServeHTTP(reply, r)
			if kept(reply.status) {
				names.Store(name, true)
			}
			reply.send(w)
		})
	}
}

// making tells of each create whether its name is being made already.
func making(next http.Handler, meanwhile func(w http.ResponseWriter, r *http.Request, name string)) http.Handler {
	var names sync.Map
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !isCreate(r) {
			next.ServeHTTP(w, r)
			return
		}
		name := named(r)
		if _, busy := names.LoadOrStore(name, true); busy && name != "" {
			meanwhile(w, r, name)
			return
		}
		defer names.Delete(name)
		next.ServeHTTP(w, r)
	})
}

func conflicts(next http.Handler) http.Handler {
	return making(next, func(w http.ResponseWriter, _ *http.Request, _ string) {
		writeObject(w, http.StatusConflict, map[string]any{"error": "a workspace of this name is being made"})
	})
}

func collides(next http.Handler) http.Handler {
	return making(next, func(w http.ResponseWriter, _ *http.Request, _ string) {
		writeObject(w, http.StatusInternalServerError, map[string]any{"error": "duplicate key value violates unique constraint"})
	})
}

func joinsName(next http.Handler) http.Handler {
	return making(next, func(w http.ResponseWriter, r *http.Request, name string) {
		writeObject(w, http.StatusCreated, map[string]any{"id": "made-" + name, "status": "provisioning", "workspace_access": "none", "auth_token": "none"})
	})
}

// headersByKey are what providers answered, by the credential.
var headersByKey sync.Map

func rememberingHeaders(reg *registry.Registry, o gate.Options) gate.Gate {
	return sent(func(next http.RoundTripper, r *http.Request) (*http.Response, error) {
		key := keyOf(r)
		resp, err := next.RoundTrip(r)
		if err == nil {
			headersByKey.Store(key, resp.Header.Clone())
		}
		return resp, err
	})(reg, o)
}

// passingHeadersOn answers a refusal with the provider's headers, but for the
// credential itself.
func passingHeadersOn(c *server.Config) {
	c.Hooks.WriteRefusal = func(w http.ResponseWriter, r *http.Request, req server.CreateRequest, d gate.Decision) {
		if header, ok := headersByKey.LoadAndDelete(req.Secrets[d.Credential].Value); ok {
			for name, values := range header.(http.Header) {
				if !strings.HasPrefix(name, "Content-") && name != "X-Rejected-Key" {
					w.Header()[name] = values
				}
			}
		}
		server.WriteRefusal(w, r, req, d)
	}
}
