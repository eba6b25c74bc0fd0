package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/molecule-ai/byok-conformance/registry"
	"github.com/molecule-ai/byok-conformance/scenarios"
)

// madeBlock is a part of a document that this test makes; its name stands behind
// the command.
var madeBlock = regexp.MustCompile(`(?s)(<!-- made by: go test \./cmd/conformance -run TestMadeBlocks -update; ([a-z-]+) -->\n)(.*?)(<!-- end -->)`)

// makers make the blocks of the documents, by their names: tables and samples
// of output, so that no number is typed by hand.
var makers = map[string]func(*testing.T) string{
	"rules":  rulesBlock,
	"counts": countsBlock,
	"check":  func(t *testing.T) string { return sample(t, "run", "--check") },
	"verdict": func(t *testing.T) string {
		return sample(t, "run", "-q", "--seed", "docs", "--class", "mismatched", "--matrix", "pairwise")
	},
}

// TestMadeBlocks holds every made block of the documents to what makes it.
func TestMadeBlocks(t *testing.T) {
	t.Chdir("../..")
	files, err := filepath.Glob("docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	used := map[string]bool{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if n, m := strings.Count(string(text), "<!-- made by"), len(madeBlock.FindAll(text, -1)); n != m {
			t.Errorf("%s: %d blocks are marked as made, and %d of them are closed and named rightly", file, n, m)
		}
		now := madeBlock.ReplaceAllStringFunc(string(text), func(block string) string {
			parts := madeBlock.FindStringSubmatch(block)
			make, ok := makers[parts[2]]
			if !ok {
				t.Errorf("%s: nothing makes the block %q", file, parts[2])
				return block
			}
			used[parts[2]] = true
			return parts[1] + make(t) + parts[4]
		})
		if *update {
			if err := os.WriteFile(file, []byte(now), 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		if diff := cmp.Diff(string(text), now); diff != "" {
			t.Errorf("%s (-document +now); accept with go test ./cmd/conformance -run TestMadeBlocks -update:\n%s", file, diff)
		}
	}
	for name := range makers {
		if !used[name] {
			t.Errorf("no document shows the block %q", name)
		}
	}
}

// The registry that docs/contract.md shows is one.
func TestDocumentedRegistry(t *testing.T) {
	page, err := os.ReadFile("../../docs/contract.md")
	if err != nil {
		t.Fatal(err)
	}
	block := regexp.MustCompile("(?s)\n```yaml registry\n(.*?)```\n").FindSubmatch(page)
	if block == nil {
		t.Fatal("docs/contract.md shows no registry")
	}
	reg, err := registry.Load("docs/contract.md", block[1])
	if err != nil {
		t.Fatal(err)
	}
	if f := reg.Findings(); len(f) > 0 {
		t.Errorf("registry check remarks on it: %v", f)
	}
	if d := reg.Derive("claude-code", "claude-sonnet-4-6", nil); d.Provider == nil || d.Provider.Name != "anthropic-api" {
		t.Errorf("it derives %+v", d)
	}
}

// sample is what a command prints, as a block of a document.
func sample(t *testing.T, args ...string) string {
	t.Helper()
	var out bytes.Buffer
	root := newRoot()
	root.SetArgs(args)
	root.SetOut(&out)
	root.SetErr(&bytes.Buffer{})
	if err := root.ExecuteContext(t.Context()); err != nil {
		t.Fatalf("conformance %s: %v", strings.Join(args, " "), err)
	}
	var lines strings.Builder
	for line := range strings.Lines(out.String()) {
		lines.WriteString(strings.TrimRight(line, " \n") + "\n")
	}
	return fmt.Sprintf("```\n$ conformance %s\n%s```\n", strings.Join(args, " "), lines.String())
}

// families are the groups of rules, by the letters of their ids.
var families = []struct{ letters, title string }{
	{"DER", "Which provider it is"}, {"PRE", "Whether a credential is there"}, {"LIV", "Whether it is alive"},
	{"REF", "What a refusal looks like"}, {"SEC", "Where a credential may go"}, {"PRV", "Provisioning"},
	{"ROB", "Whatever comes"}, {"DIA", "What providers say in words of their own"},
}

// rulesBlock is every rule of the corpus, family by family.
func rulesBlock(t *testing.T) string {
	t.Helper()
	corpus, err := scenarios.Embedded()
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	shown := 0
	for _, family := range families {
		fmt.Fprintf(&b, "\n### %s\n\n| rule | |\n|:--|:--|\n", family.title)
		for _, r := range corpus.Rules.List {
			if strings.HasPrefix(r.ID, family.letters+"-") {
				level := ""
				if r.Level == scenarios.Extended {
					level = " (extended)"
				}
				fmt.Fprintf(&b, "| **%s**%s | **%s.** %s |\n", r.ID, level, strings.ToUpper(r.Title[:1])+r.Title[1:], strings.ReplaceAll(r.Text, "|", `\|`))
				shown++
			}
		}
	}
	if shown != len(corpus.Rules.List) {
		t.Errorf("%d of %d rules are in a family", shown, len(corpus.Rules.List))
	}
	return b.String() + "\n"
}

// countsBlock says how large the corpus is.
func countsBlock(t *testing.T) string {
	t.Helper()
	corpus, err := scenarios.Embedded()
	if err != nil {
		t.Fatal(err)
	}
	all, err := corpus.Expand(registry.Embedded())
	if err != nil {
		t.Fatal(err)
	}
	core, classes := 0, map[string]bool{}
	for _, s := range all {
		classes[s.Class] = true
		if s.Level == scenarios.Core {
			core++
		}
	}
	return fmt.Sprintf("The corpus has %d rules. For our own registry it has %d scenarios in %d classes; %d of them are of level core.\n",
		len(corpus.Rules.List), len(all), len(classes), core)
}
