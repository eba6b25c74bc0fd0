package selftest

import (
	"fmt"
	"slices"
	"strings"

	"github.com/molecule-ai/byok-conformance/registry"
	"github.com/molecule-ai/byok-conformance/scenarios"
	"github.com/molecule-ai/byok-conformance/suite"
	"github.com/molecule-ai/byok-conformance/suite/open"
)

// A Kill is what the corpus made of one double.
type Kill struct {
	Name string `json:"name"`
	// Kind is faulty or correct.
	Kind string `json:"kind"`
	// Door is process, http or command.
	Door string `json:"door"`
	// Scenarios is how many were replayed, those that are not claimed included.
	Scenarios int `json:"scenarios"`
	// Breaks are the rules that a faulty gate is known to break.
	Breaks []string `json:"breaks,omitempty"`
	// Violated counts the scenarios by violated rule.
	Violated map[string]int `json:"violated"`
	// First is the first scenario that found a rule of Breaks violated.
	First string `json:"first,omitempty"`
	// OK: a faulty gate was found out for what it breaks, a correct one passed,
	// and no other door found otherwise.
	OK     bool   `json:"ok"`
	Failed int    `json:"failed"`
	Errors int    `json:"errors"`
	Note   string `json:"note,omitempty"`
	// Compared counts the scenarios that the command door and the one that it
	// is compared with both judged; Differences say what ended differently.
	Compared    int      `json:"compared,omitempty"`
	Differences []string `json:"differences,omitempty"`

	// Remembers and Hurried: see gates.Double; nothing is compared then.
	Remembers bool `json:"remembers,omitempty"`
	Hurried   bool `json:"hurried,omitempty"`

	// unreached: no call with a credential of ours came from the double at all.
	unreached bool
	// enough, which may be nil, ends the replay once First is known.
	enough func()

	ends map[string]ending
}

// An ending is how one scenario ended, and under which rules.
type ending struct {
	outcome  suite.ResultOutcome
	rules    []string
	scenario *scenarios.Scenario
}

func (k *Kill) handle(e suite.Event) {
	f, ok := e.(suite.Finished)
	if !ok {
		return
	}
	r := f.Result
	switch r.Outcome {
	case suite.Failed:
		k.Failed++
	case suite.Errored:
		k.Errors++
		k.Note = r.Scenario.ID + ": " + r.Reason
	}
	end := ending{outcome: r.Outcome, scenario: r.Scenario}
	seen := map[string]bool{}
	for _, v := range r.Violations {
		if !seen[v.Rule] {
			seen[v.Rule] = true
			k.Violated[v.Rule]++
			end.rules = append(end.rules, v.Rule)
		}
		if k.First == "" && (slices.Contains(k.Breaks, v.Rule) || k.Kind == open.Correct) {
			k.First = r.Scenario.ID
			if k.Kind == open.Correct {
				k.Note = v.Message + ": " + v.Got
			}
		}
	}
	k.ends[r.Scenario.ID] = end
	if k.First != "" && k.enough != nil {
		k.enough()
	}
}

// notices adds the rules that the double is known to break and was found to violate.
func (k *Kill) notices(to map[string]bool) {
	for _, rule := range k.Breaks {
		to[rule] = to[rule] || k.Violated[rule] > 0
	}
}

// cannotShow: what found the double out by the other door needs an area that a
// server behind its profile does not claim, such as unreadable-secrets.
func (k *Kill) cannotShow(base Kill) bool {
	return base.First != "" && k.ends[base.First].outcome == suite.NotClaimed
}

// compare holds the command door's verdicts to those of another door. What one
// of them does not claim is not compared; what one could not judge is a
// difference, too.
func (k *Kill) compare(base Kill) {
	for id, got := range k.ends {
		want, both := base.ends[id]
		if !both || want.outcome == suite.NotClaimed || got.outcome == suite.NotClaimed || unseenByProxy(want, got) || servedByNobody(want, got) || k.unasked(want, got) || k.answeredInBackground(want, got) {
			continue
		}
		k.Compared++
		if got.outcome != want.outcome {
			k.Differences = append(k.Differences, fmt.Sprintf("%s: %s by %s, %s by %s", id, want.outcome, base.Door, got.outcome, k.Door))
		}
	}
	slices.Sort(k.Differences)
	k.OK = k.OK && len(k.Differences) == 0 && k.Compared > 0
}

// callRules are those that are judged by looking at a call.
var callRules = []string{"LIV-4", "LIV-5", "LIV-8", "LIV-9", "PRE-5"}

// unseenByProxy: what is wrong with a call cannot be seen where the whole host
// is struck before the request can be read, as only a proxy does.
func unseenByProxy(want, got ending) bool {
	return want.outcome == suite.Failed && got.outcome == suite.Passed && onlyOf(want.rules, callRules) &&
		want.answers(func(list []string) bool { return scenarios.AnswerOf(list[0]).Connection })
}

// servedByNobody: a provider at this machine that no runtime leads to has no fake
// behind the proxy, for its port is not ours to take; a call to it with the
// credential of its own is seen in process only.
func servedByNobody(want, got ending) bool {
	return want.outcome == suite.Failed && got.outcome == suite.Passed && slices.ContainsFunc(want.scenario.Steps, func(st scenarios.Step) bool {
		for _, scope := range []map[string]scenarios.Value{st.Secrets.Workspace, st.Secrets.Global} {
			for name := range scope {
				if onlyAtThisMachine(registry.Embedded(), name) {
					return true
				}
			}
		}
		return false
	})
}

// onlyAtThisMachine reports whether a credential is accepted by providers at
// loopback alone, none of which a runtime leads to.
func onlyAtThisMachine(reg *registry.Registry, name string) bool {
	there := false
	for _, p := range reg.Providers {
		if !p.Accepts(name) {
			continue
		}
		if slices.Contains(reg.BYOK(), p) || !slices.ContainsFunc(p.Hosts(), func(h string) bool { return strings.HasPrefix(h, "localhost:") || strings.HasPrefix(h, "127.") }) {
			return false
		}
		there = true
	}
	return there
}

// unasked: of a server that calls nobody at all, behind a proxy, nothing tells that
// it should have been seen to call (judge.Observation.Unreached), but for what it lets
// through.
func (k *Kill) unasked(want, got ending) bool {
	return k.unreached && want.outcome == suite.Failed && got.outcome == suite.Passed && onlyOf(want.rules, []string{"LIV-9"})
}

// answeredInBackground: a server provisions by itself after a create that it
// allowed, and a Go value does not, so that two things are seen at the server
// only: a retry after the provider's second answer, where that is another one than
// its first, and what a faulty gate breaks when it provisions, with all that comes
// of it where the fault is in provisioning alone.
func (k *Kill) answeredInBackground(want, got ending) bool {
	last := &want.scenario.Steps[len(want.scenario.Steps)-1]
	if want.outcome != suite.Passed || got.outcome != suite.Failed || last.Stage != scenarios.Create || last.Expect.Verdict == scenarios.Refused {
		return false
	}
	changes := want.answers(func(list []string) bool { return len(list) > 1 })
	provisions := slices.ContainsFunc(k.Breaks, func(rule string) bool { return strings.HasPrefix(rule, "PRV-") })
	return changes && onlyOf(got.rules, []string{"LIV-9"}) || provisions || onlyOf(got.rules, k.Breaks)
}

func onlyOf(rules, among []string) bool {
	return !slices.ContainsFunc(rules, func(r string) bool { return !slices.Contains(among, r) })
}

// answers reports whether what the provider answers to the credential that
// decides the last step fulfils a condition.
func (e ending) answers(fulfil func([]string) bool) bool {
	last := &e.scenario.Steps[len(e.scenario.Steps)-1]
	list := last.Secrets.Value(last.Expect.Probed).Answers
	return len(list) > 0 && fulfil(list)
}

// Text is what came of the double in lines: a verdict, and what differs below it.
func (k Kill) Text() string {
	verdict := map[bool]string{true: "ok", false: "NOT OK"}[k.OK]
	var violated []string
	for _, rule := range sorted(k.Violated) {
		violated = append(violated, fmt.Sprintf("%s×%d", rule, k.Violated[rule]))
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%-6s %-7s %-28s %-8s %6d scenarios, breaks %-12s violated %s; first %s", verdict, k.Kind, k.Name, k.Door, k.Scenarios, strings.Join(k.Breaks, ","), strings.Join(violated, " "), k.First)
	if k.Errors > 0 {
		fmt.Fprintf(&b, "; %d errors", k.Errors)
	}
	if k.Note != "" {
		b.WriteString("; " + k.Note)
	}
	if k.Compared > 0 {
		fmt.Fprintf(&b, "; %d compared, %d differ", k.Compared, len(k.Differences))
	}
	b.WriteString("\n")
	for _, d := range k.Differences {
		b.WriteString("       differs: " + d + "\n")
	}
	return b.String()
}

func sorted(m map[string]int) []string {
	var out []string
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}
