package view

import (
	"bytes"
	"io"
	"strings"
	"testing"

	"github.com/molecule-ai/byok-conformance/reports"
	"github.com/molecule-ai/byok-conformance/reports/attest"
	"github.com/molecule-ai/byok-conformance/reports/reportstest"
)

// runs are what a test can show: parts, or a run.
type runs interface{ Run() *reports.Run }

// write shows a run.
func write(t testing.TB, run runs, show func(io.Writer, *reports.Run) error) string {
	t.Helper()
	var b bytes.Buffer
	if err := show(&b, run.Run()); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func asConsole(o ConsoleOptions) func(io.Writer, *reports.Run) error {
	return func(w io.Writer, run *reports.Run) error { return WriteConsole(w, run, o) }
}

// bareHTML writes the page without its style and its script, which stand in
// files of their own and change with every hand that is laid on them.
func bareHTML(w io.Writer, run *reports.Run) error {
	var page bytes.Buffer
	err := WriteHTML(&page, run)
	text := page.String()
	for name, file := range map[string]string{"style": "style.css", "script": "app.js"} {
		text = strings.Replace(text, string(asset(file)), name, 1)
		text = strings.ReplaceAll(text, sourceHash(asset(file)), "hash of the "+name)
	}
	io.WriteString(w, text)
	return err
}

var everyView = map[string]func(io.Writer, *reports.Run) error{
	"json": reports.WriteJSON, "html": WriteHTML, "intoto": attest.Write, "junit": WriteJUnit, "markdown": WriteMarkdown,
	"console": asConsole(ConsoleOptions{Verbose: true}),
}

// Map order, and whatever else is left to chance, must not show.
func TestSameDataSameBytes(t *testing.T) {
	for name, show := range everyView {
		t.Run(name, func(t *testing.T) {
			first := write(t, reportstest.Sample(), show)
			for range 20 {
				if again := write(t, reportstest.Sample(), show); again != first {
					t.Fatalf("the same run gave other bytes:\n%s\n%s", first, again)
				}
			}
		})
	}
}

// A view that is made with the run is the same as one made later from its JSON.
func TestViewsOfARecordedRun(t *testing.T) {
	for name, show := range everyView {
		t.Run(name, func(t *testing.T) {
			parts := reportstest.Sample()
			rec, err := reports.NewRecorder(parts.Header)
			if err != nil {
				t.Fatal(err)
			}
			defer rec.Close()
			for i := range parts.Results {
				if err := rec.Result(&parts.Results[len(parts.Results)-1-i]); err != nil {
					t.Fatal(err)
				}
			}
			run, err := rec.End(parts.Footer)
			if err != nil {
				t.Fatal(err)
			}
			var recorded, asJSON, later bytes.Buffer
			if err := show(&recorded, run); err != nil {
				t.Fatal(err)
			}
			if err := reports.WriteJSON(&asJSON, run); err != nil {
				t.Fatal(err)
			}
			back, err := reports.Read(&asJSON)
			if err != nil {
				t.Fatal(err)
			}
			if err := show(&later, back); err != nil {
				t.Fatal(err)
			}
			if recorded.String() != later.String() {
				t.Errorf("with the run\n%s\nlater\n%s", recorded.String(), later.String())
			}
		})
	}
}
func ptr[T any](v T) *T { return &v }
