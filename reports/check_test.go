package reports

import (
	"bytes"
	"errors"
	"math"
	"strings"
	"testing"
)

// everyWriter is a fresh writer of each kind.
var everyWriter = map[string]func(*bytes.Buffer) Writer{
	"json": asJSON, "junit": asJUnit, "markdown": asMarkdown, "console": asConsole(ConsoleOptions{}),
}

func TestWritersRefuse(t *testing.T) {
	passed := sampleResults()[0]
	with := func(change func(*Result)) Result {
		r := mismatch()
		change(&r)
		return r
	}
	begin := func(w Writer) error { return w.Begin(sampleHeader()) }
	result := func(r Result) func(Writer) error { return func(w Writer) error { return w.Result(r) } }
	end := func(change func(*Footer)) func(Writer) error {
		return func(w Writer) error {
			f := footer(&Run{Header: sampleHeader(), Results: []Result{passed}}, Ended{Status: Interrupted})
			change(&f)
			return w.End(f)
		}
	}
	asIs := func(*Footer) {}
	cases := []struct {
		name  string
		calls []func(Writer) error // all but the last go well
		want  string
	}{
		{"a result before the header", []func(Writer) error{result(passed)}, "between Begin and End"},
		{"an end before the header", []func(Writer) error{end(asIs)}, "after Begin"},
		{"two headers", []func(Writer) error{begin, begin}, "begun already"},
		{"a result after the end", []func(Writer) error{begin, result(passed), end(asIs), result(passed)}, "between Begin and End"},
		{"two ends", []func(Writer) error{begin, result(passed), end(asIs), end(asIs)}, "End goes once"},
		{"another schema", []func(Writer) error{func(w Writer) error { return w.Begin(Header{Schema: "x/v9"}) }}, `schema is "x/v9"`},
		{"a negative plan", []func(Writer) error{func(w Writer) error { return w.Begin(Header{Planned: -1}) }}, "planned is -1"},
		{"no id", []func(Writer) error{begin, result(with(func(r *Result) { r.ID = "" }))}, "no id"},
		{"no outcome", []func(Writer) error{begin, result(with(func(r *Result) { r.Outcome = "" }))}, "outcome is"},
		{"a failure of nothing", []func(Writer) error{begin, result(with(func(r *Result) { r.Violations = nil }))}, "names no violation"},
		{"a pass with a violation", []func(Writer) error{begin, result(with(func(r *Result) { r.Outcome = Passed }))}, "cannot be both"},
		{"a waiver without a reason", []func(Writer) error{begin, result(with(func(r *Result) { r.Outcome = Waived }))}, "gives no reason"},
		{"an error without a reason", []func(Writer) error{begin, result(with(func(r *Result) { r.Outcome = Errored }))}, "gives no reason"},
		{"a violation of nothing", []func(Writer) error{begin, result(with(func(r *Result) { r.Violations[0].Rule = "" }))}, "names no rule"},
		{"an exchange with nobody", []func(Writer) error{begin, result(with(func(r *Result) { r.Exchanges[0].Direction = "" }))}, "direction"},
		{"no number", []func(Writer) error{begin, result(with(func(r *Result) { r.DurationMS = math.NaN() }))}, "no time"},
		{"an endless exchange", []func(Writer) error{begin, result(with(func(r *Result) { r.Exchanges[0].AtMS = math.Inf(1) }))}, "no time"},
		{"an end that counts too many", []func(Writer) error{begin, result(passed), end(func(f *Footer) { f.Ended.Ended++ })}, "there are 1 results"},
		{"an end with another plan", []func(Writer) error{begin, result(passed), end(func(f *Footer) { f.Ended.Planned-- })}, "planned 7"},
		{"an end without a status", []func(Writer) error{begin, result(passed), end(func(f *Footer) { f.Ended.Status = "" })}, "ended.status"},
		{"a summary of something else", []func(Writer) error{begin, result(passed), end(func(f *Footer) { f.Summary.Passed++ })}, "the results say"},
		{"a verdict not borne out", []func(Writer) error{begin, result(passed), end(func(f *Footer) { f.Summary.Conformant = true })}, "says conformant"},
	}
	for _, c := range cases {
		for name, newWriter := range everyWriter {
			t.Run(c.name+"/"+name, func(t *testing.T) {
				var b bytes.Buffer
				w := newWriter(&b)
				last := len(c.calls) - 1
				for _, call := range c.calls[:last] {
					if err := call(w); err != nil {
						t.Fatal(err)
					}
				}
				before := b.Len()
				err := c.calls[last](w)
				if err == nil || !strings.Contains(err.Error(), c.want) {
					t.Errorf("error is %v, want one with %q", err, c.want)
				}
				if b.Len() != before {
					t.Errorf("it wrote all the same: %s", b.String()[before:])
				}
			})
		}
	}
}

// A refused result leaves the report as it was: the run can still be ended.
func TestWritersGoOnAfterARefusal(t *testing.T) {
	for name, newWriter := range everyWriter {
		t.Run(name, func(t *testing.T) {
			run := sample()
			var b bytes.Buffer
			w := newWriter(&b)
			if err := w.Begin(run.Header); err != nil {
				t.Fatal(err)
			}
			if err := w.Result(Result{ID: "x"}); err == nil {
				t.Fatal("a result without an outcome was taken")
			}
			for _, r := range run.Results {
				if err := w.Result(r); err != nil {
					t.Fatal(err)
				}
			}
			if err := w.End(run.Footer); err != nil {
				t.Fatal(err)
			}
			if want := write(t, run, newWriter); b.String() != want {
				t.Errorf("the report is\n%s\nwant\n%s", b.String(), want)
			}
		})
	}
}

func TestWritersSayThatTheyCannotWrite(t *testing.T) {
	for name, w := range map[string]Writer{
		"json": NewJSON(brokenPipe{}), "junit": NewJUnit(brokenPipe{}),
		"markdown": NewMarkdown(brokenPipe{}, 0), "console": NewConsole(brokenPipe{}, ConsoleOptions{}),
	} {
		t.Run(name, func(t *testing.T) {
			if err := Replay(sample(), w); !errors.Is(err, errPipe) {
				t.Errorf("error is %v, want %v", err, errPipe)
			}
		})
	}
}

func TestReplayNothing(t *testing.T) {
	if err := Replay(nil, NewJSON(&bytes.Buffer{})); err == nil {
		t.Error("no run was replayed without an error")
	}
}
