package reports

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
)

// NewJSON returns the writer of the JSON report: one object, with the header's
// fields first, one result on each line (grep finds them), and the rules,
// the summary and the end record last. It holds nothing but a buffer, which End
// flushes; w is not closed. Bytes that are no UTF-8 are written as \xNN.
func NewJSON(w io.Writer) Writer {
	return &jsonWriter{order: order{name: "JSON"}, w: bufio.NewWriterSize(w, 64<<10)}
}

type jsonWriter struct {
	order order
	w     *bufio.Writer
}

func (j *jsonWriter) Begin(h Header) error {
	h, err := j.order.begin(h)
	if err != nil {
		return err
	}
	line, err := encode(h)
	if err != nil {
		return fmt.Errorf("encode the header of the JSON report: %w", err)
	}
	return j.write(bytes.TrimSuffix(line, []byte("}")), []byte(`,"results":[`))
}

func (j *jsonWriter) Result(r Result) error {
	first := j.order.results == 0
	if err := j.order.result(r); err != nil {
		return err
	}
	line, err := encode(r)
	if err != nil {
		return fmt.Errorf("encode result %q of the JSON report: %w", r.ID, err)
	}
	return j.write(separator(first), line)
}

func (j *jsonWriter) End(f Footer) error {
	if err := j.order.end(f); err != nil {
		return err
	}
	tail, err := jsonTail(f)
	if err != nil {
		return fmt.Errorf("encode the end of the JSON report: %w", err)
	}
	if err := j.write(tail); err != nil {
		return err
	}
	if err := j.w.Flush(); err != nil {
		return fmt.Errorf("write the JSON report: %w", err)
	}
	return nil
}

// jsonTail is what follows the last result.
func jsonTail(f Footer) ([]byte, error) {
	var b bytes.Buffer
	b.WriteString("\n],\"rules\":[")
	for i, rule := range f.Rules {
		line, err := encode(rule)
		if err != nil {
			return nil, err
		}
		b.Write(separator(i == 0))
		b.Write(line)
	}
	summary, err := encode(f.Summary)
	if err != nil {
		return nil, err
	}
	ended, err := encode(f.Ended)
	if err != nil {
		return nil, err
	}
	fmt.Fprintf(&b, "\n],\"summary\":%s,\n\"ended\":%s}\n", summary, ended)
	return b.Bytes(), nil
}

func (j *jsonWriter) write(parts ...[]byte) error {
	for _, p := range parts {
		if _, err := j.w.Write(p); err != nil {
			return fmt.Errorf("write the JSON report: %w", err)
		}
	}
	return nil
}

func separator(first bool) []byte {
	if first {
		return []byte("\n")
	}
	return []byte(",\n")
}

// encode returns v, made normal, as JSON on one line.
func encode[T any](v T) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(normal(v)); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}
