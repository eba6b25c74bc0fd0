package browsertest

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/molecule-ai/byok-conformance/reports"
	"github.com/molecule-ai/byok-conformance/reports/view"
)

// classes of the run that the tests look at, one result in turn.
var classes = []string{"mismatched", "dead", "valid", "provision"}

// providers and names span its mismatch matrix.
var (
	providers = []string{"anthropic-api", "openai-api", "groq", "byok-minimax", "openrouter"}
	names     = []string{"OPENAI_API_KEY", "GROQ_API_KEY", "HF_TOKEN", "GEMINI_API_KEY", "DEEPSEEK_API_KEY", "MOONSHOT_API_KEY"}
)

// attack is what a hostile server answers with.
const attack = `</script><script>window.pwned=1;alert(1)</script><img src=//elsewhere.invalid/x onerror=alert(1)> <!-- <script> ]]>` + "\x1b[31m \u202e \xff"

// opened is the id of the scenario that the tests open.
const opened = "mismatched/foreign/anthropic-api/OPENAI_API_KEY/workspace"

// writePage makes the page of a run with n results and returns its file.
func writePage(t testing.TB, n int) string {
	t.Helper()
	header := reports.Header{
		Tool: reports.Tool{Name: "conformance", Version: "devel"}, Run: "r1", Seed: "7", Level: "core",
		Started: time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC),
		Corpus:  reports.Corpus{Digest: "sha256:c0ffee", Scenarios: n}, Registry: reports.Registry{Digest: "sha256:decade"},
		Target:  reports.Target{Kind: "command", Profile: "workspace-server", Address: "http://127.0.0.1:8080"},
		Planned: n, Claims: []string{"create-presence"}, NotClaimedAreas: []string{"provision-liveness"},
	}
	tally := reports.NewTally(n)
	var results []reports.Result
	for i := range n {
		r := resultOf(i)
		tally.Add(&r)
		results = append(results, r)
	}
	footer := tally.Footer(reports.Ended{Status: reports.Complete}, header.Claims, header.NotClaimedAreas, func(string) string { return "core" })
	file := filepath.Join(t.TempDir(), "report.html")
	out, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := view.WriteHTML(out, reports.NewRun(header, results, footer)); err != nil {
		t.Fatal(err)
	}
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
	return file
}

// resultOf is the i-th result: the first ones span the matrix, one of them
// failed with an answer that attacks the page; the others repeat the classes.
func resultOf(i int) reports.Result {
	r := reports.Result{Level: "core", Severity: "high", Outcome: reports.Passed, DurationMS: float64(i%40) + 0.5, Effect: "The operator pays."}
	if cells := len(providers) * len(names); i < cells {
		provider, name := providers[i/len(names)], names[i%len(names)]
		r.ID, r.Class = "mismatched/foreign/"+provider+"/"+name+"/workspace", "mismatched"
		r.Title, r.Rules = provider+" with only "+name+" at workspace", []string{"PRE-2", "PRE-7"}
		r.Records = []reports.Record{{
			Stage:  "create",
			Given:  reports.Given{Runtime: "claude-code", Model: "a-model", Workspace: map[string]string{name: "live"}},
			Expect: reports.Expect{Verdict: "refused", Code: "MISSING_BYOK_CREDENTIAL", Providers: []string{provider}, Upstream: "none"},
			Seen:   reports.Seen{Replies: []reports.SeenReply{{Outcome: "allowed", Status: 201, Times: 1}}},
		}}
		if r.ID == opened {
			r.Outcome = reports.Failed
			r.Violations = []reports.Violation{{Rule: "PRE-2", Message: "a workspace that must be refused was allowed", Want: "create refused", Got: attack}}
			r.Exchanges = []reports.Exchange{{
				Direction: reports.ToTarget, Method: "POST", URL: "http://127.0.0.1:8080/workspaces", Status: 201, Stage: "create", DurationMS: 3,
				RequestBody: `{"name":"w"}`, ResponseHeaders: map[string][]string{"X-Attack": {attack}}, ResponseBody: attack,
			}}
			r.Replay = "conformance run --id " + opened
		}
		return r
	}
	r.Class = classes[i%len(classes)]
	r.ID, r.Title, r.Rules = fmt.Sprintf("%s/case/%05d", r.Class, i), fmt.Sprintf("Case %d", i), []string{"LIV-1"}
	if i%50 == 0 {
		r.Outcome, r.Violations = reports.Failed, []reports.Violation{{Rule: "LIV-1", Message: "allowed", Want: "refused", Got: "allowed"}}
	}
	return r
}
