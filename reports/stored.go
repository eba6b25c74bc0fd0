package reports

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
)

// A Stored report is a JSON report whose results stay where they are; what is
// kept of each is its entry and its place, some 150 bytes. The reader that it was
// scanned from has to stay open, and as it is.
type Stored struct {
	header  Header
	footer  Footer
	from    io.ReaderAt
	entries []Entry
	places  []place
}

// A place is where a result stands, in bytes: from what may be a comma to its end.
type place struct{ from, size int64 }

var _ Report = (*Stored)(nil)

// Scan holds a JSON report of so many bytes to everything that [Read] does, with
// the same errors, and keeps no result.
func Scan(from io.ReaderAt, size int64) (*Stored, error) {
	s := &Stored{from: from}
	p := newParser(io.NewSectionReader(from, 0, size))
	p.keep = func(r Result, at place) {
		s.entries, s.places = append(s.entries, entryOf(&r)), append(s.places, at)
	}
	whole, err := p.parse()
	if !whole {
		return nil, err
	}
	s.header, s.footer = p.header, p.footer
	return s, err
}

// Head is [Report]'s.
func (s *Stored) Head() Header { return s.header }

// Foot is [Report]'s.
func (s *Stored) Foot() Footer { return s.footer }

// Entries is [Report]'s.
func (s *Stored) Entries() []Entry { return s.entries }

// At is [Report]'s.
func (s *Stored) At(i int) (Result, error) {
	at := s.places[i]
	text := make([]byte, at.size)
	_, err := s.from.ReadAt(text, at.from)
	if err == io.EOF {
		err = nil // ReadAt may say so of the last bytes
	}
	var r Result
	if err == nil {
		err = json.Unmarshal(bytes.TrimLeft(text, ", \t\r\n"), &r)
	}
	if err == nil && r.ID != s.entries[i].ID {
		err = fmt.Errorf("%q stands there now", r.ID)
	}
	if err != nil {
		return Result{}, fmt.Errorf("read the result %q again: %w; was the report changed meanwhile?", s.entries[i].ID, err)
	}
	return r, nil
}
