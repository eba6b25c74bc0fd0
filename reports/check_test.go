package reports_test

import (
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/molecule-ai/byok-conformance/reports"
	"github.com/molecule-ai/byok-conformance/reports/reportstest"
)

// A recorder takes nothing that contradicts itself, and goes on after it.
func TestRecorderRefuses(t *testing.T) {
	passed := reportstest.Results()[0]
	with := func(change func(*reports.Result)) *reports.Result {
		r := reportstest.Mismatch()
		change(&r)
		return &r
	}
	result := func(r *reports.Result) func(*reports.Recorder) error {
		return func(w *reports.Recorder) error { return w.Result(r) }
	}
	end := func(change func(*reports.Footer)) func(*reports.Recorder) error {
		return func(w *reports.Recorder) error {
			f := reportstest.Footer(&reportstest.Parts{Header: reportstest.Header(), Results: []reports.Result{passed}}, reports.Ended{Status: reports.Interrupted})
			change(&f)
			_, err := w.End(f)
			return err
		}
	}
	asIs := func(*reports.Footer) {}
	cases := []struct {
		name  string
		calls []func(*reports.Recorder) error // all but the last go well
		want  string
	}{
		{"a result after the end", []func(*reports.Recorder) error{result(&passed), end(asIs), result(&passed)}, "the run has ended"},
		{"two ends", []func(*reports.Recorder) error{result(&passed), end(asIs), end(asIs)}, "ended already"},
		{"no id", []func(*reports.Recorder) error{result(with(func(r *reports.Result) { r.ID = "" }))}, "no id"},
		{"no outcome", []func(*reports.Recorder) error{result(with(func(r *reports.Result) { r.Outcome = "" }))}, "outcome is"},
		{"a failure of nothing", []func(*reports.Recorder) error{result(with(func(r *reports.Result) { r.Violations = nil }))}, "names no violation"},
		{"a pass with a violation", []func(*reports.Recorder) error{result(with(func(r *reports.Result) { r.Outcome = reports.Passed }))}, "cannot be both"},
		{"a waiver without a reason", []func(*reports.Recorder) error{result(with(func(r *reports.Result) { r.Outcome = reports.Waived }))}, "gives no reason"},
		{"an error without a reason", []func(*reports.Recorder) error{result(with(func(r *reports.Result) { r.Outcome = reports.Errored }))}, "gives no reason"},
		{"a violation of nothing", []func(*reports.Recorder) error{result(with(func(r *reports.Result) { r.Violations[0].Rule = "" }))}, "names no rule"},
		{"an exchange with nobody", []func(*reports.Recorder) error{result(with(func(r *reports.Result) { r.Exchanges[0].Direction = "" }))}, "direction"},
		{"no number", []func(*reports.Recorder) error{result(with(func(r *reports.Result) { r.DurationMS = math.NaN() }))}, "no time"},
		{"an endless exchange", []func(*reports.Recorder) error{result(with(func(r *reports.Result) { r.Exchanges[0].AtMS = math.Inf(1) }))}, "no time"},
		{"an end that counts too many", []func(*reports.Recorder) error{result(&passed), end(func(f *reports.Footer) { f.Ended.Ended++ })}, "there are 1 results"},
		{"an end with another plan", []func(*reports.Recorder) error{result(&passed), end(func(f *reports.Footer) { f.Ended.Planned-- })}, "planned 7"},
		{"an end without a status", []func(*reports.Recorder) error{result(&passed), end(func(f *reports.Footer) { f.Ended.Status = "" })}, "ended.status"},
		{"a summary of something else", []func(*reports.Recorder) error{result(&passed), end(func(f *reports.Footer) { f.Summary.Passed++ })}, "the results say"},
		{"a verdict not borne out", []func(*reports.Recorder) error{result(&passed), end(func(f *reports.Footer) { f.Summary.Conformant = true })}, "says conformant"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			w, err := reports.NewRecorder(reportstest.Header())
			if err != nil {
				t.Fatal(err)
			}
			defer w.Close()
			last := len(c.calls) - 1
			for _, call := range c.calls[:last] {
				if err := call(w); err != nil {
					t.Fatal(err)
				}
			}
			if err := c.calls[last](w); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error is %v, want one with %q", err, c.want)
			}
		})
	}
}

func TestRecorderRefusesAHeader(t *testing.T) {
	for want, h := range map[string]reports.Header{`schema is "x/v9"`: {Schema: "x/v9"}, "planned is -1": {Planned: -1}} {
		if _, err := reports.NewRecorder(h); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error is %v, want one with %q", err, want)
		}
	}
}

// A refused result leaves the report as it was: the run can still be ended.
func TestRecorderGoesOnAfterARefusal(t *testing.T) {
	parts := reportstest.Sample()
	w, err := reports.NewRecorder(parts.Header)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Result(&reports.Result{ID: "x"}); err == nil {
		t.Fatal("a result without an outcome was taken")
	}
	for i := range parts.Results {
		if err := w.Result(&parts.Results[i]); err != nil {
			t.Fatal(err)
		}
	}
	run, err := w.End(parts.Footer)
	if err != nil {
		t.Fatal(err)
	}
	if want, got := reportstest.JSON(t, parts.Run()), reportstest.JSON(t, run); got != want {
		t.Errorf("the report is\n%s\nwant\n%s", got, want)
	}
	if err := errors.Join(run.Close(), w.Close()); err != nil {
		t.Error(err)
	}
}

// A temporary folder that is not there is told, and not found out by silence.
func TestNowhereToKeepResults(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir()+"/gone")
	if _, err := reports.NewRecorder(reportstest.Header()); err == nil || !strings.Contains(err.Error(), "TMPDIR") {
		t.Errorf("error is %v, want one that says what to do", err)
	}
}

func TestWriteJSONSaysThatItCannotWrite(t *testing.T) {
	if err := reports.WriteJSON(brokenPipe{}, reportstest.Sample().Run()); !errors.Is(err, errPipe) {
		t.Errorf("error is %v, want %v", err, errPipe)
	}
}
