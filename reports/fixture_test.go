package reports

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
)

var update = flag.Bool("update", false, "write the golden files instead of comparing with them")

// sample is a small run with every outcome in it.
func sample() *Run {
	run := &Run{Header: sampleHeader(), Results: sampleResults()}
	finished := run.Header.Started.Add(1500 * time.Millisecond)
	run.Footer = footer(run, Ended{Status: Complete, Finished: finished})
	return run
}

// footer counts a run's results as the command line would.
func footer(run *Run, ended Ended) Footer {
	tally := NewTally(run.Header.Planned)
	for _, r := range run.Results {
		tally.Add(r)
	}
	return tally.Footer(ended, run.Header.Claims, run.Header.NotClaimedAreas, func(string) string { return "core" })
}

func sampleHeader() Header {
	return Header{
		Tool:     Tool{Name: "conformance", Version: "v0.1.0"},
		Run:      "r-7f3a",
		Started:  time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC),
		Seed:     "42",
		Level:    "core",
		Corpus:   Corpus{Version: "1.0.0", Digest: "sha256:c0ffee", Scenarios: 3214},
		Registry: Registry{Digest: "sha256:decade"},
		Target: Target{Kind: "command", Profile: "workspace-server", Address: "http://127.0.0.1:8080",
			Command: []string{"./server", "--addr", "127.0.0.1:8080"}},
		Planned:         7,
		Matrix:          "pairwise",
		LeftOut:         2100,
		Selection:       Selection{Rules: []string{"PRE-*"}},
		Claims:          []string{"create-presence", "provision-presence"},
		NotClaimedAreas: []string{"provision-liveness"},
	}
}

func sampleResults() []Result {
	return []Result{
		{
			ID: "valid/anthropic-api/ANTHROPIC_API_KEY", Title: "A live key is allowed", Class: "valid", Level: "core", Severity: "critical",
			Rules: []string{"PRE-4", "LIV-3"}, Outcome: Passed, DurationMS: 15.25, Companion: true,
		},
		mismatch(),
		{
			ID: "dead/openai-api/500", Title: "A dead key, twice", Class: "dead", Level: "core", Severity: "high",
			Rules: []string{"LIV-1", "REF-1"}, Outcome: Failed, DurationMS: 31,
			Violations: []Violation{
				{Rule: "LIV-1", Message: "the create was allowed", Want: "refused", Got: "allowed"},
				{Rule: "SEC-1", Message: "the reply holds part of a credential", Want: "none of it", Got: "line 1\nline 2"},
			},
			Steps: []string{"live", "dead"},
		},
		{
			ID: "missing/groq/blank", Title: "A blank value is absent", Class: "missing", Level: "core", Severity: "high",
			Rules: []string{"PRE-3"}, Outcome: Waived, DurationMS: 2,
			Reason:     "https://tracker.example/17, until 2026-09-01",
			Violations: []Violation{{Rule: "PRE-3", Message: "a blank value counted", Want: "refused", Got: "allowed"}},
		},
		{
			ID: "provision/openai-api/dead", Title: "A key that died is stopped", Class: "provision", Level: "extended", Severity: "high",
			Rules: []string{"PRV-3"}, Outcome: NotClaimed, Reason: "provision-liveness is not claimed by the profile",
		},
		{
			ID: "robustness/minimax/endless", Title: "An endless body", Class: "robustness", Level: "core", Severity: "medium",
			Rules: []string{"ROB-1", "LIV-6"}, Outcome: Errored, DurationMS: 8000, Reason: "the target closed the connection; is it still up?",
			Exchanges: []Exchange{{Direction: ToTarget, Method: "POST", URL: "http://127.0.0.1:8080/workspaces", DurationMS: 3, Note: "EOF"}},
		},
		{
			ID: "missing/groq/none", Title: "No credential", Class: "missing", Level: "core", Severity: "critical",
			Rules: []string{"PRE-1", "PRE-7"}, Outcome: Passed, DurationMS: 1.5,
		},
	}
}

func mismatch() Result {
	return Result{
		ID: "mismatched/anthropic-api/OPENAI_API_KEY@workspace", Title: "A foreign key counts as absent", Class: "mismatched",
		Level: "core", Severity: "critical", Rules: []string{"PRE-2", "PRE-7"}, Outcome: Failed, DurationMS: 12,
		Violations: []Violation{{Rule: "PRE-2", Message: "the create was allowed", Want: "422 MISSING_BYOK_CREDENTIAL", Got: "201 allowed"}},
		Exchanges: []Exchange{
			{
				Direction: ToTarget, Method: "POST", URL: "http://127.0.0.1:8080/workspaces", Status: 201, DurationMS: 12, Stage: "create",
				RequestHeaders:  map[string][]string{"X-Request-Id": {"r-7f3a/1"}, "Content-Type": {"application/json"}},
				RequestBody:     `{"name":"w1","secrets":{"OPENAI_API_KEY":"[masked]"}}`,
				ResponseHeaders: map[string][]string{"Set-Cookie": {"a=1", "b=2"}},
				ResponseBody:    `{"id":"1","status":"provisioning"}`,
			},
			{
				Direction: ToUpstream, Method: "GET", URL: "https://api.anthropic.com/v1/models", Status: 401, AtMS: 1.25, DurationMS: 0.5,
				Stage: "create", Provider: "anthropic-api", Credential: "OPENAI_API_KEY",
			},
		},
		Records: []Record{{
			Stage:  "create",
			Given:  Given{Runtime: "claude-code", Model: "claude-opus-4-7", Workspace: map[string]string{"OPENAI_API_KEY": "live"}},
			Expect: Expect{Verdict: "refused", Code: "MISSING_BYOK_CREDENTIAL", Providers: []string{"anthropic-api"}, Upstream: "none"},
			Seen: Seen{
				Replies: []SeenReply{{Outcome: "allowed", Status: 201, Times: 1}},
				Calls:   []SeenCall{{Method: "GET", Host: "api.anthropic.com", Status: 401, Credentials: []string{"workspace/OPENAI_API_KEY"}}},
			},
		}},
		Effect: "the workspace starts without a credential & the operator pays",
		Replay: "conformance run --id 'mismatched/anthropic-api/OPENAI_API_KEY@workspace' --seed 42",
	}
}

// write shows a run through the writer that newWriter makes.
func write[W Writer](t testing.TB, run Report, newWriter func(*bytes.Buffer) W) string {
	t.Helper()
	var b bytes.Buffer
	if err := Replay(run, newWriter(&b)); err != nil {
		t.Fatalf("Replay: %v", err)
	}
	return b.String()
}

func asJSON(b *bytes.Buffer) Writer     { return NewJSON(b) }
func asHTML(b *bytes.Buffer) Writer     { return NewHTML(b) }
func asInToto(b *bytes.Buffer) Writer   { return NewInToto(b) }
func asJUnit(b *bytes.Buffer) Writer    { return NewJUnit(b) }
func asMarkdown(b *bytes.Buffer) Writer { return NewMarkdown(b, 0) }
func asConsole(o ConsoleOptions) func(*bytes.Buffer) Writer {
	return func(b *bytes.Buffer) Writer { return NewConsole(b, o) }
}

// golden compares got with a file in testdata.
func golden(t *testing.T, name, got string) {
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

// hostile are strings that a server might send to break a report.
var hostile = map[string]string{
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

// hostileRun has s in every string of every record, but for those that are
// fixed sets of words.
func hostileRun(s string) *Run {
	run := &Run{Header: sampleHeader()}
	fill(reflect.ValueOf(&run.Header).Elem(), s)
	run.Header.Schema = ""
	for i, outcome := range []Outcome{Passed, Failed, Waived, NotClaimed, Errored} {
		r := mismatch()
		fill(reflect.ValueOf(&r).Elem(), s)
		r.ID = fmt.Sprintf("%d%s", i, s)
		r.Outcome = outcome
		for j := range r.Exchanges {
			r.Exchanges[j].Direction = ToUpstream
		}
		if outcome == Passed {
			r.Violations = nil
		}
		run.Results = append(run.Results, r)
	}
	run.Header.Planned = len(run.Results)
	run.Footer = footer(run, Ended{Status: Interrupted, Reason: s})
	fill(reflect.ValueOf(&run.Footer.Rules).Elem(), s)
	return run
}

// fill sets every string below v, and gives empty lists and maps one.
func fill(v reflect.Value, s string) {
	switch v.Kind() {
	case reflect.String:
		v.SetString(s)
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			return
		}
		for i := range v.NumField() {
			fill(v.Field(i), s)
		}
	case reflect.Slice:
		if v.Len() == 0 {
			v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		}
		for i := range v.Len() {
			fill(v.Index(i), s)
		}
	case reflect.Map:
		key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		fill(key, s)
		fill(value, s)
		v.Set(reflect.MakeMap(v.Type()))
		v.SetMapIndex(key, value)
	}
}
