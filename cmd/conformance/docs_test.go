package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/molecule-ai/byok-conformance/reports/proof"
	"github.com/molecule-ai/byok-conformance/reports/view"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"

	"github.com/molecule-ai/byok-conformance/fakes/gates"
	"github.com/molecule-ai/byok-conformance/registry"
	"github.com/molecule-ai/byok-conformance/scenarios"
	"github.com/molecule-ai/byok-conformance/suite/open"
	"github.com/molecule-ai/byok-conformance/suite/server"
)

// TestDocumentedCommands holds every command line of ours in the fenced sh
// blocks of README.md and docs to the command line as it is.
func TestDocumentedCommands(t *testing.T) {
	t.Chdir("../..")
	docs, err := filepath.Glob("docs/*.md")
	if err != nil || len(docs) == 0 {
		t.Fatalf("docs holds no documents: %v", err)
	}
	found := map[string]int{}
	for _, file := range append([]string{"README.md"}, docs...) {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		written := map[string]bool{} // by commands above, as init does
		for _, block := range shellBlocks(string(text)) {
			for _, words := range shellCommands(block.text) {
				if args, ours := ownArguments(words); ours {
					found[file]++
					t.Run(fmt.Sprintf("%s:%d", file, block.line), func(t *testing.T) {
						if err := parsed(args, written); err != nil {
							t.Errorf("conformance %s: %v", strings.Join(args, " "), err)
						}
					})
				}
			}
		}
	}
	if found["README.md"] == 0 {
		t.Error("README.md shows no command of ours")
	}
}

// parsed holds arguments to the command line, without running anything, and
// looks up what their flags name.
//
// A file that one command writes, another may read: written has their names.
func parsed(args []string, written map[string]bool) error {
	cmd, rest, err := newRoot().Find(args)
	if err != nil {
		return err
	}
	// A parent only prints its help, so no document means it.
	if cmd.HasSubCommands() && len(rest) == 0 {
		return errors.New("no command is named")
	}
	for _, check := range []func() error{
		func() error { return cmd.ParseFlags(rest) },
		func() error { return cmd.ValidateArgs(cmd.Flags().Args()) },
		cmd.ValidateRequiredFlags, cmd.ValidateFlagGroups,
		func() error { return namesExist(cmd, written) },
	} {
		if err := check(); err != nil {
			return err
		}
	}
	if out := cmd.Flags().Lookup("out"); out != nil {
		written[out.Value.String()] = true
	}
	if at := cmd.ArgsLenAtDash(); at >= 0 {
		if inner, ours := ownArguments(cmd.Flags().Args()[at:]); ours {
			return parsed(inner, written)
		}
	}
	return nil
}

// namesExist looks up the faulty gates, the profile, the registry and the
// waivers that flags name, and the formats of reports.
func namesExist(cmd *cobra.Command, written map[string]bool) error {
	for _, flag := range []string{"target", "gate", "profile", "registry"} {
		f := cmd.Flags().Lookup(flag)
		if f == nil || !f.Changed {
			continue
		}
		value := f.Value.String()
		var err error
		switch name, faulty := strings.CutPrefix(value, "faulty:"); {
		case written[value]:
		case flag == "profile":
			_, err = server.LoadProfile(value)
		case flag == "registry":
			if value != open.RegistryPlaceholder { // a run fills that in
				_, err = loadRegistry(value)
			}
		case faulty && gates.Find(name) == nil:
			err = fmt.Errorf("there is no faulty gate %q", name)
		}
		if err != nil {
			return err
		}
	}
	return errors.Join(waiversExist(cmd), formatsExist(cmd))
}

// waiversExist holds the waiver files of a command to its corpus.
func waiversExist(cmd *cobra.Command) error {
	files, err := cmd.Flags().GetStringArray("waivers")
	if err != nil {
		return nil // the command has no such flag
	}
	corpus, err := scenarios.Embedded()
	if err != nil {
		return err
	}
	_, err = openWaivers(&prepared{flags: &runFlags{}, corpus: corpus, registry: registry.Embedded()}, files, "")
	return err
}

func formatsExist(cmd *cobra.Command) error {
	specs, err := cmd.Flags().GetStringArray("report")
	if err != nil {
		return nil // the command has no such flag
	}
	known := view.Formats()
	if cmd.Name() == "mismatch" {
		known = proof.Formats()
	}
	for _, spec := range specs {
		if format, path, _ := strings.Cut(spec, "="); path == "" || !slices.Contains(known, format) {
			return fmt.Errorf("--report %s: no such format", spec)
		}
	}
	return nil
}

// ownArguments returns what stands behind our command's name.
func ownArguments(words []string) (args []string, ours bool) {
	for _, name := range [][]string{{"conformance"}, {"go", "run", "./cmd/conformance"}} {
		if len(words) >= len(name) && slices.Equal(words[:len(name)], name) {
			return words[len(name):], true
		}
	}
	return nil, false
}

// A block is a fenced block of a document; line is that of its fence, from 1.
type block struct {
	line int
	text string
}

func shellBlocks(text string) []block {
	var out []block
	inside, fenced := false, false
	for i, line := range strings.Split(text, "\n") {
		fence, info := strings.CutPrefix(strings.TrimSpace(line), "```")
		switch {
		case info && fenced:
			inside, fenced = false, false
		case info:
			fenced, inside = true, fence == "sh"
			if inside {
				out = append(out, block{line: i + 1})
			}
		case inside:
			out[len(out)-1].text += line + "\n"
		}
	}
	return out
}

// shellCommands splits shell text into simple commands of words: quotes,
// backslashes and comments are read, operators end a command, and assignments
// before a command are dropped. It is enough for what documents show.
func shellCommands(text string) [][]string {
	var out [][]string
	var words []string
	var word strings.Builder
	quote, begun := rune(0), false
	endWord := func() {
		if begun && !(len(words) == 0 && strings.Contains(word.String(), "=")) {
			words = append(words, word.String())
		}
		word.Reset()
		begun = false
	}
	endCommand := func() {
		endWord()
		if len(words) > 0 {
			out = append(out, words)
		}
		words = nil
	}
	runes := []rune(text + "\n")
	for i := 0; i < len(runes); i++ {
		switch c := runes[i]; {
		case c == '\\' && quote != '\'' && i+1 < len(runes):
			if i++; runes[i] != '\n' {
				word.WriteRune(runes[i])
				begun = true
			}
		case quote != 0 && c == quote:
			quote = 0
		case quote != 0:
			word.WriteRune(c)
		case c == '\'' || c == '"':
			quote, begun = c, true
		case c == '#' && !begun:
			for runes[i+1] != '\n' {
				i++
			}
		case strings.ContainsRune("\n;&|<>()", c):
			endCommand()
		case c == ' ' || c == '\t':
			endWord()
		default:
			word.WriteRune(c)
			begun = true
		}
	}
	return out
}

func TestShellCommands(t *testing.T) {
	text := "# a comment\nA=1 conformance run --id 'a b/*' \\\n  --seed \"x\" # more\nx | conformance lint && go run ./cmd/conformance list>f\n\\echo a\\ b ''\n"
	want := [][]string{
		{"conformance", "run", "--id", "a b/*", "--seed", "x"}, {"x"}, {"conformance", "lint"},
		{"go", "run", "./cmd/conformance", "list"}, {"f"}, {"echo", "a b", ""},
	}
	if diff := cmp.Diff(want, shellCommands(text)); diff != "" {
		t.Errorf("commands (-want +got):\n%s", diff)
	}
}

func TestShellBlocks(t *testing.T) {
	got := shellBlocks("a\n```sh\nb\n```\nc\n```go\nd\n```\n```sh\ne\nf\n```\n")
	want := []block{{2, "b\n"}, {9, "e\nf\n"}}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(block{})); diff != "" {
		t.Errorf("blocks (-want +got):\n%s", diff)
	}
}

// What no document may show is found.
func TestParsedRefuses(t *testing.T) {
	for args, want := range map[string]string{
		"":                                      "no command is named",
		"rnu":                                   "rnu",
		"run --profil x":                        "profil",
		"run --parallel x":                      "parallel",
		"run --target faulty:nope":              "nope",
		"run --profile nope.yaml":               "nope.yaml",
		"list dead":                             "dead",
		"registry derive":                       "runtime",
		"run -- go run ./cmd/conformance sevre": "sevre",
		"run -- conformance serve --gate faulty:": `faulty gate ""`,
	} {
		t.Run(args, func(t *testing.T) {
			if err := parsed(strings.Fields(args), map[string]bool{}); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("error is %v, want %q in it", err, want)
			}
		})
	}
}

// TestPagesAssumeTheBinary holds every page that users read to the program that
// `go install` makes: through `go run` the exit status is another one. The README
// says so itself, and maintainers have a checkout.
func TestPagesAssumeTheBinary(t *testing.T) {
	maintainers := map[string]bool{"README.md": true, "docs/architecture.md": true, "docs/scenarios.md": true, "docs/writing-scenarios.md": true, "docs/benchmarks.md": true, "docs/mutation.md": true, "docs/faults.md": true}
	pages := 0
	for _, pattern := range []string{"*.md", "docs/*.md", "docs/*/*", "examples/*/*.md"} {
		files, err := filepath.Glob("../../" + pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			pages++
			name := filepath.ToSlash(strings.TrimPrefix(file, "../../"))
			if strings.Contains(string(text), "go run ./cmd/conformance") && !maintainers[name] {
				t.Errorf("%s: write conformance, and not go run ./cmd/conformance", name)
			}
		}
	}
	if pages < 20 {
		t.Errorf("only %d pages were read", pages)
	}
}
