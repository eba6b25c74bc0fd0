package reports

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
)

// ordered returns a writer that shows a run to another one at its end, with the
// results in the order of their ids, as a JSON report has them: so a view that
// is made with the run is the same as one made later from its JSON. Until then
// the results are kept in a temporary file, as JSON.
func ordered(view Writer) Writer { return &orderedWriter{view: view} }

type orderedWriter struct {
	view Writer
	kept *os.File
	json *jsonWriter
}

func (o *orderedWriter) Begin(h Header) error {
	if o.kept == nil {
		kept, err := os.CreateTemp("", "conformance-report-*")
		if err != nil {
			return fmt.Errorf("keep results in the temporary folder %s until the end of the run: %w; set TMPDIR to another folder", os.TempDir(), err)
		}
		// Where the system allows it the name goes at once, so that not even a
		// killed process leaves the file behind; discard tries again elsewhere.
		_ = os.Remove(kept.Name())
		o.kept, o.json = kept, NewJSON(kept).(*jsonWriter)
	}
	if err := o.json.Begin(h); err != nil {
		return err
	}
	return o.view.Begin(normal(h))
}

func (o *orderedWriter) Result(r Result) error {
	if o.json == nil {
		return o.view.Result(r) // which says that it has not begun
	}
	return o.json.Result(r)
}

func (o *orderedWriter) End(f Footer) error {
	if o.json == nil {
		return o.view.End(f)
	}
	if err := o.json.End(f); err != nil {
		return err
	}
	slices.SortFunc(o.json.spans, func(a, b span) int { return strings.Compare(a.id, b.id) })
	var line bytes.Buffer
	for _, s := range o.json.spans {
		line.Reset()
		var r Result
		_, err := io.Copy(&line, io.NewSectionReader(o.kept, s.from, s.size))
		if err == nil {
			err = json.Unmarshal(line.Bytes(), &r)
		}
		if err != nil {
			return fmt.Errorf("take %q from the temporary folder %s: %w", s.id, os.TempDir(), err)
		}
		if err := o.view.Result(r); err != nil {
			return err
		}
	}
	return errors.Join(o.view.End(normal(f)), o.discard())
}

// discard drops what was kept, here and in the view. It may be called again.
func (o *orderedWriter) discard() error {
	var err error
	if o.kept != nil {
		err = o.kept.Close()
		if gone := os.Remove(o.kept.Name()); gone != nil && !errors.Is(gone, os.ErrNotExist) {
			err = errors.Join(err, gone)
		}
		o.kept = nil
	}
	if view, ok := o.view.(interface{ discard() error }); ok {
		err = errors.Join(err, view.discard())
	}
	return err
}
