package server

import (
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A schemaNode is as much of the schema as says which fields there are.
type schemaNode struct {
	Ref         string                `json:"$ref"`
	Description string                `json:"description"`
	Properties  map[string]schemaNode `json:"properties"`
	Defs        map[string]schemaNode `json:"$defs"`
}

var fieldList = regexp.MustCompile(`has no field "no-such-field".*; its fields are (.*)`)

// TestProfileFields holds the schema and the reader to the same fields, at every
// place of a profile, and the schema to describing each.
func TestProfileFields(t *testing.T) {
	var root schemaNode
	if err := json.Unmarshal(Schema(), &root); err != nil {
		t.Fatal(err)
	}
	places := 0
	var visit func(path []string, n schemaNode)
	visit = func(path []string, n schemaNode) {
		if n.Ref != "" {
			name := strings.TrimPrefix(n.Ref, "#/$defs/")
			def, ok := root.Defs[name]
			if !ok {
				t.Fatalf("%s refers to %s, which the schema does not define", strings.Join(path, "."), n.Ref)
			}
			n = def
		}
		place := strings.Join(path, ".")
		if n.Description == "" && len(path) > 0 {
			t.Errorf("the schema does not describe %s", place)
		}
		if len(n.Properties) == 0 {
			return
		}
		places++
		// The one unknown field makes the reader list those that it knows.
		text := "no-such-field: 1"
		for _, key := range slices.Backward(path) {
			text = key + ": {" + text + "}"
		}
		_, err := ParseProfile("f", []byte("{"+text+"}"))
		if err == nil {
			t.Fatalf("the reader takes an unknown field at %q", place)
		}
		m := fieldList.FindStringSubmatch(err.Error())
		if m == nil {
			t.Fatalf("the reader does not know %s: %v", place, err)
		}
		if diff := cmp.Diff(strings.Join(slices.Sorted(maps.Keys(n.Properties)), ", "), m[1]); diff != "" {
			t.Errorf("fields of %q (-schema +reader):\n%s", place, diff)
		}
		for _, key := range slices.Sorted(maps.Keys(n.Properties)) {
			visit(append(slices.Clone(path), key), n.Properties[key])
		}
	}
	visit(nil, root)
	if places < 20 {
		t.Errorf("only %d places with fields were looked at", places)
	}
}
