package reports

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
)

// NewJSON returns the writer of the JSON report: one object, with the header's
// fields first, one result on each line (grep finds them), and the rules,
// the summary and the end record last. It holds a buffer, which End flushes, and
// where each id stands; w is not closed. Bytes that are no UTF-8 are written as \xNN.
func NewJSON(w io.Writer) Writer {
	return &jsonWriter{order: order{name: "JSON"}, w: bufio.NewWriterSize(w, 64<<10)}
}

type jsonWriter struct {
	order order
	w     *bufio.Writer
	// at counts the bytes written; spans say where each result stands.
	at    int64
	spans []span
}

// A span is where one result stands in what was written.
type span struct {
	id         string
	from, size int64
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
	from := j.at + int64(len(separator(first)))
	j.spans = append(j.spans, span{r.ID, from, int64(len(line))})
	return j.write(separator(first), line)
}

// arrange copies a finished report with its results in the order of their ids.
// Results end in the order that the target's pace gives them, and parts of a
// run are put together in no order at all; sorted, the same results are the
// same bytes.
func (j *jsonWriter) arrange(from io.ReaderAt, to io.Writer) error {
	w := bufio.NewWriterSize(to, 64<<10)
	part := func(at, size int64) error {
		_, err := io.Copy(w, io.NewSectionReader(from, at, size))
		return err
	}
	sorted := slices.Clone(j.spans)
	slices.SortFunc(sorted, func(a, b span) int { return strings.Compare(a.id, b.id) })
	// The first result and the last are where they were written, so what stands
	// before the one and after the other is the report's head and tail.
	first, last := j.spans[0], j.spans[len(j.spans)-1]
	head, tail := first.from-int64(len(separator(true))), last.from+last.size
	if err := part(0, head); err != nil {
		return err
	}
	for i, s := range sorted {
		w.Write(separator(i == 0)) // a bufio.Writer keeps its first error for Flush
		if err := part(s.from, s.size); err != nil {
			return err
		}
	}
	if err := part(tail, j.at-tail); err != nil {
		return err
	}
	return w.Flush()
}

// arranged reports whether the results stand in the order of their ids already.
func (j *jsonWriter) arranged() bool {
	return slices.IsSortedFunc(j.spans, func(a, b span) int { return strings.Compare(a.id, b.id) })
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
	b.WriteString("\n]")
	for i, finding := range f.Findings {
		line, err := encode(finding)
		if err != nil {
			return nil, err
		}
		if i == 0 {
			b.WriteString(",\"findings\":[")
		}
		b.Write(separator(i == 0))
		b.Write(line)
		if i == len(f.Findings)-1 {
			b.WriteString("\n]")
		}
	}
	b.WriteString(",\"rules\":[")
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
		n, err := j.w.Write(p)
		j.at += int64(n)
		if err != nil {
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
