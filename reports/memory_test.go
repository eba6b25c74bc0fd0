package reports_test

import (
	"bytes"
	"fmt"
	"runtime"
	"testing"

	"github.com/molecule-ai/byok-conformance/reports"
	"github.com/molecule-ai/byok-conformance/reports/reportstest"
)

func inUse() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// Ten thousand results take some 20 MB when they are kept; a recorder keeps their
// entries, and so does a report that is scanned.
func TestResultsAreNotKept(t *testing.T) {
	const n, most = 10_000, 300
	h := reportstest.Header()
	h.Planned = n
	before := inUse()
	w, err := reports.NewRecorder(h)
	if err != nil {
		t.Fatal(err)
	}
	samples := reportstest.Results()[:2]
	for i := range n {
		r := samples[i%2]
		r.ID = fmt.Sprintf("%s/%d", r.ID, i)
		if err := w.Result(&r); err != nil {
			t.Fatal(err)
		}
	}
	run, err := w.End(w.Tally().Footer(reports.Ended{Status: reports.Complete}, nil, nil, nil))
	if err != nil {
		t.Fatal(err)
	}
	defer run.Close()
	if grown := inUse() - before; grown > n*most {
		t.Errorf("recording keeps %d bytes of %d results, want at most %d of each", grown, n, most)
	}
	var text bytes.Buffer
	if err := reports.WriteJSON(&text, run); err != nil {
		t.Fatal(err)
	}
	before = inUse()
	scanned, err := reports.Scan(bytes.NewReader(text.Bytes()), int64(text.Len()), nil)
	if err != nil {
		t.Fatal(err)
	}
	if grown := inUse() - before; grown > n*most {
		t.Errorf("scanning keeps %d bytes of %d results, want at most %d of each", grown, n, most)
	}
	runtime.KeepAlive(scanned)
}
