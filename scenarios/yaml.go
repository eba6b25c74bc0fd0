package scenarios

import (
	"errors"
	"fmt"
	"slices"
	"sort"
	"strings"

	"gopkg.in/yaml.v3"
)

// A Position is a place in a file; lines and columns count from 1.
type Position struct {
	File         string
	Line, Column int
}

func (p Position) String() string { return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Column) }

// maxFile bounds a file that is read, in bytes; the largest of ours is some 30 KiB.
const maxFile = 4 << 20

// reader reads one YAML file strictly and collects what is wrong with it.
type reader struct {
	file string
	errs []error
}

// A fileError is one thing that is wrong in a file.
type fileError struct {
	pos Position
	msg string
}

func (e *fileError) Error() string { return e.pos.String() + ": " + e.msg }

func (r *reader) pos(n *yaml.Node) Position { return Position{r.file, n.Line, n.Column} }

func (r *reader) fail(n *yaml.Node, format string, args ...any) {
	r.errs = append(r.errs, &fileError{r.pos(n), fmt.Sprintf(format, args...)})
}

// err returns all that was wrong, by place; nil where nothing was.
func (r *reader) err() error {
	sort.SliceStable(r.errs, func(i, j int) bool {
		var a, b *fileError
		if !errors.As(r.errs[i], &a) || !errors.As(r.errs[j], &b) {
			return false
		}
		return a.pos.Line < b.pos.Line
	})
	return errors.Join(r.errs...)
}

// root parses the file's only document.
func (r *reader) root(data []byte) *yaml.Node {
	if len(data) > maxFile {
		r.errs = append(r.errs, fmt.Errorf("%s: the file has %d bytes, more than the %d that are read; split it", r.file, len(data), maxFile))
		return nil
	}
	dec := yaml.NewDecoder(strings.NewReader(string(data)))
	var doc, more yaml.Node
	if err := dec.Decode(&doc); err != nil {
		r.errs = append(r.errs, fmt.Errorf("%s: cannot be read as YAML: %w", r.file, err))
		return nil
	}
	if err := dec.Decode(&more); err == nil {
		r.fail(&more, "a second document begins here; one file holds one document")
	}
	if doc.Kind != yaml.DocumentNode || len(doc.Content) != 1 {
		r.errs = append(r.errs, fmt.Errorf("%s: the file is empty", r.file))
		return nil
	}
	return doc.Content[0]
}

// fields are what a mapping may hold, by key.
type fields map[string]func(*yaml.Node)

// mapping reads a mapping strictly: unknown and duplicate keys are errors.
func (r *reader) mapping(n *yaml.Node, what string, known fields) {
	r.each(n, what, func(key string, k, v *yaml.Node) {
		read, ok := known[key]
		if !ok {
			keys := sortedKeys(known)
			r.fail(k, "%s has no field %q%s; its fields are %s", what, key, didYouMean(key, keys), strings.Join(keys, ", "))
			return
		}
		read(v)
	})
}

// each visits the entries of a mapping; aliases are refused, because a reader
// of a scenario should see all of it in one place.
func (r *reader) each(n *yaml.Node, what string, visit func(key string, k, v *yaml.Node)) {
	if n.Kind != yaml.MappingNode {
		r.fail(n, "%s must be a mapping, not %s", what, kind(n))
		return
	}
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		k, v := n.Content[i], n.Content[i+1]
		switch {
		case k.Kind != yaml.ScalarNode:
			r.fail(k, "a key of %s must be a plain string", what)
		case seen[k.Value]:
			r.fail(k, "%s has %q twice; keep one", what, k.Value)
		case v.Kind == yaml.AliasNode:
			r.fail(v, "aliases are not read here; write the value out")
		default:
			seen[k.Value] = true
			visit(k.Value, k, v)
		}
	}
}

func (r *reader) items(n *yaml.Node, what string, visit func(*yaml.Node)) {
	if n.Kind != yaml.SequenceNode {
		r.fail(n, "%s must be a list, not %s", what, kind(n))
		return
	}
	for _, item := range n.Content {
		visit(item)
	}
}

// str returns a setter that reads a string; numbers and booleans are errors,
// so that a model called 4 is written "4".
func (r *reader) str(what string, into *string) func(*yaml.Node) {
	return func(n *yaml.Node) {
		if n.Kind != yaml.ScalarNode || n.Tag != "!!str" {
			r.fail(n, "%s must be a string, not %s; quote it", what, kind(n))
			return
		}
		*into = n.Value
	}
}

// oneOf returns a setter that reads one of the given words.
func (r *reader) oneOf(what string, words []string, into *string) func(*yaml.Node) {
	return func(n *yaml.Node) {
		var s string
		r.str(what, &s)(n)
		if s != "" && !slices.Contains(words, s) {
			r.fail(n, "unknown %s %q%s; it is one of %s", what, s, didYouMean(s, words), strings.Join(words, ", "))
			return
		}
		*into = s
	}
}

// words returns a setter that reads a list of words; known nil accepts any.
func (r *reader) words(what string, known []string, into *[]string) func(*yaml.Node) {
	return func(n *yaml.Node) {
		r.items(n, "the list of "+what+"s", func(item *yaml.Node) {
			var s string
			if known != nil {
				r.oneOf(what, known, &s)(item)
			} else {
				r.str(what, &s)(item)
			}
			if slices.Contains(*into, s) {
				r.fail(item, "%s %q stands here twice; keep one", what, s)
			}
			*into = append(*into, s)
		})
	}
}

func (r *reader) boolean(what string, into *bool) func(*yaml.Node) {
	return func(n *yaml.Node) {
		if n.Decode(into) != nil || n.Tag != "!!bool" {
			r.fail(n, "%s must be true or false, not %s", what, kind(n))
		}
	}
}

func (r *reader) number(what string, into *int) func(*yaml.Node) {
	return func(n *yaml.Node) {
		if n.Tag != "!!int" || n.Decode(into) != nil {
			r.fail(n, "%s must be a whole number, not %s", what, kind(n))
		}
	}
}

func kind(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "a mapping"
	case yaml.SequenceNode:
		return "a list"
	case yaml.AliasNode:
		return "an alias"
	}
	if n.Tag == "!!null" {
		return "nothing"
	}
	return fmt.Sprintf("%q", n.Value)
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
