package strict_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"gopkg.in/yaml.v3"

	"github.com/molecule-ai/byok-conformance/internal/strict"
	"github.com/molecule-ai/byok-conformance/internal/textfile"
)

// read reads a file of the fields that a reader knows, and returns what went
// wrong, line by line.
func read(text string, fields func(*strict.Reader) strict.Fields) []string {
	r := &strict.Reader{File: "f"}
	if root := r.Root([]byte(text)); root != nil {
		r.Mapping(root, "the file", fields(r))
	}
	if err := r.Err(); err != nil {
		return strings.Split(err.Error(), "\n")
	}
	return nil
}

type record struct {
	Word, Text string
	Words      []string
	Yes        bool
	Count      int
}

func (rec *record) fields(r *strict.Reader) strict.Fields {
	return strict.Fields{
		"word":  r.OneOf("word", []string{"left", "right"}, &rec.Word),
		"text":  r.Str("text", &rec.Text),
		"words": r.Words("word", []string{"left", "right"}, &rec.Words),
		"any":   r.Words("word", nil, &rec.Words),
		"yes":   r.Bool("yes", &rec.Yes),
		"count": r.Number("count", &rec.Count),
		"items": func(n *yaml.Node) { r.Items(n, "items", func(n *yaml.Node) { r.Fail(n, "seen") }) },
	}
}

func TestReader(t *testing.T) {
	const fields = "; its fields are any, count, items, text, word, words, yes"
	tests := []struct {
		name, text string
		want       record
		errors     []string
	}{
		{"all there", "word: left\ntext: a b\nwords: [right, left]\nyes: true\ncount: 3", record{"left", "a b", []string{"right", "left"}, true, 3}, nil},
		{"quoted number", `text: "4"`, record{Text: "4"}, nil},
		{"block text", "text: >-\n  a\n  b\n", record{Text: "a b"}, nil},
		{"empty text", `text: ""`, record{}, nil},
		{"any words", `any: ["", x]`, record{Words: []string{"", "x"}}, nil},
		{"an empty mapping", "{}", record{}, nil},

		{"unknown key", "wrod: left", record{}, []string{`f:1:1: the file has no field "wrod" (did you mean "word"?)` + fields}},
		{"key twice, the first one stands", "text: a\ntext: b", record{Text: "a"}, []string{`f:2:1: the file has "text" twice; keep one`}},
		{"merge key", "text: a\n<<: {word: left}", record{Text: "a"}, []string{`f:2:1: the file has no field "<<"` + fields}},
		{"alias", "text: &a x\nword: *a", record{Text: "x"}, []string{"f:2:7: aliases are not read here; write the value out"}},
		{"alias in a list", "text: &a left\nwords: [*a]", record{Text: "left"}, []string{"f:2:9: word must be a string, not an alias"}},
		{"no mapping", "[a]", record{}, []string{"f:1:1: the file must be a mapping, not a list"}},
		{"null", "null", record{}, []string{"f:1:1: the file must be a mapping, not nothing"}},
		{"unknown word", "word: lefd", record{}, []string{`f:1:7: unknown word "lefd" (did you mean "left"?); it is one of left, right`}},
		{"empty word", "word: ''", record{}, []string{`f:1:7: unknown word ""; it is one of left, right`}},
		{"text that is a number", "text: 4", record{}, []string{`f:1:7: text must be a string, not "4"; quote it`}},
		{"text that is a boolean", "text: true", record{}, []string{`f:1:7: text must be a string, not "true"; quote it`}},
		{"text that is a date", "text: 2026-01-01", record{}, []string{`f:1:7: text must be a string, not "2026-01-01"; quote it`}},
		{"text that is nothing", "text:", record{}, []string{"f:1:6: text must be a string, not nothing"}},
		{"text that is a list", "text: [a]", record{}, []string{"f:1:7: text must be a string, not a list"}},
		{"words that are no list", "words: left", record{}, []string{`f:1:8: the list of words must be a list, not "left"`}},
		{"unknown words, each told once", "words: [up, left, down]", record{Words: []string{"left"}}, []string{
			`f:1:9: unknown word "up"; it is one of left, right`, `f:1:19: unknown word "down"; it is one of left, right`,
		}},
		{"word twice in a list", "words: [left, left]", record{Words: []string{"left"}}, []string{`f:1:15: word "left" stands here twice; keep one`}},
		{"yes is no boolean", "yes: yes", record{}, []string{`f:1:6: yes must be true or false, not "yes"`}},
		{"quoted boolean", `yes: "true"`, record{}, []string{`f:1:6: yes must be true or false, not "true"`}},
		{"number with a fraction", "count: 1.5", record{}, []string{`f:1:8: count must be a whole number, not "1.5"`}},
		{"number that is too large", "count: 99999999999999999999", record{}, []string{`f:1:8: count must be a whole number, not "99999999999999999999"`}},
		{"number that is nothing", "count: ~", record{}, []string{"f:1:8: count must be a whole number, not nothing"}},
		{"errors by place", "count: x\nitems: [a, b]\nyes: 1", record{}, []string{
			`f:1:8: count must be a whole number, not "x"`, "f:2:9: seen", "f:2:12: seen", `f:3:6: yes must be true or false, not "1"`,
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var got record
			if diff := cmp.Diff(test.errors, read(test.text, got.fields)); diff != "" {
				t.Errorf("errors (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("read (-want +got):\n%s", diff)
			}
		})
	}
}

func TestRoot(t *testing.T) {
	tests := []struct{ name, text, want string }{
		{"empty", "", "f:1:1: the file is empty; write what belongs into it, or name another file"},
		{"comment", "# x\n", "f:1:1: the file is empty; write what belongs into it, or name another file"},
		{"too large", strings.Repeat("#", textfile.MaxBytes+1), "f:1:1: the file is larger than 1 MiB, and none that people write is; check that this is the right one"},
		{"UTF-16", "\xff\xfea\x00:\x00", "f:1:1: the file is UTF-16; save it as UTF-8"},
		{"NUL bytes", "a: b\nc: \x00", "f:2:4: a NUL byte stands here, so this is no text, or UTF-16; save it as UTF-8"},
		{"no UTF-8", "a: \xe9", "f:1:4: the byte 0xe9 is no UTF-8; save the file as UTF-8"},
		{"nested too deeply", strings.Repeat("[", 100_000), "f:1:1: the file is not YAML: exceeded max depth of 10000; correct this line or the one before it"},
		{"directives", "%TAG !a! tag:a\n%TAG !b! tag:b\n---\na: b\n", "f:1:1: a %TAG directive stands here; remove it, and write tags out where there are any"},
		{"no YAML", "a: b\nc: [\nd: e", "f:1:1: the file is not YAML: did not find expected ',' or ']'; correct this line or the one before it"},
		{"control character", "a: \x01", "f:1:4: the control character U+0001 stands here; remove it"},
		{"unknown anchor", "a: *b", "f:1:1: the file is not YAML: unknown anchor 'b' referenced; correct this line or the one before it"},
		{"second document", "a: b\n---\nc: d\n", "f:2:1: a second document begins here; one file holds one document"},
		{"second document that is no YAML", "a: b\n---\nc: [\n", "f:3:1: the file is not YAML: did not find expected node content; correct this line or the one before it"},
		{"a document and its end", "a: b\n...\n", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := &strict.Reader{File: "f"}
			root := r.Root([]byte(test.text))
			got := ""
			if err := r.Err(); err != nil {
				got = err.Error()
			}
			if got != test.want {
				t.Errorf("error %q\nwant  %q", got, test.want)
			}
			if (root == nil) != (got != "" && test.name != "second document") {
				t.Errorf("root %v", root)
			}
		})
	}
}

// A bomb of aliases, a key twice, a list of nothing but mistakes: each is refused
// where it stands, and no error is longer than a person reads.
func TestHostileFiles(t *testing.T) {
	bomb := "a: &a [x, x]\n"
	for c := 'b'; c <= 'z'; c++ {
		bomb += fmt.Sprintf("%c: &%c [*%c, *%c]\n", c, c, c-1, c-1)
	}
	tests := []struct{ name, text, want string }{
		{"a bomb of aliases", bomb + "any: [*z, *z]\n", "f:27:7: word must be a string, not an alias"},
		{"an alias", "text: &n x\nword: *n\n", "f:2:7: aliases are not read here; write the value out"},
		{"a merge", "text: x\n<<: {words: [left]}\n", `f:2:1: the file has no field "<<"`},
		{"a key twice", "text: x\ntext: y\n", `f:2:1: the file has "text" twice; keep one`},
		{"nothing but mistakes", "words: [" + strings.Repeat("{},", 100_000) + "]\n", "f:1:1: 99900 more things are wrong; correct these first"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var got record
			errs := read(test.text, got.fields)
			if !slices.ContainsFunc(errs, func(e string) bool { return strings.HasPrefix(e, test.want) }) || len(errs) > 101 {
				t.Errorf("%d errors: %.600q\nwant one that begins with %q", len(errs), errs, test.want)
			}
		})
	}
}

func TestErrNamesThePlace(t *testing.T) {
	r := &strict.Reader{File: "f"}
	if r.Err() != nil {
		t.Errorf("nothing was wrong: %v", r.Err())
	}
	r.Fail(&yaml.Node{Line: 2, Column: 3}, "something is wrong")
	if got := r.Err().Error(); !strings.HasPrefix(got, "f:2:3: ") {
		t.Errorf("error %q", got)
	}
}
