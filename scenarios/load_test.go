package scenarios_test

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/molecule-ai/byok-conformance/scenarios"
)

const twoRules = `rules:
  - {id: PRE-1, level: core, title: t, text: t, effect: e, source: s}
  - {id: LIV-1, level: extended, title: t, text: t, effect: e, source: s}
`

// plain is a file with one good scenario.
const plain = `class: missing
scenarios:
  - id: missing/a
    title: t
    severity: low
    rules: [PRE-1]
    source: s
    effect: e
    given: {runtime: r, model: m}
    expect: {verdict: refused, code: MISSING_BYOK_CREDENTIAL}
`

// edited returns the plain file with texts in it replaced, given in pairs.
func edited(t testing.TB, pairs ...string) string {
	t.Helper()
	text := plain
	for i := 0; i < len(pairs); i += 2 {
		if strings.Count(text, pairs[i]) != 1 {
			t.Fatalf("the file holds %q %d times", pairs[i], strings.Count(text, pairs[i]))
		}
		text = strings.Replace(text, pairs[i], pairs[i+1], 1)
	}
	return text
}

// load reads two rules and one file f.yaml.
func load(text string) (*scenarios.Corpus, error) {
	return scenarios.Load(fstest.MapFS{"rules.yaml": {Data: []byte(twoRules)}, "f.yaml": {Data: []byte(text)}})
}

func linesOf(err error) []string {
	if err == nil {
		return nil
	}
	return strings.Split(err.Error(), "\n")
}

func TestLoadErrors(t *testing.T) {
	const (
		given     = "given: {runtime: r, model: m}"
		expect    = "expect: {verdict: refused, code: MISSING_BYOK_CREDENTIAL}"
		classes   = "missing, mismatched, dead, forbidden, transient, rate-limited, valid, underivable, platform, external, unprobeable, unreadable, refusal, secrecy, provision, robustness, dialect"
		claims    = "create-presence, create-liveness, global-scope, provision-presence, provision-liveness, secrecy-logs, atomicity, unreadable-secrets"
		fileKeys  = "about, class, needs, scenarios"
		keys      = "effect, expect, given, id, level, matrix, needs, rules, severity, source, steps, title, twin"
		givenKeys = "after, at-once, before, external, fields, filler, filler-at, hang-up, malformed, model, one-name, runtime, same-name, secrets, stage, switch, upstream, url"
		axes      = "provider, route, host, other-host, name, later, spelling, sibling, foreign, foreign2, scope, answer, value, case, space, setting"
	)
	edit := func(pairs ...string) string { return edited(t, pairs...) }
	inGiven := func(s string) string { return edit(given, "given: {"+s+"}") }
	inExpect := func(s string) string { return edit(expect, "expect: {"+s+"}") }
	inMatrix := func(s string) string { return edit(given, "matrix: {"+s+"}") }
	value := func(s string) string { return inGiven("secrets: {workspace: {A: " + s + "}}") }
	steps := func(s string) string { return edit(given+"\n    "+expect, "steps: ["+s+"]") }
	const step = "{name: one, expect: {verdict: allowed}}"
	tests := []struct {
		name, text string
		want       []string
	}{
		{"nothing wrong", plain, nil},

		// The file.
		{"empty file", "", []string{"f.yaml:1:1: the file is empty; write what belongs into it, or name another file"}},
		{"only a comment", "# nothing\n", []string{"f.yaml:1:1: the file is empty; write what belongs into it, or name another file"}},
		{"no YAML", "a: 1\n  b: [\n", []string{"f.yaml:2:3: the file is not YAML: mapping values are not allowed in this context; correct this line or the one before it"}},
		{"second document", plain + "---\nclass: dead\n", []string{"f.yaml:11:1: a second document begins here; one file holds one document"}},
		{"second document that is no YAML", plain + "---\na: 'x", []string{"f.yaml:12:1: the file is not YAML: found unexpected end of stream; correct this line or the one before it"}},
		{"too large", "#" + strings.Repeat("x", 1<<20), []string{"f.yaml:1:1: the file is larger than 1 MiB, and none that people write is; check that this is the right one"}},
		{"a list", "- a\n", []string{
			"f.yaml:1:1: a scenario file must be a mapping, not a list",
			"f.yaml:1:1: the file names no class; add a line `class: …` with one of " + classes,
			"f.yaml:1:1: the file holds no scenarios",
		}},
		{"unknown key of the file", edit("class: missing", "class: missing\nabuot: x"), []string{`f.yaml:2:1: a scenario file has no field "abuot" (did you mean "about"?); its fields are ` + fileKeys}},
		{"unknown class", edit("class: missing", "class: mising"), []string{
			"f.yaml:1:1: the file names no class; add a line `class: …` with one of " + classes,
			`f.yaml:1:8: unknown class "mising" (did you mean "missing"?); it is one of ` + classes,
		}},
		{"unknown claim of the file", edit("class: missing", "class: missing\nneeds: [create-livenes]"), []string{`f.yaml:2:9: unknown claim "create-livenes" (did you mean "create-liveness"?); it is one of ` + claims}},
		{"no scenarios", "class: missing\nscenarios: []\n", []string{"f.yaml:1:1: the file holds no scenarios"}},

		// A scenario.
		{"unknown key", edit("severity:", "severty: low\n    severity:"), []string{`f.yaml:5:5: a scenario has no field "severty" (did you mean "severity"?); its fields are ` + keys}},
		{"unknown key that is like none", edit("severity:", "zzzzzzzzz: low\n    severity:"), []string{`f.yaml:5:5: a scenario has no field "zzzzzzzzz"; its fields are ` + keys}},
		{"key twice", edit("title: t", "title: t\n    title: u"), []string{`f.yaml:5:5: a scenario has "title" twice; keep one`}},
		{"key that is a list", edit("title: t", "title: t\n    [a]: u"), []string{"f.yaml:5:5: a key of a scenario must be a plain string"}},
		{"alias", edit("title: t", "title: &t t", "source: s", "source: *t"), []string{
			`f.yaml:3:5: scenario "missing/a" has no source`,
			"f.yaml:7:13: aliases are not read here; write the value out",
		}},
		{"alias as a whole scenario", edit("scenarios:\n  -", "scenarios:\n  - &a\n   ") + "  - *a\n", []string{
			`f.yaml:12:5: a scenario must be a mapping, not an alias`,
			`f.yaml:12:5: scenario "" has no id`, `f.yaml:12:5: scenario "" has no title`, `f.yaml:12:5: scenario "" has no severity`,
			`f.yaml:12:5: scenario "" has no source`, `f.yaml:12:5: scenario "" has no effect`,
			"f.yaml:12:5: scenario \"\" names no rule; add `rules: […]`",
			"f.yaml:12:5: scenario \"\" expects nothing; add `expect: {verdict: …}`",
		}},
		{"id twice", plain + strings.TrimPrefix(plain, "class: missing\nscenarios:\n"), []string{`f.yaml:11:5: id "missing/a" stands at f.yaml:3:5 already; an id belongs to one scenario for ever`}},
		{"id of another class", edit("missing/a", "dead/a"), []string{`f.yaml:3:5: scenario "dead/a" stands in the file of class "missing", so its id begins with "missing/" and goes on`}},
		{"id that is the class only", edit("missing/a", "missing/"), []string{`f.yaml:3:5: scenario "missing/" stands in the file of class "missing", so its id begins with "missing/" and goes on`}},
		{"id with a wildcard", edit("missing/a", "missing/*"), []string{`f.yaml:3:5: id "missing/*" holds white space or a wildcard; use letters, digits and - _ . / :`}},
		{"title that is a number", edit("title: t", "title: 4"), []string{
			`f.yaml:3:5: scenario "missing/a" has no title`,
			`f.yaml:4:12: title must be a string, not "4"; quote it`,
		}},
		{"title without a value", edit("title: t", "title:"), []string{
			`f.yaml:3:5: scenario "missing/a" has no title`,
			"f.yaml:4:11: title must be a string, not nothing",
		}},
		{"unknown severity", edit("severity: low", "severity: lo"), []string{
			`f.yaml:3:5: scenario "missing/a" has no severity`,
			`f.yaml:5:15: unknown severity "lo" (did you mean "low"?); it is one of critical, high, medium, low, warning`,
		}},
		{"unknown level", edit("title: t", "title: t\n    level: cor"), []string{`f.yaml:5:12: unknown level "cor" (did you mean "core"?); it is one of core, extended`}},
		{"empty level", edit("title: t", "title: t\n    level: ''"), []string{`f.yaml:5:12: unknown level ""; it is one of core, extended`}},
		{"unknown rule", edit("[PRE-1]", "[PRE-1, PRE-99]"), []string{`f.yaml:6:20: unknown rule "PRE-99" (did you mean "PRE-1"?); it is one of PRE-1, LIV-1`}},
		{"several unknown rules", edit("[PRE-1]", "[PRE-1, X, Y]"), []string{
			`f.yaml:6:20: unknown rule "X"; it is one of PRE-1, LIV-1`,
			`f.yaml:6:23: unknown rule "Y"; it is one of PRE-1, LIV-1`,
		}},
		{"rule twice", edit("[PRE-1]", "[PRE-1, PRE-1]"), []string{`f.yaml:6:20: rule "PRE-1" stands here twice; keep one`}},
		{"no rule", edit("[PRE-1]", "[]"), []string{"f.yaml:3:5: scenario \"missing/a\" names no rule; add `rules: […]`"}},
		{"rules that are no list", edit("[PRE-1]", "PRE-1"), []string{
			"f.yaml:3:5: scenario \"missing/a\" names no rule; add `rules: […]`",
			`f.yaml:6:12: the list of rules must be a list, not "PRE-1"`,
		}},
		{"unknown claim", edit("source: s", "source: s\n    needs: [atomic]"), []string{`f.yaml:8:13: unknown claim "atomic"; it is one of ` + claims}},

		// What is expected.
		{"no expectation", edit("    "+expect+"\n", ""), []string{"f.yaml:3:5: scenario \"missing/a\" expects nothing; add `expect: {verdict: …}`"}},
		{"steps and an expectation", edit(given, "steps: ["+step+"]"), []string{`f.yaml:3:5: scenario "missing/a" has steps, so what is expected stands in each step`}},
		{"step without an expectation", steps("{name: one}"), []string{"f.yaml:3:5: step \"one\" of scenario \"missing/a\" expects nothing; add `expect: {verdict: …}`"}},
		{"unknown key of a step", steps("{nam: one, expect: {verdict: allowed}}"), []string{`f.yaml:9:14: a step has no field "nam" (did you mean "name"?); its fields are alongside, expect, given, name`}},
		{"steps that are no list", edit(given+"\n    "+expect, "steps: x"), []string{
			"f.yaml:3:5: scenario \"missing/a\" expects nothing; add `expect: {verdict: …}`",
			`f.yaml:9:12: steps must be a list, not "x"`,
		}},
		{"unknown verdict", inExpect("verdict: alowed"), []string{
			"f.yaml:3:5: scenario \"missing/a\" expects nothing; add `expect: {verdict: …}`",
			`f.yaml:10:23: unknown verdict "alowed" (did you mean "allowed"?); it is one of refused, allowed, untouched, either, any`,
		}},
		{"refusal without a code", inExpect("verdict: refused"), []string{"f.yaml:10:13: a refusal is expected without a code; add `code: …` with one of MISSING_BYOK_CREDENTIAL, BYOK_CREDENTIAL_INVALID"}},
		{"code without a refusal", inExpect("verdict: allowed, code: MISSING_BYOK_CREDENTIAL"), []string{`f.yaml:10:13: a code is expected, but the verdict "allowed" has none`}},
		{"unknown code", inExpect("verdict: refused, code: MISSING_CREDENTIAL"), []string{
			"f.yaml:10:13: a refusal is expected without a code; add `code: …` with one of MISSING_BYOK_CREDENTIAL, BYOK_CREDENTIAL_INVALID",
			`f.yaml:10:38: unknown code "MISSING_CREDENTIAL" (did you mean "MISSING_BYOK_CREDENTIAL"?); it is one of MISSING_BYOK_CREDENTIAL, BYOK_CREDENTIAL_INVALID`,
		}},
		{"unknown upstream", inExpect("verdict: allowed, upstream: nothing"), []string{`f.yaml:10:42: unknown upstream "nothing"; it is one of none, probe, optional`}},
		{"loud that is no boolean", inExpect("verdict: allowed, loud: yes"), []string{`f.yaml:10:38: loud must be true or false, not "yes"`}},

		// What is given.
		{"unknown key of given", inGiven("modle: m"), []string{`f.yaml:9:13: given has no field "modle" (did you mean "model"?); its fields are ` + givenKeys}},
		{"unknown stage", inGiven("stage: provison"), []string{`f.yaml:9:20: unknown stage "provison" (did you mean "provision"?); it is one of create, provision, look, remove`}},
		{"unknown scope", inGiven("secrets: {gobal: {A: live}}"), []string{`f.yaml:9:23: secrets have no scope "gobal" (did you mean "global"?); the scopes are workspace, global, both`}},
		{"unknown answer", value("alive"), []string{`f.yaml:9:38: unknown answer "alive" (did you mean "live"?); conformance list --answers prints them all`}},
		{"unknown shape", value("padd:live"), []string{`f.yaml:9:38: unknown shape "padd" (did you mean "padded"?); the shapes are empty, blank, blank-vertical-tab, blank-form-feed, blank-no-break-space, blank-ideographic-space, blank-lines, blank-unicode, padded, newline, crlf, inner-newline, inner-cr, inner-lf, inner-nul, inner-space, non-ascii, long, url, alike, alike-head, alike-tail, alike-case, alike-middle, form-bare, form-short, form-dotted, form-google, form-token, form-json, form-long, form-marks, brace-reference, dollar-reference, environ-reference, unreadable`}},
		{"value that is no string", value("1"), []string{
			`f.yaml:9:38: the value of A must be a string, not "1"; quote it`,
		}},
		{"unknown answer upstream", inGiven("upstream: 'live,alive'"), []string{`f.yaml:9:23: unknown answer "alive" (did you mean "live"?); conformance list --answers prints them all`}},
		{"at-once that is no number", inGiven("at-once: many"), []string{`f.yaml:9:22: at-once must be a whole number, not "many"`}},
		{"at-once 0", inGiven("at-once: 0"), []string{"f.yaml:9:22: at-once must be 1 or more"}},
		{"fields that are no mapping", inGiven("fields: [a]"), []string{"f.yaml:9:21: fields must be a mapping of further fields of the create request"}},
		{"before without a provisioning", inGiven("before: {workspace: {A: live}}"), []string{"f.yaml:3:5: scenario \"missing/a\" says what was there before, which only a single `stage: provision` reads; write steps, or set the stage"}},
		{"before in a step", steps("{name: one, given: {before: {}}, expect: {verdict: allowed}}"), []string{`f.yaml:3:5: step "one" of scenario "missing/a" says what was there before; write that as a step of its own`}},

		// The matrix.
		{"unknown axis", inMatrix("provder: byok"), []string{`f.yaml:9:14: a matrix has no axis "provder" (did you mean "provider"?); its axes are ` + axes}},
		{"unknown value of an axis", inMatrix("provider: byoc"), []string{`f.yaml:9:24: axis provider has no value "byoc" (did you mean "byok"?); it takes byok, probed, unprobed, several-names`}},
		{"unknown answer of an axis", inMatrix("answer: [ded]"), []string{`f.yaml:9:22: axis answer has no value "ded" (did you mean "dead"?); it takes ` + strings.Join(scenarios.Answers, ", ")}},
		{"axis without values", inMatrix("case: []"), []string{"f.yaml:9:20: axis case has no values"}},
		{"axis of numbers", inMatrix("case: [1]"), []string{
			"f.yaml:9:20: axis case has no values",
			`f.yaml:9:21: value of axis case must be a string, not "1"; quote it`,
		}},
		{"axis name with two values", inMatrix("provider: byok, name: [accepted, later]"), []string{"f.yaml:9:36: axis name takes one value; accepted holds first and later"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := load(test.text)
			if diff := cmp.Diff(test.want, linesOf(err)); diff != "" {
				t.Errorf("errors (-want +got):\n%s", diff)
			}
		})
	}
}

func TestLoadRulesErrors(t *testing.T) {
	rule := "{id: A-1, level: core, title: t, text: t, effect: e, source: s}"
	tests := []struct {
		name, text string
		want       []string
	}{
		{"nothing wrong", "rules: [" + rule + "]", nil},
		{"unknown key", "rules: [{ids: A-1, id: A-1, level: core, title: t, text: t, effect: e, source: s}]", []string{`f:1:10: a rule has no field "ids" (did you mean "id"?); its fields are effect, id, level, source, text, title`}},
		{"unknown level", "rules: [{id: A-1, level: main, title: t, text: t, effect: e, source: s}]", []string{
			`f:1:9: rule "A-1" has no level`,
			`f:1:26: unknown level "main"; it is one of core, extended`,
		}},
		{"nothing in it", "rules: [{}]", []string{`f:1:9: rule "" has no id`, `f:1:9: rule "" has no level`, `f:1:9: rule "" has no title`, `f:1:9: rule "" has no text`, `f:1:9: rule "" has no effect`, `f:1:9: rule "" has no source`}},
		{"id twice", "rules: [" + rule + ", " + rule + "]", []string{`f:1:74: rule "A-1" stands here twice`}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := scenarios.LoadRules("f", []byte(test.text))
			if diff := cmp.Diff(test.want, linesOf(err)); diff != "" {
				t.Errorf("errors (-want +got):\n%s", diff)
			}
		})
	}
}

// TestLoadAllFiles holds Load to reporting every file's errors at once, and to
// wanting rules.
func TestLoadAllFiles(t *testing.T) {
	bad := []byte(edited(t, "title: t", "title: 1"))
	_, err := scenarios.Load(fstest.MapFS{"rules.yaml": {Data: []byte(twoRules)}, "a.yaml": {Data: bad}, "b.yaml": {Data: bad}})
	want := []string{
		`a.yaml:3:5: scenario "missing/a" has no title`, `a.yaml:4:12: title must be a string, not "1"; quote it`,
		`b.yaml:3:5: scenario "missing/a" has no title`, `b.yaml:4:12: title must be a string, not "1"; quote it`,
		`b.yaml:3:5: id "missing/a" stands at a.yaml:3:5 already; an id belongs to one scenario for ever`,
	}
	if diff := cmp.Diff(want, linesOf(err)); diff != "" {
		t.Errorf("errors (-want +got):\n%s", diff)
	}
	_, err = scenarios.Load(fstest.MapFS{"a.yaml": {Data: []byte(plain)}})
	if diff := cmp.Diff([]string{"the corpus has no rules.yaml; every scenario names rules of that file"}, linesOf(err)); diff != "" {
		t.Errorf("without rules (-want +got):\n%s", diff)
	}
}

func TestLoadFile(t *testing.T) {
	rules, err := scenarios.LoadRules("rules.yaml", []byte(twoRules))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := scenarios.LoadFile("own.yaml", []byte(edited(t, "verdict: refused", "verdict: refuse")), rules); err == nil || !strings.Contains(err.Error(), "own.yaml:10:23: unknown verdict") {
		t.Errorf("a wrong verdict: %v; want its place", err)
	}
	if c, err := scenarios.LoadFile("own.yaml", []byte(plain), rules); err != nil || c.Rules != rules {
		t.Errorf("a good file: %v, %v", c, err)
	}
}

// TestDigest holds the digest to the names and bytes of the corpus.
func TestDigest(t *testing.T) {
	digest := func(files fstest.MapFS) string {
		files["rules.yaml"] = &fstest.MapFile{Data: []byte(twoRules)}
		c, err := scenarios.Load(files)
		if err != nil {
			t.Fatal(err)
		}
		return c.Digest()
	}
	one := digest(fstest.MapFS{"a.yaml": {Data: []byte(plain)}})
	if again := digest(fstest.MapFS{"a.yaml": {Data: []byte(plain)}}); again != one || !strings.HasPrefix(one, "sha256:") {
		t.Errorf("digests of the same files: %s, %s", one, again)
	}
	for what, files := range map[string]fstest.MapFS{
		"another name": {"b.yaml": {Data: []byte(plain)}}, "another byte": {"a.yaml": {Data: []byte(plain + "\n")}},
	} {
		if digest(files) == one {
			t.Errorf("%s leaves the digest as it is", what)
		}
	}
}
