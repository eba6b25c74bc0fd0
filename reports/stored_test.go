package reports_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/molecule-ai/byok-conformance/reports"
	"github.com/molecule-ai/byok-conformance/reports/reportstest"
)

// scan scans a JSON report that is in memory.
func scan(text string) (*reports.Run, error) {
	return reports.Scan(strings.NewReader(text), int64(len(text)), nil)
}

// A report that stays in its file is the same as one that is in memory.
func TestScanIsReadWithoutTheResults(t *testing.T) {
	for _, name := range []string{"whole", "interrupted", "conformant"} {
		text, err := os.ReadFile(filepath.Join("testdata", name+".json"))
		if err != nil {
			t.Fatal(err)
		}
		run, err := reports.Read(bytes.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		stored, err := scan(string(text))
		if err != nil {
			t.Fatal(err)
		}
		same(t, run, stored)
	}
}

// What Read refuses Scan refuses, in the same words; a report that is cut off
// gives up what it holds.
func TestScanRefusesWhatReadRefuses(t *testing.T) {
	whole := reportstest.JSON(t, reportstest.Sample().Run())
	for _, text := range []string{
		"", "{", "[]", whole + "{}", strings.Replace(whole, `"seed"`, `"sead"`, 1), strings.Replace(whole, `"passed":2`, `"passed":3`, 1), whole[:len(whole)/2], whole[:80],
	} {
		run, want := reports.Read(strings.NewReader(text))
		got, err := scan(text)
		if fmt.Sprint(err) != fmt.Sprint(want) || errors.Is(err, reports.ErrPartial) != errors.Is(want, reports.ErrPartial) {
			t.Errorf("error %v, want %v", err, want)
		}
		if (got == nil) != (run == nil) || got != nil && len(got.Entries()) != len(run.Entries()) {
			t.Errorf("scanned %v of %.40q", got, text)
		}
	}
}

// A file that is written to while it is read is not shown as if it had not been.
func TestStoredFileThatChanges(t *testing.T) {
	path := filepath.Join(t.TempDir(), "run.json")
	text := reportstest.JSON(t, reportstest.Sample().Run())
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	run, err := reports.Scan(f, int64(len(text)), nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, now := range map[string]string{"shorter": text[:len(text)/3], "other": strings.Replace(text, `"id":"dead/openai-api/500"`, `"id":"dead/openai-api/501"`, 1)} {
		if err := os.WriteFile(path, []byte(now), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := reports.WriteJSON(io.Discard, run); err == nil || !strings.Contains(err.Error(), "was the report changed meanwhile?") {
			t.Errorf("%s: error %v", name, err)
		}
	}
}

// A value without end is given up, and not gathered until memory is.
func TestReadGivesUpOnAValueWithoutEnd(t *testing.T) {
	endless := io.MultiReader(strings.NewReader(`{"schema":"byok-conformance/report/v1","seed":"`), endlessly('x'))
	if err := reports.ReadMost(endless, 100_000); err == nil || !strings.Contains(err.Error(), "a value is longer than 100,000 bytes, so this is no report that conformance wrote") {
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
