package waivers

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"gopkg.in/yaml.v3"

	"github.com/molecule-ai/byok-conformance/internal/strict"
	"github.com/molecule-ai/byok-conformance/internal/textfile"
	"github.com/molecule-ai/byok-conformance/scenarios"
)

// unfilled begins what a draft leaves to its owner.
const unfilled = "FILL IN"

// A File is a waiver file as it was when it was read.
type File struct {
	Path string
	// Digest is "sha256:…" of its bytes.
	Digest string
}

// LoadFiles reads waiver files into one list. The same waiver in two files
// counts once; two that name the same scenarios and say different things about
// them are an error, like everything else that is wrong with a file.
func LoadFiles(files []string, rules *scenarios.Rules) ([]Waiver, []File, error) {
	var out []Waiver
	var read []File
	var errs []error
	for _, file := range files {
		data, err := textfile.Read(file)
		if err != nil {
			errs = append(errs, fmt.Errorf("reading the waivers: %w", err))
			continue
		}
		read = append(read, File{file, fmt.Sprintf("sha256:%x", sha256.Sum256(data))})
		list, err := Parse(file, data, rules)
		if err != nil {
			errs = append(errs, err)
		}
		for _, w := range list {
			switch other := find(out, &w); {
			case other == nil:
				out = append(out, w)
			case !other.same(&w):
				errs = append(errs, fmt.Errorf("%s: `%s` is waived at %s already, in other words; keep one of the two", w.Pos, w.selector(), other.Pos))
			}
		}
	}
	return out, read, errors.Join(errs...)
}

// find returns the waiver of a list with the same selector, or nil.
func find(list []Waiver, w *Waiver) *Waiver {
	i := slices.IndexFunc(list, func(o Waiver) bool { return o.selector() == w.selector() })
	if i < 0 {
		return nil
	}
	return &list[i]
}

// Parse reads a waiver file. Errors name file, line and column.
func Parse(file string, data []byte, rules *scenarios.Rules) ([]Waiver, error) {
	p := &parser{Reader: strict.Reader{File: file}, rules: rules}
	if root := p.Root(data); root != nil {
		p.file(root)
	}
	return p.list, p.Err()
}

type parser struct {
	strict.Reader
	rules *scenarios.Rules
	list  []Waiver
}

func (p *parser) file(root *yaml.Node) {
	var format string
	listed := false
	p.Mapping(root, "a waiver file", strict.Fields{
		"schema": p.OneOf("schema", []string{Format}, &format),
		"waivers": func(n *yaml.Node) {
			listed = true
			p.Items(n, "waivers", p.waiver)
		},
	})
	if format == "" {
		p.Fail(root, "the file has no schema; add `schema: %s`", Format)
	}
	if !listed {
		p.Fail(root, "the file has no waivers; list at least one, or delete the file")
	}
}

func (p *parser) waiver(n *yaml.Node) {
	w := Waiver{Pos: p.Pos(n)}
	p.Mapping(n, "a waiver", strict.Fields{
		"scenario": func(n *yaml.Node) { p.glob(n, &w.Scenario) },
		"rule":     p.OneOf("rule", p.rules.IDs(), &w.Rule),
		"violates": func(n *yaml.Node) { p.violates(n, &w.Violates) },
		"reason":   func(n *yaml.Node) { p.filled(n, "reason", &w.Reason) },
		"link":     func(n *yaml.Node) { p.link(n, &w.Link) },
		"expires":  func(n *yaml.Node) { p.day(n, &w.Expires) },
	})
	for _, need := range []struct {
		field string
		there bool
	}{
		{"violates, the rules that the scenarios are known to violate", len(w.Violates) > 0},
		{"reason", w.Reason != ""}, {"link to where the defect is tracked", w.Link != ""},
		{"expires, the last day on which it holds, such as 2027-02-28", !w.Expires.IsZero()},
	} {
		if !need.there && !p.has(n, strings.FieldsFunc(need.field, func(r rune) bool { return r == ',' || r == ' ' })[0]) {
			p.Fail(n, "the waiver has no %s", need.field)
		}
	}
	switch other := find(p.list, &w); {
	case p.has(n, "scenario") == p.has(n, "rule"):
		p.Fail(n, "a waiver names either a scenario or a rule; give one of the two")
	case w.Rule != "" && len(w.Violates) > 0 && !slices.Contains(w.Violates, w.Rule):
		p.Fail(n, "the waiver is for %s, but violates does not list it; write `violates: [%s]`", w.Rule, strings.Join(append([]string{w.Rule}, w.Violates...), ", "))
	case other != nil:
		p.Fail(n, "`%s` is waived at line %d already; keep one of the two", w.selector(), other.Pos.Line)
	default:
		slices.Sort(w.Violates)
		p.list = append(p.list, w)
	}
}

// has reports whether a mapping has a key, whatever is wrong with its value.
func (p *parser) has(n *yaml.Node, key string) bool {
	for i := 0; n.Kind == yaml.MappingNode && i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			return true
		}
	}
	return false
}

// glob reads an id glob. One that reaches beyond what shares a class and the
// beginning of a name would cover scenarios that its author never looked at.
func (p *parser) glob(n *yaml.Node, into *string) {
	var glob string
	p.Str("scenario", &glob)(n)
	literal := glob
	if i := strings.IndexAny(glob, "*?"); i >= 0 {
		literal = glob[:i]
	}
	class, name, _ := strings.Cut(literal, "/")
	switch {
	case glob == "":
	case !slices.Contains(scenarios.Classes, class):
		p.Fail(n, "the scenario %q does not begin with a class%s, so it covers too much or nothing; write it like mismatched/foreign/*, or waive by rule", glob, strict.DidYouMean(class, scenarios.Classes))
	case name == "":
		p.Fail(n, "the scenario %q covers all of its class, which is too much; write it like %s/name/*, one waiver for each name, or waive by rule", glob, class)
	default:
		*into = glob
	}
}

// violates reads the rules of a waiver. An empty list would waive nothing.
func (p *parser) violates(n *yaml.Node, into *[]string) {
	p.Words("rule", p.rules.IDs(), into)(n)
	if n.Kind == yaml.SequenceNode && len(n.Content) == 0 {
		p.Fail(n, "violates lists no rule; name those that the scenarios are known to violate")
	}
}

// filled reads text that is more than what a draft left there.
func (p *parser) filled(n *yaml.Node, what string, into *string) {
	var text string
	p.Str(what, &text)(n)
	text = strings.TrimSpace(text)
	switch {
	case strings.HasPrefix(text, unfilled):
		p.Fail(n, "the %s is still to be filled in", what)
	case text == "" && n.Tag == "!!str":
		p.Fail(n, "the %s is empty", what)
	default:
		*into = text
	}
}

func (p *parser) link(n *yaml.Node, into *string) {
	var text string
	p.filled(n, "link", &text)
	if u, err := url.Parse(text); text != "" && (err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http") {
		p.Fail(n, "the link %q is no address; write it like https://tracker.example/123", text)
		return
	}
	*into = text
}

// day reads a date. YAML knows the type, quoted it is a string.
func (p *parser) day(n *yaml.Node, into *time.Time) {
	day, err := time.Parse(time.DateOnly, n.Value)
	if n.Kind != yaml.ScalarNode || err != nil {
		p.Fail(n, "expires must be a day, such as 2027-02-28, not %s", strict.Kind(n))
		return
	}
	*into = day
}
