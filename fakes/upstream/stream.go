package upstream

import (
	"bytes"
	"context"
	"io"
	"time"
)

const (
	// dripInterval is short enough to defeat a timeout for each read, and so
	// long that nobody has read much when the probe budget is over.
	dripInterval = 200 * time.Millisecond
	// floodChunk every floodInterval makes some 30 MB a second: a reader
	// without a cap and a deadline has a problem, and the machine has none.
	floodChunk    = 32 << 10
	floodInterval = time.Millisecond
	// hugeBody is the size of ROB-1's 100 MiB.
	hugeBody = 100 << 20
)

// A stream is what comes of a body, and how it ends.
type stream interface {
	// next fills p as far as it can, waits where the answer waits, and
	// returns how the body ended: io.EOF in order, anything else not. It
	// returns the context's cause when the context ends.
	next(ctx context.Context, p []byte) (int, error)
}

// A payload makes a body of a stream for httpmock. The doors take the stream out.
type payload struct{ stream }

func (b payload) Read(p []byte) (int, error) { return b.next(context.Background(), p) }
func (b payload) Close() error               { return nil }

// A static stream is a text that is all there.
type static struct {
	text []byte
	// end is how it ends; io.EOF in order.
	end error
	// beyond follows on the wire outside of the declared length.
	beyond []byte
	read   int
}

func (s *static) next(ctx context.Context, p []byte) (int, error) {
	if ctx.Err() != nil {
		return 0, context.Cause(ctx)
	}
	n := copy(p, s.text[s.read:])
	s.read += n
	if n == 0 && len(p) > 0 || s.read == len(s.text) && s.end == io.EOF {
		return n, s.end
	}
	return n, nil
}

// A padded stream is a valid list of models of hugeBody bytes.
type padded struct{ read int }

const (
	paddedStart = `{"object":"list","data":[{"id":"conformance-large","object":"model","owned_by":"`
	paddedEnd   = `"}]}`
)

func (s *padded) next(ctx context.Context, p []byte) (int, error) {
	if ctx.Err() != nil {
		return 0, context.Cause(ctx)
	}
	n := min(len(p), hugeBody-s.read)
	fill(p[:n], padding)
	overlay(p[:n], s.read, paddedStart, 0)
	overlay(p[:n], s.read, paddedEnd, hugeBody-len(paddedEnd))
	s.read += n
	if s.read == hugeBody {
		return n, io.EOF
	}
	return n, nil
}

// overlay writes what of text, which starts at byte start of a whole, falls
// into p, which starts at byte offset.
func overlay(p []byte, offset int, text string, start int) {
	for i := range len(text) {
		if at := start + i - offset; at >= 0 && at < len(p) {
			p[at] = text[i]
		}
	}
}

// An endless stream sends chunk bytes, at most, every interval and never ends.
type endless struct {
	chunk    int
	interval time.Duration
	started  bool
}

func (s *endless) next(ctx context.Context, p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	if err := pause(ctx, s.interval); err != nil {
		return 0, err
	}
	n := min(len(p), s.chunk)
	fill(p[:n], spaces) // white space after a brace: nothing is wrong with the JSON yet
	if !s.started {
		p[0], s.started = '{', true
	}
	return n, nil
}

var (
	padding = bytes.Repeat([]byte{'x'}, floodChunk)
	spaces  = bytes.Repeat([]byte{' '}, floodChunk)
)

// fill repeats a pattern over p.
func fill(p, pattern []byte) {
	for len(p) > 0 {
		p = p[copy(p, pattern):]
	}
}

// pause waits, at most until the context ends, and then returns its cause.
func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
