package view

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/molecule-ai/byok-conformance/reports"
	"github.com/molecule-ai/byok-conformance/reports/reportstest"

	"github.com/molecule-ai/byok-conformance/suite/findings"
	"github.com/molecule-ai/byok-conformance/suite/judge"
)

func TestSummaryLine(t *testing.T) {
	core := reports.Header{Level: "core"}
	rules := func(ids ...string) []reports.Rule {
		list := []reports.Rule{{ID: "DER-1", Passed: 1}}
		for _, id := range ids {
			list = append(list, reports.Rule{ID: id, Failed: 1, Violations: 1})
		}
		return list
	}
	whole := reports.Ended{Status: reports.Complete, Planned: 3214, Ended: 3214}
	cases := []struct {
		name   string
		footer reports.Footer
		want   string
	}{
		{
			"conformant",
			reports.Footer{Summary: reports.Summary{Conformant: true, Passed: 3214, Claims: []string{"create-presence", "global-scope"},
				NotClaimedAreas: []string{"provision-liveness"}}, Ended: whole},
			"conformant: 3,214 passed (core); claims: create-presence, global-scope; not claimed: provision-liveness",
		},
		{
			"with waivers, and areas that nobody named",
			reports.Footer{Summary: reports.Summary{Conformant: true, Passed: 3200, Waived: 12, NotClaimed: 2}, Ended: whole},
			"conformant with 12 waived: 3,200 passed (core); not claimed: (2 scenarios)",
		},
		{
			"everything ended, and something else is wrong",
			reports.Footer{Summary: reports.Summary{Passed: 3200, Waived: 12}, Ended: reports.Ended{Status: reports.Complete, Planned: 3212, Ended: 3212, Reason: "a waiver is stale"}},
			"NOT conformant: a waiver is stale: 0 failed, 3,200 passed, 0 errors, 12 waived (core)",
		},
		{
			"violated",
			reports.Footer{Summary: reports.Summary{Passed: 512, Failed: 2688}, Rules: rules("PRE-2", "PRE-7", "LIV-1"), Ended: whole},
			"NOT conformant: 3 rules violated (PRE-2, PRE-7, LIV-1): 2,688 failed, 512 passed, 0 errors (core)",
		},
		{
			"nearly everything violated",
			reports.Footer{Summary: reports.Summary{Failed: 14}, Ended: whole,
				Rules: rules("A-1", "A-2", "A-3", "A-4", "A-5", "A-6", "A-7", "A-8", "A-9", "A-10", "A-11", "A-12", "A-13", "A-14")},
			"NOT conformant: 14 rules violated (A-1, A-2, A-3, A-4, A-5, A-6, A-7, A-8, A-9, A-10, A-11, A-12 and 2 more): 14 failed, 0 passed, 0 errors (core)",
		},
		{
			"one error",
			reports.Footer{Summary: reports.Summary{Passed: 3213, Errors: 1}, Ended: whole},
			"NOT conformant: 1 scenario could not be judged: 0 failed, 3,213 passed, 1 error (core)",
		},
		{
			"nothing passed",
			reports.Footer{Ended: reports.Ended{Status: reports.Complete}},
			"NOT conformant: nothing passed: 0 failed, 0 passed, 0 errors (core)",
		},
		{
			"interrupted after a violation",
			reports.Footer{Summary: reports.Summary{Passed: 9, Failed: 1}, Rules: rules("PRE-2"), Ended: reports.Ended{Status: reports.Interrupted, Planned: 3214, Ended: 10}},
			"interrupted after 10 of 3,214 scenarios, with 1 rule violated (PRE-2) so far: 1 failed, 9 passed, 0 errors (core)",
		},
		{
			"aborted",
			reports.Footer{Summary: reports.Summary{Passed: 9}, Ended: reports.Ended{Status: reports.Aborted, Reason: "the target\nis gone", Planned: 20, Ended: 9}},
			`NOT conformant: aborted after 9 of 20 scenarios (the target): 0 failed, 9 passed, 0 errors (core)`,
		},
		{
			"one never ended",
			reports.Footer{Summary: reports.Summary{Passed: 9}, Ended: reports.Ended{Status: reports.Complete, Planned: 10, Ended: 9}},
			"NOT conformant: ended after 9 of 10 scenarios: 0 failed, 9 passed, 0 errors (core)",
		},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if got := reports.SummaryLine(core, c.footer); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

func TestConsoleBoundsFailures(t *testing.T) {
	run := manyFailures(2, 2913, "x")
	for i := range 25 {
		run.Results = append(run.Results, reports.Result{ID: fmt.Sprintf("error/%d", i), Outcome: reports.Errored, Reason: fmt.Sprintf("unreachable %d", i%7)})
	}
	run.Header.Planned = len(run.Results)
	run.Footer = reportstest.Footer(run, reports.Ended{Status: reports.Complete})
	for most, o := range map[int]ConsoleOptions{0: {}, 40: {Failures: 40}, 30: {Failures: 30, Verbose: true}, 2*2913 + 25: {Verbose: true}} {
		text := write(t, run, asConsole(o))
		if n := strings.Count(text, "FAIL ") + strings.Count(text, "ERROR error/"); n != most {
			t.Errorf("%d failures are printed, want %d", n, most)
		}
		for _, want := range []string{"ERROR 4 scenarios that could not be judged: unreachable 0\n", "… and 2 more reasons\n"} {
			if !strings.Contains(text, want) {
				t.Errorf("the end does not say %q", want)
			}
		}
	}
}

// What explains the failures stands between the verdict and the verdict, in place
// of the failures and of the rules.
func TestConsoleFindings(t *testing.T) {
	run := reportstest.Sample()
	run.Footer.Findings = []findings.Finding{sampleFinding()}
	text := write(t, run, asConsole(ConsoleOptions{Explain: "conformance explain run.json"}))
	verdict := reports.SummaryLine(run.Header, run.Footer) + "\n"
	if !strings.HasPrefix(text, "ERROR") && !strings.HasPrefix(text, verdict) || !strings.HasSuffix(text, "\n"+verdict) {
		t.Errorf("the verdict is not first and last:\n%s", text)
	}
	for _, want := range []string{"1. CRITICAL  a title\n", "2 of 2 tried: every provider", "example   a/b  an example", "conformance explain run.json kind-1\n"} {
		if !strings.Contains(text, want) {
			t.Errorf("it does not say %q:\n%s", want, text)
		}
	}
	if strings.Contains(text, "FAIL ") || strings.Contains(text, "not claimed\nPRE") {
		t.Errorf("it prints failures or rules as well:\n%s", text)
	}
}

func sampleFinding() findings.Finding {
	return findings.Finding{
		ID: "kind-1", Kind: "kind", Kinds: map[judge.Kind]int{"kind": 2}, Rules: []string{"PRE-2"}, Severity: "critical", Title: "a title",
		Where: []findings.Condition{{Axis: "stage", Values: []string{"create"}}}, Reach: "every provider", Failed: 2, Tried: 2,
		Example: findings.Example{ID: "a/b", Title: "an example", Rule: "PRE-2", Message: "a message", Want: "this", Got: "that"}, Scenarios: []string{"a/b", "a/c"},
	}
}

// Failures are printed as they come, each in one Write.
func TestConsoleDoesNotWait(t *testing.T) {
	var b bytes.Buffer
	w := NewConsole(&b, ConsoleOptions{Failures: 1})
	if err := w.Begin(reportstest.Header()); err != nil {
		t.Fatal(err)
	}
	if err := w.Result(ptr(reportstest.Mismatch())); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{reportstest.Mismatch().ID, "PRE-2", "201 allowed", reportstest.Mismatch().Replay} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("before the end of the run, %q is not printed", want)
		}
	}
}

// The verdict is the last line and the only one of its kind, and nothing acts on
// the terminal, whatever the server sent.
func TestConsoleCannotBeFaked(t *testing.T) {
	for name, s := range reportstest.Hostile {
		t.Run(name, func(t *testing.T) {
			text := write(t, reportstest.HostileRun(s), asConsole(ConsoleOptions{Verbose: true, Width: 100}))
			if strings.ContainsAny(text, "\x1b\x00\x07\x08\r\u009b\u202e\u2066\u2028\ufffd") {
				t.Error("a control character got through")
			}
			verdicts := 0
			for line := range strings.Lines(text) {
				if strings.HasPrefix(line, "conformant:") || strings.HasPrefix(line, "NOT conformant:") || strings.HasPrefix(line, "interrupted after") {
					verdicts++
				}
			}
			if verdicts != 1 {
				t.Errorf("%d lines look like a verdict, want 1", verdicts)
			}
		})
	}
}

func TestConsoleWidth(t *testing.T) {
	r := reportstest.Mismatch()
	r.Exchanges[0].ResponseBody = strings.Repeat("界", 300)
	run := &reportstest.Parts{Header: reports.Header{Planned: 1}, Results: []reports.Result{r}}
	run.Footer = reportstest.Footer(run, reports.Ended{Status: reports.Complete})
	text := write(t, run, asConsole(ConsoleOptions{Failures: 1, Width: 40}))
	if !strings.Contains(text, "    < "+strings.Repeat("界", 16)+"…\n") {
		t.Errorf("the body is not cut to 40 columns:\n%s", text)
	}
	if !strings.Contains(text, r.Replay+"\n") {
		t.Error("the command that replays is cut")
	}
}

// A failure with a great many violations and exchanges stays readable.
func TestConsoleBoundsOneFailure(t *testing.T) {
	r := reportstest.Mismatch()
	for range 30 {
		r.Violations = append(r.Violations, r.Violations[0])
		r.Exchanges = append(r.Exchanges, r.Exchanges[0])
	}
	run := &reportstest.Parts{Header: reports.Header{Planned: 1}, Results: []reports.Result{r}}
	run.Footer = reportstest.Footer(run, reports.Ended{Status: reports.Complete})
	text := write(t, run, asConsole(ConsoleOptions{Failures: 1}))
	for _, want := range []string{"… 21 more violations\n", "… 12 more exchanges\n"} {
		if !strings.Contains(text, want) {
			t.Errorf("it does not say %q", want)
		}
	}
}

func TestConsoleWritesOncePerCall(t *testing.T) {
	w := &writes{}
	if err := WriteConsole(w, reportstest.Sample().Run(), ConsoleOptions{Failures: 9}); err != nil {
		t.Fatal(err)
	}
	// Two failures, one error, the end.
	if w.n != 4 {
		t.Errorf("%d writes, want 4", w.n)
	}
}

type writes struct{ n int }

func (w *writes) Write(p []byte) (int, error) {
	if !bytes.HasSuffix(p, []byte("\n")) {
		return 0, errors.New("a Write that ends inside a line")
	}
	w.n++
	return len(p), nil
}
