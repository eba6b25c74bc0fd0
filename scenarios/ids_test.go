package scenarios

import (
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write golden files anew")

// TestIDs holds the templates' ids to docs/ids.txt. Reports, waivers and other
// people's pipelines name them, so an id never disappears and never moves to
// another class; new ones are added with -update.
func TestIDs(t *testing.T) {
	c, err := Embedded()
	if err != nil {
		t.Fatal(err)
	}
	classes := map[string]string{}
	var lines []string
	entries, err := c.entries(nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, tmpl := range entries {
		classes[tmpl.id] = tmpl.class
		lines = append(lines, tmpl.id+" "+tmpl.class)
	}
	slices.Sort(lines)
	text := strings.Join(lines, "\n") + "\n"
	golden := filepath.Join("..", "docs", "ids.txt")
	known, err := os.ReadFile(golden)
	if err != nil && !(*update && os.IsNotExist(err)) {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(known)) {
		id, class, _ := strings.Cut(strings.TrimSpace(line), " ")
		switch now, there := classes[id]; {
		case !there:
			t.Errorf("the id %s has disappeared; an id is for ever, so bring its scenario back", id)
		case now != class:
			t.Errorf("the id %s was of class %s and is of class %s now; give the new scenario an id of its own", id, class, now)
		}
	}
	if t.Failed() || text == string(known) {
		return
	}
	if !*update {
		t.Fatalf("%s does not hold every id; add the new ones with: go test ./scenarios -run TestIDs -update", golden)
	}
	if err := os.WriteFile(golden, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// TestSchemaHasTheLists holds the lists of words in the schema to the tables that
// the loader asks; -update writes them.
func TestSchemaHasTheLists(t *testing.T) {
	want := string(schema)
	for _, words := range [][]string{Classes, severities, Claims} {
		list := regexp.MustCompile(`\[(\s*)"` + words[0] + `"[^\]]*?(\s*)\]`)
		if !list.MatchString(want) {
			t.Fatalf("the schema has no list that begins with %q", words[0])
		}
		want = list.ReplaceAllString(want, `[$1"`+strings.Join(words, `",$1"`)+`"$2]`)
	}
	want = regexp.MustCompile(`Answers: [^"]*`).ReplaceAllString(want, "Answers: "+strings.Join(Answers, ", ")+".")
	switch {
	case want == string(schema):
	case !*update:
		t.Error("the schema's lists are not those of the loader; write them with: go test ./scenarios -run TestSchemaHasTheLists -update")
	default:
		if err := os.WriteFile("scenario.schema.json", []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}
