package scenarios_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"gopkg.in/yaml.v3"

	"github.com/molecule-ai/byok-conformance/scenarios"
)

func compiledSchema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(scenarios.Schema()))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("scenario.schema.json", doc); err != nil {
		t.Fatal(err)
	}
	schema, err := c.Compile("scenario.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

func validate(t *testing.T, schema *jsonschema.Schema, text []byte) error {
	t.Helper()
	var doc any
	if err := yaml.Unmarshal(text, &doc); err != nil {
		t.Fatal(err)
	}
	return schema.Validate(doc)
}

// TestSchemaTakesTheCorpus holds editors to what the loader takes.
func TestSchemaTakesTheCorpus(t *testing.T) {
	schema := compiledSchema(t)
	files, err := filepath.Glob("*.yaml")
	if err != nil || len(files) < 2 {
		t.Fatalf("the corpus' files: %v, %v", files, err)
	}
	for _, file := range files {
		if file == "rules.yaml" {
			continue
		}
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if err := validate(t, schema, text); err != nil {
			t.Errorf("%s: %v", file, err)
		}
	}
}

// TestSchemaRefuses holds the schema to refusing what the loader refuses, as
// far as a schema can tell.
func TestSchemaRefuses(t *testing.T) {
	schema := compiledSchema(t)
	if err := validate(t, schema, []byte(plain)); err != nil {
		t.Fatalf("the plain file: %v", err)
	}
	tests := []struct {
		name string
		edit []string
		// want is where the schema finds it wrong.
		want string
	}{
		{"typo in a key", []string{"severity:", "severty:"}, "at '/scenarios/0'"},
		{"typo in the file's key", []string{"class: missing", "class: missing\nneedz: []"}, "at ''"},
		{"unknown class", []string{"class: missing", "class: mising"}, "at '/class'"},
		{"unknown severity", []string{"severity: low", "severity: lo"}, "at '/scenarios/0/severity'"},
		{"unknown verdict", []string{"verdict: refused", "verdict: refuse"}, "at '/scenarios/0/expect/verdict'"},
		{"unknown code", []string{"MISSING_BYOK_CREDENTIAL", "MISSING"}, "at '/scenarios/0/expect/code'"},
		{"unknown key of given", []string{"runtime: r", "runtim: r"}, "at '/scenarios/0/given'"},
		{"unknown stage", []string{"runtime: r", "stage: creat"}, "at '/scenarios/0/given/stage'"},
		{"unknown scope", []string{"runtime: r", "secrets: {gobal: {A: live}}"}, "invalid propertyName 'gobal'"},
		{"at-once 0", []string{"runtime: r", "at-once: 0"}, "at '/scenarios/0/given/at-once'"},
		{"unknown axis", []string{"given:", "matrix: {provder: byok}\n    given:"}, "at '/scenarios/0/matrix'"},
		{"no rules", []string{"rules: [PRE-1]", "rules: []"}, "at '/scenarios/0/rules'"},
		{"id with a wildcard", []string{"id: missing/a", "id: missing/*"}, "at '/scenarios/0/id'"},
		{"title that is a number", []string{"title: t", "title: 4"}, "at '/scenarios/0/title'"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			text := edited(t, test.edit...)
			if err := validate(t, schema, []byte(text)); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("the schema says %v, want an error %s", err, test.want)
			}
			if _, err := load(text); err == nil {
				t.Error("the loader takes it")
			}
		})
	}
}
