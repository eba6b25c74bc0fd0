package reports_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/molecule-ai/byok-conformance/reports"
	"github.com/molecule-ai/byok-conformance/reports/reportstest"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/molecule-ai/byok-conformance/internal/spelled"
)

func TestReadGivesBackWhatWasWritten(t *testing.T) {
	text := reportstest.JSON(t, reportstest.Sample().Run())
	run, err := reports.Read(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	want := reportstest.Sample()
	want.Header.Schema = reports.SchemaV1
	same(t, want.Run(), run)
	if again := reportstest.JSON(t, run); again != text {
		t.Errorf("written again, it differs:\n%s", cmp.Diff(text, again))
	}
}

// same fails where two runs differ.
func same(t *testing.T, want, got *reports.Run) {
	t.Helper()
	if diff := cmp.Diff([]any{want.Header, want.Footer, all(t, want)}, []any{got.Header, got.Footer, all(t, got)}, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("the run differs (-want +got):\n%s", diff)
	}
}

// all are the results of a run.
func all(t *testing.T, run *reports.Run) []reports.Result {
	t.Helper()
	var out []reports.Result
	for r, err := range run.All() {
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, r)
	}
	return out
}

func TestJSONKeepsHostileStrings(t *testing.T) {
	for name, s := range reportstest.Hostile {
		t.Run(name, func(t *testing.T) {
			text := reportstest.JSON(t, reportstest.HostileRun(s).Run())
			if !json.Valid([]byte(text)) {
				t.Fatal("the report is not JSON")
			}
			if strings.Contains(text, `\ufffd`) {
				t.Error("bytes that are no UTF-8 were lost; some field was not made well-formed")
			}
			run, err := reports.Read(strings.NewReader(text))
			if err != nil {
				t.Fatal(err)
			}
			if got := all(t, run)[1].Violations[0].Got; got != spelled.Valid(s) {
				t.Errorf("got %.100q, want %.100q", got, spelled.Valid(s))
			}
			if again := reportstest.JSON(t, run); again != text {
				t.Error("written again, it differs")
			}
		})
	}
}

// A result stands on a line of its own, so that grep finds it whole.
func TestJSONResultsAreLines(t *testing.T) {
	var found []reports.Result
	for line := range strings.Lines(reportstest.JSON(t, reportstest.Sample().Run())) {
		if !strings.Contains(line, `"outcome":"failed"`) {
			continue
		}
		var r reports.Result
		if err := json.Unmarshal([]byte(strings.TrimSuffix(strings.TrimSpace(line), ",")), &r); err != nil {
			t.Fatalf("%v in %s", err, line)
		}
		found = append(found, r)
	}
	if len(found) != 2 {
		t.Errorf("found %d failed results by line, want 2", len(found))
	}
}

func TestReadPartial(t *testing.T) {
	whole := reportstest.JSON(t, reportstest.Sample().Run())
	cases := []struct {
		name    string
		text    string
		results int
	}{
		{"cut after the header", cutAfter(whole, `"results":[`), 0},
		{"cut inside the second result", cutAfter(whole, `{"id":"mism`), 1},
		{"cut between two results", cutBefore(whole, `{"id":"missing/groq/blank`), 2},
		{"cut inside the rules", cutAfter(whole, `"rules":[`+"\n{"), 7},
		{"cut before the end record", cutBefore(whole, `"ended":`), 7},
		{"cut inside the end record", cutAfter(whole, `"status":"comp`), 7},
		{"the last brace is missing", strings.TrimSuffix(whole, "}\n"), 7},
		{"closed by hand without an end record", cutBefore(whole, "\n],\"rules\":[") + "]}", 7},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			run, err := reports.Read(strings.NewReader(c.text))
			if !errors.Is(err, reports.ErrPartial) {
				t.Fatalf("error is %v, want ErrPartial", err)
			}
			if !strings.Contains(err.Error(), "run again") {
				t.Errorf("error does not say what to do: %v", err)
			}
			if run == nil || !run.Partial() || len(run.Entries()) != c.results {
				t.Fatalf("run is %+v, want a partial one with %d results", run, c.results)
			}
			closed, err := run.Closed()
			if err != nil {
				t.Fatal(err)
			}
			line := reports.SummaryLine(closed.Header, closed.Footer)
			if !strings.HasPrefix(line, "NOT conformant: ") || !strings.Contains(line, "the report was cut off after ") {
				t.Errorf("shown again, it says %s", line)
			}
		})
	}
}

// Wherever a report is cut, it is never taken for a whole one.
func TestReadCutAnywhere(t *testing.T) {
	whole := strings.TrimSuffix(reportstest.JSON(t, reportstest.Sample().Run()), "\n")
	for n := range len(whole) {
		run, err := reports.Read(strings.NewReader(whole[:n]))
		if err == nil || run != nil && !run.Partial() {
			t.Fatalf("cut at byte %d of %d it reads as whole (error %v)", n, len(whole), err)
		}
	}
}

func TestReadRefuses(t *testing.T) {
	whole := reportstest.JSON(t, reportstest.Sample().Run())
	change := func(old, new string) string {
		t.Helper()
		if !strings.Contains(whole, old) {
			t.Fatalf("the sample has no %s", old)
		}
		return strings.Replace(whole, old, new, 1)
	}
	cases := []struct{ name, text, want string }{
		{"nothing", "", "cut off inside its header"},
		{"another language", "<testsuites/>", "invalid character"},
		{"a list", "[]", "a report is one JSON object"},
		{"another object", "{}", `no field "schema"`},
		{"cut inside the header", cutAfter(whole, `"level":"core"`), "cut off inside its header"},
		{"another schema", change("report/v1", "report/v2"), "use the version of conformance that wrote it"},
		{"a schema that is no string", change(`"byok-conformance/report/v1"`, `1`), "schema:"},
		{"an unknown field", change(`"tool":`, `"tools":[],"tool":`), `unknown field "tools"`},
		{"an unknown field of a result", change(`"title":`, `"titel":"","title":`), `results[0]: json: unknown field "titel"`},
		{"a field twice", change(`"seed":"42"`, `"seed":"42","seed":"43"`), `"seed" stands there twice`},
		{"no seed", change(`"seed":"42",`, ``), `no field "seed"`},
		{"no summary", cutBefore(whole, `"summary":`) + whole[strings.Index(whole, `"ended":{`):], `no field "summary"`},
		{"a result twice", change(`{"id":"dead/openai-api/500"`, `{"id":"valid/anthropic-api/ANTHROPIC_API_KEY"`), "stands there twice"},
		{"an outcome that is none", change(`"outcome":"passed"`, `"outcome":"skipped"`), `outcome is "skipped"`},
		{"a summary that lies", change(`"passed":2,"failed":2,"waived"`, `"passed":4,"failed":0,"waived"`), "the results say"},
		{"a verdict that lies", change(`"conformant":false`, `"conformant":true`), "says conformant"},
		{"a result removed", cutBefore(whole, `{"id":"dead`) + whole[strings.Index(whole, `{"id":"mismatched`):], "there are 6 results"},
		{"an end that is none", change(`"status":"complete"`, `"status":"done"`), `ended.status is "done"`},
		{"an end that is null", cutAfter(whole, `"ended":`) + "null}", `ended.status is ""`},
		{"a place that the list does not have", change(`"id":"missing/groq/none"`, `"seen":7,"id":"missing/groq/none"`), "which has 0"},
		{"a negative place", change(`"id":"missing/groq/none"`, `"seen":-1,"id":"missing/groq/none"`), "counts from 0"},
		{"another plan", change(`"planned":7,"selection"`, `"planned":9,"selection"`), "planned 9"},
		{"a report after it", whole + whole, "a file of its own"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			run, err := reports.Read(strings.NewReader(c.text))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error is %v, want one with %q", err, c.want)
			}
			if run != nil || errors.Is(err, reports.ErrPartial) {
				t.Errorf("run is %v, want none, and not partial", run)
			}
		})
	}
}

// jq -S sorts the fields; the report stays the same.
func TestReadFieldsInAnyOrder(t *testing.T) {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal([]byte(reportstest.JSON(t, reportstest.Sample().Run())), &fields); err != nil {
		t.Fatal(err)
	}
	sorted, err := json.MarshalIndent(fields, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	run, err := reports.Read(bytes.NewReader(sorted))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := reportstest.JSON(t, run), reportstest.JSON(t, reportstest.Sample().Run()); got != want {
		t.Error(cmp.Diff(want, got))
	}
}

func TestReadPassesOnReadErrors(t *testing.T) {
	_, err := reports.Read(io.MultiReader(strings.NewReader(`{"schema":`), brokenPipe{}))
	if !errors.Is(err, errPipe) || errors.Is(err, reports.ErrPartial) {
		t.Errorf("error is %v, want the reader's own", err)
	}
}

func cutAfter(s, mark string) string  { return s[:strings.Index(s, mark)+len(mark)] }
func cutBefore(s, mark string) string { return s[:strings.Index(s, mark)] }

var errPipe = errors.New("the pipe is broken")

type brokenPipe struct{}

func (brokenPipe) Read([]byte) (int, error)  { return 0, errPipe }
func (brokenPipe) Write([]byte) (int, error) { return 0, errPipe }
