package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"

	"github.com/molecule-ai/byok-conformance/scenarios"
)

// TestRecipes holds the CI recipes of docs/ci to the command line as it is, and
// their pins to the corpus.
func TestRecipes(t *testing.T) {
	t.Chdir("../..")
	files, err := filepath.Glob("docs/ci/*")
	if err != nil || len(files) < 5 {
		t.Fatalf("docs/ci holds %v, %v", files, err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			runs := 0
			for _, text := range recipeTexts(t, file, data) {
				for _, words := range shellCommands(text) {
					if words[0] == "exec" {
						words = words[1:]
					}
					if args, ours := ownArguments(words); ours && len(args) > 0 { // a job may have our name
						runs++
						if err := parsed(args, map[string]bool{}); err != nil {
							t.Errorf("conformance %s: %v", strings.Join(args, " "), err)
						}
					}
				}
			}
			if runs == 0 {
				t.Error("no command of ours is run")
			}
			for _, pin := range regexp.MustCompile(`(?:CORPUS: |CORPUS \?= |--corpus-version )(\d\S*)`).FindAllStringSubmatch(string(data), -1) {
				if pin[1] != scenarios.Version() {
					t.Errorf("it pins corpus %s, and there is %s", pin[1], scenarios.Version())
				}
			}
		})
	}
}

// recipeTexts are the texts of a recipe that may hold shell commands: every
// string of a YAML file, or the recipes of a Makefile.
func recipeTexts(t *testing.T, file string, data []byte) []string {
	t.Helper()
	var texts []string
	if filepath.Base(file) == "Makefile" {
		for _, line := range strings.Split(string(data), "\n") {
			if recipe, ok := strings.CutPrefix(line, "\t"); ok {
				texts = append(texts, recipe)
			}
		}
		return texts
	}
	var root yaml.Node
	if err := yaml.Unmarshal(data, &root); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	var walk func(*yaml.Node)
	walk = func(n *yaml.Node) {
		if n.Kind == yaml.ScalarNode {
			texts = append(texts, n.Value)
		}
		for _, c := range n.Content {
			walk(c)
		}
	}
	walk(&root)
	return texts
}
