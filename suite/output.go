package suite

import (
	"bytes"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/molecule-ai/byok-conformance/suite/secrets"
	"github.com/molecule-ai/byok-conformance/suite/timing"
)

// An Output collects what a target prints, line by line: it looks for pieces
// of credentials as the text streams by (SEC-2), and keeps the last lines for
// whoever asks what was said (LIV-11, a server that dies).
type Output struct {
	mu   sync.Mutex
	ring *secrets.Ring
	// partial is the line that has not ended yet.
	partial []byte
	// lines are the last keptLines; first is the number of lines[0].
	lines []string
	first int64
	news  chan struct{}
}

// keptLines bounds what is kept of the output; a line longer than maxLine, in
// bytes, is cut into several.
const (
	keptLines = 4096
	maxLine   = 64 << 10
)

// NewOutput returns an empty output; connect it to the target's standard
// output and standard error. It is an io.Writer for use from many goroutines.
func NewOutput() *Output { return &Output{news: make(chan struct{})} }

func (o *Output) watch(r *secrets.Ring) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.ring = r
}

// Write takes a piece of output; it never fails.
func (o *Output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for rest := p; len(rest) > 0; {
		line, after, ended := bytes.Cut(rest, []byte{'\n'})
		o.partial = append(o.partial, line...)
		if ended || len(o.partial) > maxLine {
			o.end()
		}
		rest = after
	}
	// A line that never ends must not hide what it holds.
	o.search(o.partial[max(0, len(o.partial)-len(p)-secrets.RandomLength):])
	return len(p), nil
}

// search records every credential of which a piece stands in a text.
func (o *Output) search(text []byte) {
	if o.ring == nil {
		return
	}
	for _, c := range o.ring.SightAll(string(text)) {
		if r, ok := c.Owner.(*replay); ok {
			r.leak("SEC-2", "a line of output", c)
		} else if s, ok := c.Owner.(*globalSet); ok {
			s.leaked(c)
		}
	}
}

// end closes the current line.
func (o *Output) end() {
	o.search(o.partial)
	line := uncoloured(strings.ToValidUTF8(string(o.partial), "\ufffd"))
	if len(line) < len(o.partial) { // a colour may change inside a credential
		o.search([]byte(line))
	}
	o.partial = o.partial[:0]
	o.lines = append(o.lines, line)
	if extra := len(o.lines) - keptLines; extra > 0 {
		o.lines = slices.Delete(o.lines, 0, extra)
		o.first += int64(extra)
	}
	close(o.news)
	o.news = make(chan struct{})
}

// mark returns the number of the next line.
func (o *Output) mark() int64 {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.first + int64(len(o.lines))
}

// Last returns the last n lines.
func (o *Output) Last(n int) []string {
	o.mu.Lock()
	defer o.mu.Unlock()
	lines := o.lines
	if len(o.partial) > 0 {
		lines = append(slices.Clone(lines), string(o.partial))
	}
	return slices.Clone(lines[max(0, len(lines)-n):])
}

// wait returns the lines since a mark, once one of them matches or the limit
// has passed since a stretch began; time in which the harness did not run does not count.
func (o *Output) wait(since timing.Stretch, mark int64, limit time.Duration, match func(string) bool) []string {
	timer := time.NewTimer(limit)
	defer timer.Stop()
	var seen []string
	for next := mark; ; {
		o.mu.Lock()
		lines, news := o.lines, o.news
		if from := next - o.first; from < int64(len(lines)) {
			seen = append(seen, lines[max(0, from):]...)
		}
		next = o.first + int64(len(lines))
		o.mu.Unlock()
		if slices.ContainsFunc(seen, match) {
			return seen
		}
		select {
		case <-news:
		case <-timer.C:
			if left := since.Left(limit); left > 0 {
				timer.Reset(left)
				continue
			}
			return append(seen, "")[:len(seen)]
		}
	}
}

// colour is an escape sequence of a terminal (ECMA-48): a colour, most often.
var colour = regexp.MustCompile("\x1b\\[[0-?]*[ -/]*[@-~]|\x1b\\][^\x07\x1b]*(?:\x07|\x1b\\\\)")

// uncoloured is a line as a person sees it.
func uncoloured(line string) string {
	if strings.IndexByte(line, 0x1b) < 0 {
		return line
	}
	return colour.ReplaceAllString(line, "")
}
