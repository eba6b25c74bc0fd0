package reports

import (
	"bufio"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/molecule-ai/byok-conformance/internal/textfile"
)

// An Input is open for reading at any place; what cannot be, such as a pipe,
// has been copied to a temporary file.
type Input struct {
	*os.File
	// Size is in bytes.
	Size int64
	// temp is the name of the copy; empty where the file is the one that was named.
	temp string
}

// OpenInput opens a file; - is standard input. One that is compressed, whatever its
// name, is given as it was before.
func OpenInput(path string, stdin io.Reader) (*Input, error) {
	if path == "-" {
		return keep(stdin)
	}
	f, err := textfile.Open(path)
	if err != nil {
		return nil, err
	}
	compressed := false
	if f.Size >= 0 {
		var magic [2]byte
		n, _ := f.File.ReadAt(magic[:], 0) // what cannot be read now cannot be later, and is told then
		compressed = n == 2 && magic == gzipMagic
	}
	if f.Size >= 0 && !compressed {
		return &Input{File: f.File, Size: f.Size}, nil
	}
	defer f.Close()
	return keep(f)
}

// gzipMagic is how a compressed file begins.
var gzipMagic = [2]byte{0x1f, 0x8b}

// mostInput is the most that is copied, in bytes: some ten times the largest
// report, so that neither an endless pipe nor a bomb fills the disk.
const mostInput = 512 << 20

// keep copies what can be read only once, or is compressed.
func keep(from io.Reader) (*Input, error) {
	in := bufio.NewReader(from)
	var source io.Reader = in
	if magic, err := in.Peek(2); err == nil && [2]byte(magic) == gzipMagic {
		z, err := gzip.NewReader(in)
		if err != nil {
			return nil, fmt.Errorf("it begins like a compressed file and is none: %w", err)
		}
		source = z
	}
	begins := bufio.NewReader(source)
	if err := beginsLikeJSON(begins); err != nil {
		return nil, err
	}
	temp, err := os.CreateTemp("", "conformance-given-*")
	if err != nil {
		return nil, fmt.Errorf("keeping it in the temporary folder %s: %w; set TMPDIR to another folder", os.TempDir(), err)
	}
	// Where the system allows it the name goes at once, so that not even a killed
	// process leaves the copy behind.
	g := &Input{File: temp, temp: temp.Name()}
	if os.Remove(g.temp) == nil {
		g.temp = ""
	}
	g.Size, err = io.Copy(temp, io.LimitReader(begins, mostInput+1))
	if err == nil && g.Size > mostInput {
		err = fmt.Errorf("it is longer than %d MiB, which no report is", mostInput>>20)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("reading it into the temporary folder %s: %w", os.TempDir(), err), g.Close())
	}
	return g, nil
}

// beginsLikeJSON refuses what is no JSON object before anything of it is copied. It
// looks at the first 4 KiB at the most.
func beginsLikeJSON(in *bufio.Reader) error {
	for n := 1; n <= 4096; n++ {
		begins, err := in.Peek(n)
		if len(begins) < n {
			if errors.Is(err, io.EOF) {
				return nil // whoever reads it says what is wrong with so little
			}
			return err
		}
		switch begins[n-1] {
		case ' ', '\t', '\r', '\n', 0xef, 0xbb, 0xbf:
		case '{', '[', 0xff, 0xfe: // the last two begin UTF-16, which the reader tells
			return nil
		default:
			return errors.New("it does not begin like JSON; give the JSON report that conformance wrote")
		}
	}
	return errors.New("it begins with 4 KiB of blanks; give the JSON report that conformance wrote")
}

// Close removes a copy, too.
func (g *Input) Close() error {
	err := g.File.Close()
	if g.temp != "" {
		err = errors.Join(err, os.Remove(g.temp))
	}
	return err
}

// ReadFile reads a JSON report, compressed or not; - is standard input. An error
// that wraps ErrPartial comes with what there is; with any other the run
// is nil. Close the run.
func ReadFile(path string, stdin io.Reader) (*Run, error) {
	file, err := OpenInput(path, stdin)
	if err != nil {
		return nil, fmt.Errorf("reading a report: %w", err)
	}
	run, err := Scan(file, file.Size, file.Close)
	if err != nil {
		err = fmt.Errorf("%s: %w", path, err)
	}
	if run == nil {
		return nil, errors.Join(err, file.Close())
	}
	return run, err
}
