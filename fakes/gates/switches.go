package gates

import (
	"bytes"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/molecule-ai/byok-conformance/gate"
	"github.com/molecule-ai/byok-conformance/registry"
)

// switchFaults let something in a create switch the gate off.
var switchFaults = []Double{
	{
		Name: "skip-validation-field", Rules: []string{"PRE-9"},
		Story: "A field that our own tests send skips every check; nobody keeps tenants from sending it.",
		Wrap:  bypassedWhen(func(_ *http.Request, body map[string]any) bool { return body["skip_validation"] == true }),
	},
	{
		Name: "force-in-options", Rules: []string{"PRE-9"},
		Story: "options.force creates whatever the checks say.",
		Wrap: bypassedWhen(func(_ *http.Request, body map[string]any) bool {
			options, _ := body["options"].(map[string]any)
			return options["force"] == true
		}),
	},
	{
		Name: "validate-false-text", Rules: []string{"PRE-9"},
		Story: "validate=false switches the checks off, also as a string.",
		Wrap:  bypassedWhen(func(_ *http.Request, body map[string]any) bool { return body["validate"] == "false" }),
	},
	{
		Name: "dry-run-query", Rules: []string{"PRE-9"},
		Story: "?dry_run skips what costs something, and the workspace is created all the same.",
		Wrap:  bypassedWhen(func(r *http.Request, _ map[string]any) bool { return r.URL.Query().Has("dry_run") }),
	},
	{
		Name: "internal-header", Rules: []string{"PRE-9"},
		Story: "Calls between our own services carry X-Internal and are trusted.",
		Wrap:  bypassedWhen(func(r *http.Request, _ map[string]any) bool { return r.Header.Get("X-Internal") != "" }),
	},
	{
		Name: "billing-field", Rules: []string{"PRE-9"},
		Story: "The request says who pays.",
		Wrap:  bypassedWhen(func(_ *http.Request, body map[string]any) bool { return body["llm_billing_mode"] == "platform_managed" }),
	},
	{
		Name: "templates-trusted", Rules: []string{"PRE-9"},
		Story: "What comes from a template was checked when the template was made.",
		Wrap:  bypassedWhen(func(_ *http.Request, body map[string]any) bool { return body["template"] != nil }),
	},
	{
		Name: "test-names-pass", Rules: []string{"PRE-9"},
		Story: "Workspaces of our end-to-end tests are known by their names.",
		Wrap: bypassedWhen(func(_ *http.Request, body map[string]any) bool {
			name, _ := body["name"].(string)
			return name == "test" || strings.HasPrefix(name, "internal-")
		}),
	},
	{
		Name: "long-names-pass", Rules: []string{"PRE-9"},
		Story: "A name that does not fit the audit table makes the check fail, and a check that failed refuses nobody.",
		Wrap: bypassedWhen(func(_ *http.Request, body map[string]any) bool {
			name, _ := body["name"].(string)
			return len(name) > 128
		}),
	},
	{
		Name: "many-secrets-pass", Rules: []string{"PRE-9"},
		Story: "Secrets are looked at in pages, and only the first page is.",
		Gate: decided(func(_ *registry.Registry, req gate.Request, d gate.Decision) gate.Decision {
			if len(req.Secrets.Workspace) >= 60 && d.Verdict == gate.Refused {
				return gate.Decision{Verdict: gate.Allowed, Provider: d.Provider}
			}
			return d
		}),
	},
	{
		Name: "one-secret-passes", Rules: []string{"PRE-9"},
		Story: "A create with just one secret is a tenant's own choice, and the name was checked in the form.",
		Gate: decided(func(_ *registry.Registry, req gate.Request, d gate.Decision) gate.Decision {
			one := slices.Collect(maps.Keys(req.Secrets.Workspace))
			if len(one) == 1 && strings.HasSuffix(one[0], "_1") && d.Code == gate.MissingCredential {
				return gate.Decision{Verdict: gate.Allowed, Provider: d.Provider}
			}
			return d
		}),
	},
	{
		Name: "large-creates-pass", Rules: []string{"PRE-9"},
		Story: "A create beyond the size that the gate's buffer takes is not looked at.",
		Gate: decided(func(_ *registry.Registry, req gate.Request, d gate.Decision) gate.Decision {
			size := 0
			for _, s := range req.Secrets.Workspace {
				size += len(s.Value)
			}
			if size > 512<<10 && d.Verdict == gate.Refused {
				return gate.Decision{Verdict: gate.Allowed, Provider: d.Provider}
			}
			return d
		}),
	},
	{
		Name: "local-callers-trusted", Rules: []string{"PRE-9"},
		Story: "Whoever comes from this machine is one of us, and X-Forwarded-For says where a caller comes from.",
		Wrap:  bypassedWhen(func(r *http.Request, _ map[string]any) bool { return r.Header.Get("X-Forwarded-For") == "127.0.0.1" }),
	},
	{
		Name: "smoke-names-pass", Rules: []string{"PRE-9"},
		Story: "Workspaces of the smoke tests after a deployment are known by their names.",
		Wrap: bypassedWhen(func(_ *http.Request, body map[string]any) bool {
			name, _ := body["name"].(string)
			return strings.Contains(name, "smoke")
		}),
	},
	{
		Name: "own-endpoint-trusted", Rules: []string{"LIV-4"},
		Story: "A create that brings an endpoint of its own, in its configuration, is asked about there, which is none of our providers.",
		Wrap: bypassedWhen(func(_ *http.Request, body map[string]any) bool {
			config, _ := body["llm_config"].(map[string]any)
			client, _ := config["client"].(map[string]any)
			return client["baseURL"] != nil
		}),
	},
	{
		Name: "api-base-field-trusted", Rules: []string{"LIV-4"},
		Story: "apiBase says that somebody else's endpoint is used, and the gate stays out.",
		Wrap: bypassedWhen(func(_ *http.Request, body map[string]any) bool {
			base, _ := body["apiBase"].(string)
			return strings.HasPrefix(base, "http")
		}),
	},
	{
		Name: "default-runtime-behind-gate", Rules: []string{"PRE-9"},
		Story: "The gate sees the request as it came; the default runtime is put in behind it.",
		Wrap: bypassedWhen(func(_ *http.Request, body map[string]any) bool {
			runtime, _ := body["runtime"].(string)
			return runtime == "" && body["external"] != true
		}),
	},
	{
		Name: "used-name-passes", Rules: []string{"PRE-9"}, Remembers: true,
		Story: "A create with a name that there is is an update, and an update was checked before.",
		Wrap:  namesPass,
	},
}

// bypassedWhen takes a create for one of an external workspace, which no gate
// looks at, where a switch is found.
func bypassedWhen(found func(*http.Request, map[string]any) bool) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodPost && r.URL.Path == "/workspaces" {
				payload, err := io.ReadAll(r.Body)
				var body map[string]any
				if err == nil && json.Unmarshal(payload, &body) == nil && found(r, body) {
					body["external"], body["url"] = true, "https://agent.invalid/"
					if changed, err := json.Marshal(body); err == nil {
						payload = changed
					}
				}
				r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(payload)), int64(len(payload))
			}
			next.ServeHTTP(w, r)
		})
	}
}

// namesPass lets a name through that was allowed before.
func namesPass(next http.Handler) http.Handler {
	var mu sync.Mutex
	var names []string
	seen := bypassedWhen(func(_ *http.Request, body map[string]any) bool {
		mu.Lock()
		defer mu.Unlock()
		name, _ := body["name"].(string)
		if slices.Contains(names, name) {
			return true
		}
		secrets, _ := body["secrets"].(map[string]any)
		if len(secrets) > 0 && name != "" {
			names = append(names, name)
		}
		return false
	})
	return seen(next)
}
