package reports

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
)

// A spill keeps bytes by group until they are read back, in memory up to a
// limit and beyond that in one temporary file.
type spill struct {
	limit  int
	held   int
	groups map[string]*spillGroup
	file   *os.File
	size   int64
}

type spillGroup struct {
	held     bytes.Buffer
	segments []segment
}

// A segment is a stretch of the temporary file.
type segment struct{ offset, length int64 }

func newSpill(limit int) *spill { return &spill{limit: limit, groups: map[string]*spillGroup{}} }

func (s *spill) add(group string, data []byte) error {
	g := s.groups[group]
	if g == nil {
		g = &spillGroup{}
		s.groups[group] = g
	}
	g.held.Write(data)
	if s.held += len(data); s.held <= s.limit {
		return nil
	}
	if err := s.empty(); err != nil {
		return fmt.Errorf("keep results in the temporary folder %s until the end of the run: %w; free some space there, or set TMPDIR to another folder", os.TempDir(), err)
	}
	return nil
}

// empty moves what is held in memory to the file.
func (s *spill) empty() error {
	if s.file == nil {
		file, err := os.CreateTemp("", "conformance-report-*")
		if err != nil {
			return err
		}
		s.file = file
		// Where the system allows it the name goes at once, so that not even a
		// killed process leaves the file behind; close tries again elsewhere.
		_ = os.Remove(file.Name())
	}
	for _, name := range s.names() {
		g := s.groups[name]
		if g.held.Len() == 0 {
			continue
		}
		n, err := s.file.WriteAt(g.held.Bytes(), s.size)
		if err != nil {
			return err
		}
		g.segments = append(g.segments, segment{s.size, int64(n)})
		s.size += int64(n)
		g.held = bytes.Buffer{}
	}
	s.held = 0
	return nil
}

// names returns the groups, sorted.
func (s *spill) names() []string {
	names := make([]string, 0, len(s.groups))
	for name := range s.groups {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// copyTo writes a group's bytes in the order in which they were added.
func (s *spill) copyTo(w io.Writer, group string) error {
	g := s.groups[group]
	for _, at := range g.segments {
		if _, err := io.Copy(w, io.NewSectionReader(s.file, at.offset, at.length)); err != nil {
			return err
		}
	}
	_, err := w.Write(g.held.Bytes())
	return err
}

// close drops everything. It may be called again.
func (s *spill) close() error {
	s.groups = map[string]*spillGroup{}
	if s.file == nil {
		return nil
	}
	file := s.file
	s.file = nil
	err := file.Close()
	if gone := os.Remove(file.Name()); gone != nil && !errors.Is(gone, os.ErrNotExist) {
		return errors.Join(err, gone)
	}
	return err
}
