package reports_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/molecule-ai/byok-conformance/reports"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/molecule-ai/byok-conformance/internal/spelled"
)

// FuzzRead: whatever the bytes, Read gives a run that every writer can show and
// that comes back from JSON as it was, or an error that says that it is about a
// report.
func FuzzRead(f *testing.F) {
	for _, name := range []string{"conformant", "interrupted", "whole"} {
		text, err := os.ReadFile(filepath.Join("testdata", name+".json"))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
		f.Add(text[:len(text)/2])
	}
	for _, seed := range []string{"", "{", "[]", "null", `{"schema":"byok-conformance/report/v1"}`, `{"results":[{}]}`, "\xff\xfe{\x00", "{}{}"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		run, err := reports.Read(bytes.NewReader(text))
		if run == nil {
			if err == nil || !strings.HasPrefix(err.Error(), "read the report: ") {
				t.Fatalf("no run, and the error %v", err)
			}
			return
		}
		if partial := errors.Is(err, reports.ErrPartial); partial != run.Partial() || err != nil && !partial {
			t.Fatalf("the run is partial: %v, and the error is %v", run.Partial(), err)
		}
		whole, err := run.Closed()
		if err != nil {
			t.Fatal(err)
		}
		var again bytes.Buffer
		if err := reports.WriteJSON(&again, whole); err != nil {
			t.Fatal(err)
		}
		back, err := reports.Read(&again)
		if err != nil {
			t.Fatalf("it does not come back: %v", err)
		}
		if diff := cmp.Diff([]any{whole.Header, whole.Footer, all(t, whole)}, []any{back.Header, back.Footer, all(t, back)}, cmpopts.EquateEmpty()); diff != "" {
			t.Fatalf("it comes back as another run (-read +again):\n%s", diff)
		}
	})
}

// FuzzText: whatever a server says, a line of a report stays one line of
// characters that can be seen, and nothing of it is lost but by being spelled out.
func FuzzText(f *testing.F) {
	for _, seed := range []string{"", "plain", "\x1b[31m", "\xff\xfe", "a\nb\tc", "\u202egnp.exe", "]]></script>", "\u2028", "\U000e0001"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for name, got := range map[string]string{"Valid": spelled.Valid(s), "Text": spelled.Text(s), "Line": spelled.Line(s)} {
			if !utf8.ValidString(got) {
				t.Fatalf("%s(%q) is no UTF-8: %q", name, s, got)
			}
			if strings.ContainsAny(got, "\x00\x1b\u202e\u2028") && name != "Valid" {
				t.Fatalf("%s(%q) shows what acts on a page: %q", name, s, got)
			}
		}
		if got := spelled.Line(s); strings.ContainsAny(got, "\n\r\t") || spelled.Line(got) != got {
			t.Fatalf("Line(%q) is %q", s, got)
		}
		for _, n := range []int{0, 1, len(s) / 2, len(s)} {
			if got := spelled.Clip(s, n); len(s) <= n && got != s || utf8.ValidString(s) && !utf8.ValidString(got) {
				t.Fatalf("clip(%q, %d) is %q", s, n, got)
			}
		}
	})
}
