package registry

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
)

// maxLineBytes is the longest line that DeriveBatch reads, its end not counted.
const maxLineBytes = 1 << 20

// A question is one line of a batch. A field that is left out, or null, is empty.
type question struct {
	Runtime string   `json:"runtime"`
	Model   string   `json:"model"`
	Env     []string `json:"env"`
}

// DeriveBatch reads lines of {"runtime":…,"model":…,"env":[…]}, env being the
// credential names in scope, and writes for each, in order, {"provider":"name"}
// or {"provider":null,"reason":"…"}. Blank lines may end the input. The first
// line that is anything else ends the batch with an error that names it; what
// came before has been written then.
func (r *Registry) DeriveBatch(in io.Reader, out io.Writer) error {
	w := bufio.NewWriterSize(out, 64<<10)
	err := r.deriveLines(in, w)
	if flushErr := w.Flush(); err == nil && flushErr != nil {
		err = fmt.Errorf("writing the answers: %w", flushErr)
	}
	return err
}

func (r *Registry) deriveLines(in io.Reader, w *bufio.Writer) error {
	lines := bufio.NewScanner(in)
	// Room for the line's end, "\r\n", beside the longest line.
	lines.Buffer(make([]byte, 0, 64<<10), maxLineBytes+2)
	number, blank := 0, 0
	for lines.Scan() {
		number++
		line := lines.Bytes()
		switch {
		case len(line) > maxLineBytes:
			return tooLong(number)
		case len(bytes.TrimSpace(line)) == 0:
			blank = number
			continue
		case blank > 0:
			return fmt.Errorf("line %d is blank, and others follow it; remove it", blank)
		}
		answer, err := r.answer(line)
		if err != nil {
			return fmt.Errorf("line %d: want an object with runtime, model and env: %w", number, err)
		}
		if _, err := w.Write(append(answer, '\n')); err != nil {
			return fmt.Errorf("writing the answer to line %d: %w", number, err)
		}
	}
	if err := lines.Err(); errors.Is(err, bufio.ErrTooLong) {
		return tooLong(number + 1)
	} else if err != nil {
		return fmt.Errorf("reading line %d: %w", number+1, err)
	}
	return nil
}

func tooLong(number int) error {
	return fmt.Errorf("line %d is longer than %d bytes; write one question a line", number, maxLineBytes)
}

func (r *Registry) answer(line []byte) ([]byte, error) {
	// A pointer tells null, which unmarshals into anything, from an object.
	var q *question
	if err := json.Unmarshal(line, &q); err != nil {
		return nil, err
	}
	if q == nil {
		return nil, errors.New("got null")
	}
	inScope := func(name string) bool { return slices.Contains(q.Env, name) }
	return json.Marshal(r.Derive(q.Runtime, q.Model, inScope))
}
