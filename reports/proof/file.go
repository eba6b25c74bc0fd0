package proof

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/molecule-ai/byok-conformance/internal/strict"
	"github.com/molecule-ai/byok-conformance/reports"
)

// formats are the reports of a proof, by name.
var formats = map[string]func(io.Writer, *Proof) error{
	"html":     writeHTML,
	"json":     writeJSON,
	"markdown": writeMarkdown,
}

// Formats returns the names that [Create] takes, sorted.
func Formats() []string { return strict.SortedKeys(formats) }

// A File is the report of a proof, with a file behind it; see [reports.File].
type File struct {
	*reports.File
	write func(io.Writer, *Proof) error
}

// Create begins a proof's report of that format at path.
func Create(format, path string) (*File, error) {
	write := formats[format]
	if write == nil {
		return nil, fmt.Errorf("no report of a proof is called %q%s; there are %s", format, strict.DidYouMean(format, Formats()), strings.Join(Formats(), ", "))
	}
	file, err := reports.CreateFile(path)
	if err != nil {
		return nil, fmt.Errorf("create the %s report %q: %w", format, path, err)
	}
	return &File{file, write}, nil
}

// CreateAll begins a report for each argument of the form FORMAT=PATH. No two may
// have one path, since the last would be all that is left. On an error none stays open.
func CreateAll(specs []string) ([]*File, error) {
	var files []*File
	fail := func(err error) ([]*File, error) { return nil, errors.Join(err, CloseAll(files)) }
	var paths []string
	for _, spec := range specs {
		format, path, ok := strings.Cut(spec, "=")
		if !ok || path == "" {
			return fail(fmt.Errorf("--report %q is not of the form FORMAT=PATH; the formats are %s", spec, strings.Join(Formats(), ", ")))
		}
		if i := slices.IndexFunc(paths, func(other string) bool { return reports.SameFile(path, other) }); i >= 0 {
			return fail(fmt.Errorf("--report %q and --report %q go to one place, where only one of them could stand; give each a path of its own", specs[i], spec))
		}
		file, err := Create(format, path)
		if err != nil {
			return fail(err)
		}
		files, paths = append(files, file), append(paths, path)
	}
	return files, nil
}

// CloseAll removes what was begun and not written.
func CloseAll(files []*File) error {
	var errs []error
	for _, f := range files {
		errs = append(errs, f.Close())
	}
	return errors.Join(errs...)
}

// Write shows the proof and puts the file in its place.
func (f *File) Write(p *Proof) error {
	if err := f.write(f.File, p); err != nil {
		return fmt.Errorf("report %q: %w", f.Path(), errors.Join(err, f.Close()))
	}
	return f.Commit()
}

// writeJSON writes the proof as one object that people can read.
func writeJSON(w io.Writer, p *Proof) error {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(reports.Normal(*p)); err != nil {
		return fmt.Errorf("encode the proof: %w", err)
	}
	_, err := w.Write(b.Bytes())
	return err
}
