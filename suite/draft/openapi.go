package draft

import (
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"
)

// An OpenAPI is a document that describes the server (OpenAPI 3, or Swagger 2).
// It gives guesses only: what it says is tried at the server like any other.
// Every method may be called on nil, and then knows nothing.
type OpenAPI struct {
	root       map[string]any
	operations []operation
}

type operation struct {
	method, path, id string
	// body is the schema of the request's JSON body; nil where there is none.
	body map[string]any
}

// ParseOpenAPI reads a document in YAML or JSON; file stands for it in errors.
// Only references inside the document are followed.
func ParseOpenAPI(file string, data []byte) (*OpenAPI, error) {
	var root map[string]any
	if err := yaml.Unmarshal(data, &root); err != nil {
		return nil, fmt.Errorf("%s is no OpenAPI document: %w", file, err)
	}
	o := &OpenAPI{root: root}
	paths := object(root["paths"])
	if len(paths) == 0 {
		return nil, fmt.Errorf("%s is no OpenAPI document, or describes no path: it has nothing under `paths`", file)
	}
	prefix := o.prefix()
	for _, p := range sortedKeys(paths) {
		item := o.resolve(paths[p])
		for _, method := range methods {
			op := o.resolve(item[strings.ToLower(method)])
			if op == nil {
				continue
			}
			o.operations = append(o.operations, operation{method: method, path: prefix + p, id: fmt.Sprint(op["operationId"]), body: o.bodySchema(op)})
		}
	}
	return o, nil
}

// prefix is what the document's server adds to every path.
func (o *OpenAPI) prefix() string {
	if base, ok := o.root["basePath"].(string); ok { // Swagger 2
		return strings.TrimSuffix(base, "/")
	}
	servers, _ := o.root["servers"].([]any)
	if len(servers) == 0 {
		return ""
	}
	address, _ := object(servers[0])["url"].(string)
	u, err := url.Parse(address)
	if err != nil || strings.Contains(u.Path, "{") {
		return ""
	}
	return strings.TrimSuffix(u.Path, "/")
}

func object(v any) map[string]any {
	m, _ := v.(map[string]any)
	return m
}

// resolve follows references inside the document, and joins allOf.
func (o *OpenAPI) resolve(v any) map[string]any {
	m := object(v)
	for range 20 { // a document may refer in a circle
		ref, ok := m["$ref"].(string)
		if !ok {
			break
		}
		var at any = o.root
		for step := range strings.SplitSeq(strings.TrimPrefix(ref, "#/"), "/") {
			at = object(at)[strings.NewReplacer("~1", "/", "~0", "~").Replace(step)]
		}
		m = object(at)
	}
	parts, _ := m["allOf"].([]any)
	if len(parts) == 0 {
		return m
	}
	joined := map[string]any{"type": "object", "properties": map[string]any{}}
	var required []any
	for _, part := range parts {
		p := o.resolve(part)
		for k, v := range object(p["properties"]) {
			joined["properties"].(map[string]any)[k] = v
		}
		list, _ := p["required"].([]any)
		required = append(required, list...)
	}
	joined["required"] = required
	return joined
}

func (o *OpenAPI) bodySchema(op map[string]any) map[string]any {
	content := object(o.resolve(op["requestBody"])["content"])
	for _, kind := range sortedKeys(content) {
		if strings.Contains(kind, "json") {
			return o.resolve(object(content[kind])["schema"])
		}
	}
	parameters, _ := op["parameters"].([]any)
	for _, p := range parameters { // Swagger 2
		if p := o.resolve(p); p["in"] == "body" {
			return o.resolve(p["schema"])
		}
	}
	return nil
}

// headers are those by which the document says that callers show their token.
func (o *OpenAPI) headers(env func(string) (string, bool)) map[string]string {
	out := map[string]string{}
	if o == nil {
		return out
	}
	if _, there := env(tokenVariable); !there {
		return out
	}
	schemes := object(object(o.root["components"])["securitySchemes"])
	if schemes == nil {
		schemes = object(o.root["securityDefinitions"])
	}
	for _, name := range sortedKeys(schemes) {
		s := o.resolve(schemes[name])
		header, _ := s["name"].(string)
		switch {
		case s["type"] == "http" && strings.EqualFold(fmt.Sprint(s["scheme"]), "bearer"), s["type"] == "oauth2":
			return map[string]string{"Authorization": "Bearer ${env:" + tokenVariable + "}"}
		case s["type"] == "apiKey" && s["in"] == "header" && header != "":
			return map[string]string{header: "${env:" + tokenVariable + "}"}
		}
	}
	return out
}

var (
	parameter  = regexp.MustCompile(`\{([^}/]+)\}`)
	keyLike    = regexp.MustCompile(`(?i)key|name|secret|cred|env|var`)
	idLike     = regexp.MustCompile(`(?i)^(id|uuid)$|workspace|agent|sandbox|instance`)
	valueLike  = regexp.MustCompile(`(?i)^(value|val|secret|data|content|plaintext)$`)
	secretPath = regexp.MustCompile(`(?i)secret|credential|/env|variable|vault|api-?keys?|/keys`)
	healthPath = regexp.MustCompile(`(?i)health|/ready|/live|/ping|/status$|/up$`)
	againPath  = regexp.MustCompile(`(?i)start|provision|deploy|rebuild|reload|launch|/runs?$|resume`)
	eventPath  = regexp.MustCompile(`(?i)event|failure|history|log|activit|error`)
)

// profilePath writes a path with a profile's placeholders: a parameter that is
// named like a secret's name is the key, any other is the workspace's id.
func profilePath(p string, secret bool) string {
	return parameter.ReplaceAllStringFunc(p, func(s string) string {
		name := s[1 : len(s)-1]
		if secret && keyLike.MatchString(name) && !idLike.MatchString(name) {
			return "${key}"
		}
		return "${id}"
	})
}

func parameters(p string) int { return strings.Count(p, "{") }

func (o *OpenAPI) find(fits func(operation) bool) []operation {
	if o == nil {
		return nil
	}
	var out []operation
	for _, op := range o.operations {
		if fits(op) {
			out = append(out, op)
		}
	}
	return out
}

func requests(ops []operation) []request {
	var out []request
	for _, op := range ops {
		out = append(out, request{method: op.method, path: profilePath(op.path, false)})
	}
	return out
}

func (o *OpenAPI) health() []request {
	return requests(o.find(func(op operation) bool {
		return op.method == "GET" && parameters(op.path) == 0 && healthPath.MatchString(op.path)
	}))
}

// creates are the operations whose body names a model, or else those that make
// something: a POST to a path without parameters.
func (o *OpenAPI) creates() []request {
	ops := o.find(func(op operation) bool { return op.method == "POST" && parameters(op.path) == 0 && op.body != nil })
	slices.SortStableFunc(ops, func(a, b operation) int { return o.fits(b) - o.fits(a) })
	return requests(ops)
}

// fits counts the things of a create that an operation's body has a field for.
func (o *OpenAPI) fits(op operation) int {
	n := 0
	for _, thing := range []string{"model", "secrets", "runtime", "name"} {
		if len(o.fieldsOf(op.body)[thing]) > 0 {
			n++
		}
	}
	return n
}

func (o *OpenAPI) operation(r request) (operation, bool) {
	ops := o.find(func(op operation) bool { return op.method == r.method && profilePath(op.path, false) == r.path })
	if len(ops) == 0 {
		return operation{}, false
	}
	return ops[0], true
}

// wrapped finds the object that holds the model: the body itself, or one in it.
func (o *OpenAPI) wrapped(schema map[string]any, depth int) (string, map[string]any) {
	properties := object(schema["properties"])
	for name := range properties {
		if thingOf(name, o.resolve(properties[name])) == "model" {
			return "", schema
		}
	}
	if depth < 3 {
		for _, name := range sortedKeys(properties) {
			inner := o.resolve(properties[name])
			if wrap, found := o.wrapped(inner, depth+1); found != nil {
				return strings.TrimSuffix(name+"."+wrap, "."), found
			}
		}
	}
	return "", nil
}

// wrappers are the keys under which a create's fields may stand: that of the
// document, what the path calls one workspace, and the usual ones.
func (o *OpenAPI) wrappers(r request) []string {
	noun := r.path[strings.LastIndex(r.path, "/")+1:]
	out := append([]string{""}, strings.TrimSuffix(noun, "s"), strings.TrimSuffix(noun, "es"))
	out = append(out, wrappers...)
	if op, ok := o.operation(r); ok {
		if wrap, found := o.wrapped(op.body, 0); found != nil {
			out = append([]string{wrap}, out...)
		}
	}
	seen := map[string]bool{}
	return slices.DeleteFunc(out, func(w string) bool {
		again := seen[w]
		seen[w] = true
		return again
	})
}

// fields are the names under which the document's create takes each thing.
func (o *OpenAPI) fields(r request) map[string][]string {
	op, ok := o.operation(r)
	if !ok {
		return nil
	}
	return o.fieldsOf(op.body)
}

func (o *OpenAPI) fieldsOf(body map[string]any) map[string][]string {
	_, schema := o.wrapped(body, 0)
	if schema == nil {
		return nil
	}
	out := map[string][]string{}
	properties := object(schema["properties"])
	for _, name := range sortedKeys(properties) {
		if thing := thingOf(name, o.resolve(properties[name])); thing != "" {
			out[thing] = append(out[thing], name)
		}
	}
	return out
}

var thingWords = []struct {
	thing string
	like  *regexp.Regexp
}{
	{"secrets", regexp.MustCompile(`(?i)secret|cred|^env|variable|api_?keys|^keys$|^vars$`)},
	{"external", regexp.MustCompile(`(?i)external|self_?hosted|unmanaged`)},
	{"url", regexp.MustCompile(`(?i)url$|endpoint`)},
	{"model", regexp.MustCompile(`(?i)model|^llm`)},
	{"runtime", regexp.MustCompile(`(?i)runtime|engine|harness|framework|agent_?type|^kind$`)},
	{"name", regexp.MustCompile(`(?i)^name$|title|label|(display|workspace|agent)_?name|slug`)},
}

// thingOf says what a field of a create's body is for, by its name or else by its
// description; "" where that is unknown.
func thingOf(name string, schema map[string]any) string {
	container := schema["type"] == "object" || schema["type"] == "array" || schema["properties"] != nil || schema["additionalProperties"] != nil
	description, _ := schema["description"].(string)
	for _, words := range [][]string{{name}, strings.Fields(description)} {
		for _, w := range thingWords {
			if (w.thing == "secrets") == container && slices.ContainsFunc(words, w.like.MatchString) {
				return w.thing
			}
		}
	}
	return ""
}

// required are the further fields that the document's create requires, with a
// value that it allows, as jq.
func (o *OpenAPI) required(r request) map[string]string {
	out := map[string]string{}
	op, ok := o.operation(r)
	if !ok {
		return out
	}
	_, schema := o.wrapped(op.body, 0)
	names, _ := schema["required"].([]any)
	for _, n := range names {
		name := fmt.Sprint(n)
		property := o.resolve(object(schema["properties"])[name])
		if thingOf(name, property) == "" {
			out[name] = sample(property)
		}
	}
	return out
}

// sample is a value that a schema allows, as jq.
func sample(schema map[string]any) string {
	for _, k := range []string{"default", "example", "const"} {
		if v, ok := schema[k]; ok {
			return literal(v)
		}
	}
	for _, k := range []string{"enum", "examples"} {
		if list, ok := schema[k].([]any); ok && len(list) > 0 {
			return literal(list[0])
		}
	}
	switch schema["type"] {
	case "integer", "number":
		return "1"
	case "boolean":
		return "false"
	case "array":
		return "[]"
	case "object":
		return "{}"
	}
	return `"draft"`
}

func literal(v any) string {
	switch v := v.(type) {
	case string:
		return jsonText(v)
	case bool:
		return strconv.FormatBool(v)
	case int, int64, float64:
		return fmt.Sprint(v)
	}
	return `"draft"`
}

func (o *OpenAPI) below(create request, more func(operation) bool) []request {
	return requests(o.find(func(op operation) bool {
		return strings.HasPrefix(op.path, create.path+"/{") && parameters(op.path) == 1 && more(op)
	}))
}

func (o *OpenAPI) removes(create request) []request {
	return o.below(create, func(op operation) bool { return op.method == "DELETE" && strings.HasSuffix(op.path, "}") })
}

func (o *OpenAPI) lists(create request) []request {
	return requests(o.find(func(op operation) bool { return op.method == "GET" && op.path == create.path }))
}

func (o *OpenAPI) states(create request) []request {
	return o.below(create, func(op operation) bool {
		return op.method == "GET" && (strings.HasSuffix(op.path, "}") || stateKey.MatchString(op.path[strings.LastIndex(op.path, "/")+1:]))
	})
}

func (o *OpenAPI) agains(create request) []request {
	return o.below(create, func(op operation) bool {
		return op.method == "POST" && againPath.MatchString(strings.TrimPrefix(op.path, create.path))
	})
}

func (o *OpenAPI) failures(create request) []request {
	return requests(o.find(func(op operation) bool {
		return op.method == "GET" && parameters(op.path) == 1 && eventPath.MatchString(strings.TrimPrefix(op.path, create.path))
	}))
}

// secrets are the ways to keep secrets that the document describes: own for
// those of a workspace, and otherwise those of the tenant.
func (o *OpenAPI) secrets(create request, own bool) []secretGuess {
	ops := o.find(func(op operation) bool {
		p := profilePath(op.path, true)
		return secretPath.MatchString(op.path) && op.path != create.path && strings.Contains(p, "${id}") == own
	})
	var sets, lists, removes []request
	for _, op := range ops {
		r := request{method: op.method, path: profilePath(op.path, true)}
		switch {
		case op.method == "GET" && !strings.Contains(r.path, "${key}"):
			lists = append(lists, r)
		case op.method == "DELETE":
			if !strings.Contains(r.path, "${key}") {
				r.body = o.body(op.body, false)
			}
			removes = append(removes, r)
		case op.method != "GET":
			if r.body = o.body(op.body, strings.Contains(r.path, "${key}")); r.body != "" {
				sets = append(sets, r)
			}
		}
	}
	if len(lists) == 0 {
		lists = []request{{}}
	}
	var out []secretGuess
	for _, set := range sets {
		for _, list := range lists {
			for _, remove := range removes {
				out = append(out, secretGuess{set, list, remove})
			}
			if strings.Contains(set.body, "($key)") {
				out = append(out, secretGuess{set, list, request{method: set.method, path: set.path, body: strings.ReplaceAll(set.body, "$value", "null")}})
			}
		}
	}
	return out
}

// body is the body of a request that sets a secret, as its schema wants it; ""
// where it cannot be made out.
func (o *OpenAPI) body(schema map[string]any, keyInPath bool) string {
	switch {
	case schema == nil:
		return ""
	case schema["type"] == "string":
		return "$value"
	case schema["type"] == "array":
		if item := o.body(o.resolve(schema["items"]), false); item != "" {
			return "[" + item + "]"
		}
		return ""
	case len(object(schema["properties"])) == 0:
		return "{($key): $value}"
	}
	properties := object(schema["properties"])
	var parts []string
	for _, name := range sortedKeys(properties) {
		inner := o.resolve(properties[name])
		switch {
		case inner["type"] == "object" || inner["type"] == "array" || inner["properties"] != nil || inner["additionalProperties"] != nil:
			if b := o.body(inner, keyInPath); b != "" {
				parts = append(parts, quoted(name)+": "+b)
			}
		case valueLike.MatchString(name):
			parts = append(parts, quoted(name)+": $value")
		case idLike.MatchString(name):
			parts = append(parts, quoted(name)+": $id")
		case keyLike.MatchString(name) && !keyInPath:
			parts = append(parts, quoted(name)+": $key")
		}
	}
	if len(parts) == 0 {
		return ""
	}
	return "{" + strings.Join(parts, ", ") + "}"
}
