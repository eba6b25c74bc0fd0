package attest

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"

	"github.com/molecule-ai/byok-conformance/reports"
	"github.com/molecule-ai/byok-conformance/reports/reportstest"

	"github.com/google/go-cmp/cmp"
)

func readStatement(t *testing.T, text string) *Statement {
	t.Helper()
	s, err := ReadStatement(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestStatementOfARun(t *testing.T) {
	s := readStatement(t, write(t, reportstest.Sample().Run()))
	if err := s.Check(); err != nil {
		t.Error(err)
	}
	if err := s.Agrees(reportstest.Sample().Run()); err != nil {
		t.Error(err)
	}
	lists := [][]string{s.Result.PassedTests, s.Result.WarnedTests, s.Result.FailedTests}
	want := [][]string{
		{"missing/groq/none", "valid/anthropic-api/ANTHROPIC_API_KEY"},
		{"missing/groq/blank", "provision/openai-api/dead"},
		{"dead/openai-api/500", "mismatched/anthropic-api/OPENAI_API_KEY@workspace", "robustness/minimax/endless"},
	}
	if diff := cmp.Diff(want, lists); diff != "" {
		t.Errorf("passed, warned and failed (-want +got):\n%s", diff)
	}
	if s.Digest("corpus") != "sha256:c0ffee" || s.Digest("profile") != "" {
		t.Errorf("digests are %q and %q", s.Digest("corpus"), s.Digest("profile"))
	}
}

func TestStatementResult(t *testing.T) {
	for name, c := range map[string]struct {
		summary reports.Summary
		want    string
	}{
		"conformant":      {reports.Summary{Conformant: true, Passed: 1}, "PASSED"},
		"with waivers":    {reports.Summary{Conformant: true, Passed: 1, Waived: 1}, "WARNED"},
		"not all claimed": {reports.Summary{Conformant: true, Passed: 1, NotClaimed: 1}, "WARNED"},
		"not conformant":  {reports.Summary{Passed: 1}, "FAILED"},
	} {
		if got := StatementResult(c.summary); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

func TestStatementSubject(t *testing.T) {
	file := reports.Target{Kind: "command", Address: "http://x", Programs: []reports.Program{{Path: "/bin/server", Digest: "sha256:ab"}, {Path: "a.js", Digest: "sha256:cd"}}}
	if got := SubjectsOf(file); len(got) != 2 || got[0].Name != "/bin/server" || got[1].Digest["sha256"] != "cd" {
		t.Errorf("subjects of a command are %v", got)
	}
	for name, target := range map[string]reports.Target{"an address": {Kind: "url", Address: "http://x"}, "a Go value": {Kind: "gate"}} {
		got := SubjectsOf(target)
		if len(got) != 1 || got[0].Digest[AddressDigest] == "" || got[0].Digest["sha256"] != "" {
			t.Errorf("subject of %s is %v; it must not pass for a digest of what was tested", name, got)
		}
	}
}

func TestStatementIsJSONWhateverTheServerSent(t *testing.T) {
	for name, s := range reportstest.Hostile {
		t.Run(name, func(t *testing.T) {
			run := reportstest.HostileRun(s)
			run.Header.Target.Programs = nil
			text := write(t, run.Run())
			if err := readStatement(t, text).Check(); err != nil {
				t.Error(err)
			}
			for _, r := range text {
				if r != '\n' && r < ' ' || r == 0x202e || r == 0xfffd {
					t.Fatalf("the statement holds %U, which should be spelled out", r)
				}
			}
		})
	}
}

func TestStatementEnvelope(t *testing.T) {
	text := write(t, reportstest.Sample().Run())
	envelope, err := json.Marshal(map[string]any{
		"payloadType": "application/vnd.in-toto+json", "payload": base64.StdEncoding.EncodeToString([]byte(text)), "signatures": []string{},
	})
	if err != nil {
		t.Fatal(err)
	}
	if s := readStatement(t, string(envelope)); !s.Enveloped || s.Agrees(reportstest.Sample().Run()) != nil {
		t.Error("the envelope's statement is another one")
	}
	for text, want := range map[string]bool{text: true, string(envelope): true, reportstest.JSON(t, reportstest.Sample().Run()): false, "[]": false} {
		if IsStatement(strings.NewReader(text)) != want {
			t.Errorf("IsStatement is %v for %.40s", !want, text)
		}
	}
}

func TestStatementThatWasChanged(t *testing.T) {
	text := write(t, reportstest.Sample().Run())
	cases := []struct{ name, old, new, want string }{
		{"another predicate", "test-result/v0.1", "test-result/v9", "only"},
		{"an unknown field", `"result":`, `"resultat": 1, "result":`, "unknown field"},
		{"no subject", `"subject":`, `"subjects":`, "unknown field"},
		{"another result", `"FAILED"`, `"PASSED"`, `its result is "PASSED"`},
		{"a failure moved to the passed", `"passedTests": [`, `"passedTests": ["dead/openai-api/500",`, "twice"},
		{"a failure dropped", `"dead/openai-api/500",`, ``, "7 scenarios ended, and its lists hold 6"},
		{"another corpus", "c0ffee", "decaf", "another run"},
		{"another subject", "127.0.0.1:8080", "127.0.0.1:9090", "another run"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if !strings.Contains(text, c.old) {
				t.Fatalf("the statement has no %s", c.old)
			}
			s, err := ReadStatement(strings.NewReader(strings.ReplaceAll(text, c.old, c.new)))
			if err == nil {
				err = s.Check()
			}
			if err == nil {
				err = s.Agrees(reportstest.Sample().Run())
			}
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error is %v, want one with %q", err, c.want)
			}
		})
	}
}

func write(t testing.TB, run *reports.Run) string {
	t.Helper()
	var b bytes.Buffer
	if err := Write(&b, run); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// An envelope around something else is no statement's, whatever it holds.
func TestEnvelopeOfAnotherType(t *testing.T) {
	payload := base64.StdEncoding.EncodeToString([]byte(write(t, reportstest.Sample().Run())))
	for _, payloadType := range []string{"", "application/json", "application/vnd.in-toto+json; charset=utf-8"} {
		envelope, err := json.Marshal(map[string]string{"payloadType": payloadType, "payload": payload})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := ReadStatement(bytes.NewReader(envelope)); err == nil || !strings.Contains(err.Error(), "payloadType") {
			t.Errorf("payloadType %q: error %v", payloadType, err)
		}
	}
}

// FuzzStatement: whatever the bytes, a Statement that is read can be held to
// itself, and is about no run but its own.
func FuzzStatement(f *testing.F) {
	run := reportstest.Sample().Run()
	text := write(f, run)
	for _, seed := range []string{text, text[:len(text)/2], "{}", `{"payloadType":"a","payload":"e30="}`, `{"_type":"https://in-toto.io/Statement/v1"}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		s, err := ReadStatement(bytes.NewReader(text))
		if err != nil {
			if s != nil || !strings.HasPrefix(err.Error(), "read the in-toto ") {
				t.Fatalf("statement %v, error %v", s, err)
			}
			return
		}
		checked := s.Check()
		for _, name := range []string{"corpus", "registry", "profile", "waivers"} {
			s.Digest(name)
		}
		if agrees := s.Agrees(run); agrees == nil && checked != nil {
			t.Fatalf("it is what the run gives, and contradicts itself: %v", checked)
		}
	})
}
