package suite

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/molecule-ai/byok-conformance/registry"
	"github.com/molecule-ai/byok-conformance/scenarios"
	"github.com/molecule-ai/byok-conformance/suite/target"
)

// traited is a target that is never driven.
type traited struct {
	target.Target
	traits target.Traits
}

func (t traited) Traits() target.Traits { return t.traits }

// planned is a scenario over our own registry: one create, unless steps are
// given. Secrets are "scope NAME=value", separated by blanks.
func planned(t *testing.T, id, runtime, model string, secrets ...string) *scenarios.Scenario {
	t.Helper()
	s := &scenarios.Scenario{ID: id, Class: "valid", Level: scenarios.Core, Rules: []string{"PRE-4"}}
	if len(secrets) == 0 {
		secrets = []string{""}
	}
	for i, text := range secrets {
		step := scenarios.Step{Stage: scenarios.Create, Runtime: runtime, Model: model, AtOnce: 1}
		if i > 0 {
			step.Stage = scenarios.Provision
		}
		for field := range strings.FieldsSeq(text) {
			scope, rest, _ := strings.Cut(field, ".")
			name, value, _ := strings.Cut(rest, "=")
			v, err := scenarios.ParseValue(value)
			if err != nil {
				t.Fatal(err)
			}
			into := &step.Secrets.Workspace
			if scope == "global" {
				into = &step.Secrets.Global
			}
			if *into == nil {
				*into = map[string]scenarios.Value{}
			}
			(*into)[name] = v
			step.Expect.Probed = scope + "/" + name
		}
		p := registry.Embedded().Derive(runtime, model, step.Secrets.InScope).Provider
		step.Expect.Verdict, step.Expect.Upstream = scenarios.Allowed, scenarios.OneProbe
		if p != nil {
			step.Expect.Providers = []string{p.Name}
		}
		s.Steps = append(s.Steps, step)
	}
	return s
}

func planOf(t *testing.T, cfg Config, traits target.Traits, list ...*scenarios.Scenario) (*engine, *plan) {
	t.Helper()
	cfg.Registry, cfg.Scenarios, cfg.Target = registry.Embedded(), list, traited{traits: traits}
	cfg.Providers = NewProviders(cfg.Registry)
	e, err := newEngine(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return e, e.plan()
}

// groupsOf is a plan's groups, each as its sets and the ids in it.
func groupsOf(p *plan) []string {
	var out []string
	for _, g := range p.groups {
		var sets, ids []string
		for _, s := range g.sets {
			sets = append(sets, "{"+setKey(s)+"}")
		}
		for _, r := range g.replays {
			ids = append(ids, r.scenario.ID)
		}
		out = append(out, strings.Join(sets, " then ")+": "+strings.Join(ids, " "))
	}
	return out
}

const opus = "claude-opus-4-7"

func TestPlanGroups(t *testing.T) {
	shared := target.Traits{SharedGlobals: true}
	plain := func(id string, secrets ...string) *scenarios.Scenario {
		return planned(t, id, "claude-code", opus, secrets...)
	}
	twin := plain("refused")
	twin.Twin = "twin"
	tests := []struct {
		name   string
		traits target.Traits
		list   []*scenarios.Scenario
		want   []string
	}{
		{"the same globals share a group, none come first", shared, []*scenarios.Scenario{
			plain("a", "global.ANTHROPIC_API_KEY=live"), plain("b"), plain("c", "global.ANTHROPIC_API_KEY=live workspace.ANTHROPIC_API_KEY=dead"), plain("d", "global.ANTHROPIC_API_KEY=dead"),
		}, []string{"{}: b", "{ANTHROPIC_API_KEY=live}: a c", "{ANTHROPIC_API_KEY=dead}: d"}},
		{"the order of names does not matter", shared, []*scenarios.Scenario{
			plain("a", "global.A=live global.B=dead"), plain("b", "global.B=dead global.A=live"),
		}, []string{"{A=live&B=dead}: a b"}},
		{"tags tell values apart", shared, []*scenarios.Scenario{plain("a", "global.A=live"), plain("b", "global.A=live#2")}, []string{"{A=live}: a", "{A=live#2}: b"}},
		{"steps with other globals are phases", shared, []*scenarios.Scenario{
			plain("a", "global.A=live", ""), plain("b", "global.A=live", "workspace.B=live"), plain("c", "global.A=live"), plain("d", "global.A=live", "global.A=live"),
		}, []string{"{A=live} then {}: a b", "{A=live}: c d"}},
		{"a target that shares nothing has one group", target.Traits{}, []*scenarios.Scenario{
			plain("a", "global.A=live"), plain("b"), plain("c", "global.A=dead"),
		}, []string{": a b c"}},
		{"what waits comes first, then the twins", target.Traits{}, []*scenarios.Scenario{
			twin, plain("other"), plain("waits", "workspace.ANTHROPIC_API_KEY=silent"), plain("twin", "workspace.ANTHROPIC_API_KEY=live"),
		}, []string{": waits twin refused other"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, p := planOf(t, Config{}, test.traits, test.list...)
			if diff := cmp.Diff(test.want, groupsOf(p)); diff != "" {
				t.Errorf("groups (-want +got):\n%s", diff)
			}
			if p.total != len(test.list) {
				t.Errorf("%d are planned of %d", p.total, len(test.list))
			}
		})
	}
}

// TestPlanMergesWaits holds sets of global secrets to be joined only where no
// scenario of one can tell that the other is there.
func TestPlanMergesWaits(t *testing.T) {
	const (
		claude, glm, kimi = "claude-code " + opus, "claude-code glm-conformance-1", "claude-code kimi-for-coding"
		anthropic, zai    = "global.ANTHROPIC_API_KEY=silent", "global.GLM_API_KEY=silent"
	)
	wait := func(id, pair string, secrets ...string) *scenarios.Scenario {
		runtime, model, _ := strings.Cut(pair, " ")
		return planned(t, id, runtime, model, secrets...)
	}
	codex := wait("api", "codex gpt-5.5", "global.OPENAI_API_KEY=silent")
	tests := []struct {
		name string
		list []*scenarios.Scenario
		want []string
	}{
		{"names that neither provider shares", []*scenarios.Scenario{wait("groq", "openclaw groq:conformance-1", "global.GROQ_API_KEY=silent"), wait("zai", glm, zai)},
			[]string{"{GLM_API_KEY=silent&GROQ_API_KEY=silent}: groq zai"}},
		{"a provider that tries the other's name later", []*scenarios.Scenario{wait("claude", claude, anthropic), wait("zai", glm, zai)},
			[]string{"{ANTHROPIC_API_KEY=silent&GLM_API_KEY=silent}: claude zai"}},
		{"a provider that tries the other's name first", []*scenarios.Scenario{wait("later", glm, anthropic), wait("zai", glm, zai)},
			[]string{"{ANTHROPIC_API_KEY=silent}: later", "{GLM_API_KEY=silent}: zai"}},
		{"the same name with another value", []*scenarios.Scenario{wait("a", glm, zai), wait("b", glm, "global.GLM_API_KEY=drip-body")},
			[]string{"{GLM_API_KEY=silent}: a", "{GLM_API_KEY=drip-body}: b"}},
		{"the other's name decides a tie", []*scenarios.Scenario{codex, wait("kimi", kimi, "global.KIMI_API_KEY=silent global.CODEX_AUTH_JSON=live")},
			[]string{"{OPENAI_API_KEY=silent}: api", "{CODEX_AUTH_JSON=live&KIMI_API_KEY=silent}: kimi"}},
		{"what does not wait stays by itself", []*scenarios.Scenario{wait("groq", "openclaw groq:conformance-1", "global.GROQ_API_KEY=live"), wait("zai", glm, zai)},
			[]string{"{GLM_API_KEY=silent}: zai", "{GROQ_API_KEY=live}: groq"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, p := planOf(t, Config{}, target.Traits{SharedGlobals: true}, test.list...)
			if diff := cmp.Diff(test.want, groupsOf(p)); diff != "" {
				t.Errorf("groups (-want +got):\n%s", diff)
			}
		})
	}
}

func TestPlanSaysWhatIsNotClaimed(t *testing.T) {
	foreign, needy := planned(t, "foreign", "claude-code", opus), planned(t, "needy", "claude-code", opus)
	foreign.NotApplicable = "it expects provider x"
	needy.Needs = []string{"create-presence", "atomicity"}
	listed, pattern := planned(t, "listed", "claude-code", opus), planned(t, "pattern", "claude-code", "claude-conformance-1")
	external := planned(t, "external", "claude-code", "claude-conformance-1")
	external.Steps[0].External = true
	_, p := planOf(t, Config{Claims: []string{"create-presence"}}, target.Traits{RefusesUnlisted: true}, foreign, needy, listed, pattern, external)
	got := map[string]string{}
	for _, r := range p.idle {
		got[r.Scenario.ID] = string(r.Outcome) + ": " + r.Reason
	}
	want := map[string]string{
		"foreign": "not-claimed: the registry in use does not have the pair: it expects provider x",
		"needy":   "not-claimed: the target does not claim atomicity",
		"pattern": "not-claimed: the server refuses models that its registry does not list, and only a pattern owns this one",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("not replayed (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{": listed external"}, groupsOf(p)); diff != "" || p.total != 5 {
		t.Errorf("replayed, of %d (-want +got):\n%s", p.total, diff)
	}
}

// TestUntestable are claims that cannot be judged at this target: an error with
// what to do, and no silent pass.
func TestUntestable(t *testing.T) {
	s := planned(t, "a", "claude-code", opus)
	e, _ := planOf(t, Config{}, target.Traits{}, s)
	tests := []struct {
		needs, want string
		unreadable  bool
		output      *Output
	}{
		{"create-presence", "", false, nil},
		{"secrecy-logs", "not testable: secrecy-logs is claimed, but the target's output cannot be read; start the target with `-- COMMAND`, or do not claim it", false, nil},
		{"secrecy-logs", "", false, NewOutput()},
		{"unreadable-secrets", "not testable: unreadable-secrets is claimed, but nothing says how to plant an unreadable secret at this target; do not claim it", false, nil},
		{"unreadable-secrets", "", true, nil},
	}
	for _, test := range tests {
		s.Needs, e.traits.Unreadable, e.cfg.Output = []string{test.needs}, test.unreadable, test.output
		got := ""
		if err := e.untestable(s); err != nil {
			got = err.Error()
		}
		if got != test.want {
			t.Errorf("%s: %q, want %q", test.needs, got, test.want)
		}
	}
}
