package scenarios

import (
	"regexp"
	"strings"
	"testing"

	"github.com/molecule-ai/byok-conformance/registry"
)

var placed = regexp.MustCompile(`^fuzzed\.yaml:[1-9][0-9]*:[1-9][0-9]*: .`)

// FuzzLoadFile holds the loader to an error with the file's name, or to a file
// that expands without a panic, whatever the bytes.
func FuzzLoadFile(f *testing.F) {
	corpus, err := Embedded()
	if err != nil {
		f.Fatal(err)
	}
	entries, err := embedded.ReadDir(".")
	if err != nil {
		f.Fatal(err)
	}
	for _, e := range entries {
		data, err := embedded.ReadFile(e.Name())
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	for _, seed := range []string{
		"", "---\n---\n", "class: &a missing\nscenarios: *a\n", "- 1", "class: [", "\x00", "class: missing\nscenarios: [{}]\n", "{? [a]: b}",
		"class: dead\nscenarios:\n  - {id: dead/a, title: '{', severity: low, rules: [PRE-1], source: s, effect: e, matrix: {case: [x]}, expect: {verdict: allowed}}\n",
		"class: provision\nscenarios:\n  - {id: provision/a, title: t, severity: low, rules: [PRE-1], source: s, effect: e, given: {stage: provision, before: {both: {A: 'live#1'}}, fields: {<<: {a: 1}}}, expect: {verdict: allowed}}\n",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		templates, err := loadFile("fuzzed.yaml", data, corpus.Rules)
		if err != nil {
			if !placed.MatchString(err.Error()) {
				t.Errorf("error without a place: %v", err)
			}
			return
		}
		if tooWide(templates) {
			return // the product of its axes takes too long to expand over and over
		}
		c := &Corpus{Rules: corpus.Rules, files: []*file{{name: "fuzzed.yaml", read: func() ([]*template, error) { return templates, nil }}}}
		list, err := c.ExpandAlone(registry.Embedded())
		for _, s := range list {
			if len(s.Steps) == 0 || s.Class == "" || !strings.HasPrefix(s.ID, s.Class+"/") {
				t.Errorf("scenario %q of class %q has %d steps", s.ID, s.Class, len(s.Steps))
			}
		}
		if err == nil {
			pairTwins(list, list) // its errors are lawful, a panic is not
		}
	})
}

// tooWide reports whether a matrix has so many axes that its product is only
// a measure of patience.
func tooWide(templates []*template) bool {
	for _, t := range templates {
		if len(t.matrix) > 3 {
			return true
		}
	}
	return len(templates) > 40
}
