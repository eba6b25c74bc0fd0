package server

import (
	"regexp"
	"slices"
	"strings"

	"github.com/molecule-ai/byok-conformance/internal/strict"
	"gopkg.in/yaml.v3"
)

// reference finds what looks like a placeholder.
var reference = regexp.MustCompile(`\$\{([^{}]*)\}`)

// placeholders are what a path and a header of a profile may hold.
type placeholders map[string]string

// fill replaces each placeholder once: what a server chose as a name is not looked
// through again.
func (p placeholders) fill(s string, escape func(string) string) string {
	if !strings.Contains(s, "${") {
		return s
	}
	return reference.ReplaceAllStringFunc(s, func(ref string) string {
		if v, ok := p[ref[2:len(ref)-1]]; ok {
			return escape(v)
		}
		return ref
	})
}

// ownPlaceholders are what paths and headers have without any values.
var ownPlaceholders = []string{"id", "name", "key", "actual-name", "token"}

// placeholdersAt are what there is to fill in at a place of a profile; the first
// whose path begins the place's counts. Elsewhere there is nothing.
var placeholdersAt = []struct {
	path  string
	names []string
}{
	{"provision.", []string{"id", "name", "token"}},
	{"secrets.workspace.list.", []string{"id", "name", "token"}},
	{"secrets.workspace.", []string{"id", "name", "token", "key"}},
	{"secrets.global.list.", nil},
	{"secrets.global.", []string{"key"}},
	{"workspaces.remove.", []string{"id", "name", "token", "actual-name"}},
	{"offered.", []string{"runtime"}},
}

// proseAt are places of texts for people.
var proseAt = []string{"about", "rate-limit.raise"}

// lintPlaceholders fails at each ${…} that nothing would be filled into: the server
// would be sent the text itself.
func lintPlaceholders(r *strict.Reader, root *yaml.Node) {
	lintReferences(r, root, "", nil)
}

func lintReferences(r *strict.Reader, n *yaml.Node, path string, values []string) {
	switch n.Kind {
	case yaml.MappingNode:
		for i := 0; i+1 < len(n.Content); i += 2 {
			key, v := n.Content[i], n.Content[i+1]
			more := values
			if key.Value == "then" {
				more = namesIn(n, "values")
			}
			lintReferences(r, v, strings.TrimPrefix(path+"."+key.Value, "."), more)
		}
	case yaml.SequenceNode:
		for _, item := range n.Content {
			lintReferences(r, item, path, values)
		}
	case yaml.ScalarNode:
		if !slices.Contains(proseAt, path) {
			lintText(r, n, path, values)
		}
	}
}

// namesIn are the keys of a mapping that stands in another one.
func namesIn(n *yaml.Node, field string) (out []string) {
	for i := 0; i+1 < len(n.Content); i += 2 {
		if v := n.Content[i+1]; n.Content[i].Value == field && v.Kind == yaml.MappingNode {
			for j := 0; j < len(v.Content); j += 2 {
				out = append(out, v.Content[j].Value)
			}
		}
	}
	return out
}

func lintText(r *strict.Reader, n *yaml.Node, path string, values []string) {
	filled := strings.HasSuffix(path, "request.path") || strings.Contains(path, "request.headers.")
	for _, found := range reference.FindAllStringSubmatch(n.Value, -1) {
		ref, name := found[0], found[1]
		if strings.HasPrefix(path, "headers.") {
			if envReference.FindString(ref) != ref {
				r.Fail(n, "%s is not filled in here; the headers of every request take ${env:NAME} only", ref)
			}
			continue
		}
		if !filled {
			r.Fail(n, "%s is filled in only in paths and headers of requests; an expression has variables such as $name", ref)
			continue
		}
		known := slices.Clone(values)
		for _, at := range placeholdersAt {
			if strings.HasPrefix(path, at.path) {
				known = append(known, at.names...)
				break
			}
		}
		switch {
		case slices.Contains(known, name):
		case len(known) == 0:
			r.Fail(n, "%s is not filled in here: this request has no placeholders", ref)
		default:
			r.Fail(n, "%s is not filled in here%s; this request takes ${%s}", ref, strict.DidYouMean(name, known), strings.Join(known, "}, ${"))
		}
	}
}
