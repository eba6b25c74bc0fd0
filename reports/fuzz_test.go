package reports

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

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
		run, err := Read(bytes.NewReader(text))
		if run == nil {
			if err == nil || !strings.HasPrefix(err.Error(), "read the report: ") {
				t.Fatalf("no run, and the error %v", err)
			}
			return
		}
		if partial := errors.Is(err, ErrPartial); partial != run.Partial() || err != nil && !partial {
			t.Fatalf("the run is partial: %v, and the error is %v", run.Partial(), err)
		}
		for name, newWriter := range streamingWriters {
			if err := Replay(run, newWriter()); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
		}
		var again bytes.Buffer
		if err := Replay(run, NewJSON(&again)); err != nil {
			t.Fatal(err)
		}
		back, err := Read(&again)
		if err != nil {
			t.Fatalf("it does not come back: %v", err)
		}
		if run.Partial() {
			back.Footer = run.Footer // the writer has given it one
		}
		if diff := cmp.Diff(normal(*run), normal(*back), cmpopts.EquateEmpty()); diff != "" {
			t.Fatalf("it comes back as another run (-read +again):\n%s", diff)
		}
	})
}

// FuzzStatement: whatever the bytes, a Statement that is read can be held to
// itself, and is about no run but its own.
func FuzzStatement(f *testing.F) {
	run := sample()
	text := write(f, run, asInToto)
	for _, seed := range []string{text, text[:len(text)/2], "{}", `{"payloadType":"a","payload":"e30="}`, `{"_type":"https://in-toto.io/Statement/v1"}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		s, err := ReadStatement(bytes.NewReader(text))
		if err != nil {
			if s != nil || !strings.HasPrefix(err.Error(), "read the in-toto ") {
				t.Fatalf("statement %v, error %v", s, err)
			}
			return
		}
		checked := s.Check()
		for _, name := range []string{"corpus", "registry", "profile", "waivers"} {
			s.Digest(name)
		}
		if agrees := s.Agrees(run); agrees == nil && checked != nil {
			t.Fatalf("it is what the run gives, and contradicts itself: %v", checked)
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
