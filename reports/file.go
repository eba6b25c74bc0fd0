package reports

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/molecule-ai/byok-conformance/internal/scratch"
)

// A File is a report in the making: what is written goes to a file beside its
// path, named path.partial-…, which takes the path's place at Commit. Until then
// an older report at the path stays, and a crash leaves nothing there that looks
// whole. Close it in any case.
type File struct {
	out  *os.File
	path string
	// temp is the file that becomes path; empty where out is written directly.
	temp   string
	closed bool
	// dropped takes back that temp is removed where the process ends; may be nil.
	dropped func()
}

// CreateFile begins a report at path. The path "-" is standard output; devices
// and pipes are written directly. Errors say what to do.
func CreateFile(path string) (*File, error) {
	f := &File{path: path}
	if path == "" {
		return nil, errors.New("the path is empty; name a file, or - for standard output")
	}
	if path == "-" {
		f.out = os.Stdout
		return f, nil
	}
	f.path = resolved(path)
	info, err := os.Stat(f.path)
	switch {
	case err == nil && info.IsDir():
		return nil, errors.New("it is a folder; name a file inside it")
	case err == nil && !info.Mode().IsRegular():
		f.out, err = os.OpenFile(f.path, os.O_WRONLY, 0)
	default:
		f.temp = f.path + ".partial-" + rand.Text()[:8]
		if f.out, err = os.OpenFile(f.temp, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o666); err == nil {
			temp := f.temp
			f.dropped = scratch.Until(func() { _ = os.Remove(temp) })
		}
	}
	if err := advise(err, filepath.Dir(f.path)); err != nil {
		return nil, err
	}
	return f, nil
}

// resolved follows a link, which keeps its place: what it points to is replaced.
func resolved(path string) string {
	if real, err := filepath.EvalSymlinks(path); err == nil {
		return real
	}
	return path
}

// SameFile reports whether two paths lead to one file that would be replaced, or
// both to standard output. Devices and pipes may be written to twice.
func SameFile(a, b string) bool {
	if a == "-" || b == "-" {
		return a == b
	}
	place := func(path string) string {
		path = resolved(path)
		folder, err := filepath.Abs(filepath.Dir(path))
		if err != nil {
			return path
		}
		return filepath.Join(resolved(folder), filepath.Base(path))
	}
	if info, err := os.Stat(a); err == nil && !info.Mode().IsRegular() {
		return false
	}
	return place(a) == place(b)
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

// Path is where the report will stand; "-" is standard output.
func (f *File) Path() string { return f.path }

// Write is io.Writer's.
func (f *File) Write(b []byte) (int, error) { return f.out.Write(b) }

// Commit puts what was written in its place. Nothing can be written after it.
func (f *File) Commit() error {
	if f.closed {
		return fmt.Errorf("report %q: it is closed already", f.path)
	}
	f.closed = true
	var err error
	if f.out != os.Stdout {
		err = f.out.Close()
	}
	if f.temp != "" && err == nil {
		f.dropped()
		err = os.Rename(f.temp, f.path)
	}
	if err != nil {
		return fmt.Errorf("report %q: %w", f.path, errors.Join(err, f.drop()))
	}
	return nil
}

// Close removes what was written, unless Commit has put it in its place.
func (f *File) Close() error {
	if f.closed {
		return nil
	}
	f.closed = true
	var err error
	if f.out != os.Stdout {
		err = f.out.Close()
	}
	if err = errors.Join(err, f.drop()); err != nil {
		return fmt.Errorf("report %q: %w", f.path, err)
	}
	return nil
}

func (f *File) drop() error {
	if f.temp == "" {
		return nil
	}
	f.dropped()
	return os.Remove(f.temp)
}

// FileDigest is "sha256:" and the digest of a file.
func FileDigest(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	sum := sha256.New()
	if _, err := io.Copy(sum, f); err != nil {
		return "", fmt.Errorf("reading %s: %w", path, err)
	}
	return "sha256:" + hex.EncodeToString(sum.Sum(nil)), nil
}
