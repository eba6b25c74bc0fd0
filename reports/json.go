package reports

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
)

// WriteJSON writes a run as a JSON report: one object, with the header's fields
// first, one result on each line (grep finds them), and then what was seen, the
// rules, the summary and the end record. Bytes that are no UTF-8 are written as
// \xNN.
func WriteJSON(to io.Writer, r *Run) error {
	w := bufio.NewWriterSize(to, 64<<10)
	if err := writeJSON(w, r); err != nil {
		return fmt.Errorf("write the JSON report: %w", err)
	}
	if err := w.Flush(); err != nil {
		return fmt.Errorf("write the JSON report: %w", err)
	}
	return nil
}

// writeJSON leaves errors of writing to Flush: a bufio.Writer keeps its first.
func writeJSON(w *bufio.Writer, r *Run) error {
	h := r.Header
	if h.Schema == "" {
		h.Schema = SchemaV1
	}
	line, err := encode(h)
	if err != nil {
		return err
	}
	w.Write(bytes.TrimSuffix(line, []byte("}")))
	if err := writeList(w, "results", len(r.entries), r.line); err != nil {
		return err
	}
	if len(r.seen) > 0 {
		w.WriteByte('\n')
		if err := writeList(w, "seen", len(r.seen), func(i int) ([]byte, error) { return encode(r.seen[i]) }); err != nil {
			return err
		}
	}
	if r.Partial() {
		_, err := w.WriteString("}\n")
		return err
	}
	if len(r.Footer.Findings) > 0 {
		if err := writeList(w, "findings", len(r.Footer.Findings), func(i int) ([]byte, error) { return encode(r.Footer.Findings[i]) }); err != nil {
			return err
		}
	}
	if err := writeList(w, "rules", len(r.Footer.Rules), func(i int) ([]byte, error) { return encode(r.Footer.Rules[i]) }); err != nil {
		return err
	}
	summary, err := encode(r.Footer.Summary)
	if err != nil {
		return err
	}
	ended, err := encode(r.Footer.Ended)
	if err != nil {
		return err
	}
	fmt.Fprintf(w, ",\"summary\":%s,\n\"ended\":%s}\n", summary, ended)
	return nil
}

// line is a result as it stands in a report.
func (r *Run) line(i int) ([]byte, error) {
	if r.raw != nil {
		return r.raw(i)
	}
	result, err := r.at(i)
	if err != nil {
		return nil, err
	}
	return encode(result)
}

// writeList writes a field that is a list, one item on each line.
func writeList(w *bufio.Writer, name string, n int, item func(i int) ([]byte, error)) error {
	fmt.Fprintf(w, ",%q:[", name)
	for i := range n {
		line, err := item(i)
		if err != nil {
			return err
		}
		if i > 0 {
			w.WriteByte(',')
		}
		w.WriteByte('\n')
		w.Write(line)
	}
	_, err := w.WriteString("\n]")
	return err
}

// encode returns v, made normal, as JSON on one line.
func encode[T any](v T) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(Normal(v)); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}
