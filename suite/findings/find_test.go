package findings

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/molecule-ai/byok-conformance/registry"
	"github.com/molecule-ai/byok-conformance/scenarios"
	"github.com/molecule-ai/byok-conformance/suite/internal/small"
	"github.com/molecule-ai/byok-conformance/suite/judge"
)

// few is our own registry with a few of its providers: what is said of a fault does
// not depend on how many others there are.
var few = sync.OnceValue(func() *registry.Registry {
	reg, err := small.Few()
	if err != nil {
		panic(err) // a test's own data
	}
	return reg
})

// corpus is the pairwise matrix of the classes that are asked for.
func corpus(t testing.TB, classes ...string) []*scenarios.Scenario {
	t.Helper()
	c, err := scenarios.Embedded()
	if err != nil {
		t.Fatal(err)
	}
	selected, err := c.Select(few(), &scenarios.Selection{Level: scenarios.Extended, Classes: classes, Matrix: scenarios.PairwiseMatrix})
	if err != nil {
		t.Fatal(err)
	}
	return selected.Scenarios
}

// A fault decides of a step that must be refused whether it lets it through.
type fault func(reg *registry.Registry, st *scenarios.Step, p *registry.Provider) bool

// replayed is what a gate with a fault makes of scenarios, as far as it lets through.
func replayed(list []*scenarios.Scenario, lets fault) []Case {
	reg := few()
	var out []Case
	for _, s := range list {
		c := Case{Scenario: s}
		for i := range s.Steps {
			st := &s.Steps[i]
			if st.Expect.Verdict == scenarios.Refused && len(st.Expect.Providers) > 0 && lets(reg, st, reg.Provider(st.Expect.Providers[0])) {
				c.Violations = append(c.Violations, Violation{judge.WronglyAllowed, s.Rules[0], i})
			}
		}
		out = append(out, c)
	}
	return out
}

func has(values map[string]scenarios.Value, is func(name string, v scenarios.Value) bool) bool {
	for name, v := range values {
		if is(name, v) {
			return true
		}
	}
	return false
}

func missing(st *scenarios.Step) bool { return st.Expect.Code == "MISSING_BYOK_CREDENTIAL" }

// Each fault is described by what it does, and by nothing else.
func TestFind(t *testing.T) {
	t.Parallel()
	list := corpus(t, "missing", "mismatched", "dead", "valid", "provision")
	known := func(reg *registry.Registry, values map[string]scenarios.Value, p *registry.Provider) bool {
		return has(values, func(name string, v scenarios.Value) bool {
			return v.Present() && !p.Accepts(name) && relate(reg, p, name).relation == foreign
		})
	}
	for name, test := range map[string]struct {
		lets fault
		want []string
	}{
		"no fault": {func(*registry.Registry, *scenarios.Step, *registry.Provider) bool { return false }, nil},
		"any known name": {func(reg *registry.Registry, st *scenarios.Step, p *registry.Provider) bool {
			return missing(st) && (known(reg, st.Secrets.Workspace, p) || known(reg, st.Secrets.Global, p))
		}, []string{"A workspace is allowed that has no credential which counts, where a value stands under another provider's name"}},
		"at the tenant": {func(reg *registry.Registry, st *scenarios.Step, p *registry.Provider) bool {
			return missing(st) && known(reg, st.Secrets.Global, p)
		}, []string{"A workspace is allowed that has no credential which counts, where a value stands under another provider's name at the tenant"}},
		"at provisioning": {func(reg *registry.Registry, st *scenarios.Step, p *registry.Provider) bool {
			return missing(st) && st.Stage == scenarios.Provision && known(reg, st.Secrets.Global, p)
		}, []string{"A workspace is allowed that has no credential which counts, where a value stands under another provider's name at the tenant, and at provisioning"}},
		"all but one provider": {func(reg *registry.Registry, st *scenarios.Step, p *registry.Provider) bool {
			return missing(st) && p.Name != "groq" && known(reg, st.Secrets.Workspace, p)
		}, []string{"A workspace is allowed that has no credential which counts, where a value stands under another provider's name at the workspace, and for provider any but groq"}},
		"white space": {func(reg *registry.Registry, st *scenarios.Step, p *registry.Provider) bool {
			return missing(st) && has(st.Secrets.Workspace, func(name string, v scenarios.Value) bool { return p.Accepts(name) && v.Shape.IsBlank() })
		}, []string{"A workspace is allowed that has no credential which counts, where white space only stands under an accepted name at the workspace"}},
		"dead": {func(_ *registry.Registry, st *scenarios.Step, _ *registry.Provider) bool { return !missing(st) },
			[]string{"A workspace is allowed whose credential its provider refuses, everywhere"}},
		"two": {func(reg *registry.Registry, st *scenarios.Step, p *registry.Provider) bool {
			return !missing(st) || known(reg, st.Secrets.Global, p)
		}, []string{
			"A workspace is allowed whose credential its provider refuses, everywhere",
			"A workspace is allowed that has no credential which counts, where a value stands under another provider's name at the tenant",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cases := replayed(list, test.lets)
			var got []string
			for _, f := range Find(few(), cases) {
				got = append(got, f.Title)
				if f.Mixed {
					t.Errorf("%q is mixed", f.Title)
				}
				exact(t, cases, &f)
			}
			if fmt.Sprint(got) != fmt.Sprint(test.want) {
				t.Errorf("found\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(test.want, "\n"))
			}
		})
	}
}

// exact holds a finding to what it says: it names failures only.
func exact(t *testing.T, cases []Case, f *Finding) {
	t.Helper()
	failed := map[string]bool{}
	for _, c := range cases {
		failed[c.Scenario.ID] = len(c.Violations) > 0
	}
	for _, id := range f.Scenarios {
		if !failed[id] {
			t.Errorf("%q names %s, which passed", f.Title, id)
		}
	}
	if f.Neighbour != nil && failed[f.Neighbour.ID] {
		t.Errorf("%q has a neighbour that failed: %s", f.Title, f.Neighbour.ID)
	}
	if !failed[f.Example.ID] {
		t.Errorf("%q has an example that passed: %s", f.Title, f.Example.ID)
	}
}

// What no description covers exactly is mixed, and says so.
func TestMixed(t *testing.T) {
	t.Parallel()
	n := 0
	cases := replayed(corpus(t, "missing"), func(*registry.Registry, *scenarios.Step, *registry.Provider) bool { n++; return n*n%7 == 1 })
	mixed := false
	for _, f := range Find(few(), cases) {
		mixed = mixed || f.Mixed
		exact(t, cases, &f)
	}
	if !mixed {
		t.Error("failures without a pattern were explained exactly")
	}
}

// Findings do not depend on the order in which results come, and come at once.
func TestOrder(t *testing.T) {
	t.Parallel()
	cases := replayed(corpus(t), func(_ *registry.Registry, st *scenarios.Step, p *registry.Provider) bool {
		return missing(st) && p.ProbeBase() == ""
	})
	begun := time.Now()
	one := Find(few(), cases)
	t.Logf("%d cases in %v", len(cases), time.Since(begun))
	reversed := make([]Case, 0, len(cases))
	for i := range cases {
		reversed = append(reversed, cases[len(cases)-1-i])
	}
	if diff := cmp.Diff(one, Find(few(), reversed)); diff != "" {
		t.Errorf("in another order:\n%s", diff)
	}
}
