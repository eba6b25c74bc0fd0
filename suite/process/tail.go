package process

import (
	"bytes"
	"io"
	"regexp"
	"slices"
	"strings"
	"sync"
	"unicode"
)

// A tail passes output on and keeps its last lines: keptLines of them, each up
// to keptBytes.
type tail struct {
	to io.Writer

	mu      sync.Mutex
	lines   []line
	partial line  // has not ended yet
	err     error // why to gets nothing any more
}

type line struct {
	text []byte
	cut  bool // the line was longer than keptBytes
}

const (
	keptLines = 20
	keptBytes = 1 << 10
)

// Write never fails, because a reader that gives up would block the command; an
// error of the writer behind it is kept for Stop.
func (t *tail) Write(b []byte) (int, error) {
	t.pass(b)
	t.mu.Lock()
	defer t.mu.Unlock()
	for rest := b; len(rest) > 0; {
		text, after, ended := bytes.Cut(rest, []byte{'\n'})
		room := keptBytes - len(t.partial.text)
		t.partial.cut = t.partial.cut || len(text) > room
		t.partial.text = append(t.partial.text, text[:min(len(text), room)]...)
		if ended {
			t.lines = append(t.lines, t.partial)
			t.lines = t.lines[max(0, len(t.lines)-keptLines):]
			t.partial = line{}
		}
		rest = after
	}
	return len(b), nil
}

// pass hands a piece on, unlocked: what its reader does is not ours to hold up.
func (t *tail) pass(b []byte) {
	if t.to == nil || t.failure() != nil {
		return
	}
	if _, err := t.to.Write(b); err != nil {
		t.mu.Lock()
		defer t.mu.Unlock()
		t.err = err
	}
}

func (t *tail) failure() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.err
}

// String shows the last lines as the end of an error.
func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	lines := slices.Clone(t.lines)
	if len(t.partial.text) > 0 {
		lines = append(lines, t.partial)
		lines = lines[max(0, len(lines)-keptLines):]
	}
	if len(lines) == 0 {
		return "it printed nothing"
	}
	var b strings.Builder
	b.WriteString("its last lines:")
	for _, l := range lines {
		b.WriteString("\n    " + legible(l))
	}
	return b.String()
}

// colours are the escape sequences by which programs colour their output.
var colours = regexp.MustCompile(`\x1b\[[0-9;]*[A-Za-z]`)

// legible makes a line fit for an error: no escape sequence of the command
// reaches the reader's terminal.
func legible(l line) string {
	s := strings.ToValidUTF8(colours.ReplaceAllString(string(l.text), ""), "\ufffd")
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\t' {
			return -1
		}
		return r
	}, s)
	if l.cut {
		s += "…"
	}
	return s
}
