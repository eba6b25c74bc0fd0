package draft

import (
	"fmt"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"
)

// Answers are what a person knows of the server, by the place in the profile:
// "create.request" is "POST /v1/agents", "create.id" an expression, "headers.X"
// a header, "fields.region" a further field of a create. "runtime" and "model"
// are what is asked for. An answer takes the place of the guesses; it is tried
// at the server as they are.
type Answers map[string]string

// keys are the places that can be answered, with what each of them is.
var keys = map[string]string{
	"health.request":                   "the request that says that the server is up",
	"create.request":                   "the request that creates a workspace, with its body or without",
	"create.id":                        "where the reply holds the new workspace's id (jq)",
	"create.code":                      "where a refusal holds its code (jq)",
	"workspaces.remove.request":        "the request that deletes a workspace",
	"workspaces.list.request":          "the request that lists workspaces",
	"provision.again.request":          "the request that provisions a workspace again",
	"provision.state.request":          "the request that shows a workspace",
	"provision.failures.request":       "the request that lists what went wrong with a workspace",
	"secrets.workspace.set.request":    "the request that sets a secret of a workspace",
	"secrets.workspace.remove.request": "the request that removes it",
	"secrets.global.set.request":       "the request that sets a secret of the tenant",
	"secrets.global.list.request":      "the request that lists the tenant's secrets",
	"secrets.global.remove.request":    "the request that removes one",
	"runtime":                          "a runtime of the registry",
	"model":                            "a model of that runtime",
}

// A Question is one that a person can answer.
type Question struct {
	// Key is the place in the profile.
	Key string
	// Text asks; Example shows an answer; Seen is what the server said, or empty.
	Text, Example, Seen string
}

// ParseAnswer reads KEY=VALUE.
func (a Answers) ParseAnswer(s string) error {
	key, value, ok := strings.Cut(s, "=")
	key = strings.TrimSpace(key)
	if !ok || value == "" {
		return fmt.Errorf("%q is not KEY=VALUE, such as create.request='POST /v1/agents'", s)
	}
	if !answerable(key) {
		return fmt.Errorf("there is no answer %q; the keys are headers.NAME, fields.NAME, %s", key, strings.Join(Keys(), ", "))
	}
	a[key] = value
	if strings.HasSuffix(key, ".request") {
		if _, err := parseRequest(value); err != nil {
			return fmt.Errorf("%s: %w", key, err)
		}
	}
	return nil
}

// ParseFile reads answers from a file: a part of a profile, in a profile's own
// words. What is no answer there (claims, for example) is an error.
func (a Answers) ParseFile(file string, data []byte) error {
	var root map[string]any
	if err := yaml.Unmarshal(data, &root); err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	var walk func(at string, v any) error
	walk = func(at string, v any) error {
		m, isMap := v.(map[string]any)
		switch {
		case isMap && strings.HasSuffix(at, ".request"):
			line := fmt.Sprintf("%v %v", m["method"], m["path"])
			if body, ok := m["body"]; ok {
				line += fmt.Sprintf(" %v", body)
			}
			return a.ParseAnswer(at + "=" + line)
		case isMap:
			for k, e := range m {
				if at != "" {
					k = at + "." + k
				}
				if err := walk(k, e); err != nil {
					return err
				}
			}
			return nil
		}
		return a.ParseAnswer(fmt.Sprintf("%s=%v", at, v))
	}
	if err := walk("", root); err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	return nil
}

// Keys lists the places that can be answered, but headers.NAME and fields.NAME.
func Keys() []string {
	var out []string
	for k := range keys {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}

func answerable(key string) bool {
	_, ok := keys[key]
	return ok || strings.HasPrefix(key, "headers.") || strings.HasPrefix(key, "fields.")
}

var methods = []string{"GET", "POST", "PUT", "PATCH", "DELETE"}

// parseRequest reads "METHOD /path" or "METHOD /path BODY".
func parseRequest(s string) (request, error) {
	parts := strings.SplitN(strings.TrimSpace(s), " ", 3)
	if len(parts) < 2 || !slices.Contains(methods, parts[0]) || !strings.HasPrefix(parts[1], "/") {
		return request{}, fmt.Errorf("%q is not a request; write it like POST /v1/agents, or like PUT /secrets/${key} {value: $value}", s)
	}
	r := request{method: parts[0], path: parts[1]}
	if len(parts) == 3 {
		r.body = strings.TrimSpace(parts[2])
		if _, err := evaluate(r.body, variables{}); err != nil {
			return request{}, err
		}
	}
	return r, nil
}

// answered returns the request that a person gave for a place, or else the guesses.
func (d *drafting) answered(key string, guesses []request) []request {
	if s, ok := d.Answers[key]; ok {
		if r, err := parseRequest(s); err == nil {
			return []request{r}
		}
	}
	return guesses
}

// ask asks a person for a place that no guess has found; false where nobody is
// there, or nobody knows.
func (d *drafting) ask(key, example, seen string) (string, bool) {
	if _, told := d.Answers[key]; told || d.Ask == nil {
		return "", false
	}
	for {
		answer, err := d.Ask(Question{Key: key, Text: "What is " + keys[key] + "?", Example: example, Seen: d.Providers.mask(seen)})
		if err != nil || answer == "" {
			return "", false
		}
		if d.Answers == nil {
			d.Answers = Answers{}
		}
		if err := d.Answers.ParseAnswer(key + "=" + answer); err != nil {
			d.note("%v", err)
			continue
		}
		return answer, true
	}
}
