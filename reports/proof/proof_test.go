package proof

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/molecule-ai/byok-conformance/reports"
	"github.com/molecule-ai/byok-conformance/reports/reportstest"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/molecule-ai/byok-conformance/scenarios"
)

// combinationOf is a scenario of the matrix; at is create or provision.
func combinationOf(id, provider string, at scenarios.Stage, secrets scenarios.Secrets) *scenarios.Scenario {
	return &scenarios.Scenario{
		ID: id, Title: provider + " with a foreign credential", Effect: "a workspace that cannot work", Rules: []string{"PRE-2"},
		Steps: []scenarios.Step{{Stage: at, Runtime: "claude-code", Model: "m", Secrets: secrets, Expect: scenarios.Expect{Verdict: scenarios.Refused, Providers: []string{provider}}}},
	}
}

// live are secrets with live values.
func live(names ...string) map[string]scenarios.Value {
	out := map[string]scenarios.Value{}
	for _, name := range names {
		out[name] = scenarios.Value{Answers: []string{"live"}}
	}
	return out
}

// rightOf is a scenario that must be allowed.
func rightOf(id, provider string) *scenarios.Scenario {
	s := combinationOf(id, provider, scenarios.Create, scenarios.Secrets{Workspace: live("OWN_KEY")})
	s.Steps[0].Expect.Verdict = scenarios.Allowed
	return s
}

// evidence is a proof's at which nothing is wrong.
func evidence() Evidence {
	h := reportstest.Header()
	h.Claims = []string{"create-presence", "create-liveness", "global-scope", "provision-presence"}
	e := Evidence{
		Header: h, Seen: true,
		Accepts: func(_, name string) bool { return name == "OWN_KEY" },
		Curl:    func(s *scenarios.Scenario) string { return "curl -sS \"$SERVER/" + s.ID + "\" -d '<&>'\n" },
		Control: Control{
			Door: "Our own gates, served on loopback by this process", Thinned: "Thinned: 2 of 5 combinations.",
			Gates: []ControlledBy{
				{Name: "reference", Outcome: ControlPassed, Combinations: 2},
				{Name: "any-known-credential", Story: "Any well-known name counts.", Outcome: ControlFoundOut, Combinations: 2, Open: 2, First: "mismatched/report"},
				{Name: "same-vendor-counts", Story: "The vendor is the same.", Outcome: ControlNotApplicable, Note: "with this registry it lets no combination through"},
			},
		},
	}
	foreign := scenarios.Secrets{Workspace: live("OPENAI_API_KEY")}
	blank := scenarios.Secrets{Workspace: map[string]scenarios.Value{"OWN_KEY": {Shape: scenarios.Blank}, "GROQ_API_KEY": {Answers: []string{"live"}}}}
	for _, s := range []*scenarios.Scenario{
		combinationOf("mismatched/both/groq", "groq", scenarios.Create, scenarios.Secrets{Workspace: live("OPENAI_API_KEY"), Global: live("XAI_API_KEY")}),
		combinationOf("mismatched/global/groq", "groq", scenarios.Create, scenarios.Secrets{Global: live("OPENAI_API_KEY")}),
		combinationOf("mismatched/beside-blank/groq", "groq", scenarios.Create, blank),
		combinationOf("provision/swapped/groq", "groq", scenarios.Provision, foreign),
		combinationOf("mismatched/foreign/groq", "groq", scenarios.Create, foreign),
		combinationOf("mismatched/report", "anthropic-api", scenarios.Create, foreign),
		rightOf("valid/groq", "groq"),
		rightOf("valid/anthropic-api", "anthropic-api"),
	} {
		e.Cases = append(e.Cases, Case{Scenario: s, Kind: KindRefused, Result: reports.Result{ID: s.ID, Outcome: reports.Passed, Replay: "conformance run --id " + s.ID}})
	}
	return e
}

// becomes changes what a scenario of the evidence came to.
func becomes(id string, k Kind) func(*Evidence) {
	return func(e *Evidence) {
		i := slices.IndexFunc(e.Cases, func(c Case) bool { return c.Scenario.ID == id })
		c := &e.Cases[i]
		c.Kind, c.Result.Outcome = k, reports.Failed
		c.Result.Violations = []reports.Violation{{Rule: "PRE-2", Message: "a workspace that must be refused was allowed", Want: "create refused with MISSING_BYOK_CREDENTIAL", Got: "allowed (status 201)"}}
		c.Result.Exchanges = reportstest.Mismatch().Exchanges[:1]
		if k == KindViolating || k == KindUnproven {
			c.Result.Violations = []reports.Violation{{Rule: "PRE-7", Message: "a call was made where none may be", Want: "none", Got: "one"}, {Rule: "PRE-7", Message: "a call was made where none may be", Want: "none", Got: "another"}}
		}
	}
}

// stopped has a workspace that create allowed be refused afterwards.
func stopped(id string) func(*Evidence) {
	return func(e *Evidence) {
		i := slices.IndexFunc(e.Cases, func(c Case) bool { return c.Scenario.ID == id })
		r := &e.Cases[i].Result
		r.Violations = append(r.Violations, reports.Violation{Kind: lateRefusal, Rule: "REF-4", Message: "refused later", Want: "refused", Got: "allowed"})
	}
}

// all applies changes to the evidence.
func all(changes ...func(*Evidence)) func(*Evidence) {
	return func(e *Evidence) {
		for _, change := range changes {
			change(e)
		}
	}
}

func controlled(name string, o ControlOutcome, note string) func(*Evidence) {
	return func(e *Evidence) {
		for i := range e.Control.Gates {
			if g := &e.Control.Gates[i]; g.Name == name {
				g.Outcome, g.Note = o, note
			}
		}
	}
}

func everyCase(k Kind) func(*Evidence) {
	return func(e *Evidence) {
		for i := range e.Cases {
			e.Cases[i].Kind = k
		}
	}
}

func TestProofVerdict(t *testing.T) {
	tests := []struct {
		name     string
		change   func(*Evidence)
		want     Verdict
		sentence string
	}{
		{"all refused", all(), Closed, "closed: 5 combinations of 2 providers and 3 foreign credentials refused at create, 1 at provision; no credential left the server"},
		{"provisioning is not claimed", becomes("provision/swapped/groq", KindNotClaimed), Closed,
			"closed: 5 combinations of 2 providers and 3 foreign credentials refused at create; no credential left the server"},
		{"nothing was seen, and liveness is not claimed", func(e *Evidence) { e.Seen, e.Header.Claims = false, nil }, Closed,
			"closed: 5 combinations of 2 providers and 3 foreign credentials refused at create, 1 at provision; what leaves the server was not seen"},
		{"the report's own case", becomes("mismatched/report", KindOpen), Open,
			"open: the report's own case is allowed; 1 of 5 combinations allowed at create (by another provider's credential), 0 of 1 combination allowed at provision, of 2 providers and 3 foreign credentials; " +
				"none of these workspaces was seen to be stopped before it starts; the smallest: anthropic-api with a foreign credential"},
		{"at provision only", becomes("provision/swapped/groq", KindOpen), Open,
			"open: the report's own case is refused; 0 of 5 combinations allowed at create, 1 of 1 combination allowed at provision (by another provider's credential), of 2 providers and 3 foreign credentials; " +
				"workspaces start with it; the smallest: groq with a foreign credential"},
		{"by a blank value at create, and stopped", all(becomes("mismatched/beside-blank/groq", KindOpen), stopped("mismatched/beside-blank/groq")), Open,
			"open: the report's own case is refused; 1 of 5 combinations allowed at create (by a blank value under an accepted name), 0 of 1 combination allowed at provision, of 2 providers and 3 foreign credentials; " +
				"each of these workspaces is stopped before it starts; the smallest: groq with a foreign credential"},
		{"two ways, one of them stopped", all(becomes("mismatched/beside-blank/groq", KindOpen), stopped("mismatched/beside-blank/groq"), becomes("mismatched/foreign/groq", KindOpen)), Open,
			"open: the report's own case is refused; 2 of 5 combinations allowed at create (1 by a blank value under an accepted name, 1 by another provider's credential), 0 of 1 combination allowed at provision, of 2 providers and 3 foreign credentials; " +
				"1 of these workspaces were not seen to be stopped before they start; the smallest: groq with a foreign credential"},
		{"open, whatever else is wrong", all(becomes("mismatched/report", KindOpen), becomes("valid/groq", KindUnjudged), func(e *Evidence) { e.Incomplete = "the server died" }), Open, "open: the report's own case is allowed; 1 of 5"},
		{"sent before it was refused", becomes("mismatched/report", KindViolating), Violated,
			"violated: no combination was allowed, but 1 combination was not refused as the rules say (PRE-7: 1)"},
		{"a right credential is not enough beside a foreign one", becomes("valid/groq", KindViolating), Violated,
			"violated: no combination was allowed, but 1 request was with a right credential not answered as they say (PRE-7: 1)"},
		{"the twin was refused, too", becomes("mismatched/report", KindUnproven), Unproved,
			"unproved: 1 combination was refused, but the same workspace with the right credential was refused as well, so a refusal says nothing about the credential"},
		{"one could not be judged", becomes("mismatched/report", KindUnjudged), Unproved, "unproved: 1 scenario was replayed and could not be judged"},
		{"a twin could not be judged", becomes("valid/groq", KindUnjudged), Unproved, "unproved: 1 scenario was replayed and could not be judged"},
		{"nothing is claimed", all(everyCase(KindNotClaimed), func(e *Evidence) { e.Control = Control{} }), Unproved, "unproved: no combination was asked; see the target's claims and its registry"},
		{"nothing with a right credential", func(e *Evidence) { e.Cases = e.Cases[:6] }, Unproved, "unproved: no workspace with a right credential was asked for"},
		{"the server died", func(e *Evidence) { e.Incomplete = "the server died: exit status 2" }, Unproved, "unproved: the server died: exit status 2"},
		{"the server's calls went elsewhere", func(e *Evidence) { e.Seen = false }, Unproved, "unproved: the server claims to ask providers, and no call of it reached the fake ones"},
		{"a bypass was not found out", controlled("any-known-credential", ControlNotFoundOut, ""), Unproved,
			"unproved: the control gate any-known-credential has the bypass and was not found out, so that finding nothing means nothing"},
		{"the reference did not pass", controlled("reference", ControlFailed, "valid/groq is failed"), Unproved, "unproved: the control gate reference failed: valid/groq is failed"},
		{"no bypass applies", controlled("any-known-credential", ControlNotApplicable, "why"), Unproved, "unproved: no control gate could show that an open combination would be seen"},
		{"a void control takes an open combination's word, too", all(becomes("mismatched/report", KindOpen), controlled("reference", ControlFailed, "x")), Unproved, "unproved: the control gate reference failed: x"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			e := evidence()
			test.change(&e)
			p := New(e)
			if p.Verdict != test.want || !strings.HasPrefix(p.Sentence, test.sentence) {
				t.Errorf("%s, %q\nwant %s, %q", p.Verdict, p.Sentence, test.want, test.sentence)
			}
		})
	}
}

func TestSmallestOpenCombination(t *testing.T) {
	want := []string{"mismatched/report", "mismatched/foreign/groq", "provision/swapped/groq", "mismatched/global/groq", "mismatched/beside-blank/groq", "mismatched/both/groq"}
	e := evidence()
	for _, id := range want {
		becomes(id, KindOpen)(&e)
	}
	p := New(e)
	if diff := cmp.Diff(want, p.OpenIDs); diff != "" {
		t.Errorf("open combinations, the smallest first (-want +got):\n%s", diff)
	}
	if p.Smallest.ID != want[0] {
		t.Errorf("the smallest is %s", p.Smallest.ID)
	}
}

func TestProofSaysWhatItDoesNotShow(t *testing.T) {
	tests := []struct {
		name   string
		change func(*Evidence)
		want   string
	}{
		{"areas", all(), "Not claimed: provision-liveness"},
		{"a control gate that does not apply", all(), "The control gate same-vendor-counts could not be told from the reference: with this registry it lets no combination through"},
		{"combinations", becomes("mismatched/report", KindNotClaimed), "1 combination was not replayed"},
		{"provisioning", becomes("provision/swapped/groq", KindNotClaimed), "Provisioning was not asked"},
		{"calls", func(e *Evidence) { e.Seen = false }, "No call of the server arrived"},
		{"calls that belong to nothing", func(e *Evidence) { e.Strays = []string{"GET https://a.test/", "GET https://b.test/"} }, "2 calls were seen that carried no credential of any scenario, the first GET https://a.test/"},
		{"a thinned matrix", func(e *Evidence) { e.Header.Matrix, e.Header.LeftOut = "pairwise", 3 }, "The matrix was thinned (matrix pairwise: 3 scenarios left out)"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			e := evidence()
			test.change(&e)
			if gaps := New(e).gaps(); !slices.ContainsFunc(gaps, func(s string) bool { return strings.HasPrefix(s, test.want) }) {
				t.Errorf("gaps are %q, want one that begins with %q", gaps, test.want)
			}
		})
	}
}

// shown is a proof in every form, by the ending of its golden file.
func shown(t *testing.T, p *Proof) map[string]string {
	t.Helper()
	out := map[string]string{}
	var text bytes.Buffer
	if err := Print(&text, p, false); err != nil {
		t.Fatal(err)
	}
	out["txt"] = text.String()
	for ext, format := range map[string]string{"md": "markdown", "html": "html", "json": "json"} {
		var b bytes.Buffer
		if err := formats[format](&b, p); err != nil {
			t.Fatal(err)
		}
		out[ext] = b.String()
	}
	return out
}

func TestProofGolden(t *testing.T) {
	open := evidence()
	all(becomes("mismatched/report", KindOpen), becomes("provision/swapped/groq", KindOpen), becomes("mismatched/both/groq", KindViolating))(&open)
	for name, e := range map[string]Evidence{"closed": evidence(), "open": open} {
		for ext, text := range shown(t, New(e)) {
			t.Run(name+"."+ext, func(t *testing.T) { reportstest.Golden(t, "proof."+name+"."+ext, text) })
		}
	}
}

func TestProofsSatisfyTheSchema(t *testing.T) {
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(Schema()))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource("proof.schema.json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("proof.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	proofs := map[string]*Proof{"closed": New(evidence()), "empty": New(Evidence{})}
	e := evidence()
	everyCase(KindOpen)(&e)
	becomes("mismatched/report", KindOpen)(&e)
	proofs["open"] = New(e)
	for name, text := range reportstest.Hostile {
		proofs[name] = hostileProof(text)
	}
	for name, p := range proofs {
		t.Run(name, func(t *testing.T) {
			doc, err := jsonschema.UnmarshalJSON(strings.NewReader(shown(t, p)["json"]))
			if err != nil {
				t.Fatal(err)
			}
			if err := s.Validate(doc); err != nil {
				t.Error(err)
			}
		})
	}
	wrong := strings.Replace(shown(t, proofs["open"])["json"], `"verdict": "open"`, `"verdict": "closed"`, 1)
	lie, err := jsonschema.UnmarshalJSON(strings.NewReader(wrong))
	if err != nil || s.Validate(lie) == nil {
		t.Errorf("a closed proof with open combinations satisfies the schema (%v)", err)
	}
}

// hostileProof has s in every string that a server or a file of the user's can
// put there.
func hostileProof(s string) *Proof {
	e := evidence()
	becomes("mismatched/report", KindOpen)(&e)
	p := New(e)
	reportstest.Fill(reflect.ValueOf(p.Smallest).Elem(), s)
	for i := range p.Smallest.Exchanges {
		p.Smallest.Exchanges[i].Direction = reports.ToTarget
	}
	p.Smallest.Stage = "create"
	for i := range p.Smallest.Secrets {
		p.Smallest.Secrets[i].Scope = "global"
	}
	p.Sentence, p.Target.Address, p.Target.Command = "open: "+s, s, []string{s}
	p.Violations = []Violation{{Rule: "PRE-7", Message: s, First: s}}
	p.NotChecked = []string{s}
	p.Providers[0].Provider = s
	p.Control.Gates[0].Note, p.Control.Gates[0].Outcome = s, ControlFailed
	return p
}

// What a server sent cannot add structure to a proof, in any format.
func TestProofsAreSafeWhateverTheServerSent(t *testing.T) {
	plain := shown(t, hostileProof("x"))
	for name, s := range reportstest.Hostile {
		t.Run(name, func(t *testing.T) {
			for ext, text := range shown(t, hostileProof(s)) {
				for _, r := range text {
					// JSON holds the text as it was, like a run's.
					if ext != "json" && (r != '\n' && r != '\t' && r < ' ' || r == 0x7f || r == 0x202e) {
						t.Errorf("%s holds %U, which should be spelled out", ext, r)
						break
					}
				}
				// The tags of the plain page are all that there are.
				if ext == "html" && strings.Count(text, "<") != strings.Count(plain[ext], "<") {
					t.Errorf("the page has %d tags, want %d", strings.Count(text, "<"), strings.Count(plain[ext], "<"))
				}
				if ext == "md" && strings.Count(text, "<details>") != strings.Count(plain[ext], "<details>") {
					t.Error("the comment has more folds than it should")
				}
			}
		})
	}
}

// A comment on a pull request has room for 65,536 characters.
func TestProofFitsAComment(t *testing.T) {
	e := evidence()
	for i := range 6000 {
		s := combinationOf(fmt.Sprintf("mismatched/foreign/%05d/%s", i, strings.Repeat("x", 200)), fmt.Sprintf("provider-%d", i), scenarios.Create, scenarios.Secrets{Workspace: live("OPENAI_API_KEY")})
		e.Cases = append(e.Cases, Case{Scenario: s, Kind: KindOpen, Result: reportstest.Mismatch()})
	}
	for i := range 500 {
		e.Header.NotClaimedAreas = append(e.Header.NotClaimedAreas, strings.Repeat("area", 50)+fmt.Sprint(i))
		e.Control.Gates = append(e.Control.Gates, ControlledBy{Name: "g", Outcome: ControlNotApplicable, Note: strings.Repeat("<&", 300)})
	}
	p := New(e)
	for _, s := range []string{"x", strings.Repeat("<&|", 30_000)} {
		p.Sentence, p.Target.Address, p.Smallest.Curl = "open: "+s, s, s
		if n := len(shown(t, p)["md"]); n > limit {
			t.Errorf("%d bytes, more than %d", n, limit)
		}
	}
	page := shown(t, p)["html"]
	if !strings.Contains(page, "5,800 more, see the JSON report") || strings.Contains(page, "http://") && strings.Contains(page, "src=") {
		t.Error("the page does not say how much it leaves out, or asks the network")
	}
}

func TestProofFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "proof.json")
	if _, err := Create("junit", path); err == nil || !strings.Contains(err.Error(), "there are html, json, markdown") {
		t.Errorf("error %v", err)
	}
	f, err := Create("json", path)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(path); err == nil {
		t.Error("a report that was never written is there")
	}
	if f, err = Create("json", path); err != nil {
		t.Fatal(err)
	}
	if err := f.Write(New(evidence())); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if text, err := os.ReadFile(path); err != nil || !bytes.Contains(text, []byte(SchemaV1)) {
		t.Errorf("the report: %v", err)
	}
}
