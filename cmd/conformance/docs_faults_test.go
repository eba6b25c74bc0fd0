package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// faultRow is a line of docs/faults.md that names a test: its folder, and the
// test with its row, or the script.
var faultRow = regexp.MustCompile("(?m)^\\|.*\\| `([^`]+)` \\| `([^`]+)` \\|$")

// TestFaultsNameTests holds the page to tests, and their rows, that there are.
func TestFaultsNameTests(t *testing.T) {
	root := filepath.Join("..", "..")
	page, err := os.ReadFile(filepath.Join(root, "docs", "faults.md"))
	if err != nil {
		t.Fatal(err)
	}
	rows := faultRow.FindAllStringSubmatch(string(page), -1)
	lines, heads := strings.Count(string(page), "\n| "), strings.Count(string(page), "\n| what ")
	if len(rows) == 0 || len(rows) != lines-heads {
		t.Errorf("%d of %d lines name a test", len(rows), lines-heads)
	}
	for _, row := range rows {
		dir, name := filepath.Join(root, filepath.FromSlash(row[1])), row[2]
		if strings.HasSuffix(name, ".txtar") {
			if _, err := os.Stat(filepath.Join(dir, "testdata", "script", name)); err != nil {
				t.Error(err)
			}
			continue
		}
		test, sub, _ := strings.Cut(name, "/")
		var text strings.Builder
		files, err := filepath.Glob(filepath.Join(dir, "*_test.go"))
		if err != nil || len(files) == 0 {
			t.Errorf("%s: no tests there, %v", row[1], err)
		}
		for _, file := range files {
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			text.Write(data)
		}
		for _, want := range []string{"func " + test + "(t *testing.T)", `"` + sub + `"`} {
			if want != `""` && !strings.Contains(text.String(), want) {
				t.Errorf("%s has no %s", row[1], want)
			}
		}
	}
}
