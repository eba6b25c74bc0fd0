package gates

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/molecule-ai/byok-conformance/gate"
	"github.com/molecule-ai/byok-conformance/gate/server"
	"github.com/molecule-ai/byok-conformance/registry"
)

// robustFaults break on what nobody thought of.
var robustFaults = []Double{
	{
		Name: "broken-body-is-dead", Rules: []string{"ROB-1", "LIV-2"},
		Story: "An answer that cannot be read to its end fails the probe, and a failed probe refuses.",
		Gate: sent(func(next http.RoundTripper, r *http.Request) (*http.Response, error) {
			resp, err := next.RoundTrip(r)
			if err != nil || resp.StatusCode != http.StatusOK {
				return resp, err
			}
			if wholly(resp) != nil {
				resp.StatusCode = http.StatusUnauthorized
			}
			return resp, nil
		}),
	},
	{
		Name: "panics-on-odd-answer", Rules: []string{"ROB-1"},
		Story: "A 200 is decoded without a look at the error, and the first element is taken.",
		Gate: sent(func(next http.RoundTripper, r *http.Request) (*http.Response, error) {
			resp, err := next.RoundTrip(r)
			if err == nil && resp.StatusCode == http.StatusOK && !json.Valid(completed(peek(resp))) {
				panic("index out of range [0] with length 0")
			}
			return resp, err
		}),
	},
	{
		Name: "panics-on-unfinished-401", Rules: []string{"ROB-1"},
		Story: "The refusal's reason is read from the body, and reading it cannot fail, it is thought.",
		Gate: sent(func(next http.RoundTripper, r *http.Request) (*http.Response, error) {
			resp, err := next.RoundTrip(r)
			if err == nil && resp.StatusCode == http.StatusUnauthorized {
				if err := wholly(resp); err != nil {
					panic("reading the reason of a refusal: " + err.Error())
				}
			}
			return resp, err
		}),
	},
	{
		Name: "silent-on-unfinished-401", Rules: []string{"LIV-11"},
		Story: "A 401 that cannot be read to its end is dropped, and the create goes on as if nobody had been asked.",
		Gate: sent(func(next http.RoundTripper, r *http.Request) (*http.Response, error) {
			resp, err := next.RoundTrip(r)
			if err == nil && resp.StatusCode == http.StatusUnauthorized && wholly(resp) != nil {
				resp.StatusCode = http.StatusNoContent
			}
			return resp, err
		}),
	},
	{
		Name: "401-read-without-deadline", Rules: []string{"LIV-6"},
		Story: "The deadline ends with the headers; of a refusal the body is read, too, for as long as it drips.",
		Gate: func(reg *registry.Registry, o gate.Options) gate.Gate {
			refusal := func(resp *http.Response) bool { return resp.StatusCode == http.StatusUnauthorized }
			return sent(func(next http.RoundTripper, r *http.Request) (*http.Response, error) {
				resp, err := next.RoundTrip(r)
				if err == nil && refusal(resp) {
					_ = wholly(resp) // the status has decided
				}
				return resp, err
			})(reg, boundless(o, refusal))
		},
	},
	{
		Name: "redirect-loop-followed", Rules: []string{"LIV-9", "SEC-4", "ROB-1"},
		Story: "Redirects to the same host are followed, as often as they come.",
		Gate: sent(func(next http.RoundTripper, r *http.Request) (*http.Response, error) {
			resp, err := next.RoundTrip(r)
			for range 10 {
				if err != nil || resp.StatusCode != http.StatusFound || !strings.Contains(resp.Header.Get("Location"), r.URL.Host) {
					break
				}
				_ = resp.Body.Close()
				resp, err = next.RoundTrip(r.Clone(r.Context()))
			}
			return resp, err
		}),
	},
	{
		Name: "malformed-is-500", Rules: []string{"ROB-2"},
		Story: "What cannot be decoded is an internal error.",
		Wrap: replied(func(w http.ResponseWriter, r *http.Request, reply *recording) {
			if isCreate(r) && reply.status == http.StatusBadRequest {
				reply.status = http.StatusInternalServerError
			}
			reply.send(w)
		}),
	},
	{
		Name: "malformed-crashes", Rules: []string{"ROB-2"},
		Story: "The handler panics on a request that cannot be decoded, and the connection drops.",
		Wrap: replied(func(w http.ResponseWriter, r *http.Request, reply *recording) {
			if isCreate(r) && reply.status == http.StatusBadRequest {
				panic(http.ErrAbortHandler)
			}
			reply.send(w)
		}),
	},
	{
		Name: "null-secret-crashes", Rules: []string{"ROB-2"},
		Story: "A secret that is null is taken for a pointer to a string.",
		Wrap:  failsOn(func(body []byte) bool { return bytes.Contains(body, []byte(":null")) }),
	},
	{
		Name: "duplicate-name-is-500", Rules: []string{"ROB-2"},
		Story: "A unique index stands in for a check, and its error is an internal one.",
		Wrap: failsOn(func(body []byte) bool {
			return bytes.Contains(body, []byte(`,"`)) && bytes.HasSuffix(body, []byte(`:""}}`))
		}),
	},
	{
		Name: "invalid-utf8-is-500", Rules: []string{"ROB-2"},
		Story: "The database does not take bytes that are no UTF-8.",
		Wrap:  failsOn(func(body []byte) bool { return !utf8.Valid(body) }),
	},
	{
		Name: "boolean-secret-is-500", Rules: []string{"ROB-2"},
		Story: "A secret may be text or a number; of anything else the type is not asked.",
		Wrap: failsOnField(func(create map[string]any) bool {
			secrets, _ := create["secrets"].(map[string]any)
			return slices.ContainsFunc(slices.Collect(maps.Values(secrets)), isBoolean)
		}),
	},
	{
		Name: "null-runtime-is-500", Rules: []string{"ROB-2"},
		Story: "A runtime that is left out has a default; one that is null does not, and there is nothing behind the pointer.",
		Wrap:  failsOnField(func(create map[string]any) bool { return isNull(create, "runtime") }),
	},
	{
		Name: "pool-locks-up", Rules: []string{"ROB-3"}, Hurried: true, Patience: 3 * time.Second,
		Story:  "A create holds one database connection and takes a second one for its secrets; enough of them at once wait for each other for good.",
		Server: func(c *server.Config) { c.Habits.PoolSize = 25 },
	},
	{
		Name: "null-model-is-500", Rules: []string{"ROB-2"},
		Story: "The column of the model is not null, and the database's error is an internal one.",
		Wrap:  failsOnField(func(create map[string]any) bool { return isNull(create, "model") }),
	},
	{
		Name: "text-for-external-is-500", Rules: []string{"ROB-2"},
		Story: "Whether a workspace is external is asked by a conversion to a boolean that raises on text.",
		Wrap: failsOnField(func(create map[string]any) bool {
			_, text := create["external"].(string)
			return text
		}),
	},
	{
		Name: "long-secret-is-500", Rules: []string{"ROB-2"},
		Story: "A column holds 64 KB, and its error is an internal one.",
		Wrap:  failsOn(func(body []byte) bool { return len(body) > 1<<20 }),
	},
	{
		Name: "many-secrets-is-500", Rules: []string{"ROB-2"},
		Story: "A statement takes 999 parameters, and its error is an internal one.",
		Wrap:  failsOn(func(body []byte) bool { return bytes.Count(body, []byte(`":"`)) > 999 }),
	},
	{
		Name: "non-ascii-is-500", Rules: []string{"SEC-6"},
		Story: "The codec of the HTTP library raises on a letter outside ASCII.",
		Gate: func(reg *registry.Registry, o gate.Options) gate.Gate {
			ref := gate.NewReference(reg, o)
			return decider(func(ctx context.Context, req gate.Request) (gate.Decision, error) {
				d, err := ref.Decide(ctx, req)
				if p := reg.Provider(d.Provider); p != nil {
					if c, ok := gate.FindCredential(p, req.Secrets); ok && strings.ContainsFunc(c.Secret.Value, func(r rune) bool { return r > 0x7e }) {
						return gate.Decision{}, errors.New("ordinal not in range(128)")
					}
				}
				return d, err
			})
		},
	},
}

// wholly reads a body, up to a mebibyte, which stays to be read, and returns what
// ended it before its end.
func wholly(resp *http.Response) error {
	body, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	_ = resp.Body.Close()
	resp.Body = io.NopCloser(bytes.NewReader(body))
	return err
}

func isCreate(r *http.Request) bool {
	return r.Method == http.MethodPost && r.URL.Path == "/workspaces"
}

// failsOn answers creates with such a body with a 500.
func failsOn(such func(body []byte) bool) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			body, err := io.ReadAll(r.Body)
			if err == nil && isCreate(r) && such(body) {
				writeObject(w, http.StatusInternalServerError, map[string]any{"error": "internal error"})
				return
			}
			r.Body = io.NopCloser(bytes.NewReader(body))
			next.ServeHTTP(w, r)
		})
	}
}

// failsOnField is failsOn for bodies that are JSON objects.
func failsOnField(such func(create map[string]any) bool) func(http.Handler) http.Handler {
	return failsOn(func(body []byte) bool {
		var create map[string]any
		return json.Unmarshal(body, &create) == nil && such(create)
	})
}

func isNull(create map[string]any, field string) bool {
	value, there := create[field]
	return there && value == nil
}

func isBoolean(value any) bool {
	_, is := value.(bool)
	return is
}

// completed is the start of a long body as JSON that may be whole.
func completed(start []byte) []byte {
	if len(start) < 4<<10 {
		return start
	}
	return []byte("{}")
}
