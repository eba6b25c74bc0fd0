package gates

import (
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/molecule-ai/byok-conformance/gate"
	"github.com/molecule-ai/byok-conformance/registry"
)

func all() []Double { return slices.Concat(Faulty(), Correct()) }

// What the command line and the reports build on.
func TestDoublesAreDescribed(t *testing.T) {
	name := regexp.MustCompile(`^[a-z0-9]+([-.][a-z0-9]+)*$`)
	rule := regexp.MustCompile(`^(DER|PRE|LIV|REF|SEC|PRV|ROB|DIA)-[1-9][0-9]?$`)
	names := map[string]bool{"reference": true}
	for _, d := range all() {
		if !name.MatchString(d.Name) || names[d.Name] {
			t.Errorf("%q is no name in lower case with hyphens, or stands twice", d.Name)
		}
		names[d.Name] = true
		if !strings.HasSuffix(d.Story, ".") {
			t.Errorf("%s: the story is no sentence: %q", d.Name, d.Story)
		}
		for _, r := range d.Rules {
			if !rule.MatchString(r) {
				t.Errorf("%s breaks %q, which is no rule's id", d.Name, r)
			}
		}
		if d.Gate == nil && !d.HTTPOnly() {
			t.Errorf("%s is the reference gate", d.Name)
		}
	}
	for _, d := range Faulty() {
		if len(d.Rules) == 0 || d.CoreOnly {
			t.Errorf("%s is faulty: it names the rules that it breaks, and is never CoreOnly", d.Name)
		}
	}
	for _, d := range Correct() {
		if len(d.Rules) > 0 || d.Extended {
			t.Errorf("%s is correct: it breaks no rule, and is never Extended", d.Name)
		}
	}
}

func TestFind(t *testing.T) {
	var names []string
	for _, d := range Faulty() {
		names = append(names, d.Name)
		if found := Find(d.Name); found == nil || found.Name != d.Name {
			t.Errorf("Find(%q) = %v", d.Name, found)
		}
	}
	if diff := cmp.Diff(names, Names()); diff != "" {
		t.Errorf("names (-want +got):\n%s", diff)
	}
	for _, unknown := range []string{"", "reference", Correct()[0].Name} {
		if found := Find(unknown); found != nil {
			t.Errorf("Find(%q) = %s, want nil", unknown, found.Name)
		}
	}
}

// underivables are the askings that lead to no provider.
var underivables = []string{
	"create of model in capitals", "create of no model", "create of not native", "create of unknown runtime", "create of unowned model",
	"provision of model in capitals", "provision of no model", "provision of not native", "provision of unknown runtime", "provision of unowned model",
}

// Where a correct variant may decide differently from the reference gate.
// Everywhere else verdict and code are the same.
var lawfulDifferences = map[string][]string{
	"underivable-refused-by-unlisted-code": underivables,
	"runtime-order": {
		"create of dead first name", "create of dead second of two", "create of later name nearer",
		"provision of dead first name", "provision of dead second of two", "provision of later name nearer",
	},
	"blank-hides-global":         {"create of blank before the tenant's", "provision of blank before the tenant's"},
	"trailing-newline-refused":   {"create of trailing newline", "provision of trailing newline"},
	"control-characters-allowed": {"create of NUL", "create of line break", "provision of NUL", "provision of line break"},
	"unprobed-provisioning": {
		"provision of compatible vendor", "provision of dead", "provision of dead at the tenant", "provision of dead before the tenant's",
		"provision of dead beside foreign", "provision of dead first name", "provision of dead second name", "provision of forbidden",
		"provision of later name nearer", "provision of line break", "provision of NUL", "provision of tie, second's at the tenant",
	},
	"odd-names-refused":               {"create of blank in the name", "create of lower case"},
	"underivable-refused-by-server":   underivables,
	"vendor-key-for-platform-refused": {"create of platform with strays"},
}

func TestCorrectGatesDecideAlike(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		want := verdicts(t, Double{})
		for _, d := range Correct() {
			var differ []string
			got := verdicts(t, d)
			for asked := range want {
				if got[asked] != want[asked] {
					differ = append(differ, asked)
				}
			}
			lawful := slices.Clone(lawfulDifferences[d.Name])
			slices.Sort(differ)
			slices.Sort(lawful)
			if diff := cmp.Diff(lawful, differ); diff != "" {
				t.Errorf("%s decides differently about (-lawful +got):\n%s", d.Name, diff)
			}
		}
	})
}

// What a correct probe may do to be asked differently: see that it does.
func TestCorrectProbesAskDifferently(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		want := decisions(t, Double{})
		for _, d := range lawfulProbes {
			if slices.Equal(want, decisions(t, d)) {
				t.Errorf("%s asks like the reference gate, and so proves nothing", d.Name)
			}
		}
	})
}

// One GET, to the derived provider's host, and a second one at most where the
// first brought nothing or a fault (LIV-9, SEC-3).
func TestCorrectProbesStayLawful(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, d := range slices.Concat([]Double{{Name: "reference"}}, Correct()) {
			w := &world{}
			g := d.Build(registry.Embedded(), gate.Options{Transport: w, Budget: probeBudget})
			for _, a := range askings() {
				start := time.Now()
				if _, err := g.Decide(t.Context(), a.Request); err != nil {
					t.Errorf("%s of %s: %v", d.Name, a.name, err)
				}
				if took := time.Since(start); took > probeBudget {
					t.Errorf("%s of %s: took %s, which is over the budget of %s", d.Name, a.name, took, probeBudget)
				}
				calls, most := w.taken(), 1
				if d.Name == "phones-home" { // no probe, and no credential goes along
					calls = slices.DeleteFunc(calls, func(call string) bool { return call == "GET https://dashboard.invalid/counted []" })
				}
				if d.Name == "anonymous-first" { // what carries no credential is no probe
					calls = slices.DeleteFunc(calls, func(call string) bool {
						return !strings.Contains(call, "Authorization") && !strings.Contains(call, "X-Api-Key")
					})
				}
				if d.Name == "one-retry" && (a.name == "down" || a.name == "unreachable") {
					most = 2
				}
				if len(calls) > most || most == 2 && len(calls) != 2 {
					t.Errorf("%s of %s: %d calls, want %d at most", d.Name, a.name, len(calls), most)
				}
				for _, call := range calls {
					host := regexp.MustCompile(`^GET https://(api\.anthropic\.com|api\.openai\.com|api\.deepseek\.com|openrouter\.ai)/`)
					if !host.MatchString(call) {
						t.Errorf("%s of %s: %s", d.Name, a.name, call)
					}
				}
			}
		}
	})
}
