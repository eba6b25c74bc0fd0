package reports

import (
	"cmp"
	"io"
	"slices"
)

// Scan reads a JSON report of so many bytes and leaves its results where they
// are; what is kept of each is its entry and its place, some 200 bytes. The reader
// has to stay open, and as it is. It holds the report to what [Read] does, with
// the same errors; close lets go of the reader and may be nil.
func Scan(from io.ReaderAt, size int64, close func() error) (*Run, error) {
	run := &Run{close: close}
	type found struct {
		entry Entry
		place place
	}
	var all []found
	var texts shared
	p := newParser(io.NewSectionReader(from, 0, size))
	p.keep = func(r *Result, at place) {
		e := entryOf(r)
		e.Class = texts.text(e.Class)
		all = append(all, found{e, at})
	}
	readable, err := p.parse()
	if !readable {
		return nil, err
	}
	slices.SortStableFunc(all, func(a, b found) int { return cmp.Compare(a.entry.ID, b.entry.ID) })
	places := make([]place, len(all))
	for i, f := range all {
		run.entries, places[i] = append(run.entries, f.entry), f.place
	}
	run.Header, run.Footer, run.seen = p.header, p.footer, p.shown
	run.at = decoded(run.entries, func(i int) ([]byte, error) { return readPlace(from, places[i]) }, run.seen)
	return run, err
}
