package attest

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"

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
	s := readStatement(t, write(t, sample(), asInToto))
	if err := s.Check(); err != nil {
		t.Error(err)
	}
	if err := s.Agrees(sample()); err != nil {
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
		summary Summary
		want    string
	}{
		"conformant":      {Summary{Conformant: true, Passed: 1}, "PASSED"},
		"with waivers":    {Summary{Conformant: true, Passed: 1, Waived: 1}, "WARNED"},
		"not all claimed": {Summary{Conformant: true, Passed: 1, NotClaimed: 1}, "WARNED"},
		"not conformant":  {Summary{Passed: 1}, "FAILED"},
	} {
		if got := StatementResult(c.summary); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

func TestStatementSubject(t *testing.T) {
	file := Target{Kind: "command", Address: "http://x", Programs: []Program{{"/bin/server", "sha256:ab"}, {"a.js", "sha256:cd"}}}
	if got := SubjectsOf(file); len(got) != 2 || got[0].Name != "/bin/server" || got[1].Digest["sha256"] != "cd" {
		t.Errorf("subjects of a command are %v", got)
	}
	for name, target := range map[string]Target{"an address": {Kind: "url", Address: "http://x"}, "a Go value": {Kind: "gate"}} {
		got := SubjectsOf(target)
		if len(got) != 1 || got[0].Digest[AddressDigest] == "" || got[0].Digest["sha256"] != "" {
			t.Errorf("subject of %s is %v; it must not pass for a digest of what was tested", name, got)
		}
	}
}

func TestStatementIsJSONWhateverTheServerSent(t *testing.T) {
	for name, s := range hostile {
		t.Run(name, func(t *testing.T) {
			run := hostileRun(s)
			run.Header.Target.Programs = nil
			text := write(t, run, asInToto)
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
	text := write(t, sample(), asInToto)
	envelope, err := json.Marshal(map[string]any{
		"payloadType": "application/vnd.in-toto+json", "payload": base64.StdEncoding.EncodeToString([]byte(text)), "signatures": []string{},
	})
	if err != nil {
		t.Fatal(err)
	}
	if s := readStatement(t, string(envelope)); !s.Enveloped || s.Agrees(sample()) != nil {
		t.Error("the envelope's statement is another one")
	}
	for text, want := range map[string]bool{text: true, string(envelope): true, write(t, sample(), asJSON): false, "[]": false} {
		if IsStatement(strings.NewReader(text)) != want {
			t.Errorf("IsStatement is %v for %.40s", !want, text)
		}
	}
}

func TestStatementThatWasChanged(t *testing.T) {
	text := write(t, sample(), asInToto)
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
				err = s.Agrees(sample())
			}
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error is %v, want one with %q", err, c.want)
			}
		})
	}
}
