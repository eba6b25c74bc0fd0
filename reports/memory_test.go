package reports

import (
	"fmt"
	"io"
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
