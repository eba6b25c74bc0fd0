// Package reportstest is what the tests of the rooms of reports share: a small run
// with every outcome in it, runs in which a server tries to break a report, and
// the comparison with golden files. Nothing but tests imports it.
package reportstest

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/molecule-ai/byok-conformance/reports"
)

var update = flag.Bool("update", false, "write the golden files instead of comparing with them")

// Parts are a run that a test may still change.
type Parts struct {
	Header  reports.Header
	Results []reports.Result
	Footer  reports.Footer
}

// Run makes a run of the parts.
func (p *Parts) Run() *reports.Run { return reports.NewRun(p.Header, p.Results, p.Footer) }

// Sample is a small run with every outcome in it.
func Sample() *Parts {
	run := &Parts{Header: Header(), Results: Results()}
	finished := run.Header.Started.Add(1500 * time.Millisecond)
	run.Footer = Footer(run, reports.Ended{Status: reports.Complete, Finished: finished})
	return run
}

// Footer counts a run's results as the command line would.
func Footer(run *Parts, ended reports.Ended) reports.Footer {
	tally := reports.NewTally(run.Header.Planned)
	for _, r := range run.Results {
		tally.Add(&r)
	}
	return tally.Footer(ended, run.Header.Claims, run.Header.NotClaimedAreas, func(string) string { return "core" })
}

// Header is that of the sample.
func Header() reports.Header {
	return reports.Header{
		Tool:     reports.Tool{Name: "conformance", Version: "v0.1.0"},
		Run:      "r-7f3a",
		Started:  time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC),
		Seed:     "42",
		Level:    "core",
		Corpus:   reports.Corpus{Version: "1.0.0", Digest: "sha256:c0ffee", Scenarios: 3214},
		Registry: reports.Registry{Digest: "sha256:decade"},
		Target: reports.Target{Kind: "command", Profile: "workspace-server", Address: "http://127.0.0.1:8080",
			Command: []string{"./server", "--addr", "127.0.0.1:8080"}},
		Planned:         7,
		Matrix:          "pairwise",
		LeftOut:         2100,
		Selection:       reports.Selection{Rules: []string{"PRE-*"}},
		Claims:          []string{"create-presence", "provision-presence"},
		NotClaimedAreas: []string{"provision-liveness"},
	}
}

// Results are those of the sample, which tests may change.
func Results() []reports.Result {
	return []reports.Result{
		{
			ID: "valid/anthropic-api/ANTHROPIC_API_KEY", Title: "A live key is allowed", Class: "valid", Level: "core", Severity: "critical",
			Rules: []string{"PRE-4", "LIV-3"}, Outcome: reports.Passed, DurationMS: 15.25, Companion: true,
		},
		Mismatch(),
		{
			ID: "dead/openai-api/500", Title: "A dead key, twice", Class: "dead", Level: "core", Severity: "high",
			Rules: []string{"LIV-1", "REF-1"}, Outcome: reports.Failed, DurationMS: 31,
			Violations: []reports.Violation{
				{Rule: "LIV-1", Message: "the create was allowed", Want: "refused", Got: "allowed"},
				{Rule: "SEC-1", Message: "the reply holds part of a credential", Want: "none of it", Got: "line 1\nline 2"},
			},
			Steps: []string{"live", "dead"},
		},
		{
			ID: "missing/groq/blank", Title: "A blank value is absent", Class: "missing", Level: "core", Severity: "high",
			Rules: []string{"PRE-3"}, Outcome: reports.Waived, DurationMS: 2,
			Reason:     "https://tracker.example/17, until 2026-09-01",
			Violations: []reports.Violation{{Rule: "PRE-3", Message: "a blank value counted", Want: "refused", Got: "allowed"}},
		},
		{
			ID: "provision/openai-api/dead", Title: "A key that died is stopped", Class: "provision", Level: "extended", Severity: "high",
			Rules: []string{"PRV-3"}, Outcome: reports.NotClaimed, Reason: "provision-liveness is not claimed by the profile",
		},
		{
			ID: "robustness/minimax/endless", Title: "An endless body", Class: "robustness", Level: "core", Severity: "medium",
			Rules: []string{"ROB-1", "LIV-6"}, Outcome: reports.Errored, DurationMS: 8000, Reason: "the target closed the connection; is it still up?",
			Exchanges: []reports.Exchange{{Direction: reports.ToTarget, Method: "POST", URL: "http://127.0.0.1:8080/workspaces", DurationMS: 3, Note: "EOF"}},
		},
		{
			ID: "missing/groq/none", Title: "No credential", Class: "missing", Level: "core", Severity: "critical",
			Rules: []string{"PRE-1", "PRE-7"}, Outcome: reports.Passed, DurationMS: 1.5,
		},
	}
}

// Mismatch is a failure with its exchanges.
func Mismatch() reports.Result {
	return reports.Result{
		ID: "mismatched/anthropic-api/OPENAI_API_KEY@workspace", Title: "A foreign key counts as absent", Class: "mismatched",
		Level: "core", Severity: "critical", Rules: []string{"PRE-2", "PRE-7"}, Outcome: reports.Failed, DurationMS: 12,
		Violations: []reports.Violation{{Rule: "PRE-2", Message: "the create was allowed", Want: "422 MISSING_BYOK_CREDENTIAL", Got: "201 allowed"}},
		Exchanges: []reports.Exchange{
			{
				Direction: reports.ToTarget, Method: "POST", URL: "http://127.0.0.1:8080/workspaces", Status: 201, DurationMS: 12, Stage: "create",
				RequestHeaders:  map[string][]string{"X-Request-Id": {"r-7f3a/1"}, "Content-Type": {"application/json"}},
				RequestBody:     `{"name":"w1","secrets":{"OPENAI_API_KEY":"[masked]"}}`,
				ResponseHeaders: map[string][]string{"Set-Cookie": {"a=1", "b=2"}},
				ResponseBody:    `{"id":"1","status":"provisioning"}`,
			},
			{
				Direction: reports.ToUpstream, Method: "GET", URL: "https://api.anthropic.com/v1/models", Status: 401, AtMS: 1.25, DurationMS: 0.5,
				Stage: "create", Provider: "anthropic-api", Credential: "OPENAI_API_KEY",
			},
		},
		Records: []reports.Record{{
			Stage:  "create",
			Given:  reports.Given{Runtime: "claude-code", Model: "claude-opus-4-7", Workspace: map[string]string{"OPENAI_API_KEY": "live"}},
			Expect: reports.Expect{Verdict: "refused", Code: "MISSING_BYOK_CREDENTIAL", Providers: []string{"anthropic-api"}, Upstream: "none"},
			Seen: reports.Seen{
				Replies: []reports.SeenReply{{Outcome: "allowed", Status: 201, Times: 1}},
				Calls:   []reports.SeenCall{{Method: "GET", Host: "api.anthropic.com", Status: 401, Credentials: []string{"workspace/OPENAI_API_KEY"}}},
			},
		}},
		Effect: "the workspace starts without a credential & the operator pays",
		Replay: "conformance run --id 'mismatched/anthropic-api/OPENAI_API_KEY@workspace' --seed 42",
	}
}

// Golden compares got with a file in the test's folder testdata; -update writes it.
func Golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v; go test -update writes it", err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s differs (-file +now):\n%s", path, diff)
	}
}

// Hostile are strings that a server might send to break a report.
var Hostile = map[string]string{
	"markup":       `</pre></details></testcase><script>alert(1)</script><img src=x onerror=alert(1)>`,
	"cdata":        `]]></system-out><![CDATA[ &amp; &bogus; <?xml ?> <!-- -->`,
	"markdown":     "| a | **b** `c` ``` [d](http://e) ![f](g) @team #1 ~~h~~ $i$",
	"ansi":         "\x1b[2K\x1b[31mred\x1b]0;title\x07\u009b1m",
	"controls":     "a\x00b\x01c\x08d\x7fe\u2028f\ufefe\uffff",
	"forged line":  "x\nconformant: 9 passed (core)\r\nconformant: 9 passed (core)\n## BYOK conformance: conformant\n\n- x",
	"invalid utf8": "a\xff\xfe\xc3(\xed\xa0\x80z",
	"bidi":         "\u202egnp.exe\u202c \u2066x\u2069",
	"long":         string(bytes.Repeat([]byte(`<"&`), 3_000)),
	"tall":         string(bytes.Repeat([]byte("\n"), 6_000)),
}

// HostileRun has s in every string of every record, but for those that are
// fixed sets of words.
func HostileRun(s string) *Parts {
	run := &Parts{Header: Header()}
	Fill(reflect.ValueOf(&run.Header).Elem(), s)
	run.Header.Schema = ""
	for i, outcome := range []reports.Outcome{reports.Passed, reports.Failed, reports.Waived, reports.NotClaimed, reports.Errored} {
		r := Mismatch()
		Fill(reflect.ValueOf(&r).Elem(), s)
		r.ID = fmt.Sprintf("%d%s", i, s)
		r.Outcome = outcome
		for j := range r.Exchanges {
			r.Exchanges[j].Direction = reports.ToUpstream
		}
		if outcome == reports.Passed {
			r.Violations = nil
		}
		run.Results = append(run.Results, r)
	}
	run.Header.Planned = len(run.Results)
	run.Footer = Footer(run, reports.Ended{Status: reports.Interrupted, Reason: s})
	Fill(reflect.ValueOf(&run.Footer.Rules).Elem(), s)
	return run
}

// Fill sets every string below v, and gives empty lists and maps one.
func Fill(v reflect.Value, s string) {
	switch v.Kind() {
	case reflect.String:
		v.SetString(s)
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			return
		}
		for i := range v.NumField() {
			Fill(v.Field(i), s)
		}
	case reflect.Slice:
		if v.Len() == 0 {
			v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		}
		for i := range v.Len() {
			Fill(v.Index(i), s)
		}
	case reflect.Map:
		key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		Fill(key, s)
		Fill(value, s)
		v.Set(reflect.MakeMap(v.Type()))
		v.SetMapIndex(key, value)
	}
}

// Count makes a whole run of the parts: what was planned, and the footer, follow
// from the results.
func (p *Parts) Count() {
	p.Header.Planned = len(p.Results)
	p.Footer = Footer(p, reports.Ended{Status: reports.Complete, Finished: p.Header.Started.Add(1500 * time.Millisecond)})
}

// JSON is the run as a JSON report.
func JSON(t testing.TB, run *reports.Run) string {
	t.Helper()
	var b bytes.Buffer
	if err := reports.WriteJSON(&b, run); err != nil {
		t.Fatal(err)
	}
	return b.String()
}
