// Package textfile reads the files that people name on a command line, and says
// what is wrong with one that is no text: a folder, a pipe that nobody writes to,
// a file that is far too large, UTF-16.
//
// It knows nothing of what a file holds; registries, scenarios, profiles and
// waivers have loaders of their own, which ask [Flaw] before they parse.
package textfile

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"syscall"
	"time"
)

// MaxBytes is the largest file that a loader parses: some twenty times the
// workspace server's registry, which is the largest that anybody writes for us. A
// tree of YAML may take two hundred times the memory of its text.
const MaxBytes = 1 << 20

// patience is how long a pipe may stay silent.
var patience = 5 * time.Second

// A File is open for reading. Of a pipe, a Read fails that gets nothing for 5 s;
// of any other file it is os.File's.
type File struct {
	*os.File
	// Size is in bytes; -1 for what has none, such as a pipe.
	Size int64
	// began: something was read.
	began bool
}

// Open opens a file without waiting for a pipe's writer. A folder is an error.
// Errors name the path, say what to do, and wrap those of package os.
func Open(path string) (*File, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, advised(err)
	}
	info, err := f.Stat()
	switch {
	case err != nil:
	case info.IsDir():
		err = fmt.Errorf("%s is a folder; name a file inside it", path)
	case info.Mode().IsRegular():
		return &File{File: f, Size: info.Size()}, nil
	default:
		return &File{File: f, Size: -1}, nil
	}
	_ = f.Close() // nothing was read
	return nil, err
}

// Read is [io.Reader]'s.
func (f *File) Read(p []byte) (int, error) {
	if f.Size >= 0 {
		return f.File.Read(p)
	}
	until := time.Now().Add(patience)
	_ = f.SetReadDeadline(until) // not every device has deadlines
	for ; ; time.Sleep(patience / 500) {
		n, err := f.File.Read(p)
		f.began = f.began || n > 0
		// The end of a pipe from which nothing came: its writer has not opened it yet.
		early := errors.Is(err, io.EOF) && !f.began && f.isPipe()
		switch {
		case errors.Is(err, os.ErrDeadlineExceeded), early && time.Now().After(until):
			return n, fmt.Errorf("%s: nothing was written to this pipe for %s; see what became of its writer, or write a file first", f.Name(), patience)
		case !early:
			return n, err
		}
	}
}

func (f *File) isPipe() bool {
	info, err := f.Stat()
	return err == nil && info.Mode()&fs.ModeNamedPipe != 0
}

// Read returns a file's bytes, but no more than one byte over [MaxBytes], which
// is enough for [Flaw] to refuse them. Errors are those of [Open] and of reading.
func Read(path string) ([]byte, error) {
	f, err := Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, MaxBytes+1))
	if err != nil {
		return nil, advised(err)
	}
	return data, nil
}

// advised adds what to do to an error of package os.
func advised(err error) error {
	advice := ""
	switch {
	case errors.Is(err, fs.ErrNotExist):
		advice = "check the path"
	case errors.Is(err, fs.ErrPermission):
		advice = "change its permissions, or name another file"
	case errors.Is(err, syscall.ELOOP):
		advice = "the link leads back to itself, so name the file that it was meant to lead to"
	default:
		return err
	}
	return fmt.Errorf("%w; %s", err, advice)
}
