// Package progress shows a person how far a run is while it goes on: one moving
// line at a terminal, a plain line every ten seconds elsewhere.
//
// What lives here is the counting, the text of the line and its drawing. What a
// run is, and what is printed about its results, lives elsewhere; such lines go
// to the terminal through [Display.Above], so that they do not tear the moving
// line.
package progress

import (
	"io"
	"os"
	"time"

	"golang.org/x/term"
)

// A Display shows how far a run is. All methods may be called from several
// goroutines.
type Display interface {
	// Phase names what is being done, such as "checking the server".
	Phase(name string)
	// Begin begins a phase in which total things will end, each one Step; things is
	// what they are, such as "scenarios".
	Begin(phase string, total int, things string)
	// Step counts one of them that has ended.
	Step(how Step)
	// Watch has the display ask for what it cannot count itself.
	Watch(Gauge)
	// End removes the line. It may be called again, and nothing is shown after it.
	End()
	// Above returns the writer to use instead of w while the display is shown:
	// whole lines that are written to it stand above the moving line.
	Above(w io.Writer) io.Writer
}

// A Step is how one thing has ended.
type Step int

const (
	// Passed and Failed took their time.
	Passed Step = iota
	Failed
	// NotAsked took none, so that it says nothing about how long the rest takes.
	NotAsked
)

// A Gauge is what a target tells of itself. Each field may be nil.
type Gauge struct {
	// Requests is how many requests the target was sent so far.
	Requests func() int
	// Held is how long the server's rate limit still holds all requests back; 0
	// where it does not.
	Held func() time.Duration
}

// New returns the display for w, which is standard error: nothing if quiet, the
// moving line at a terminal, plain lines elsewhere.
func New(w io.Writer, quiet bool) Display {
	switch {
	case quiet:
		return silence{}
	case IsTerminal(w):
		return newLine(w, func() int { return Width(w) })
	}
	return newPlain(w)
}

// IsTerminal reports whether a person reads w at a terminal that understands
// more than lines.
func IsTerminal(w io.Writer) bool {
	f, ok := w.(interface{ Fd() uintptr })
	return ok && term.IsTerminal(int(f.Fd())) && os.Getenv("TERM") != "dumb"
}

// defaultWidth is that of a terminal that does not say.
const defaultWidth = 80

// Width is the width of the terminal w, in columns.
func Width(w io.Writer) int {
	if f, ok := w.(interface{ Fd() uintptr }); ok {
		if width, _, err := term.GetSize(int(f.Fd())); err == nil && width > 0 {
			return width
		}
	}
	return defaultWidth
}

type silence struct{}

func (silence) Phase(string)                {}
func (silence) Begin(string, int, string)   {}
func (silence) Step(Step)                   {}
func (silence) Watch(Gauge)                 {}
func (silence) End()                        {}
func (silence) Above(w io.Writer) io.Writer { return w }
