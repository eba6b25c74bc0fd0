package view

import (
	"encoding/xml"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/molecule-ai/byok-conformance/internal/spelled"
	"github.com/molecule-ai/byok-conformance/reports"
	"github.com/molecule-ai/byok-conformance/reports/reportstest"
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
	r := readJUnit(t, write(t, reportstest.Sample(), WriteJUnit))
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
	passed := reportstest.Results()[:1]
	notClaimed := reportstest.Results()[4:5]
	cases := []struct {
		name    string
		planned int
		results []reports.Result
		ended   reports.Ended
		errors  int
	}{
		{"whole", 1, passed, reports.Ended{Status: reports.Complete}, 0},
		{"interrupted", 2, passed, reports.Ended{Status: reports.Interrupted}, 1},
		{"aborted at once", 2, nil, reports.Ended{Status: reports.Aborted}, 1},
		{"one never ended", 2, passed, reports.Ended{Status: reports.Complete}, 1},
		{"something else is wrong", 1, passed, reports.Ended{Status: reports.Complete, Reason: "a waiver no longer matches a failure"}, 1},
		{"nothing selected", 0, nil, reports.Ended{Status: reports.Complete}, 1},
		{"nothing passed", 1, notClaimed, reports.Ended{Status: reports.Complete}, 1},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			run := &reportstest.Parts{Header: reports.Header{Planned: c.planned}, Results: c.results}
			run.Footer = reportstest.Footer(run, c.ended)
			if r := readJUnit(t, write(t, run, WriteJUnit)); r.Errors != c.errors {
				t.Errorf("%d errors, want %d", r.Errors, c.errors)
			}
		})
	}
}

func TestJUnitIsXMLWhateverTheServerSent(t *testing.T) {
	for name, s := range reportstest.Hostile {
		t.Run(name, func(t *testing.T) {
			text := write(t, reportstest.HostileRun(s), WriteJUnit)
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
			if want := spelled.Line(spelled.Clip(s, junitDetail.Value)); failed.Failures[0].Message != want {
				t.Errorf("message is %.100q, want %.100q", failed.Failures[0].Message, want)
			}
			if want := spelled.Line(spelled.Clip(s, junitDetail.Body)); !strings.Contains(failed.SystemOut, want) {
				t.Errorf("system-out does not hold %.100q", want)
			}
		})
	}
}
