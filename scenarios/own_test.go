package scenarios_test

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/molecule-ai/byok-conformance/registry"
	"github.com/molecule-ai/byok-conformance/scenarios"
)

// ownFile is a file beside the corpus: a refusal behind an allow, without a twin.
const ownFile = `class: acme
about: Regressions of one server.
scenarios:
  - id: acme/dies
    title: a key that dies
    severity: high
    rules: [LIV-13, LIV-1]
    source: explore
    effect: A revoked key goes on working.
    steps:
      - name: a create
        given: {runtime: claude-code, model: claude-sonnet-4-6, secrets: {workspace: {ANTHROPIC_API_KEY: live>dead}}}
        expect: {verdict: allowed}
      - name: a create
        given: {runtime: claude-code, model: claude-sonnet-4-6, secrets: {workspace: {ANTHROPIC_API_KEY: live>dead}}}
        expect: {verdict: refused, code: BYOK_CREDENTIAL_INVALID}
`

func with(t *testing.T, files map[string]string) (*scenarios.Corpus, error) {
	t.Helper()
	c, err := scenarios.Embedded()
	if err != nil {
		t.Fatal(err)
	}
	fsys := fstest.MapFS{}
	for name, text := range files {
		fsys[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return c.With(fsys, "regressions")
}

// What stands beside the corpus is selected like it, and is no part of it.
func TestOwnScenarios(t *testing.T) {
	c, err := with(t, map[string]string{"one.yaml": ownFile})
	if err != nil {
		t.Fatal(err)
	}
	built, _ := scenarios.Embedded()
	if c.Digest() != built.Digest() || c.BuiltIn() != built || c.Own().Class != "acme" || c.Own().Entries != 1 {
		t.Errorf("digest %s, own %+v; want the corpus's digest, and one entry of acme", c.Digest(), c.Own())
	}
	own, err := c.Select(registry.Embedded(), &scenarios.Selection{Level: scenarios.Core, Classes: []string{"acme"}})
	if err != nil || len(own.Scenarios)-len(own.Companions) != 1 {
		t.Fatalf("class acme selects %d scenarios, %v; want 1", len(own.Scenarios)-len(own.Companions), err)
	}
	both, err := c.Select(registry.Embedded(), &scenarios.Selection{Level: scenarios.Core, IDs: []string{"acme/*", "missing/space-before-name/groq"}})
	if err != nil || len(both.Scenarios)-len(both.Companions) != 2 {
		t.Errorf("ids select %d scenarios, %v; want one of each", len(both.Scenarios)-len(both.Companions), err)
	}
	if _, err := built.Select(registry.Embedded(), &scenarios.Selection{Classes: []string{"acme"}}); err == nil {
		t.Error("the corpus by itself knows the class acme")
	}
}

func TestOwnScenariosRefuses(t *testing.T) {
	other := strings.ReplaceAll(strings.ReplaceAll(ownFile, "acme/dies", "other/dies"), "class: acme", "class: other")
	for name, c := range map[string]struct {
		files map[string]string
		want  string
	}{
		"nothing there":        {nil, "it has no .yaml file"},
		"a class of ours":      {map[string]string{"a.yaml": strings.ReplaceAll(ownFile, "acme", "dead")}, `regressions/a.yaml:1:8: class "dead" is one of the corpus's own`},
		"no word":              {map[string]string{"a.yaml": strings.ReplaceAll(ownFile, "acme", "Acme Inc")}, "must be a word"},
		"two classes":          {map[string]string{"a.yaml": ownFile, "b.yaml": other}, "all files of a folder have one class"},
		"an id twice":          {map[string]string{"a.yaml": ownFile, "b.yaml": ownFile}, "an id belongs to one scenario"},
		"an id of other class": {map[string]string{"a.yaml": strings.ReplaceAll(ownFile, "acme/dies", "emca/dies")}, `its id begins with "acme/"`},
		"an unknown rule":      {map[string]string{"a.yaml": strings.ReplaceAll(ownFile, "LIV-13", "LIV-99")}, "LIV-99"},
	} {
		if _, err := with(t, c.files); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v; want an error with %q", name, err, c.want)
		}
	}
}
