package scenarios_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/molecule-ai/byok-conformance/registry"
	"github.com/molecule-ai/byok-conformance/scenarios"
)

// TestExpectationDefaults holds what a scenario leaves out to the rules: who is
// called (PRE-7, DER-3 to 5, LIV-7, LIV-9), about which credential (LIV-8,
// PRE-5), and whether an allow must be loud (LIV-11, LIV-10).
func TestExpectationDefaults(t *testing.T) {
	const (
		refused = "{verdict: refused, code: MISSING_BYOK_CREDENTIAL}"
		invalid = "{verdict: refused, code: BYOK_CREDENTIAL_INVALID}"
		allowed = "{verdict: allowed}"
	)
	type want struct {
		Providers []string
		Upstream  scenarios.Upstream
		Probed    string
		Loud      bool
	}
	alpha, gamma := []string{"alpha"}, []string{"gamma"}
	tests := []struct {
		name, model, secrets, expect string
		want                         want
	}{
		{"refused for absence: nobody is called", "a-1", "{}", refused, want{Providers: alpha, Upstream: scenarios.NoCall}},
		{"refused for absence beside a foreign one", "a-1", "{workspace: {B_KEY: live}}", refused, want{Providers: alpha, Upstream: scenarios.NoCall}},
		{"allowed: one probe", "a-1", "{workspace: {A_KEY: live}}", allowed, want{alpha, scenarios.OneProbe, "workspace/A_KEY", false}},
		{"dead: one probe", "a-1", "{workspace: {A_KEY: dead}}", invalid, want{alpha, scenarios.OneProbe, "workspace/A_KEY", false}},
		{"at the tenant", "a-1", "{global: {A_KEY: live}}", allowed, want{alpha, scenarios.OneProbe, "global/A_KEY", false}},
		{"at both: the workspace's", "a-1", "{both: {A_KEY: live}}", allowed, want{alpha, scenarios.OneProbe, "workspace/A_KEY", false}},
		{"the first name, wherever it is", "a-1", "{workspace: {A_TOKEN: live}, global: {A_KEY: live}}", allowed, want{alpha, scenarios.OneProbe, "global/A_KEY", false}},
		{"a blank one decides nothing", "a-1", "{workspace: {A_KEY: blank, A_TOKEN: live}}", allowed, want{alpha, scenarios.OneProbe, "workspace/A_TOKEN", false}},
		{"a blank one at the workspace and a live one at the tenant", "a-1", "{workspace: {A_KEY: blank}, global: {A_KEY: live}}", allowed, want{alpha, scenarios.OneProbe, "global/A_KEY", false}},
		{"lawful either way: a probe may be made", "a-1", "{workspace: {A_KEY: live}}", "{verdict: either, code: MISSING_BYOK_CREDENTIAL}", want{alpha, scenarios.AnyProbe, "workspace/A_KEY", false}},
		{"a subscription is not probed", "g-1", "{workspace: {G_TOKEN: dead}}", allowed, want{Providers: gamma, Upstream: scenarios.NoCall}},
		{"platform", "p-1", "{workspace: {A_KEY: dead}}", "{verdict: untouched}", want{Upstream: scenarios.NoCall}},
		{"underivable", "nobody's", "{workspace: {A_KEY: dead}}", "{verdict: untouched}", want{Upstream: scenarios.NoCall}},
		{"the tie goes by what is in scope", "tie", "{workspace: {B_KEY: dead}}", invalid, want{[]string{"beta"}, scenarios.OneProbe, "workspace/B_KEY", false}},
		{"the tie without a credential goes to the first", "tie", "{}", refused, want{Providers: gamma, Upstream: scenarios.NoCall}},

		{"loud after an outage", "a-1", "{workspace: {A_KEY: server-error}}", allowed, want{alpha, scenarios.OneProbe, "workspace/A_KEY", true}},
		{"loud by the last answer", "a-1", `{workspace: {A_KEY: "live,silent"}}`, allowed, want{alpha, scenarios.OneProbe, "workspace/A_KEY", true}},
		{"not loud after a rate limit, which proves the key", "a-1", "{workspace: {A_KEY: rate-limited}}", allowed, want{alpha, scenarios.OneProbe, "workspace/A_KEY", false}},
		{"an outage at another credential is not loud", "a-1", "{workspace: {A_KEY: live, A_TOKEN: server-error}}", allowed, want{alpha, scenarios.OneProbe, "workspace/A_KEY", false}},
		{"not loud where it is said", "a-1", "{workspace: {A_KEY: server-error}}", "{verdict: allowed, loud: false}", want{alpha, scenarios.OneProbe, "workspace/A_KEY", false}},
		{"loud without a call: the credential is still named", "a-1", "{workspace: {A_KEY: unreadable}}", "{verdict: allowed, upstream: none, loud: true}", want{alpha, scenarios.NoCall, "workspace/A_KEY", true}},

		{"what is said stands: upstream", "a-1", "{workspace: {A_KEY: live}}", "{verdict: allowed, upstream: optional}", want{alpha, scenarios.AnyProbe, "workspace/A_KEY", false}},
		{"what is said stands: probed", "a-1", "{workspace: {A_KEY: live, A_TOKEN: live}}", "{verdict: allowed, probed: workspace/A_TOKEN}", want{alpha, scenarios.OneProbe, "workspace/A_TOKEN", false}},
		{"what is said stands: providers", "a-1", "{workspace: {A_KEY: live}}", "{verdict: allowed, provider: beta|alpha}", want{[]string{"beta", "alpha"}, scenarios.OneProbe, "workspace/A_KEY", false}},
	}
	reg := smallRegistry(t)
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			list, err := expandAlone(t, file(map[string]string{
				"given": `{runtime: one, model: "` + test.model + `", secrets: ` + test.secrets + "}", "expect": test.expect,
			}), reg)
			if err != nil {
				t.Fatal(err)
			}
			if list[0].NotApplicable != "" {
				t.Fatalf("not applicable: %s", list[0].NotApplicable)
			}
			x := list[0].Steps[0].Expect
			if diff := cmp.Diff(test.want, want{x.Providers, x.Upstream, x.Probed, x.Loud}, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("expectation (-want +got):\n%s", diff)
			}
		})
	}
}

// TestNeeds are the claims that follow from what a scenario does.
func TestNeeds(t *testing.T) {
	const (
		refused = "{verdict: refused, code: MISSING_BYOK_CREDENTIAL}"
		invalid = "{verdict: refused, code: BYOK_CREDENTIAL_INVALID}"
	)
	tests := []struct {
		name   string
		fields map[string]string
		want   []string
	}{
		{"a create", map[string]string{"given": "{runtime: one, model: a-1}", "expect": refused}, []string{"create-presence"}},
		{"a dead credential", map[string]string{"given": "{runtime: one, model: a-1, secrets: {workspace: {A_KEY: dead}}}", "expect": invalid}, []string{"create-liveness"}},
		{"one at the tenant", map[string]string{"given": "{runtime: one, model: a-1, secrets: {global: {A_KEY: live}}}", "expect": "{verdict: allowed}"}, []string{"create-presence", "global-scope"}},
		{"an unreadable one", map[string]string{"given": "{runtime: one, model: a-1, secrets: {workspace: {A_KEY: unreadable}}}", "expect": "{verdict: allowed}"}, []string{"create-presence", "unreadable-secrets"}},
		{"a claim of its own stands instead of presence", map[string]string{"needs": "[secrecy-logs]", "given": "{runtime: one, model: a-1, secrets: {workspace: {A_KEY: live}}}", "expect": "{verdict: allowed}"}, []string{"secrecy-logs"}},
		{"a provisioning", map[string]string{"given": "{stage: provision, runtime: one, model: a-1, before: {workspace: {A_KEY: live}}}", "expect": refused}, []string{"provision-presence"}},
		{"a provisioning with a dead one", map[string]string{"given": "{stage: provision, runtime: one, model: a-1, before: {global: {A_KEY: live}}, secrets: {workspace: {A_KEY: dead}}}", "expect": invalid}, []string{"global-scope", "provision-liveness"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			list, err := expandAlone(t, file(test.fields), smallRegistry(t))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, list[0].Needs); diff != "" {
				t.Errorf("needs (-want +got):\n%s", diff)
			}
		})
	}
}

// TestSteps holds a provisioning to the create before it, and steps to what
// they take from the scenario's own given.
func TestSteps(t *testing.T) {
	type step struct {
		Name, Stage, Pair, Secrets string
		AtOnce                     int
		External                   bool
	}
	tests := []struct {
		name   string
		fields map[string]string
		want   []step
	}{
		{"one create", map[string]string{"given": "{runtime: one, model: a-1, at-once: 3}", "expect": "{verdict: allowed}"}, []step{{"", "create", "one a-1", "", 3, false}}},
		{
			"a provisioning", map[string]string{"given": "{stage: provision, runtime: one, model: a-1, before: {workspace: {A_KEY: live}}, secrets: {workspace: {A_KEY: dead}}}", "expect": "{verdict: allowed}"},
			[]step{{"create", "create", "one a-1", "workspace A_KEY=live", 1, false}, {"provision", "provision", "one a-1", "workspace A_KEY=dead", 1, false}},
		},
		{
			"a provisioning after all was removed", map[string]string{"given": "{stage: provision, runtime: one, model: a-1, before: {global: {A_KEY: live}}}", "expect": "{verdict: allowed}"},
			[]step{{"create", "create", "one a-1", "global A_KEY=live", 1, false}, {"provision", "provision", "one a-1", "", 1, false}},
		},
		{
			"what steps leave out comes from the scenario", map[string]string{
				"given": "{runtime: one, model: a-1, external: true, upstream: dead, secrets: {workspace: {A_KEY: live}}}",
				"steps": "[{name: first, expect: {verdict: allowed}}, {name: second, given: {model: a-2, external: false, upstream: silent, secrets: {global: {A_KEY: live}}}, expect: {verdict: allowed}}, {name: third, given: {secrets: {}}, expect: {verdict: allowed}}]",
			},
			[]step{{"first", "create", "one a-1", "workspace A_KEY=dead", 1, true}, {"second", "create", "one a-2", "global A_KEY=silent", 1, false}, {"third", "create", "one a-1", "", 1, true}},
		},
		{
			"upstream speaks for live values only", map[string]string{"given": "{runtime: one, model: a-1, upstream: 'silent,live', secrets: {workspace: {A_KEY: live, A_TOKEN: dead, B_KEY: blank}}}", "expect": "{verdict: allowed}"},
			[]step{{"", "create", "one a-1", "workspace A_KEY=silent,live A_TOKEN=dead B_KEY=blank", 1, false}},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			list, err := expandAlone(t, file(test.fields), smallRegistry(t))
			if err != nil {
				t.Fatal(err)
			}
			var got []step
			for _, s := range list[0].Steps {
				got = append(got, step{s.Name, string(s.Stage), s.Runtime + " " + s.Model, written(s.Secrets), s.AtOnce, s.External})
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("steps (-want +got):\n%s", diff)
			}
		})
	}
}

// written is secrets as one line.
func written(s scenarios.Secrets) string {
	text := ""
	for _, scope := range []struct {
		name   string
		values map[string]scenarios.Value
	}{{"workspace", s.Workspace}, {"global", s.Global}} {
		var pairs []string
		for name, v := range scope.values {
			pairs = append(pairs, name+"="+v.String())
		}
		slices.Sort(pairs)
		for i, p := range pairs {
			if i == 0 {
				text += scope.name
			}
			text += " " + p
		}
	}
	return text
}

// TestWaits marks the scenarios whose provider outlasts any budget.
func TestWaits(t *testing.T) {
	for secrets, want := range map[string]bool{
		"{workspace: {A_KEY: live}}": false, "{workspace: {A_KEY: silent}}": true, "{global: {A_KEY: drip-body}}": true,
		`{workspace: {A_KEY: "live,silent"}}`: true, "{workspace: {A_KEY: server-error}}": false,
	} {
		list, err := expandAlone(t, file(map[string]string{"given": "{runtime: one, model: a-1, secrets: " + secrets + "}", "expect": "{verdict: allowed}"}), smallRegistry(t))
		if err != nil {
			t.Fatal(err)
		}
		if list[0].Waits() != want {
			t.Errorf("%s: waits %v", secrets, !want)
		}
	}
}

// TestEmbeddedExpectations holds the corpus as a whole to what no single
// default can promise.
func TestEmbeddedExpectations(t *testing.T) {
	for _, s := range embedded(t) {
		for _, st := range s.Steps {
			x := st.Expect
			missing := x.Verdict == scenarios.Refused && x.Code == "MISSING_BYOK_CREDENTIAL"
			switch {
			case missing && x.Upstream != scenarios.NoCall:
				t.Errorf("%s: refused for absence, but calls are %q", s.ID, x.Upstream)
			case x.Upstream == scenarios.OneProbe && x.Probed == "":
				t.Errorf("%s: a probe without a credential to probe", s.ID)
			case x.Verdict != scenarios.Untouched && len(x.Providers) == 0:
				t.Errorf("%s: no provider that a refusal could name", s.ID)
			case x.Loud && x.Probed == "":
				t.Errorf("%s: loud, but about no credential", s.ID)
			}
			for _, name := range x.Providers {
				if registry.Embedded().Provider(name) == nil {
					t.Errorf("%s: provider %q is not in the registry", s.ID, name)
				}
			}
		}
	}
}
