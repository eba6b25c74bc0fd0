package reports

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"os"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/molecule-ai/byok-conformance/internal/spelled"
)

// What a CI server reads of a report.
type ciReport struct {
	Tests    int       `xml:"tests,attr"`
	Failures int       `xml:"failures,attr"`
	Errors   int       `xml:"errors,attr"`
	Skipped  int       `xml:"skipped,attr"`
	Suites   []ciSuite `xml:"testsuite"`
}

type ciSuite struct {
	Name  string   `xml:"name,attr"`
	Tests int      `xml:"tests,attr"`
	Cases []ciCase `xml:"testcase"`
}

type ciCase struct {
	Name      string     `xml:"name,attr"`
	Failures  []ciDetail `xml:"failure"`
	Errors    []ciDetail `xml:"error"`
	Skipped   []ciDetail `xml:"skipped"`
	SystemOut string     `xml:"system-out"`
}

type ciDetail struct {
	Message string `xml:"message,attr"`
	Type    string `xml:"type,attr"`
	Text    string `xml:",chardata"`
}

func readJUnit(t *testing.T, text string) ciReport {
	t.Helper()
	var r ciReport
	dec := xml.NewDecoder(strings.NewReader(text))
	dec.Strict = true
	if err := dec.Decode(&r); err != nil {
		t.Fatalf("the report is no XML: %v", err)
	}
	return r
}

func TestJUnitOutcomes(t *testing.T) {
	r := readJUnit(t, write(t, sample(), asJUnit))
	if r.Tests != 7 || r.Failures != 2 || r.Errors != 1 || r.Skipped != 1 {
		t.Errorf("totals are %d tests, %d failures, %d errors, %d skipped; want 7, 2, 1, 1", r.Tests, r.Failures, r.Errors, r.Skipped)
	}
	got := map[string]string{}
	for _, suite := range r.Suites {
		if suite.Tests != len(suite.Cases) {
			t.Errorf("suite %s says %d tests and holds %d", suite.Name, suite.Tests, len(suite.Cases))
		}
		for _, c := range suite.Cases {
			got[c.Name] = fmt.Sprintf("%s: %d failures, %d errors, %d skipped", suite.Name, len(c.Failures), len(c.Errors), len(c.Skipped))
		}
	}
	want := map[string]string{
		"valid/anthropic-api/ANTHROPIC_API_KEY":             "valid: 0 failures, 0 errors, 0 skipped",
		"mismatched/anthropic-api/OPENAI_API_KEY@workspace": "mismatched: 1 failures, 0 errors, 0 skipped",
		"dead/openai-api/500":                               "dead: 1 failures, 0 errors, 0 skipped",
		"missing/groq/blank":                                "missing: 0 failures, 0 errors, 0 skipped",
		"provision/openai-api/dead":                         "provision: 0 failures, 0 errors, 1 skipped",
		"robustness/minimax/endless":                        "robustness: 0 failures, 1 errors, 0 skipped",
		"missing/groq/none":                                 "missing: 0 failures, 0 errors, 0 skipped",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("cases differ (-want +got):\n%s", diff)
	}
}

// CI looks at cases only: a run that proves nothing must have one that is red.
func TestJUnitIsRedForARunThatProvesNothing(t *testing.T) {
	passed := sampleResults()[:1]
	notClaimed := sampleResults()[4:5]
	cases := []struct {
		name    string
		planned int
		results []Result
		ended   Ended
		errors  int
	}{
		{"whole", 1, passed, Ended{Status: Complete}, 0},
		{"interrupted", 2, passed, Ended{Status: Interrupted}, 1},
		{"aborted at once", 2, nil, Ended{Status: Aborted}, 1},
		{"one never ended", 2, passed, Ended{Status: Complete}, 1},
		{"something else is wrong", 1, passed, Ended{Status: Complete, Reason: "a waiver no longer matches a failure"}, 1},
		{"nothing selected", 0, nil, Ended{Status: Complete}, 1},
		{"nothing passed", 1, notClaimed, Ended{Status: Complete}, 1},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			run := &Run{Header: Header{Planned: c.planned}, Results: c.results}
			run.Footer = footer(run, c.ended)
			if r := readJUnit(t, write(t, run, asJUnit)); r.Errors != c.errors {
				t.Errorf("%d errors, want %d", r.Errors, c.errors)
			}
		})
	}
}

func TestJUnitIsXMLWhateverTheServerSent(t *testing.T) {
	for name, s := range hostile {
		t.Run(name, func(t *testing.T) {
			text := write(t, hostileRun(s), asJUnit)
			for _, r := range text {
				if r != '\n' && r != '\t' && r < ' ' || r == 0x7f || r == 0x202e || r == 0xfffd {
					t.Fatalf("the report holds %U, which should be spelled out", r)
				}
			}
			r := readJUnit(t, text)
			// One suite for the class, one because the run was interrupted.
			if len(r.Suites) != 2 || r.Tests != 6 {
				t.Fatalf("%d suites, %d tests; the server's text changed the shape", len(r.Suites), r.Tests)
			}
			failed := r.Suites[0].Cases[0]
			for _, c := range append(r.Suites[0].Cases, r.Suites[1].Cases...) {
				if len(c.Failures) == 1 {
					failed = c
				}
			}
			if want := spelled.Line(spelled.Clip(s, junitDetail.value)); failed.Failures[0].Message != want {
				t.Errorf("message is %.100q, want %.100q", failed.Failures[0].Message, want)
			}
			if want := spelled.Line(spelled.Clip(s, junitDetail.body)); !strings.Contains(failed.SystemOut, want) {
				t.Errorf("system-out does not hold %.100q", want)
			}
		})
	}
}

// What goes through the temporary file comes back as if it had stayed in memory.
func TestJUnitSpill(t *testing.T) {
	folder := t.TempDir()
	t.Setenv("TMPDIR", folder)
	for _, limit := range []int{0, 1000, 3000} {
		t.Run(fmt.Sprint(limit), func(t *testing.T) {
			var b bytes.Buffer
			w := newJUnit(&b, limit)
			if err := w.Begin(sampleHeader()); err != nil {
				t.Fatal(err)
			}
			for _, r := range sampleResults() {
				if err := w.Result(r); err != nil {
					t.Fatal(err)
				}
				if w.cases.held > limit {
					t.Errorf("%d bytes are held, above the limit of %d", w.cases.held, limit)
				}
			}
			if w.cases.size == 0 {
				t.Fatal("nothing was spilled")
			}
			// So that not even a killed process leaves the file behind.
			if entries, err := os.ReadDir(folder); runtime.GOOS != "windows" && (err != nil || len(entries) > 0) {
				t.Errorf("the temporary file has a name: %v, %v", entries, err)
			}
			if err := w.End(sample().Footer); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(write(t, sample(), asJUnit), b.String()); diff != "" {
				t.Errorf("the report differs (-memory +spilled):\n%s", diff)
			}
			left, err := os.ReadDir(folder)
			if err != nil || len(left) > 0 {
				t.Errorf("left behind: %v, %v", left, err)
			}
		})
	}
}

func TestJUnitSpillHasNowhereToGo(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir()+"/gone")
	w := newJUnit(&bytes.Buffer{}, 0)
	if err := w.Begin(sampleHeader()); err != nil {
		t.Fatal(err)
	}
	if err := w.Result(sampleResults()[0]); err == nil || !strings.Contains(err.Error(), "TMPDIR") {
		t.Errorf("error is %v, want one that says what to do", err)
	}
}
