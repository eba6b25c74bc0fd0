package scenarios_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/molecule-ai/byok-conformance/registry"
	"github.com/molecule-ai/byok-conformance/scenarios"
)

// TestMatrix holds each axis to its cells over the small registry. Each line is
// the id without its template's, and what the title makes of the placeholders.
func TestMatrix(t *testing.T) {
	tests := []struct {
		name, matrix, title string
		want                []string
	}{
		{"none", "", "t", []string{" t"}},
		{"case", "{case: [x, y]}", "{case}", []string{"x x", "y y"}},
		{"one word", "{case: x}", "{case}", []string{"x x"}},
		{"two axes, the last one fastest", "{case: [x, y], value: [1a, 2a]}", "{value}", []string{"x/1a 1a", "x/2a 2a", "y/1a 1a", "y/2a 2a"}},
		{"provider byok", "{provider: byok}", "{provider} {accepted} {accepted-lower} {runtime} {model}", []string{
			"alpha alpha A_KEY a_key one a-1", "gamma gamma G_TOKEN g_token one tie", "beta beta B_KEY b_key one beta-conformance-1",
		}},
		{"provider probed", "{provider: probed}", "t", []string{"alpha t", "beta t"}},
		{"provider unprobed", "{provider: unprobed}", "t", []string{"gamma t"}},
		{"provider several-names", "{provider: several-names}", "t", []string{"alpha t"}},
		{"two provider sets, each provider once", "{provider: [several-names, probed]}", "t", []string{"alpha t", "beta t"}},
		{"route byok", "{route: byok}", "{provider} {accepted} {runtime} {model}", []string{
			"one/a-1 alpha A_KEY one a-1", "one/a-2 alpha A_KEY one a-2", "one/tie gamma G_TOKEN one tie", "one/g-1 gamma G_TOKEN one g-1",
			"one/beta-conformance-1 beta B_KEY one beta-conformance-1", "two/a-2 alpha A_KEY two a-2",
		}},
		{"route tied", "{route: tied}", "{provider} {runtime} {model}", []string{"one/tie/beta beta one tie"}},
		{"route platform", "{route: platform}", "{provider} {runtime} {model}", []string{"one/p-1 platform one p-1"}},
		{"host", "{provider: byok, host: [beta.test, gamma.test]}", "{host}", []string{"beta beta.test"}},
		{"other-host", "{provider: byok, other-host: [beta.test, gamma.test]}", "t", []string{"alpha t"}},
		{"name accepted", "{provider: probed, name: accepted}", "{name}", []string{"alpha/A_KEY A_KEY", "alpha/A_TOKEN A_TOKEN", "beta/B_KEY B_KEY"}},
		{"name first", "{provider: probed, name: first}", "{name}", []string{"alpha/A_KEY A_KEY", "beta/B_KEY B_KEY"}},
		{"name later: none for whom accepts one", "{provider: probed, name: later}", "{name}", []string{"alpha/A_TOKEN A_TOKEN"}},
		{"spelling: other names that look like the first accepted one", "{provider: unprobed, spelling: [mixed-case, trailing-tab, trailing-newline, no-break-space, zero-width-space]}", "{spelling} {spelled}", []string{
			"gamma/mixed-case mixed-case G_Token", "gamma/trailing-tab trailing-tab G_TOKEN\t", "gamma/trailing-newline trailing-newline G_TOKEN\n",
			"gamma/no-break-space no-break-space G_TOKEN\u00a0", "gamma/zero-width-space zero-width-space G_TOKEN\u200b",
		}},
		{"spelling quoted", "{provider: unprobed, spelling: quoted}", "{spelled}", []string{`gamma/quoted "G_TOKEN"`}},
		{"foreign: every known name but the provider's own", "{provider: several-names, foreign: known}", "{foreign}", []string{
			"alpha/B_KEY B_KEY", "alpha/D_KEY D_KEY", "alpha/G_TOKEN G_TOKEN", "alpha/P_TOKEN P_TOKEN",
		}},
		{"foreign2: the next one, around the end", "{provider: several-names, foreign: known, foreign2: next}", "{foreign2}", []string{
			"alpha/B_KEY/D_KEY D_KEY", "alpha/D_KEY/G_TOKEN G_TOKEN", "alpha/G_TOKEN/P_TOKEN P_TOKEN", "alpha/P_TOKEN/B_KEY B_KEY",
		}},
		{"scope and answer", "{scope: [workspace, both], answer: [dead]}", "{scope} {answer}", []string{"workspace/dead workspace dead", "both/dead both dead"}},
	}
	reg := smallRegistry(t)
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			list, err := expandAlone(t, file(map[string]string{"matrix": test.matrix, "title": `"` + test.title + `"`, "expect": "{verdict: untouched}"}), reg)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, s := range list {
				got = append(got, strings.TrimPrefix(strings.TrimPrefix(s.ID, "missing/a"), "/")+" "+s.Title)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("cells (-want +got):\n%s", diff)
			}
		})
	}
}

// TestRouteFollowsCredentials holds the route of a provider axis to what is in
// scope in every step: beta wins the tie only with its own name.
func TestRouteFollowsCredentials(t *testing.T) {
	tied := smallRegistry(t, `, model_prefix_match: "^beta-"`, "")
	tests := []struct{ name, secrets, want string }{
		{"its own name wins the tie", "{workspace: {B_KEY: live}}", "one tie"},
		{"the other's name is there, too, which is listed first", "{workspace: {B_KEY: live, G_TOKEN: live}}", "not applicable"},
		{"a blank value wins nothing", "{workspace: {B_KEY: blank}}", "not applicable"},
		{"no name", "{}", "not applicable"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			list, err := expandAlone(t, file(map[string]string{
				"matrix": "{provider: probed}", "given": `{runtime: "{runtime}", model: "{model}", secrets: ` + test.secrets + "}", "expect": "{verdict: allowed}",
			}), tied)
			if err != nil {
				t.Fatal(err)
			}
			for _, s := range list {
				if s.ID != "missing/a/beta" {
					continue
				}
				got := s.Steps[0].Runtime + " " + s.Steps[0].Model
				if s.NotApplicable != "" {
					got = "not applicable"
				}
				if got != test.want {
					t.Errorf("route %s (%s), want %s", got, s.NotApplicable, test.want)
				}
			}
		})
	}
}

// TestExpandErrors are defects of a corpus that show when its steps are made.
func TestExpandErrors(t *testing.T) {
	const pair = "runtime: claude-code, model: claude-opus-4-7"
	tests := []struct {
		name   string
		fields map[string]string
		want   string
	}{
		{"unknown placeholder", map[string]string{"title": `"{nme}"`, "matrix": "{case: [x]}"}, `f.yaml:4:5: scenario "missing/a/x": unknown placeholder {nme}; this matrix binds case`},
		{"placeholder without a matrix", map[string]string{"effect": `"{provider}"`}, `f.yaml:4:5: scenario "missing/a": unknown placeholder {provider}; there is no matrix`},
		{"open placeholder", map[string]string{"title": `"{case"`, "matrix": "{case: [x]}"}, `f.yaml:4:5: scenario "missing/a/x": unknown placeholder {case}; this matrix binds case`},
		{"name without a provider", map[string]string{"matrix": "{name: accepted, provider: byok}"}, `f.yaml:10:14: axis name needs an axis provider or route before it`},
		{"provision as first step", map[string]string{"steps": "[{name: one, given: {stage: provision}, expect: {verdict: allowed}}]", "expect": ""}, `f.yaml:4:5: scenario "missing/a": its first step is to provision, but no workspace was created before`},
		{"unknown answer of a placeholder", map[string]string{"matrix": "{case: [alive]}", "given": `{` + pair + `, secrets: {workspace: {A: "{case}"}}}`}, `f.yaml:4:5: scenario "missing/a/alive": unknown answer "alive" (did you mean "live"?); conformance list --answers prints them all`},
		{"unknown upstream of a placeholder", map[string]string{"matrix": "{case: [alive]}", "given": `{` + pair + `, upstream: "{case}"}`}, `f.yaml:4:5: scenario "missing/a/alive": unknown answer "alive" (did you mean "live"?); conformance list --answers prints them all`},
		{"unknown scope of a placeholder", map[string]string{"matrix": "{case: [here]}", "given": `{` + pair + `, secrets: {"{case}": {A: live}}}`}, `f.yaml:4:5: scenario "missing/a/here": secrets have no scope "here"; the scopes are workspace, global, both`},
		{"one name twice", map[string]string{"matrix": "{provider: several-names, name: first}", "given": `{runtime: "{runtime}", model: "{model}", secrets: {workspace: {"{name}": live, "{accepted}": dead}}}`}, `f.yaml:4:5: scenario "missing/a/anthropic-api/ANTHROPIC_API_KEY": ANTHROPIC_API_KEY is given twice at scope workspace`},
		{"one name at both and at one scope", map[string]string{"given": `{` + pair + `, secrets: {both: {A: live}, global: {A: dead}}}`}, `A is given twice at scope `},
		{"a verdict where the gate stays out", map[string]string{"given": "{runtime: unknown, model: m}"}, `f.yaml:4:5: scenario "missing/a": it expects a verdict of the gate, but the registry derives no BYOK provider`},
		{"untouched where the gate is asked", map[string]string{"given": "{" + pair + "}", "expect": "{verdict: untouched}"}, `f.yaml:4:5: scenario "missing/a": it expects the gate to stay out, but the registry derives BYOK provider "anthropic-api"`},
		{"another provider", map[string]string{"given": "{" + pair + "}", "expect": "{verdict: refused, code: MISSING_BYOK_CREDENTIAL, provider: groq|google}"}, `f.yaml:4:5: scenario "missing/a": it expects provider groq or google, but the registry derives "anthropic-api"`},
		{"a dead credential where there is no probe", map[string]string{"given": "{runtime: claude-code, model: opus, secrets: {workspace: {CLAUDE_CODE_OAUTH_TOKEN: dead}}}", "expect": "{verdict: refused, code: BYOK_CREDENTIAL_INVALID}"}, `f.yaml:4:5: scenario "missing/a": it expects a probe, but the registry has nothing to probe for provider "anthropic-oauth"`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			fields := map[string]string{"expect": "{verdict: refused, code: MISSING_BYOK_CREDENTIAL}"}
			for k, v := range test.fields {
				fields[k] = v
			}
			if fields["given"] == "" && fields["steps"] == "" {
				fields["given"] = "{" + pair + "}"
			}
			c, err := load(file(fields))
			if err == nil {
				_, err = c.ExpandAlone(registry.Embedded())
			}
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %v\nwant  %s", err, test.want)
			}
		})
	}
}

// TestPlaceholdersAreFilled holds the embedded corpus to leaving none behind.
func TestPlaceholdersAreFilled(t *testing.T) {
	for _, s := range embedded(t) {
		texts := []string{s.ID, s.Title, s.Effect}
		for _, st := range s.Steps {
			texts = append(texts, st.Runtime, st.Model, st.URL, st.Expect.Probed)
			for _, scope := range []map[string]scenarios.Value{st.Secrets.Workspace, st.Secrets.Global} {
				for name := range scope {
					texts = append(texts, name)
				}
			}
		}
		for _, text := range texts {
			if strings.ContainsAny(text, "{}") {
				t.Errorf("%s: %q holds a placeholder", s.ID, text)
			}
		}
	}
}
