// Package view shows a run to those who were not there: as a file of one of the
// [Formats], or on a [Console] while it happens.
//
//	json         the run itself, from which every other view can be made later
//	html         one page, from page/, to look at any scenario
//	markdown     a summary for a pull request
//	junit        XML for the test views of CI servers
//	intoto       a statement that others can sign (made in reports/attest)
//
// Each format is a function from a run to bytes, in a file of its name. What a
// browser makes of the page is tested in reports/browsertest.
//
// What does not live here: the run itself (reports), and the views of a proof
// (reports/proof).
package view

import (
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/molecule-ai/byok-conformance/internal/strict"
	"github.com/molecule-ai/byok-conformance/reports"
	"github.com/molecule-ai/byok-conformance/reports/attest"
)

// formats are the views that go to files, by name. Each writes a whole run, and
// may be called for several at once.
var formats = map[string]func(io.Writer, *reports.Run) error{
	"html":     WriteHTML,
	"intoto":   attest.Write,
	"json":     reports.WriteJSON,
	"junit":    WriteJUnit,
	"markdown": WriteMarkdown,
}

// Formats returns the names that [Write] and [Create] take, sorted.
func Formats() []string { return strict.SortedKeys(formats) }

// Write shows a run in a format. A partial one is shown as far as it goes, and
// as one that did not end (see [reports.Run.Closed]).
func Write(format string, w io.Writer, run *reports.Run) error {
	write, err := writer(format)
	if err != nil {
		return err
	}
	if run, err = run.Closed(); err != nil {
		return err
	}
	return write(w, run)
}

func writer(format string) (func(io.Writer, *reports.Run) error, error) {
	write := formats[format]
	if write == nil {
		return nil, fmt.Errorf("no report format is called %q%s; there are %s", format, strict.DidYouMean(format, Formats()), strings.Join(Formats(), ", "))
	}
	return write, nil
}

// A File is a view with a file behind it; see [reports.File].
type File struct {
	*reports.File
	format string
}

// Create begins a view at a path. One whose name ends in .gz is compressed.
// Errors name the format and the path, or the formats that there are.
func Create(format, path string) (*File, error) {
	if _, err := writer(format); err != nil {
		return nil, err
	}
	file, err := reports.CreateFile(path)
	if err != nil {
		return nil, fmt.Errorf("create the %s report %q: %w", format, path, err)
	}
	return &File{file, format}, nil
}

// CreateAll begins a view for each argument of the form FORMAT=PATH. No two may
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

// Write shows the run and puts the file in its place.
func (f *File) Write(run *reports.Run) error {
	err := f.write(run)
	if err == nil {
		return f.Commit()
	}
	return fmt.Errorf("report %q: %w", f.Path(), errors.Join(err, errors.New("it could not be written to its end, so there is no report"), f.Close()))
}

func (f *File) write(run *reports.Run) error {
	if !strings.HasSuffix(f.Path(), ".gz") {
		return Write(f.format, f.File, run)
	}
	z := gzip.NewWriter(f.File)
	return errors.Join(Write(f.format, z, run), z.Close())
}
