package terminaltest

import (
	"strings"
	"testing"
)

// TestVerdictIsTheLastLine runs what ends well and what does not at terminals of
// several looks: the verdict stands last, and nothing of the moving line is left.
func TestVerdictIsTheLastLine(t *testing.T) {
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
			})
		}
	}
}

// looks are the terminals that the README's commands are run at.
var looks = []struct {
	name string
	size size
	env  []string
}{
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
