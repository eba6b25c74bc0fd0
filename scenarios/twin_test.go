package scenarios_test

import (
	"strings"
	"testing"

	"github.com/molecule-ai/byok-conformance/scenarios"
)

// entry is one scenario of a file, in one line.
func entry(id, more string) string {
	return "  - {id: " + id + ", title: t, severity: low, rules: [PRE-1], source: s, effect: e, " + more + "}\n"
}

func TestTwins(t *testing.T) {
	const (
		pair    = "runtime: one, model: a-1"
		refused = "given: {" + pair + "}, expect: {verdict: refused, code: MISSING_BYOK_CREDENTIAL}"
		global  = "given: {" + pair + ", secrets: {global: {B_KEY: live}}}, expect: {verdict: refused, code: MISSING_BYOK_CREDENTIAL}"
	)
	allowed := func(given string) string { return "given: {" + given + "}, expect: {verdict: allowed}" }
	live := allowed(pair + ", secrets: {workspace: {A_KEY: live}}")
	tests := []struct {
		name, refused, others string
		// want is the twin, or a part of the error where it begins with "error ".
		want string
	}{
		{"the same pair with a live credential", refused, entry("missing/live", live), "missing/live"},
		{"the same scope is preferred", global, entry("missing/workspace", live) + entry("missing/global", allowed(pair+", secrets: {global: {A_KEY: live}}")), "missing/global"},
		{"the workspace is the next best", global, entry("missing/workspace", live), "missing/workspace"},
		{"the first of several", refused, entry("missing/1", live) + entry("missing/2", live), "missing/1"},
		{"named", "twin: missing/2, " + refused, entry("missing/1", live) + entry("missing/2", live), "missing/2"},
		{"a provisioning's is a provisioning", "given: {stage: provision, " + pair + ", before: {workspace: {A_KEY: live}}}, expect: {verdict: refused, code: MISSING_BYOK_CREDENTIAL}",
			entry("missing/create", live) + entry("missing/provision", allowed("stage: provision, "+pair+", before: {workspace: {A_KEY: live}}, secrets: {workspace: {A_KEY: live}}")), "missing/provision"},

		{"none", refused, "", `error f.yaml:3:5: scenario "missing/a" must be refused, but no scenario with the same stage, runtime, model and provider must be allowed; add one to valid.yaml or provision.yaml`},
		{"another model", refused, entry("missing/live", allowed("runtime: one, model: a-2, secrets: {workspace: {A_KEY: live}}")), `error f.yaml:3:5: scenario "missing/a" must be refused, but no scenario`},
		{"another runtime", "given: {runtime: one, model: a-2}, expect: {verdict: refused, code: MISSING_BYOK_CREDENTIAL}", entry("missing/live", allowed("runtime: two, model: a-2, secrets: {workspace: {A_KEY: live}}")), "error must be refused, but no scenario"},
		{"a create for a provisioning", "given: {stage: provision, " + pair + ", before: {workspace: {A_KEY: live}}}, expect: {verdict: refused, code: MISSING_BYOK_CREDENTIAL}", entry("missing/live", live), "error must be refused, but no scenario"},
		{"an outage proves nothing", refused, entry("missing/live", allowed(pair+", secrets: {workspace: {A_KEY: server-error}}")), "error must be refused, but no scenario"},
		{"further fields prove nothing", refused, entry("missing/live", allowed(pair+", fields: {role: x}, secrets: {workspace: {A_KEY: live}}")), "error must be refused, but no scenario"},
		{"another shape proves nothing", refused, entry("missing/live", allowed(pair+", secrets: {workspace: {A_KEY: padded}}")), "error must be refused, but no scenario"},
		{"extended proves nothing", refused, entry("missing/live", "level: extended, "+live), "error must be refused, but no scenario"},
		{"lawful either way proves nothing", refused, entry("missing/live", "given: {"+pair+", secrets: {workspace: {A_KEY: live}}}, expect: {verdict: either}"), "error must be refused, but no scenario"},
		{"named, but not there", "twin: missing/2, " + refused, entry("missing/1", live), `error f.yaml:3:5: scenario "missing/a" names the twin "missing/2", which does not exist`},
		{"named, but refused itself", "twin: missing/2, " + refused, entry("missing/1", live) + entry("missing/2", refused), `error f.yaml:3:5: scenario "missing/a" names the twin "missing/2", which need not be allowed`},
	}
	reg := smallRegistry(t)
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c, err := load("class: missing\nscenarios:\n" + entry("missing/a", test.refused) + test.others)
			if err != nil {
				t.Fatal(err)
			}
			list, err := c.Expand(reg)
			if want, isError := strings.CutPrefix(test.want, "error "); isError {
				if err == nil || !strings.Contains(err.Error(), want) {
					t.Errorf("error %v\nwant  %s", err, want)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if list[0].Twin != test.want {
				t.Errorf("twin %q, want %q", list[0].Twin, test.want)
			}
		})
	}
}

// TestEmbeddedTwins holds every refusal of the corpus to a twin that differs in
// the credential only, and nothing else to one.
func TestEmbeddedTwins(t *testing.T) {
	list := embedded(t)
	byID := map[string]*scenarios.Scenario{}
	for _, s := range list {
		byID[s.ID] = s
	}
	for _, s := range list {
		if !s.MustRefuse() {
			if s.Twin != "" {
				t.Errorf("%s need not be refused and has the twin %s", s.ID, s.Twin)
			}
			continue
		}
		twin := byID[s.Twin]
		if twin == nil {
			t.Errorf("%s has the twin %q, which does not exist", s.ID, s.Twin)
			continue
		}
		a, b := s.Steps[len(s.Steps)-1], twin.Steps[len(twin.Steps)-1]
		if b.Expect.Verdict != scenarios.Allowed || a.Runtime != b.Runtime || a.Model != b.Model || a.Stage != b.Stage || a.External != b.External || twin.Level != scenarios.Core {
			t.Errorf("%s and its twin %s differ in more than the credential", s.ID, twin.ID)
		}
	}
}
