package draft

import (
	"regexp"
	"slices"
	"strings"
)

// An api is how the server's paths are built, as its create shows it.
type api struct {
	// prefix stands before everything, such as /api/v1; base is the path of the
	// workspaces, such as /api/v1/agents.
	prefix, base string
	// verb makes a path of another verb, such as /rpc/workspace.delete; nil where
	// paths name things and not what is done. noun makes one of another noun.
	verb func(verb string) string
	noun func(noun, verb string) string
}

var (
	dotted = regexp.MustCompile(`^(.*/)([A-Za-z_]+)\.(create|new|add|launch|provision)$`)
	spoken = regexp.MustCompile(`^(.*/)(create|new|add|launch)([_-]?)([A-Za-z]+)$`)
	behind = regexp.MustCompile(`^(.*)/(create|new|add|launch)$`)
)

// paths reads how paths are built from that of the create.
func (d *drafting) paths() api {
	p := d.create.request.path
	if m := dotted.FindStringSubmatch(p); m != nil {
		return api{
			prefix: strings.TrimSuffix(m[1], "/"), base: strings.TrimSuffix(m[1], "/") + "/" + m[2],
			verb: func(v string) string { return m[1] + m[2] + "." + v },
			noun: func(n, v string) string { return m[1] + n + "." + v },
		}
	}
	if m := spoken.FindStringSubmatch(p); m != nil {
		return api{
			prefix: strings.TrimSuffix(m[1], "/"), base: strings.TrimSuffix(p, "/"),
			verb: func(v string) string { return m[1] + v + m[3] + m[4] },
			noun: func(n, v string) string {
				if m[3] == "" {
					n = strings.ToUpper(n[:1]) + n[1:]
				}
				return m[1] + v + m[3] + n
			},
		}
	}
	if m := behind.FindStringSubmatch(p); m != nil {
		p = m[1]
	}
	p = strings.TrimSuffix(p, "/")
	i := strings.LastIndex(p, "/")
	return api{prefix: p[:max(i, 0)], base: p}
}

// bases are the path of the workspaces, and that path in its other number.
func (a api) bases() []string {
	if other, ok := strings.CutSuffix(a.base, "s"); ok {
		return []string{a.base, other}
	}
	return []string{a.base, a.base + "s"}
}

// idBodies name the workspace in a body; idQueries in a query.
var (
	idBodies  = []string{"{id: $id}", "{workspace_id: $id}", "{workspaceId: $id}", "{agent_id: $id}", "{agentId: $id}", "{workspace: $id}", "{agent: $id}"}
	idQueries = []string{"?id=${id}", "?workspace_id=${id}", "?workspace=${id}", "?agent_id=${id}"}
)

// called are the requests with a verb about one workspace.
func (a api) called(method string, words []string) []request {
	var out []request
	if a.verb == nil {
		return nil
	}
	for _, w := range words {
		for _, q := range idQueries[:2] {
			out = append(out, request{method: method, path: a.verb(w) + q})
		}
		if method != "GET" {
			for _, b := range idBodies {
				out = append(out, request{method: method, path: a.verb(w), body: b})
			}
		}
	}
	return out
}

// removeGuesses are the ways to delete a workspace.
func (d *drafting) removeGuesses() []request {
	a := d.paths()
	out := append(d.OpenAPI.removes(d.create.request), a.called("POST", removeWords)...)
	for _, base := range a.bases() {
		out = append(out,
			request{method: "DELETE", path: base + "/${id}"},
			request{method: "DELETE", path: base + "/${id}?confirm=true", headers: map[string]string{"X-Confirm-Name": "${actual-name}"}},
			request{method: "DELETE", path: base + "/${id}?force=true"},
			request{method: "DELETE", path: base + "?id=${id}"},
			request{method: "DELETE", path: base, body: "{id: $id}"})
		for _, w := range removeWords {
			out = append(out, request{method: "POST", path: base + "/${id}/" + w})
		}
	}
	return out
}

// listGuesses are the ways to list workspaces.
func (d *drafting) listGuesses() []request {
	a := d.paths()
	out := d.OpenAPI.lists(d.create.request)
	if a.verb != nil {
		for _, w := range listWords {
			out = append(out, request{method: "GET", path: a.verb(w)}, request{method: "POST", path: a.verb(w), body: "{}"})
		}
	}
	for _, base := range a.bases() {
		out = append(out, request{method: "GET", path: base}, request{method: "GET", path: base + "/list"})
	}
	return out
}

// stateGuesses are the ways to look at one workspace.
func (d *drafting) stateGuesses() []request {
	a := d.paths()
	out := append(d.OpenAPI.states(d.create.request), a.called("GET", stateWords)...)
	for _, base := range a.bases() {
		out = append(out, request{method: "GET", path: base + "/${id}"}, request{method: "GET", path: base + "/${id}/status"}, request{method: "GET", path: base + "/${id}/state"})
	}
	return out
}

// againGuesses are the ways to provision a workspace again.
func (d *drafting) againGuesses() []request {
	a := d.paths()
	out := append(d.OpenAPI.agains(d.create.request), a.called("POST", againWords)...)
	for _, base := range a.bases() {
		for _, w := range againWords {
			out = append(out, request{method: "POST", path: base + "/${id}/" + w})
		}
		for _, w := range againWords[:4] {
			out = append(out, request{method: "POST", path: base + "/${id}/actions/" + w}, request{method: "POST", path: base + "/${id}:" + w},
				request{method: "POST", path: base + "/${id}/actions", body: `{action: "` + w + `"}`}, request{method: "PUT", path: base + "/${id}/" + w})
		}
	}
	return out
}

// failureGuesses are where failed provisionings may be listed.
func (d *drafting) failureGuesses() []request {
	a := d.paths()
	out := append(d.OpenAPI.failures(d.create.request), a.called("GET", eventWords)...)
	for _, w := range eventWords {
		out = append(out, request{method: "GET", path: a.prefix + "/" + w + "/${id}"})
		for _, base := range a.bases() {
			out = append(out, request{method: "GET", path: base + "/${id}/" + w})
		}
		out = append(out, request{method: "GET", path: a.prefix + "/" + w + "?workspace_id=${id}"}, request{method: "GET", path: a.prefix + "/" + w})
	}
	return out
}

// A secretGuess is one way to keep secrets: how one is set, listed and removed.
type secretGuess struct{ set, list, remove request }

// valueBodies carry a value to a path that names the secret; pairBodies carry both.
var (
	valueBodies = []string{"{value: $value}", "$value", "{secret: $value}", "{data: {value: $value}}"}
	pairBodies  = []string{
		"{key: $key, value: $value}", "{name: $key, value: $value}", "{($key): $value}", "{secrets: {($key): $value}}",
		"{Secrets: {($key): $value}}", "{data: {name: $key, value: $value}}", "{data: {key: $key, value: $value}}", "{env: {($key): $value}}",
		"{secrets: [{name: $key, value: $value}]}", "[{name: $key, value: $value}]", "[{key: $key, value: $value}]",
	}
)

// keptAt are the ways to keep secrets at a path.
func keptAt(p string) []secretGuess {
	list := request{method: "GET", path: strings.TrimSuffix(p, "/")}
	var out []secretGuess
	removes := []request{
		{method: "DELETE", path: p + "/${key}"}, {method: "DELETE", path: p + "?key=${key}"}, {method: "DELETE", path: p + "?name=${key}"},
		{method: "DELETE", path: p, body: "{key: $key}"}, {method: "DELETE", path: p, body: "{name: $key}"}, {method: "POST", path: p + "/${key}/delete"},
	}
	add := func(set request) {
		for _, remove := range removes {
			out = append(out, secretGuess{set, list, remove})
		}
		if set.body != "" && set.method != "POST" && strings.Contains(set.body, "($key)") { // a merge patch
			out = append(out, secretGuess{set, list, request{method: set.method, path: set.path, body: strings.ReplaceAll(set.body, "$value", "null")}})
		}
	}
	for _, method := range []string{"PUT", "POST"} {
		for _, b := range valueBodies {
			add(request{method: method, path: p + "/${key}", body: b})
		}
	}
	for _, method := range []string{"PUT", "POST", "PATCH"} {
		for _, b := range pairBodies {
			add(request{method: method, path: p, body: b})
		}
	}
	if !strings.Contains(p, "${id}") { // one path for both scopes, with nothing where the workspace's id would stand
		for _, b := range pairBodies {
			add(request{method: "PATCH", path: p + "/", body: b})
		}
	}
	return out
}

// calledSecrets are the ways to keep secrets where paths are verbs. about names
// the workspace in a body; "" where the secret is the tenant's.
func (a api) calledSecrets(about string) []secretGuess {
	if a.verb == nil {
		return nil
	}
	var out []secretGuess
	for _, noun := range []string{"secret", "secrets", "credential", "credentials", "env"} {
		for _, set := range []string{"set", "put", "create", "add", "update"} {
			for _, key := range []string{"name", "key"} {
				for _, remove := range []string{"delete", "remove", "unset"} {
					pair := "{" + about + key + ": $key"
					out = append(out, secretGuess{
						request{method: "POST", path: a.noun(noun, set), body: pair + ", value: $value}"},
						request{method: "GET", path: a.noun(noun, "list")},
						request{method: "POST", path: a.noun(noun, remove), body: pair + "}"},
					})
				}
			}
		}
	}
	return out
}

// tenantGuesses are the ways to keep secrets of the tenant.
func (d *drafting) tenantGuesses() []secretGuess {
	a := d.paths()
	out := append(d.OpenAPI.secrets(d.create.request, false), a.calledSecrets("")...)
	seen := map[string]bool{}
	for _, prefix := range slices.Compact([]string{a.prefix, ""}) {
		for _, tenant := range tenantPaths {
			for _, w := range secretWords {
				if p := prefix + tenant + "/" + w; !seen[p] {
					seen[p] = true
					out = append(out, keptAt(p)...)
				}
			}
		}
	}
	return out
}

// ownGuesses are the ways to keep secrets of one workspace.
func (d *drafting) ownGuesses() []secretGuess {
	a := d.paths()
	out := d.OpenAPI.secrets(d.create.request, true)
	for _, about := range []string{"workspace: $id, ", "workspace_id: $id, ", "workspaceId: $id, ", "id: $id, ", "agent: $id, ", "agent_id: $id, ", "agentId: $id, "} {
		out = append(out, a.calledSecrets(about)...)
	}
	for _, w := range secretWords {
		for _, base := range a.bases() {
			out = append(out, keptAt(base+"/${id}/"+w)...)
		}
		out = append(out, keptAt(a.prefix+"/"+w+"/${id}")...)
	}
	for _, base := range a.bases() {
		out = append(out, keptAt(base+"/${id}")...)
	}
	return out
}
