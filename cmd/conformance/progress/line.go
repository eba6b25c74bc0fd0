package progress

import (
	"bytes"
	"io"
	"sync"
	"time"
)

// frame is the time between two drawings of the moving line: at most ten a second.
const frame = 100 * time.Millisecond

// clear removes the line: the cursor rests at its first column, from where
// everything to the end of the screen is ours. So a terminal that was made
// narrower, and has broken the line into two, loses both.
const clear = "\r\x1b[J"

// A line is drawn in place at a terminal.
type line struct {
	w     io.Writer
	width func() int

	mu    sync.Mutex
	meter meter
	// above is what is to be printed over the line at the next drawing.
	above bytes.Buffer
	// drawn is what stands there; empty where nothing does.
	drawn string
	// err is the first error of writing.
	err   error
	ended bool
	stop  chan struct{}
	done  chan struct{}
}

func newLine(w io.Writer, width func() int) *line {
	l := &line{w: w, width: width, stop: make(chan struct{}), done: make(chan struct{})}
	go l.tick()
	return l
}

func (l *line) tick() {
	defer close(l.done)
	ticker := time.NewTicker(frame)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			l.locked(l.draw)
		case <-l.stop:
			return
		}
	}
}

func (l *line) locked(f func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	f()
}

// draw prints what stands above and the line again, in one write, so that
// neither is ever seen torn. The line leaves the last column free: some
// terminals go on to the next row once it is filled.
func (l *line) draw() {
	if l.ended {
		return
	}
	text := ""
	if l.meter.phase != "" {
		text = fit(l.meter.fields(time.Now()), l.width()-1)
	}
	if text == l.drawn && l.above.Len() == 0 {
		return
	}
	l.write(clear + l.above.String() + text + "\r")
	l.above.Reset()
	l.drawn = text
}

func (l *line) write(s string) {
	if _, err := io.WriteString(l.w, s); err != nil && l.err == nil {
		l.err = err
	}
}

func (l *line) Phase(name string) { l.locked(func() { l.meter.enter(name, time.Now()) }) }
func (l *line) Begin(phase string, total int, things string) {
	l.locked(func() { l.meter.begin(phase, total, things, time.Now()) })
}
func (l *line) Step(how Step) { l.locked(func() { l.meter.step(how, time.Now()) }) }
func (l *line) Watch(g Gauge) { l.locked(func() { l.meter.gauge = g }) }

func (l *line) End() {
	l.locked(func() {
		if l.ended {
			return
		}
		l.ended = true
		if l.drawn != "" || l.above.Len() > 0 {
			l.write(clear + l.above.String())
		}
		close(l.stop)
	})
	<-l.done
}

// Above prints over the line while both go to the terminal.
func (l *line) Above(w io.Writer) io.Writer {
	if !IsTerminal(w) {
		return w
	}
	return &above{l, w}
}

// above is the terminal's writer: it waits for the next drawing while the line
// is shown, and writes at once afterwards.
type above struct {
	line *line
	w    io.Writer
}

func (a *above) Write(b []byte) (int, error) {
	a.line.mu.Lock()
	defer a.line.mu.Unlock()
	switch {
	case a.line.ended:
		return a.w.Write(b)
	case a.line.err != nil:
		return 0, a.line.err
	}
	return a.line.above.Write(b)
}
