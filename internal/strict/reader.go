// Package strict reads YAML files that people write: unknown and duplicate keys
// are errors, and every error names file, line and column and what to do.
//
// It knows nothing of what is read; scenarios, profiles and waivers bring their
// own fields.
package strict

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/molecule-ai/byok-conformance/internal/spelled"
	"github.com/molecule-ai/byok-conformance/internal/textfile"
)

// A Position is a place in a file; lines and columns count from 1.
type Position struct {
	File         string
	Line, Column int
}

func (p Position) String() string { return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Column) }

// maxErrors is how many things that are wrong in one file are told: more than
// anybody reads at once, and few enough that a file of nothing but errors is
// refused as quickly as another.
const maxErrors = 100

// A Reader reads one YAML file strictly and collects what is wrong with it.
type Reader struct {
	File string
	errs []*Error
	// unsaid counts what was wrong beyond maxErrors.
	unsaid int
}

// An Error is one thing that is wrong in a file.
type Error struct {
	Position
	// Message says what is wrong and what to do about it.
	Message string
}

func (e *Error) Error() string { return e.Position.String() + ": " + e.Message }

// Pos is where a node stands.
func (r *Reader) Pos(n *yaml.Node) Position { return Position{r.File, n.Line, n.Column} }

// Fail records that something is wrong at a node.
func (r *Reader) Fail(n *yaml.Node, format string, args ...any) {
	r.FailAt(n.Line, n.Column, format, args...)
}

// FailAt records that something is wrong at a place. After a hundred of them, no
// more are.
func (r *Reader) FailAt(line, column int, format string, args ...any) {
	if len(r.errs) >= maxErrors {
		r.unsaid++
		return
	}
	r.errs = append(r.errs, &Error{Position{r.File, max(line, 1), max(column, 1)}, fmt.Sprintf(format, args...)})
}

// Err returns all that was wrong, by place; nil where nothing was.
func (r *Reader) Err() error {
	slices.SortStableFunc(r.errs, func(a, b *Error) int { return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column)) })
	var errs []error
	for _, e := range r.errs {
		errs = append(errs, e)
	}
	if r.unsaid > 0 {
		errs = append(errs, &Error{Position{r.File, 1, 1}, fmt.Sprintf("%d more things are wrong; correct these first", r.unsaid)})
	}
	return errors.Join(errs...)
}

// Root parses the file's only document.
func (r *Reader) Root(data []byte) *yaml.Node {
	if line, column, flaw := textfile.Flaw(data); flaw != "" {
		r.FailAt(line, column, "%s", flaw)
		return nil
	}
	dec := yaml.NewDecoder(bytes.NewReader(data))
	var doc, more yaml.Node
	switch err := dec.Decode(&doc); {
	case errors.Is(err, io.EOF):
		r.FailAt(1, 1, "the file is empty; write what belongs into it, or name another file")
		return nil
	case err != nil:
		r.failYAML(data, err)
		return nil
	}
	switch err := dec.Decode(&more); {
	case err == nil:
		r.Fail(&more, "a second document begins here; one file holds one document")
	case !errors.Is(err, io.EOF):
		r.failYAML(data, err)
		return nil
	}
	return doc.Content[0]
}

var yamlErrorLine = regexp.MustCompile(`^yaml: (?:line (\d+): )?`)

// failYAML gives yaml.v3's error a position. The library names a line at most,
// so the column is that of the line's first character.
func (r *Reader) failYAML(data []byte, err error) {
	message, line, column := err.Error(), 1, 1
	if match := yamlErrorLine.FindStringSubmatch(message); match != nil {
		message = message[len(match[0]):]
		if n, err := strconv.Atoi(match[1]); err == nil {
			line = n
		}
	}
	if lines := bytes.SplitN(data, []byte("\n"), line+1); line <= len(lines) {
		text := lines[line-1]
		column += len(text) - len(bytes.TrimLeft(text, " \t"))
	}
	r.FailAt(line, column, "the file is not YAML: %s; correct this line or the one before it", message)
}

// Fields are what a mapping may hold, by key.
type Fields map[string]func(*yaml.Node)

// Mapping reads a mapping strictly: unknown and duplicate keys are errors.
func (r *Reader) Mapping(n *yaml.Node, what string, known Fields) {
	r.Each(n, what, func(key string, k, v *yaml.Node) {
		read, ok := known[key]
		if !ok {
			keys := SortedKeys(known)
			r.Fail(k, "%s has no field %q%s; its fields are %s", what, key, DidYouMean(key, keys), strings.Join(keys, ", "))
			return
		}
		read(v)
	})
}

// Each visits the entries of a mapping; aliases are refused, because a reader
// of a scenario should see all of it in one place.
func (r *Reader) Each(n *yaml.Node, what string, visit func(key string, k, v *yaml.Node)) {
	if n.Kind != yaml.MappingNode {
		r.Fail(n, "%s must be a mapping, not %s", what, Kind(n))
		return
	}
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		k, v := n.Content[i], n.Content[i+1]
		switch {
		case k.Kind != yaml.ScalarNode:
			r.Fail(k, "a key of %s must be a plain string", what)
		case seen[k.Value]:
			r.Fail(k, "%s has %q twice; keep one", what, k.Value)
		case v.Kind == yaml.AliasNode:
			r.Fail(v, "aliases are not read here; write the value out")
		default:
			seen[k.Value] = true
			visit(k.Value, k, v)
		}
	}
}

// Items visits the entries of a list.
func (r *Reader) Items(n *yaml.Node, what string, visit func(*yaml.Node)) {
	if n.Kind != yaml.SequenceNode {
		r.Fail(n, "%s must be a list, not %s", what, Kind(n))
		return
	}
	for _, item := range n.Content {
		visit(item)
	}
}

// Str returns a setter that reads a string; numbers and booleans are errors,
// so that a model called 4 is written "4".
func (r *Reader) Str(what string, into *string) func(*yaml.Node) {
	return func(n *yaml.Node) {
		if s, ok := r.text(n, what); ok {
			*into = s
		}
	}
}

func (r *Reader) text(n *yaml.Node, what string) (string, bool) {
	switch {
	case n.Kind != yaml.ScalarNode || n.Tag == "!!null":
		r.Fail(n, "%s must be a string, not %s", what, Kind(n))
	case n.Tag != "!!str":
		r.Fail(n, "%s must be a string, not %s; quote it", what, Kind(n))
	default:
		return n.Value, true
	}
	return "", false
}

// OneOf returns a setter that reads one of the given words.
func (r *Reader) OneOf(what string, words []string, into *string) func(*yaml.Node) {
	return func(n *yaml.Node) {
		if s, ok := r.word(n, what, words); ok {
			*into = s
		}
	}
}

// word reads one of the given words; known nil accepts any.
func (r *Reader) word(n *yaml.Node, what string, known []string) (string, bool) {
	s, ok := r.text(n, what)
	if ok && known != nil && !slices.Contains(known, s) {
		r.Fail(n, "unknown %s %q%s; it is one of %s", what, s, DidYouMean(s, known), strings.Join(known, ", "))
		ok = false
	}
	return s, ok
}

// Words returns a setter that reads a list of words; known nil accepts any.
func (r *Reader) Words(what string, known []string, into *[]string) func(*yaml.Node) {
	return func(n *yaml.Node) {
		seen := map[string]bool{}
		r.Items(n, "the list of "+what+"s", func(item *yaml.Node) {
			s, ok := r.word(item, what, known)
			switch {
			case !ok:
			case seen[s]:
				r.Fail(item, "%s %q stands here twice; keep one", what, s)
			default:
				seen[s] = true
				*into = append(*into, s)
			}
		})
	}
}

// Bool returns a setter that reads true or false.
func (r *Reader) Bool(what string, into *bool) func(*yaml.Node) {
	return func(n *yaml.Node) {
		if n.Tag != "!!bool" || n.Decode(into) != nil {
			r.Fail(n, "%s must be true or false, not %s", what, Kind(n))
		}
	}
}

// Number returns a setter that reads a whole number.
func (r *Reader) Number(what string, into *int) func(*yaml.Node) {
	return func(n *yaml.Node) {
		if n.Tag != "!!int" || n.Decode(into) != nil {
			r.Fail(n, "%s must be a whole number, not %s", what, Kind(n))
		}
	}
}

// Kind says what a node is, for an error.
func Kind(n *yaml.Node) string {
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
	return fmt.Sprintf("%q", spelled.Clip(n.Value, longestWord))
}

// SortedKeys returns the keys of a map in order.
func SortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
