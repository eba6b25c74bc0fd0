package registry

import (
	"strings"

	"gopkg.in/yaml.v3"
)

// name reads the name that a mapping must have. It returns "" where there is
// none, which is reported.
func (r *reader) name(rec record, key, what string) string {
	v := rec.field(key)
	if v.node == nil {
		r.problem(v, "%s has no name; %s", what, rec.missing(key))
		return ""
	}
	name := r.text(v)
	r.checkName(v, name, what+"'s name")
	return name
}

// A named is a name with its place.
type named struct {
	text string
	at   value
}

func texts(names []named) []string {
	var out []string
	for _, name := range names {
		out = append(out, name.text)
	}
	return out
}

// names reads a list in which each name stands once.
func (r *reader) names(v value, what string) []named {
	var names []named
	lines := make(map[string]int)
	for _, item := range r.list(v) {
		name := r.text(item)
		if !r.checkName(item, name, "a "+what) {
			continue
		}
		if line, twice := lines[name]; twice {
			r.problem(item, "%s %q stands twice in one list, first on line %d; remove one", what, name, line)
			continue
		}
		lines[name] = item.line
		names = append(names, named{name, item})
	}
	return names
}

// checkName reports a name that nothing could ever match: an empty one, or one
// with white space around it.
func (r *reader) checkName(v value, name, what string) bool {
	switch {
	case v.node == nil || !v.absent() && v.node.Kind != yaml.ScalarNode:
		return false // reported as such
	case strings.TrimSpace(name) == "":
		r.problem(v, "%s is empty; write one, or remove the line", what)
		return false
	case strings.TrimSpace(name) != name:
		r.problem(v, "%s has white space around it: %q; remove the white space", what, name)
		return false
	}
	return true
}
