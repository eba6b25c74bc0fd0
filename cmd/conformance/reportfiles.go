package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

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
func writeReports(run *reports.Run, specs []string) (err error) {
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

// readReport reads a JSON report; - is standard input. An error that wraps
// reports.ErrPartial comes with what there is.
func readReport(path string, stdin io.Reader) (*reports.Run, error) {
	in := stdin
	if path != "-" {
		f, err := os.Open(path)
		if err != nil {
			return nil, fmt.Errorf("reading a report: %w", err)
		}
		defer f.Close()
		in = f
	}
	run, err := reports.Read(in)
	if err != nil {
		return run, fmt.Errorf("%s: %w", path, err)
	}
	return run, nil
}
