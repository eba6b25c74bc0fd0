package terminaltest

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	uv "github.com/charmbracelet/ultraviolet"
	"github.com/charmbracelet/x/vt"
	"github.com/creack/pty"
)

// program is the built command; TestMain makes it.
var program string

func TestMain(m *testing.M) { os.Exit(withProgram(m)) }

func withProgram(m *testing.M) int {
	dir, err := os.MkdirTemp("", "terminaltest-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	program = filepath.Join(dir, "conformance")
	build := exec.Command("go", "build", "-o", program, "./cmd/conformance")
	build.Dir = "../../.."
	if out, err := build.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "building the program: %v\n%s", err, out)
		return 1
	}
	return m.Run()
}

// patience is how long a test waits for a program; a loaded machine is slow.
const patience = 5 * time.Minute

// A size is that of a terminal.
type size struct{ columns, rows int }

var (
	narrow = size{80, 24}
	wide   = size{200, 50}
)

// A session is a program at a terminal.
type session struct {
	t    *testing.T
	cmd  *exec.Cmd
	tty  *os.File
	done chan error

	mu       sync.Mutex
	terminal *vt.Emulator
	// raw is all that was written to the terminal.
	raw strings.Builder
	// look is called after each piece that was written; may be nil.
	look func(screen []string)
	// changed is closed and made anew whenever something was written.
	changed chan struct{}
}

// start runs the program with arguments at a terminal of a size. Environment
// variables, NAME=value, are added to a plain environment.
func start(t *testing.T, sz size, env []string, args ...string) *session {
	t.Helper()
	return startIn(t, t.TempDir(), sz, env, args...)
}

// startIn is start in a folder.
func startIn(t *testing.T, dir string, sz size, env []string, args ...string) *session {
	t.Helper()
	cmd := exec.Command(program, args...)
	cmd.Dir = dir
	cmd.Env = append([]string{"PATH=" + filepath.Dir(program) + ":" + os.Getenv("PATH"), "HOME=" + cmd.Dir, "TMPDIR=" + cmd.Dir, "TERM=xterm-256color"}, env...)
	tty, err := pty.StartWithSize(cmd, &pty.Winsize{Cols: uint16(sz.columns), Rows: uint16(sz.rows)})
	if err != nil {
		t.Fatalf("starting the program at a terminal: %v", err)
	}
	s := &session{t: t, cmd: cmd, tty: tty, done: make(chan error, 1), terminal: vt.NewEmulator(sz.columns, sz.rows), changed: make(chan struct{})}
	go s.read()
	t.Cleanup(func() {
		_ = cmd.Process.Kill() // it has ended, unless the test failed
		_ = tty.Close()
		if t.Failed() {
			t.Logf("the screen:\n%s", strings.Join(s.lines(), "\n"))
		}
	})
	return s
}

// read feeds the terminal until the program has ended.
func (s *session) read() {
	buffer := make([]byte, 32<<10)
	for {
		n, err := s.tty.Read(buffer)
		s.mu.Lock()
		s.raw.Write(buffer[:n])
		_, _ = s.terminal.Write(buffer[:n]) // fails only once it is closed
		if s.look != nil {
			s.look(s.screen())
		}
		close(s.changed)
		s.changed = make(chan struct{})
		s.mu.Unlock()
		if err != nil { // EIO on Linux once the last process has closed it
			s.done <- s.cmd.Wait()
			return
		}
	}
}

// status waits for the program's end and returns its exit status.
func (s *session) status() int {
	s.t.Helper()
	select {
	case err := <-s.done:
		var exit *exec.ExitError
		if err != nil && !errors.As(err, &exit) {
			s.t.Fatalf("waiting for the program: %v", err)
		}
		if ws := s.cmd.ProcessState.Sys().(syscall.WaitStatus); ws.Signaled() {
			s.t.Fatalf("the program was ended by %s", ws.Signal())
		}
		return s.cmd.ProcessState.ExitCode()
	case <-time.After(patience):
		s.t.Fatalf("the program has not ended within %s", patience)
		return -1
	}
}

// until waits until the screen satisfies a condition, which says what it is.
func (s *session) until(what string, holds func(screen []string) bool) {
	s.t.Helper()
	late := time.After(patience)
	for {
		s.mu.Lock()
		ok, changed := holds(s.screen()), s.changed
		s.mu.Unlock()
		if ok {
			return
		}
		select {
		case <-changed:
		case err := <-s.done:
			s.t.Fatalf("the program ended (%v) before %s", err, what)
		case <-late:
			s.t.Fatalf("%s did not come within %s", what, patience)
		}
	}
}

// types sends keys to the program.
func (s *session) types(keys string) {
	s.t.Helper()
	if _, err := s.tty.WriteString(keys); err != nil {
		s.t.Fatalf("typing: %v", err)
	}
}

// resize makes the terminal another size.
func (s *session) resize(sz size) {
	s.t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.terminal.Resize(sz.columns, sz.rows)
	if err := pty.Setsize(s.tty, &pty.Winsize{Cols: uint16(sz.columns), Rows: uint16(sz.rows)}); err != nil {
		s.t.Fatalf("resizing the terminal: %v", err)
	}
}

// screen is what stands on the screen; s.mu is held.
func (s *session) screen() []string {
	var out []string
	for y := range s.terminal.Height() {
		var row uv.Line
		for x := range s.terminal.Width() {
			if c := s.terminal.CellAt(x, y); c != nil {
				row = append(row, *c)
			}
		}
		out = append(out, textOf(row))
	}
	return out
}

// lines are all lines that the terminal was given and that still stand there,
// those that have left the screen, too, without the empty ones at its end.
func (s *session) lines() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []string
	for _, l := range s.terminal.Scrollback().Lines() {
		out = append(out, textOf(l))
	}
	out = append(out, s.screen()...)
	for len(out) > 0 && out[len(out)-1] == "" {
		out = out[:len(out)-1]
	}
	return out
}

// written is all that was written to the terminal, escapes and all.
func (s *session) written() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.raw.String()
}

// textOf is a row without its looks.
func textOf(l uv.Line) string {
	var b strings.Builder
	for _, c := range l {
		switch {
		case c.Width == 0: // the right half of a wide character
		case c.Content == "":
			b.WriteByte(' ')
		default:
			b.WriteString(c.Content)
		}
	}
	return strings.TrimRight(b.String(), " ")
}
