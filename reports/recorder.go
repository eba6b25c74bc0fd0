package reports

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
)

// A Recorder takes a run while it happens and keeps it in a temporary file, so
// that memory stays flat however much is found. It checks what it is given, and
// takes nothing that contradicts itself. It is for one goroutine.
type Recorder struct {
	header  Header
	tally   *Tally
	shared  shared
	entries []Entry
	places  []place
	file    *os.File
	w       *bufio.Writer
	at      int64
	ended   bool
}

// A place is where a result stands in a file, in bytes, and the place in the list
// of what was seen; nil where it has none.
type place struct {
	from, size int64
	seen       *int
}

// NewRecorder begins a run. Close the recorder in any case.
func NewRecorder(h Header) (*Recorder, error) {
	if h.Schema == "" {
		h.Schema = SchemaV1
	}
	if err := checkHeader(h); err != nil {
		return nil, fmt.Errorf("begin the report: %w", err)
	}
	file, err := os.CreateTemp("", "conformance-run-*")
	if err != nil {
		return nil, fmt.Errorf("keep results in the temporary folder %s until the end of the run: %w; free some space there, or set TMPDIR to another folder", os.TempDir(), err)
	}
	// Where the system allows it the name goes at once, so that not even a
	// killed process leaves the file behind; Close tries again elsewhere.
	_ = os.Remove(file.Name())
	return &Recorder{header: Normal(h), tally: NewTally(h.Planned), file: file, w: bufio.NewWriterSize(file, 256<<10)}, nil
}

// Header is how the run began.
func (r *Recorder) Header() Header { return r.header }

// Tally counts what was taken so far.
func (r *Recorder) Tally() *Tally { return r.tally }

// Result takes one result. It does not keep what result points to.
func (r *Recorder) Result(result *Result) error {
	if r.ended {
		return fmt.Errorf("record %q: the run has ended", result.ID)
	}
	if err := checkResult(result); err != nil {
		return fmt.Errorf("record a result: %w", err)
	}
	slim := r.shared.slim(*result)
	seen := slim.SeenAt
	slim.SeenAt = nil // its number is known at the end, and put there by raw
	line, err := encode(slim)
	if err != nil {
		return fmt.Errorf("encode the result %q: %w", result.ID, err)
	}
	if _, err := r.w.Write(line); err != nil {
		return r.unkept(err)
	}
	e := entryOf(result)
	e.ID, e.Class = normalText(e.ID), r.shared.text(normalText(e.Class))
	r.entries = append(r.entries, e)
	r.places = append(r.places, place{r.at, int64(len(line)), seen})
	r.at += int64(len(line))
	r.tally.Add(result)
	return nil
}

func (r *Recorder) unkept(err error) error {
	return fmt.Errorf("keep results in the temporary folder %s until the end of the run: %w; free some space there, or set TMPDIR to another folder", os.TempDir(), err)
}

// End closes the run. The run holds the recorder's file until it is closed.
func (r *Recorder) End(f Footer) (*Run, error) {
	if r.ended {
		return nil, errors.New("end the report: it has ended already")
	}
	if err := checkFooter(r.header, f, r.tally.counts, len(r.entries)); err != nil {
		return nil, fmt.Errorf("end the report: %w", err)
	}
	if err := r.w.Flush(); err != nil {
		return nil, r.unkept(err)
	}
	r.ended = true
	order := make([]int, len(r.entries))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return strings.Compare(r.entries[a].ID, r.entries[b].ID) })
	entries, places := make([]Entry, len(order)), make([]place, len(order))
	for i, at := range order {
		entries[i], places[i] = r.entries[at], r.places[at]
	}
	file, seen := r.file, inOrder(places, r.shared.seen)
	raw := func(i int) ([]byte, error) {
		text, err := readPlace(file, places[i])
		if err == nil && places[i].seen != nil {
			text = fmt.Appendf(text[:len(text)-1], `,"seen":%d}`, *places[i].seen)
		}
		return text, err
	}
	return &Run{Header: r.header, Footer: Normal(f), entries: entries, seen: seen, raw: raw, at: decoded(entries, raw, seen), close: r.Close}, nil
}

// inOrder numbers what was seen by the results' ids, whatever ended first, so that
// one seed gives one report.
func inOrder(places []place, seen [][]Seen) [][]Seen {
	var out [][]Seen
	at := make(map[int]*int, len(seen))
	for i := range places {
		was := places[i].seen
		if was == nil {
			continue
		}
		if at[*was] == nil {
			n := len(out)
			at[*was], out = &n, append(out, seen[*was])
		}
		places[i].seen = at[*was]
	}
	return out
}

// Close lets go of the file. It may be called again, also on the run of End.
func (r *Recorder) Close() error {
	if r.file == nil {
		return nil
	}
	file := r.file
	r.file, r.ended = nil, true
	err := file.Close()
	if gone := os.Remove(file.Name()); gone != nil && !errors.Is(gone, os.ErrNotExist) {
		err = errors.Join(err, gone)
	}
	return err
}

func readPlace(from io.ReaderAt, at place) ([]byte, error) {
	text := make([]byte, at.size)
	n, err := from.ReadAt(text, at.from)
	if err == io.EOF && int64(n) == at.size {
		err = nil // ReadAt may say so of the last bytes
	}
	return text, err
}

// decoded reads results from their texts, and holds them to their entries.
func decoded(entries []Entry, raw func(i int) ([]byte, error), seen [][]Seen) func(i int) (Result, error) {
	return func(i int) (Result, error) {
		var r Result
		text, err := raw(i)
		if err == nil {
			err = json.Unmarshal(bytes.TrimLeft(text, ", \t\r\n"), &r)
		}
		if err == nil && r.ID != entries[i].ID {
			err = fmt.Errorf("%q stands there now", r.ID)
		}
		if err != nil {
			return Result{}, fmt.Errorf("read the result %q again: %w; was the report changed meanwhile?", entries[i].ID, err)
		}
		r.bound(seen)
		return r, nil
	}
}
