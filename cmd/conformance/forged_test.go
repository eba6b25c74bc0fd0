package main

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/molecule-ai/byok-conformance/reports/attest"
	"github.com/molecule-ai/byok-conformance/reports/verify"
)

// verified holds evidence to what can be recomputed, and returns what was printed.
func verified(t *testing.T, texts ...string) (holds bool, printed string) {
	t.Helper()
	var files []verify.File
	for i, text := range texts {
		files = append(files, verify.File{ReaderAt: strings.NewReader(text), Name: []string{"first", "second"}[i], Size: int64(len(text))})
	}
	var out bytes.Buffer
	holds, err := verify.Evidence(&out, files, verify.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return holds, out.String()
}

// TestForgedReportsAreRefused changes one thing of a real report at a time. Each
// change is refused with a sentence that says what contradicts.
func TestForgedReportsAreRefused(t *testing.T) {
	dir := t.TempDir()
	run, statement := filepath.Join(dir, "run.json"), filepath.Join(dir, "run.intoto.json")
	root := newRoot()
	root.SetOut(&bytes.Buffer{})
	root.SetErr(&bytes.Buffer{})
	root.SetArgs([]string{"run", "-q", "--seed", "x", "--target", "faulty:any-known-credential", "--id", "mismatched/report", "--id", "dead/answer/groq/*",
		"--id", "transient/answer/groq/GROQ_API_KEY/workspace/*", "--report", "json=" + run, "--report", "intoto=" + statement})
	if err := root.ExecuteContext(t.Context()); status(err, &bytes.Buffer{}) != exitNotConformant {
		t.Fatal(err)
	}
	read := func(path string) string {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		return string(data)
	}
	report, said := read(run), read(statement)
	if holds, printed := verified(t, said, report); !holds {
		t.Fatalf("the real ones do not hold:\n%s", printed)
	}
	for _, f := range []struct{ name, from, to, want string }{
		{"another seed", `"seed":"x"`, `"seed":"y"`, `the run's id \w+ is made from the seed y`},
		{"another run", `"run":"b2fdec38"`, `"run":"b2fdec39"`, `the run's id b2fdec39`},
		{"two seeds", `"seed":"x"`, `"seed":"y","seed":"x"`, `each of its fields once: .*seed`},
		{"two outcomes", `"outcome":"passed"`, `"outcome":"failed","outcome":"passed"`, `each of its fields once: .*outcome`},
		{"another schema", `report/v1"`, `report/v9"`, `a whole report`},
		{"a wider selection", `"mismatched/report","dead`, `"mismatched/*","dead`, `the selection has \d+ scenarios with their twins`},
		{"another matrix", `"matrix":"full"`, `"matrix":"pairwise"`, `the selection`},
		{"another corpus", `"corpus":{"digest":"sha256:`, `"corpus":{"digest":"sha256:0`, `the corpus`},
		{"another version of the corpus", `"version":"1.`, `"version":"2.`, `the corpus has version`},
		{"a larger corpus", `"scenarios":`, `"scenarios":9`, `the corpus makes \d+ scenarios of the registry`},
		{"another registry", `"registry":{"digest":"sha256:`, `"registry":{"digest":"sha256:0`, `the registry`},
		{"another profile", `"profile_digest":"sha256:`, `"profile_digest":"sha256:0`, `the profile`},
		{"fewer planned", `"planned":1`, `"planned":2`, `planned`},
		{"a result is missing", `(?m)^\{"id":"dead/answer/groq/GROQ_API_KEY/both".*\n`, ``, `a whole report`},
		{"a result stands twice", `(?m)^(\{"id":"dead/answer/groq/GROQ_API_KEY/both".*\n)`, `$1$1`, `twice|a whole report`},
		{"another scenario's id", `"id":"dead/answer/groq/GROQ_API_KEY/both"`, `"id":"dead/answer/groq/GROQ_API_KEY/none"`, `the selection does not have it`},
		{"a failure is called passed", `"outcome":"failed"`, `"outcome":"passed"`, `a whole report`},
		{"a pass is called failed", `"outcome":"passed"`, `"outcome":"failed"`, `a whole report`},
		{"a pass is called not claimed", `"outcome":"passed"`, `"outcome":"not-claimed"`, `a whole report`},
		{"a failure without its violations", `"violations":\[\{[^]]*\]`, `"violations":[]`, `is failed and names no violation`},
		{"a pass with a violation", `"outcome":"passed","duration_ms":([0-9.]+),"violations":\[\]`, `"outcome":"passed","duration_ms":$1,"violations":[{"kind":"wrongly-allowed","rule":"LIV-1","message":"m","want":"w","got":"g"}]`, `passed and names a violation of LIV-1`},
		{"a violation of another rule", `"kind":"wrongly-allowed","rule":"PRE-2"`, `"kind":"wrongly-allowed","rule":"LIV-1"`, `table of rules`},
		{"an unknown kind", `"kind":"wrongly-allowed","rule"`, `"kind":"fine","rule"`, `no kind of violation is called`},
		{"what failed was answered well", `"seen":\{"replies":\[\{"outcome":"allowed"`, `"seen":{"replies":[{"outcome":"refused"`, `wrongly-allowed, and no reply allowed it`},
		{"what passed was allowed", `"outcome":"refused"`, `"outcome":"allowed"`, `was to be refused and was answered "allowed"`},
		{"what passed had another status", `"status":422`, `"status":200`, `was refused with status 200`},
		{"what passed had another code", `"code":"BYOK_CREDENTIAL_INVALID"`, `"code":"MISSING_BYOK_CREDENTIAL"`, `was to be refused with BYOK_CREDENTIAL_INVALID|each result is about`},
		{"what passed asked nobody", `,"calls":\[\{"method":"GET","host":"api.groq.com","status":401,"credentials":\["workspace/GROQ_API_KEY"\]\}\]`, ``, `no call was made`},
		{"what was seen of none", `"exchanges":\[\],"seen":0`, `"exchanges":[],"seen":999`, `the place 999`},
		{"other rules", `"rules":["LIV-1",`, `"rules":[`, `each result is about|table of rules`},
		{"another class", `"class":"dead"`, `"class":"valid"`, `each result is about`},
		{"another severity", `"severity":"critical"`, `"severity":"minor"`, `each result is about`},
		{"another model", `"given":{"runtime":"claude-code"`, `"given":{"runtime":"codex"`, `each result is about`},
		{"another expectation", `"verdict":"refused"`, `"verdict":"allowed"`, `each result is about`},
		{"a better table", `"id":"PRE-2"(.*?)"failed":1`, `"id":"PRE-2"$1"failed":0`, `table of rules`},
		{"a claim less", `"claims":["create-presence",`, `"claims":[`, `claimed`},
		{"a claim more in the summary", `"left_behind":0,"claims":[`, `"left_behind":0,"claims":["provision-liveness",`, `other areas than the header`},
		{"a conformant summary", `"conformant":false`, `"conformant":true`, `a whole report`},
		{"fewer failures", `"failed":1,"waived":0,"not_claimed":0,"errors":0,"left_behind"`, `"failed":0,"waived":0,"not_claimed":0,"errors":0,"left_behind"`, `a whole report`},
		{"something left behind", `"left_behind":0`, `"left_behind":3`, `3 workspaces are left behind, and it names 0`},
		{"an end before the beginning", `"finished":"20`, `"finished":"19`, `before it began`},
		{"a scenario that outlasts the run", `"duration_ms":`, `"duration_ms":99999`, `and the whole run`},
		{"a scenario of negative length", `"duration_ms":`, `"duration_ms":-`, `which is no time`},
		{"a run that did not end", `"status":"complete"`, `"status":"interrupted"`, `it is interrupted, and does not say by what`},
		{"fewer ended", `"ended":1`, `"ended":0`, `a whole report|ended`},
	} {
		t.Run(f.name, func(t *testing.T) { refusesForged(t, report, f.from, f.to, f.want, nil) })
	}
	for _, f := range []struct{ name, from, to, want string }{
		{"a result of its own", `"result": "FAILED"`, `"result": "PASSED"`, `result follows from its lists`},
		{"another list", `"mismatched/report"\n`, `"mismatched/other"` + "\n", `the statement says what second says`},
		{"another seed", `"seed": "x"`, `"seed": "y"`, `the statement says what second says`},
		{"another predicate", `test-result/v0.1`, `other/v0.1`, `can be verified`},
		{"another corpus", `"sha256": "`, `"sha256": "00`, `the corpus`},
		{"two lists", `"failedTests": [`, `"failedTests": [], "failedTests": [`, `each of its fields once`},
		{"another address", `"addressSha256": "`, `"addressSha256": "0`, `the statement says what second says`},
	} {
		t.Run("statement: "+f.name, func(t *testing.T) { refusesForged(t, said, f.from, f.to, f.want, &report) })
	}
	for kind, want := range map[string]string{attest.PayloadType: "", "text/plain": `payloadType|"text/plain"`} {
		envelope, err := json.Marshal(map[string]any{"payloadType": kind, "payload": base64.StdEncoding.EncodeToString([]byte(said)), "signatures": []any{}})
		if err != nil {
			t.Fatal(err)
		}
		if holds, printed := verified(t, string(envelope), report); holds != (want == "") || want != "" && !regexp.MustCompile(`MISMATCH .*(`+want+`)`).MatchString(printed) {
			t.Errorf("an envelope of %s: %t:\n%s", kind, holds, printed)
		}
	}
}

// refusesForged changes the first place that a pattern, or a plain text, finds.
func refusesForged(t *testing.T, text, from, to, want string, beside *string) {
	t.Helper()
	forged := strings.Replace(text, from, to, 1)
	if forged == text {
		re := regexp.MustCompile(from)
		at := re.FindStringSubmatchIndex(text)
		if at == nil {
			t.Fatalf("there is no %q", from)
		}
		forged = text[:at[0]] + string(re.ExpandString(nil, to, text, at)) + text[at[1]:]
	}
	texts := []string{forged}
	if beside != nil {
		texts = append(texts, *beside)
	}
	holds, printed := verified(t, texts...)
	if holds || !regexp.MustCompile(`(?m)^MISMATCH .*(`+want+`)`).MatchString(printed) {
		var told []string
		for line := range strings.Lines(printed) {
			if strings.HasPrefix(line, "MISMATCH") || strings.HasPrefix(line, "result") {
				told = append(told, line)
			}
		}
		t.Errorf("want a mismatch like %q:\n%s", want, strings.Join(told, ""))
	}
}
