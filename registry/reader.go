package registry

import (
	"fmt"

	"gopkg.in/yaml.v3"

	"github.com/molecule-ai/byok-conformance/internal/strict"
)

// maxAliasNodes is how many values a file may repeat by YAML aliases. It is far
// above any honest use, and low enough that a file of nested aliases ("billion
// laughs") is refused in a moment.
const maxAliasNodes = 100_000

// A reader walks the nodes of one file. Unlike the files of our own formats, a
// registry may use aliases and merges, and hold keys that we do not know.
type reader struct {
	strict.Reader
	findings []Finding

	// budget is how many more nodes may be looked at: those that the file
	// holds, and those that aliases and merges may repeat.
	budget int
	// exhausted stops the walk: what it would still report is no longer true.
	exhausted *PositionError
	// merging holds the mappings that are being merged, to see a circle.
	merging map[*yaml.Node]bool

	// rows says where each provider stands, for what is checked at the end.
	rows map[*Provider]record
}

// A value is one node, with where it is used and the path that leads there.
type value struct {
	// node is never an alias. It is nil where the value is absent.
	node         *yaml.Node
	line, column int
	path         string
}

// absent reports whether there is no value, or null.
func (v value) absent() bool {
	return v.node == nil || v.node.Kind == yaml.ScalarNode && v.node.Tag == "!!null"
}

// value looks at a node, through an alias if it is one.
func (r *reader) value(node *yaml.Node, path string) value {
	v := value{node: node, line: node.Line, column: node.Column, path: path}
	if node.Kind == yaml.AliasNode {
		v.node = node.Alias
	}
	r.spend(v)
	if r.exhausted != nil {
		v.node = nil
	}
	return v
}

// spend takes one node from the budget.
func (r *reader) spend(at value) {
	r.budget--
	if r.budget < 0 && r.exhausted == nil {
		r.exhausted = &PositionError{Position: strict.Position{File: r.File, Line: at.line, Column: at.column}, Message: fmt.Sprintf(
			"aliases repeat more than %d values; write fewer of them, or the values themselves", maxAliasNodes)}
	}
}

func (r *reader) problem(at value, format string, args ...any) {
	r.FailAt(at.line, at.column, format, args...)
}

func (r *reader) finding(at value, format string, args ...any) {
	r.findings = append(r.findings, Finding{at.line, at.column, at.path, fmt.Sprintf(format, args...)})
}

// text returns a scalar as it is written, and "" where the value is absent or
// no scalar, which is reported.
func (r *reader) text(v value) string {
	if v.absent() {
		return ""
	}
	if v.node.Kind != yaml.ScalarNode {
		r.wrongKind(v, "text")
		return ""
	}
	return v.node.Value
}

// truth returns a boolean, and false where the value is absent or something
// else, which is reported.
func (r *reader) truth(v value) bool {
	if v.absent() {
		return false
	}
	var truth bool
	if v.node.Kind != yaml.ScalarNode || v.node.Decode(&truth) != nil {
		r.wrongKind(v, "true or false")
	}
	return truth
}

// list returns the items of a sequence; none where the value is absent or no
// sequence, which is reported.
func (r *reader) list(v value) []value {
	if v.absent() {
		return nil
	}
	if v.node.Kind != yaml.SequenceNode {
		r.wrongKind(v, "a list")
		return nil
	}
	items := make([]value, 0, len(v.node.Content))
	for i, node := range v.node.Content {
		if r.exhausted != nil {
			return nil
		}
		items = append(items, r.value(node, fmt.Sprintf("%s[%d]", v.path, i)))
	}
	return items
}

func (r *reader) wrongKind(v value, want string) {
	r.problem(v, "%s holds %s; write %s there", v.where(), strict.Kind(v.node), want)
}

// where names the value for a sentence.
func (v value) where() string {
	if v.path == "" {
		return "the file"
	}
	return v.path
}

// countNodes returns how many nodes a document has, each alias counted as one.
func countNodes(node *yaml.Node) int {
	count := 1
	for _, child := range node.Content {
		count += countNodes(child)
	}
	return count
}
