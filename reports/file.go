package reports

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// formats are the reports that go to files, by name.
var formats = map[string]func(io.Writer) Writer{
	"html":     NewHTML,
	"intoto":   NewInToto,
	"json":     NewJSON,
	"junit":    NewJUnit,
	"markdown": func(w io.Writer) Writer { return NewMarkdown(w, 0) },
}

// Formats returns the names that [Create] takes, sorted.
func Formats() []string {
	names := make([]string, 0, len(formats))
	for name := range formats {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// A File is a Writer with a file behind it. Close it in any case.
type File struct {
	writer Writer
	out    *os.File
	path   string
	// temp is the file that becomes path; empty where out is written directly.
	temp   string
	ended  bool
	failed bool
	closed bool
}

// Create returns a report of that format. It is written to a file beside path,
// named path.partial-…, which takes path's place when it is closed after its
// End; until then an older report at path stays, and a crash leaves nothing
// there that looks whole. Every report has its results in the order of their ids,
// but for JSON to a path that is no file, which is written as the run goes. The path "-" is standard output; devices and pipes are
// written directly. Errors name the path, or the formats that there are.
func Create(format, path string) (*File, error) {
	newWriter := formats[format]
	if newWriter == nil {
		return nil, fmt.Errorf("no report format is called %q; there are %s", format, strings.Join(Formats(), ", "))
	}
	f := &File{path: path}
	if err := f.open(); err != nil {
		return nil, fmt.Errorf("create the %s report %q: %w", format, path, err)
	}
	f.writer = newWriter(f.out)
	if format != "json" {
		f.writer = ordered(f.writer)
	}
	return f, nil
}

func (f *File) open() error {
	if f.path == "" {
		return errors.New("the path is empty; name a file, or - for standard output")
	}
	if f.path == "-" {
		f.out = os.Stdout
		return nil
	}
	// A link keeps its place: what it points to is replaced.
	if real, err := filepath.EvalSymlinks(f.path); err == nil {
		f.path = real
	}
	info, err := os.Stat(f.path)
	switch {
	case err == nil && info.IsDir():
		return errors.New("it is a folder; name a file inside it")
	case err == nil && !info.Mode().IsRegular():
		f.out, err = os.OpenFile(f.path, os.O_WRONLY, 0)
	default:
		f.temp = f.path + ".partial-" + rand.Text()[:8]
		f.out, err = os.OpenFile(f.temp, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o666)
	}
	return advise(err, filepath.Dir(f.path))
}

// advise adds to an error what to do about it.
func advise(err error, folder string) error {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("there is no folder %s; create it first: %w", folder, err)
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("%s may not be written to; choose another folder, or change its permissions: %w", folder, err)
	}
	return err
}

// Begin is [Writer]'s.
func (f *File) Begin(h Header) error { return f.named(f.writer.Begin(h)) }

// Result is [Writer]'s.
func (f *File) Result(r Result) error { return f.named(f.writer.Result(r)) }

// End is [Writer]'s. The report is in its place after Close.
func (f *File) End(footer Footer) error {
	err := f.writer.End(footer)
	f.ended, f.failed = err == nil, err != nil
	return f.named(err)
}

func (f *File) named(err error) error {
	if err != nil {
		return fmt.Errorf("report %q: %w", f.path, err)
	}
	return nil
}

// Close puts the report in its place. Without an End that went well there is no
// report to put there: Close then removes what was written and says so. A
// second Close does nothing.
func (f *File) Close() error {
	if f.closed {
		return nil
	}
	f.closed = true
	var err error
	if kept, ok := f.writer.(interface{ discard() error }); ok {
		err = kept.discard()
	}
	if j, ok := f.writer.(*jsonWriter); ok && f.ended && f.temp != "" && !j.arranged() {
		err = errors.Join(err, f.arrange(j))
	}
	if f.out != os.Stdout {
		err = errors.Join(err, f.out.Close())
	}
	if !f.ended {
		why := errors.New("the run did not end, so there is no report")
		if f.failed {
			why = errors.New("it could not be written to its end, so there is no report")
		}
		return f.named(errors.Join(why, err, f.drop()))
	}
	if f.temp != "" && err == nil {
		err = os.Rename(f.temp, f.path)
	}
	if err != nil {
		return f.named(errors.Join(err, f.drop()))
	}
	return nil
}

// arrange puts a copy whose results are in order in the place of what was
// written as the run went.
func (f *File) arrange(j *jsonWriter) error {
	written, name := f.out, f.temp
	sorted, err := os.OpenFile(name+"-sorted", os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return fmt.Errorf("sort the results: %w", err)
	}
	f.out, f.temp = sorted, sorted.Name()
	err = errors.Join(j.arrange(written, sorted), written.Close(), os.Remove(name))
	if err != nil {
		return fmt.Errorf("sort the results: %w", err)
	}
	return nil
}

func (f *File) drop() error {
	if f.temp == "" {
		return nil
	}
	return os.Remove(f.temp)
}
