package reports

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"testing"
)

// streamed runs so many results through a writer, half of them failures, and
// returns by how much the memory in use has grown just before the end.
func streamed(tb testing.TB, w Writer, n int) (grown int64) {
	tb.Helper()
	h := sampleHeader()
	h.Planned = n
	tally := NewTally(n)
	if err := w.Begin(h); err != nil {
		tb.Fatal(err)
	}
	samples := sampleResults()[:2]
	before := inUse()
	for i := range n {
		r := samples[i%2]
		r.ID = fmt.Sprintf("%s/%d", r.ID, i)
		tally.Add(r)
		if err := w.Result(r); err != nil {
			tb.Fatal(err)
		}
	}
	grown = inUse() - before
	if err := w.End(tally.Footer(Ended{Status: Complete}, nil, nil, nil)); err != nil {
		tb.Fatal(err)
	}
	return grown
}

func inUse() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

var streamingWriters = map[string]func() Writer{
	"html":     func() Writer { return NewHTML(io.Discard) },
	"intoto":   func() Writer { return NewInToto(io.Discard) },
	"ordered":  func() Writer { return ordered(newJUnit(io.Discard, 256<<10)) },
	"json":     func() Writer { return NewJSON(io.Discard) },
	"junit":    func() Writer { return newJUnit(io.Discard, 256<<10) },
	"markdown": func() Writer { return NewMarkdown(io.Discard, 0) },
	"console":  func() Writer { return NewConsole(io.Discard, ConsoleOptions{}) },
}

// Ten thousand results take some 20 MB when they are kept; a writer keeps a
// buffer, counters, ids where order or lists need them and, for JUnit, its spill
// limit.
func TestWritersKeepNothing(t *testing.T) {
	const most = 2 << 20
	for name, newWriter := range streamingWriters {
		t.Run(name, func(t *testing.T) {
			if grown := streamed(t, newWriter(), 10_000); grown > most {
				t.Errorf("10,000 results grew the memory in use by %d bytes, want at most %d", grown, most)
			}
		})
	}
}

// storedRun is a report of so many results in a file, as streamed makes them;
// shard is "I/N", and other runs differ in their ids.
func storedRun(tb testing.TB, n int, shard string) *Stored {
	tb.Helper()
	f, err := os.Create(filepath.Join(tb.TempDir(), "run.json"))
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = f.Close() }) // it is only read by then
	h := sampleHeader()
	h.Planned, h.Shard = n, shard
	tally, w := NewTally(n), NewJSON(f)
	if err := w.Begin(h); err != nil {
		tb.Fatal(err)
	}
	samples := sampleResults()[:2]
	for i := range n {
		r := samples[i%2]
		r.ID, r.Companion = fmt.Sprintf("%s/%s/%d", r.ID, shard, i), false
		tally.Add(r)
		if err := w.Result(r); err != nil {
			tb.Fatal(err)
		}
	}
	if err := w.End(tally.Footer(Ended{Status: Complete}, h.Claims, h.NotClaimedAreas, nil)); err != nil {
		tb.Fatal(err)
	}
	info, err := f.Stat()
	if err != nil {
		tb.Fatal(err)
	}
	s, err := Scan(f, info.Size())
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

// A gauge is a writer that asks how much memory is in use just before the end.
type gauge struct {
	Writer
	used int64
}

func (g *gauge) End(f Footer) error {
	g.used = inUse()
	return g.Writer.End(f)
}

// What is shown again, merged or compared stays in its file: of each result, some
// 700 bytes of JSON here, the entry is kept, and what the view keeps.
func TestReadingKeepsEntriesOnly(t *testing.T) {
	const n = 4_000
	keeps := func(what string, grown, most int64) {
		t.Helper()
		if grown > n*most {
			t.Errorf("%s keeps %d bytes of %d results, want at most %d of each", what, grown, n, most)
		}
	}
	before := inUse()
	first, second := storedRun(t, n/2, "1/2"), storedRun(t, n/2, "2/2")
	keeps("scanning", inUse()-before, 200)
	both, err := Merge([]*Stored{first, second}, []string{"1", "2"})
	if err != nil {
		t.Fatal(err)
	}
	keeps("scanning and merging", inUse()-before, 300)
	for name, newWriter := range streamingWriters {
		before := inUse()
		g := &gauge{Writer: newWriter()}
		if err := Replay(both, g); err != nil {
			t.Fatal(err)
		}
		keeps("showing it again as "+name, g.used-before, 150)
	}
	before = inUse()
	d, err := Compare(both, both, 1)
	keeps("comparing", inUse()-before, 50)
	if err != nil || d.Same != n {
		t.Errorf("%d of %d results are as before (%v)", d.Same, n, err)
	}
}

func BenchmarkWriters(b *testing.B) {
	const n = 100_000
	for name, newWriter := range streamingWriters {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			var grown int64
			for b.Loop() {
				grown = streamed(b, newWriter(), n)
			}
			b.ReportMetric(float64(grown), "B-kept")
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/result")
		})
	}
}
