package terminaltest

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// root is the repository's folder.
const root = "../../.."

// A documented command stands in a sh block of the README.
type documented struct {
	// block is the line of the block, whose commands run in order.
	block  int
	line   int
	args   []string
	status int
	// prints are lines, or pieces of them, that it prints: those of a text block
	// that bears its name.
	prints []string
}

// elsewhere are commands of the README that are not ours; .ci/run and .ci/product run them.
var elsewhere = regexp.MustCompile(`^go (install github\.com/molecule-ai/|test -race |get github\.com/molecule-ai/)`)

var exits = regexp.MustCompile(`  # exits (\d+)$`)

// readme returns our commands in README.md.
func readme(t *testing.T) []documented {
	t.Helper()
	text, err := os.ReadFile(root + "/README.md")
	if err != nil {
		t.Fatal(err)
	}
	var out []documented
	in, of, block := false, -1, 0
	for i, line := range strings.Split(string(text), "\n") {
		switch {
		case line == "```sh":
			in, block = true, i+1
		case line == "```":
			in, of = false, -1
		case strings.HasPrefix(line, "```text "):
			of = slices.IndexFunc(out, func(d documented) bool { return d.args[0] == strings.TrimPrefix(line, "```text ") })
			if of < 0 {
				t.Fatalf("README.md:%d: no command before it has that name", i+1)
			}
		case of >= 0:
			out[of].prints = append(out[of].prints, line)
		case !in || elsewhere.MatchString(line):
		default:
			d := documented{block: block, line: i + 1}
			if m := exits.FindStringSubmatch(line); m != nil {
				d.status, _ = strconv.Atoi(m[1]) // the pattern has digits
				line = strings.TrimSuffix(line, m[0])
			}
			words := strings.Fields(strings.Replace(line, "go run ./cmd/conformance", "conformance", 1))
			if words[0] != "conformance" {
				t.Fatalf("README.md:%d: neither ours nor known: %s", i+1, line)
			}
			d.args = words[1:]
			out = append(out, d)
		}
	}
	return out
}

// TestReadme runs every command of the README at a narrow terminal with colours,
// where lines are cut first, holds it to the exit status that stands there, and
// reads the screen. The other looks are left to TestVerdict and TestInterrupted,
// and what replays much of the corpus is narrowed: .ci/product runs it in full.
func TestReadme(t *testing.T) {
	commands := readme(t)
	if len(commands) < 10 {
		t.Fatalf("the README has %d commands", len(commands))
	}
	blocks := map[int][]documented{}
	for _, c := range commands {
		blocks[c.block] = append(blocks[c.block], c)
	}
	for _, block := range blocks {
		t.Run(strconv.Itoa(block[0].line), func(t *testing.T) {
			t.Parallel()
			dir := checkout(t)
			for _, c := range block {
				c.run(t, dir)
			}
		})
	}
}

func (c *documented) run(t *testing.T, dir string) {
	t.Helper()
	look, args := looks[0], narrowed(c.args)
	s := startIn(t, dir, look.size, look.env, args...)
	if got := s.status(); got != c.status {
		t.Errorf("README.md:%d: conformance %s: exit status %d, want %d", c.line, strings.Join(args, " "), got, c.status)
	}
	s.nothingLeft()
	for _, line := range c.prints {
		if !strings.Contains(s.written(), line) {
			t.Errorf("README.md shows that %s prints %q, and it does not", args[0], line)
		}
	}
	s.inColours(len(look.env) == 0)
	if words := lastLine[args[0]]; words != nil && !slices.Contains(args, "--help") && !slices.Contains(args, "--check") {
		s.endsWith(words[c.status])
	}
}

// narrowed is a run of the whole corpus, or of a whole class, cut to its pairwise
// matrix, and a selftest cut to one door. The screen has the same shape: the moving
// line, failures, findings and the verdict. Other commands stay as they are.
func narrowed(args []string) []string {
	has := func(flag string) bool { return slices.Contains(args, flag) }
	if args[0] == "selftest" && !has("--door") {
		return slices.Concat(args, []string{"--door", "process"}) // not over HTTP, too
	}
	if args[0] != "run" || has("--help") || has("--check") || has("--id") || has("--rule") || has("--matrix") {
		return args
	}
	more := []string{"--matrix", "pairwise"}
	if !has("--class") {
		more = append(more, "--class", "missing,mismatched")
	}
	// Before a server's command, which follows --.
	at := len(args)
	if i := slices.Index(args, "--"); i >= 0 {
		at = i
	}
	return slices.Concat(args[:at], more, args[at:])
}

// lastLine is how the last line of a command begins, by its exit status.
var lastLine = map[string][]string{
	"run":   {"conformant", "NOT conformant: "},
	"prove": {"closed: ", "open: "},
}

// inColours holds the program to colours where they are wanted, and to none
// where NO_COLOR is set.
func (s *session) inColours(wanted bool) {
	s.t.Helper()
	coloured := strings.Contains(s.written(), "\x1b[3") || strings.Contains(s.written(), "\x1b[1m")
	if coloured && !wanted {
		s.t.Error("there are colours in spite of NO_COLOR")
	}
	if s.verdict() && !coloured && wanted {
		s.t.Error("the verdict has no colour")
	}
}

// verdict reports whether the program printed the verdict of a run.
func (s *session) verdict() bool { return strings.Contains(s.written(), "onformant: ") }

// checkout is a folder with what the README's commands read, in which they may write.
func checkout(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range []string{"registry", "examples"} {
		path, err := filepath.Abs(filepath.Join(root, name))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(path, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}
