package terminaltest

import (
	"regexp"
	"slices"
	"strings"
	"testing"
)

// A look is a terminal's size, and whether colours are wanted there.
type look struct {
	name string
	size size
	env  []string
}

// TestVerdict holds the last line of what ends well, and of what does not, to be
// the verdict at every look.
func TestVerdict(t *testing.T) {
	for _, run := range []struct {
		name    string
		args    []string
		status  int
		verdict string
	}{
		{"conformant", []string{"run", "--id", "mismatched/report"}, 0, "conformant: 2 passed (core);"},
		{"failing", []string{"run", "--id", "mismatched/report", "--target", "faulty:any-known-credential"}, 1, "NOT conformant: "},
	} {
		for _, look := range looks {
			t.Run(run.name+"/"+look.name, func(t *testing.T) {
				t.Parallel()
				s := start(t, look.size, look.env, run.args...)
				if got := s.status(); got != run.status {
					t.Errorf("exit status %d, want %d", got, run.status)
				}
				s.endsWith(run.verdict)
				s.nothingLeft()
				s.inColours(len(look.env) == 0)
			})
		}
	}
}

// looks are the terminals that the program is run at.
var looks = []look{
	{"80x24", narrow, nil},
	{"80x24 without colours", narrow, []string{"NO_COLOR=1"}},
	{"200x50", wide, nil},
	{"200x50 without colours", wide, []string{"NO_COLOR=1"}},
}

// endsWith holds the last paragraph on the screen to begin as given. A long line
// of the program takes several rows.
func (s *session) endsWith(text string) {
	s.t.Helper()
	lines := s.lines()
	for i := len(lines) - 1; i >= 0 && i >= len(lines)-6; i-- {
		if strings.HasPrefix(lines[i], text) {
			return
		}
	}
	s.t.Errorf("the screen does not end with %q", text)
}

// nothingLeft holds the screen to show nothing of the moving line.
func (s *session) nothingLeft() {
	s.t.Helper()
	for i, line := range s.lines() {
		if strings.Contains(line, " · ") || strings.HasPrefix(line, "replaying") {
			s.t.Errorf("line %d is left of the progress: %q", i, line)
		}
	}
}

// TestInterrupted types Ctrl-C while the moving line is shown: the run ends as
// "interrupted", which is no verdict, and leaves nothing of the line.
func TestInterrupted(t *testing.T) {
	for name, args := range map[string][]string{
		"our own gate": {"run", "--class", "mismatched"},
		"a command":    {"run", "--class", "mismatched", "--probe-budget", "2s", "--", "conformance", "serve", "--probe-budget", "2s"},
		"a proof":      {"prove", "mismatch"},
	} {
		for _, look := range looks {
			t.Run(name+"/"+look.name, func(t *testing.T) {
				t.Parallel()
				s := start(t, look.size, look.env, args...)
				s.until("the moving line", moving)
				s.types("\x03")
				if got := s.status(); got != 130 {
					t.Errorf("exit status %d, want 130", got)
				}
				s.endsWith("interrupted")
				s.nothingLeft()
				s.inColours(len(look.env) == 0)
				if written := strings.ToLower(s.written()); strings.Contains(written, "not conformant") || strings.Contains(written, "open: ") {
					t.Error("what was interrupted has a verdict")
				}
			})
		}
	}
}

// moving says that the moving line shows a count.
func moving(screen []string) bool {
	return slices.ContainsFunc(screen, func(row string) bool { return progressLine.MatchString(row) })
}

var progressLine = regexp.MustCompile(`^replaying [1-9][0-9,]* of `)

// TestResize makes the terminal narrower, and wider again, while the moving line
// is shown: it stays one line, and nothing of it is left. The terminal does not
// break lines anew, as xterm does not.
func TestResize(t *testing.T) {
	t.Parallel()
	s := start(t, wide, nil, "run", "--class", "mismatched,missing")
	worst := 0
	s.mu.Lock()
	s.look = func(screen []string) {
		n := 0
		for _, row := range screen {
			if strings.HasPrefix(row, "replaying") {
				n++
			}
		}
		worst = max(worst, n)
	}
	s.mu.Unlock()
	for _, sz := range []size{{60, 20}, {30, 10}, {120, 40}} {
		s.until("the moving line", moving)
		s.resize(sz)
	}
	if got := s.status(); got != 0 {
		t.Errorf("exit status %d, want 0", got)
	}
	if worst != 1 {
		t.Errorf("%d moving lines stood on the screen at once", worst)
	}
	s.endsWith("conformant: ")
	s.nothingLeft()
}

// TestManyFailures prints failures while the line moves: none is torn by it.
func TestManyFailures(t *testing.T) {
	t.Parallel()
	s := start(t, wide, []string{"NO_COLOR=1"}, "run", "--class", "mismatched", "--target", "faulty:any-known-credential")
	if got := s.status(); got != 1 {
		t.Errorf("exit status %d, want 1", got)
	}
	s.endsWith("NOT conformant: ")
	s.nothingLeft()
	known := regexp.MustCompile(`^(FAIL |ERROR |\d+\. |  |… |rule  |[A-Z]{3}-\d+ |NOT conformant: |WAIVED |conformance: )`)
	rows := 0
	for _, row := range s.lines() {
		// A row that goes on from a full one is no line of its own.
		if goesOn := rows == wide.columns; row != "" && !goesOn && !known.MatchString(row) {
			t.Errorf("a torn line: %q", row)
		}
		rows = len([]rune(row))
	}
}
