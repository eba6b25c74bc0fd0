package waivers_test

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"gopkg.in/yaml.v3"

	"github.com/molecule-ai/byok-conformance/internal/strict"
	"github.com/molecule-ai/byok-conformance/suite/waivers"
)

// good is a file in which nothing is wrong, with one waiver.
const good = `schema: byok-conformance/waivers/v1
waivers:
  - scenario: mismatched/foreign/groq/*
    violates: [PRE-2]
    reason: Groq is repaired in the next release
    link: https://tracker.example/17
    expires: 2027-02-28
`

func TestParse(t *testing.T) {
	rules, _ := corpus(t)
	got, err := waivers.Parse("w.yaml", []byte(good), rules)
	if err != nil {
		t.Fatal(err)
	}
	want := []waivers.Waiver{{
		Scenario: "mismatched/foreign/groq/*", Violates: []string{"PRE-2"}, Reason: "Groq is repaired in the next release",
		Link: "https://tracker.example/17", Expires: time.Date(2027, 2, 28, 0, 0, 0, 0, time.UTC), Pos: strict.Position{File: "w.yaml", Line: 3, Column: 5},
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("waivers (-want +got):\n%s", diff)
	}
}

// TestParseRefuses edits the good file; the schema for editors must refuse what
// it can see.
func TestParseRefuses(t *testing.T) {
	rules, _ := corpus(t)
	schema := compiledSchema(t)
	if err := validate(t, schema, good); err != nil {
		t.Fatalf("the good file: %v", err)
	}
	tests := []struct {
		name, old, new string
		want           string
		// unseen by the schema.
		unseen bool
	}{
		{"no schema", "schema: byok-conformance/waivers/v1\n", "", "w.yaml:1:1: the file has no schema", false},
		{"another schema", "waivers/v1", "waivers/v2", "w.yaml:1:9: unknown schema", false},
		{"no rules", "[PRE-2]", "[]", "w.yaml:4:15: violates lists no rule; name those that the scenarios are known to violate", false},
		{"no waivers", good[strings.Index(good, "waivers:\n"):], "", "the file has no waivers", false},
		{"unknown field", "reason:", "reson:", `w.yaml:5:5: a waiver has no field "reson" (did you mean "reason"?)`, false},
		{"no reason", "    reason: Groq is repaired in the next release\n", "", "w.yaml:3:5: the waiver has no reason", false},
		{"empty reason", "Groq is repaired in the next release", `""`, "w.yaml:5:13: the reason is empty", false},
		{"reason of a draft", "Groq is repaired in the next release", `"FILL IN: why"`, "w.yaml:5:13: the reason is still to be filled in", false},
		{"no link", "    link: https://tracker.example/17\n", "", "w.yaml:3:5: the waiver has no link", false},
		{"link that is none", "https://tracker.example/17", "ticket 17", "w.yaml:6:11: the link \"ticket 17\" is no address", false},
		{"no day", "    expires: 2027-02-28\n", "", "w.yaml:3:5: the waiver has no expires", false},
		{"day that is none", "2027-02-28", "2027-02-30", "w.yaml:7:14: expires must be a day", true},
		{"nothing violated", "    violates: [PRE-2]\n", "", "w.yaml:3:5: the waiver has no violates", false},
		{"unknown rule", "PRE-2", "PRE-22", `w.yaml:4:16: unknown rule "PRE-22"`, true},
		{"a rule twice", "[PRE-2]", "[PRE-2, PRE-2]", "stands here twice", false},
		{"everything", "mismatched/foreign/groq/*", `"*"`, "w.yaml:3:15: the scenario \"*\" does not begin with a class", false},
		{"every class", "mismatched/foreign/groq/*", `"*/foreign"`, "does not begin with a class", false},
		{"a whole class", "mismatched/foreign/groq/*", "mismatched/*", "covers all of its class, which is too much; write it like mismatched/name/*", false},
		{"a typo in the class", "mismatched/foreign", "mismached/foreign", `(did you mean "mismatched"?)`, true},
		{"scenario and rule", "    violates", "    rule: PRE-2\n    violates", "names either a scenario or a rule", false},
		{"neither", "scenario: mismatched/foreign/groq/*\n    violates", "violates", "names either a scenario or a rule", false},
		{"a rule that it does not cover", "scenario: mismatched/foreign/groq/*", "rule: PRE-7", "write `violates: [PRE-7, PRE-2]`", true},
		{"the same twice", "waivers:\n", "waivers:\n" + good[strings.Index(good, "  - "):], "w.yaml:8:5: `scenario: mismatched/foreign/groq/*` is waived at line 3 already", true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			text := strings.Replace(good, test.old, test.new, 1)
			if text == good {
				t.Fatal("the edit changes nothing")
			}
			_, err := waivers.Parse("w.yaml", []byte(text), rules)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %v, want %q in it", err, test.want)
			}
			if seen := validate(t, schema, text) != nil; seen == test.unseen {
				t.Errorf("refused by the schema: %t", seen)
			}
		})
	}
}

func TestLoadFiles(t *testing.T) {
	rules, _ := corpus(t)
	other := strings.Replace(good, "foreign/groq", "foreign/openai-api", 1)
	later := strings.Replace(good, "2027-02-28", "2028-02-28", 1)
	tests := []struct {
		name  string
		files []string
		// count of waivers, where nothing is wrong.
		count int
		want  string
	}{
		{"none", nil, 0, ""},
		{"one", []string{good}, 1, ""},
		{"two are merged", []string{good, other}, 2, ""},
		{"the same in both counts once", []string{good, good}, 1, ""},
		{"they contradict each other", []string{good, later}, 0, "b.yaml:3:5: `scenario: mismatched/foreign/groq/*` is waived at "},
		{"every file's faults are told", []string{"waivers: []", "waivers: []"}, 0, "b.yaml:1:1: the file has no schema"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Chdir(t.TempDir())
			var names []string
			for i, text := range test.files {
				names = append(names, []string{"a.yaml", "b.yaml"}[i])
				if err := os.WriteFile(names[i], []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			list, read, err := waivers.LoadFiles(names, rules)
			for i, text := range test.files {
				if want := (waivers.File{Path: names[i], Digest: fmt.Sprintf("sha256:%x", sha256.Sum256([]byte(text)))}); read[i] != want {
					t.Errorf("file %v, want %v", read[i], want)
				}
			}
			if test.want == "" && (err != nil || len(list) != test.count) {
				t.Errorf("%d waivers, error %v; want %d", len(list), err, test.count)
			}
			if test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
				t.Errorf("error %v, want %q in it", err, test.want)
			}
		})
	}
	if _, _, err := waivers.LoadFiles([]string{filepath.Join(t.TempDir(), "missing.yaml")}, rules); err == nil {
		t.Error("a file that is not there is no error")
	}
}

func compiledSchema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(waivers.Schema()))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("waivers.schema.json", doc); err != nil {
		t.Fatal(err)
	}
	schema, err := c.Compile("waivers.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

// validate reads days as strings, which is how JSON has them.
func validate(t *testing.T, schema *jsonschema.Schema, text string) error {
	t.Helper()
	var doc yaml.Node
	if err := yaml.Unmarshal([]byte(text), &doc); err != nil {
		t.Fatal(err)
	}
	var plain func(*yaml.Node)
	plain = func(n *yaml.Node) {
		if n.Tag == "!!timestamp" {
			n.Tag = "!!str"
		}
		for _, c := range n.Content {
			plain(c)
		}
	}
	plain(&doc)
	var v any
	if err := doc.Decode(&v); err != nil {
		t.Fatal(err)
	}
	return schema.Validate(v)
}
