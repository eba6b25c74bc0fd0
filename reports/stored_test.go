package reports

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// scan scans a JSON report that is in memory.
func scan(t testing.TB, text string) *Stored {
	t.Helper()
	s, err := Scan(strings.NewReader(text), int64(len(text)))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// A report that stays in its file is shown, merged and compared as one that is in
// memory is.
func TestScanIsReadWithoutTheResults(t *testing.T) {
	for _, name := range []string{"whole", "interrupted", "conformant"} {
		text, err := os.ReadFile(filepath.Join("testdata", name+".json"))
		if err != nil {
			t.Fatal(err)
		}
		run, err := Read(bytes.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		stored := scan(t, string(text))
		if diff := cmp.Diff(run.Entries(), stored.Entries()); diff != "" {
			t.Errorf("%s: entries (-read +scanned):\n%s", name, diff)
		}
		for format, as := range map[string]func(*bytes.Buffer) Writer{"json": asJSON, "html": asHTML, "junit": asJUnit, "markdown": asMarkdown, "intoto": asInToto} {
			if write(t, run, as) != write(t, stored, as) {
				t.Errorf("%s: the %s of what was scanned is not that of what was read", name, format)
			}
		}
	}
	var texts []string
	var parts []*Stored
	for _, run := range shardsOf() {
		texts = append(texts, write(t, run, asJSON))
		parts = append(parts, scan(t, texts[len(texts)-1]))
	}
	inMemory, err := Merge(shardsOf(), shardNames)
	if err != nil {
		t.Fatal(err)
	}
	got, err := Merge(parts, shardNames)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(write(t, inMemory, asJSON), write(t, got, asJSON)); diff != "" {
		t.Errorf("merged (-in memory +in files):\n%s", diff)
	}
	d, err := Compare(got, sample(), 500)
	if err != nil || d.Same != len(sample().Results) || d.Regression {
		t.Errorf("the whole run is not what its parts make: %+v, %v", d, err)
	}
}

// What Read refuses Scan refuses, in the same words; a report that is cut off
// gives up what it holds.
func TestScanRefusesWhatReadRefuses(t *testing.T) {
	whole := write(t, sample(), asJSON)
	for _, text := range []string{
		"", "{", "[]", whole + "{}", strings.Replace(whole, `"seed"`, `"sead"`, 1), strings.Replace(whole, `"passed":2`, `"passed":3`, 1), whole[:len(whole)/2], whole[:80],
	} {
		run, want := Read(strings.NewReader(text))
		got, err := Scan(strings.NewReader(text), int64(len(text)))
		if fmt.Sprint(err) != fmt.Sprint(want) || errors.Is(err, ErrPartial) != errors.Is(want, ErrPartial) {
			t.Errorf("error %v, want %v", err, want)
		}
		if (got == nil) != (run == nil) || got != nil && len(got.Entries()) != len(run.Results) {
			t.Errorf("scanned %v of %.40q", got, text)
		}
	}
}

// A file that is written to while it is read is not shown as if it had not been.
func TestStoredFileThatChanges(t *testing.T) {
	path := filepath.Join(t.TempDir(), "run.json")
	text := write(t, sample(), asJSON)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	s, err := Scan(f, int64(len(text)))
	if err != nil {
		t.Fatal(err)
	}
	for name, now := range map[string]string{"shorter": text[:len(text)/3], "other": strings.Replace(text, `"id":"dead/openai-api/500"`, `"id":"dead/openai-api/501"`, 1)} {
		if err := os.WriteFile(path, []byte(now), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := Replay(s, NewJSON(io.Discard)); err == nil || !strings.Contains(err.Error(), "was the report changed meanwhile?") {
			t.Errorf("%s: error %v", name, err)
		}
	}
}

// A value without end is given up, and not gathered until memory is.
func TestReadGivesUpOnAValueWithoutEnd(t *testing.T) {
	endless := io.MultiReader(strings.NewReader(`{"schema":"byok-conformance/report/v1","seed":"`), endlessly('x'))
	p := newParser(endless)
	p.in.most = 100_000 // Read itself waits for maxValue
	if _, err := p.parse(); err == nil || !strings.Contains(err.Error(), "a value is longer than 100,000 bytes, so this is no report that conformance wrote") {
		t.Errorf("error %v", err)
	}
}

type endlessly byte

func (e endlessly) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = byte(e)
	}
	return len(p), nil
}
