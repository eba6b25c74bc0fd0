package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/molecule-ai/byok-conformance/internal/textfile"
	"github.com/molecule-ai/byok-conformance/reports"
)

// createReports opens the reports that FORMAT=PATH arguments name. On an error
// none stays open.
func createReports(specs []string) ([]*reports.File, error) {
	var files []*reports.File
	for _, spec := range specs {
		format, path, ok := strings.Cut(spec, "=")
		if !ok || path == "" {
			return nil, errors.Join(fmt.Errorf("--report %q is not of the form FORMAT=PATH; the formats are %s", spec, strings.Join(reports.Formats(), ", ")), closeReports(files))
		}
		file, err := reports.Create(format, path)
		if err != nil {
			return nil, errors.Join(err, closeReports(files))
		}
		files = append(files, file)
	}
	return files, nil
}

func closeReports(files []*reports.File) error {
	var errs []error
	for _, f := range files {
		errs = append(errs, f.Close())
	}
	return errors.Join(errs...)
}

// writeReports shows a run in each of the reports that the arguments name.
func writeReports(run reports.Report, specs []string) (err error) {
	files, err := createReports(specs)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, closeReports(files)) }()
	for _, f := range files {
		if err := reports.Replay(run, f); err != nil {
			return fmt.Errorf("writing a report: %w", err)
		}
	}
	return nil
}

// A given file is open for reading at any place; what cannot be, such as a pipe,
// has been copied to a temporary file.
type given struct {
	*os.File
	size int64
	// temp is the name of the copy; empty where the file is the one that was named.
	temp string
}

// openGiven opens a file; - is standard input.
func openGiven(path string, stdin io.Reader) (*given, error) {
	if path == "-" {
		return keep(stdin)
	}
	f, err := textfile.Open(path)
	if err != nil {
		return nil, err
	}
	if f.Size >= 0 {
		return &given{File: f.File, size: f.Size}, nil
	}
	defer f.Close()
	return keep(f)
}

// keep copies what can be read only once.
func keep(from io.Reader) (*given, error) {
	temp, err := os.CreateTemp("", "conformance-given-*")
	if err != nil {
		return nil, fmt.Errorf("keeping it in the temporary folder %s: %w; set TMPDIR to another folder", os.TempDir(), err)
	}
	g := &given{File: temp, temp: temp.Name()}
	if g.size, err = io.Copy(temp, from); err != nil {
		return nil, errors.Join(fmt.Errorf("reading it into the temporary folder %s: %w", os.TempDir(), err), g.Close())
	}
	return g, nil
}

// Close removes a copy, too.
func (g *given) Close() error {
	err := g.File.Close()
	if g.temp != "" {
		err = errors.Join(err, os.Remove(g.temp))
	}
	return err
}

// A readable report is one that stays in its file; Close it in any case.
type readable struct {
	*reports.Stored
	file *given
}

func (r *readable) close() { _ = r.file.Close() } // it was only read

// readReport reads a JSON report; - is standard input. An error that wraps
// reports.ErrPartial comes with what there is; with any other the report is nil.
func readReport(path string, stdin io.Reader) (*readable, error) {
	file, err := openGiven(path, stdin)
	if err != nil {
		return nil, fmt.Errorf("reading a report: %w", err)
	}
	run, err := reports.Scan(file, file.size)
	if err != nil {
		err = fmt.Errorf("%s: %w", path, err)
	}
	r := &readable{run, file}
	if run == nil {
		r.close()
		return nil, err
	}
	return r, err
}
