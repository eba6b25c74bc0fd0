package draft

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// A shape is the body of a create. While it is looked for, it holds many names
// for one thing, because most servers ignore names that they do not know.
type shape struct {
	// wrap are the keys under which the fields stand; empty means on top.
	wrap string
	// fields are the names for each thing: name, runtime, model, secrets, external, url.
	fields map[string][]string
	// form is how the secrets are written.
	form string
	// more are further fields that the server wants, as jq.
	more map[string]string
	// marked gives every name field a value of its own, to see which one is shown again.
	marked bool
	// exact is a body that a person gave; it takes the place of everything else.
	exact string
}

// forms are the ways to write secrets; $secrets is an object.
var forms = []string{
	"$secrets",
	"[$secrets | to_entries[] | {name: .key, value}]",
	"[$secrets | to_entries[] | {key, value}]",
	`[$secrets | to_entries[] | "\(.key)=\(.value)"]`,
	"[$secrets | to_entries[] | {env: .key, value}]",
}

// things are what a body holds, in the order in which it is written.
var things = []string{"name", "runtime", "model", "secrets", "external"}

func (s shape) body() string {
	if s.exact != "" {
		return s.exact
	}
	var parts []string
	for _, thing := range things {
		for _, field := range s.fields[thing] {
			value := "$" + thing
			switch {
			case thing == "secrets":
				value = s.form
			case thing == "name" && s.marked:
				value = fmt.Sprintf("($name + %q)", "-"+field)
			}
			parts = append(parts, quoted(field)+": "+value)
		}
	}
	for _, field := range sortedKeys(s.more) {
		parts = append(parts, quoted(field)+": "+s.more[field])
	}
	body := "{" + strings.Join(parts, ", ") + "}"
	for _, field := range s.fields["url"] {
		body += fmt.Sprintf(" + (if $url != \"\" then {%s: $url} else {} end)", quoted(field))
	}
	body += " + $fields"
	if s.wrap != "" {
		for _, key := range reversed(strings.Split(s.wrap, ".")) {
			body = "{" + quoted(key) + ": (" + body + ")}"
		}
	}
	return body
}

// with returns the shape with other names for one thing.
func (s shape) with(thing string, names ...string) shape {
	fields := make(map[string][]string, len(s.fields)+1)
	for k, v := range s.fields {
		fields[k] = v
	}
	fields[thing] = names
	s.fields = fields
	return s
}

// names lists every field name of the shape.
func (s shape) names() []string {
	var out []string
	for _, thing := range things {
		out = append(out, s.fields[thing]...)
	}
	return out
}

// widest returns the shape that holds, of each thing, the first limit names
// that the server has not refused. A document's own names stand alone.
func widest(known map[string][]string, refused map[string]bool, limit int) map[string][]string {
	out := map[string][]string{}
	for _, thing := range []string{"name", "runtime", "model", "secrets"} {
		names := known[thing]
		if len(names) == 0 {
			names = fieldNames[thing]
		}
		for _, n := range names {
			if !refused[n] && len(out[thing]) < limit {
				out[thing] = append(out[thing], n)
			}
		}
	}
	return out
}

var unknownField = regexp.MustCompile(`(?i)unknown|unrecogni[sz]ed|unexpected|extra|additional|not allowed|not permitted|unsupported|forbid|no such (field|key)|invalid (field|key|propert|attribute)|not defined`)

// mentioned returns the names among those sent that a reply complains about as
// unknown.
func mentioned(r *reply, sent []string) []string {
	if !r.refused() || !unknownField.Match(r.body) {
		return nil
	}
	var out []string
	for _, name := range sent {
		if regexp.MustCompile(`(^|[^A-Za-z0-9_])` + regexp.QuoteMeta(name) + `($|[^A-Za-z0-9_])`).Match(r.body) {
			out = append(out, name)
		}
	}
	return out
}

func quoted(key string) string {
	if plainKey.MatchString(key) {
		return key
	}
	return fmt.Sprintf("%q", key)
}

func reversed(list []string) []string {
	out := slices.Clone(list)
	slices.Reverse(out)
	return out
}
