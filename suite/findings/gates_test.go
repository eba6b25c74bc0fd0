package findings

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/molecule-ai/byok-conformance/fakes/gates"
	"github.com/molecule-ai/byok-conformance/gate"
	"github.com/molecule-ai/byok-conformance/scenarios"
	"github.com/molecule-ai/byok-conformance/suite/judge"
	written "github.com/molecule-ai/byok-conformance/suite/secrets"
)

var update = flag.Bool("update", false, "write the golden files")

type noNetwork struct{}

func (noNetwork) RoundTrip(*http.Request) (*http.Response, error) {
	return nil, errors.New("no network")
}

// missingCases is what a gate makes of every step that must be refused for want of a
// credential. Such a refusal asks no provider, so no engine is needed.
func missingCases(list []*scenarios.Scenario, decide func(gate.Request) gate.Decision) []Case {
	var out []Case
	for _, s := range list {
		c := Case{Scenario: s}
		due := false
		for i := range s.Steps {
			st := &s.Steps[i]
			if st.Expect.Verdict != scenarios.Refused || !missing(st) || st.Malformed != "" || len(st.Fields) > 0 || st.Runtime == "" {
				continue
			}
			due = true
			if decide(requestOf(st)).Verdict == gate.Allowed {
				c.Violations = append(c.Violations, Violation{Kind: judge.WronglyAllowed, Rule: s.Rules[0], Step: i})
			}
		}
		if !due {
			continue
		}
		out = append(out, c)
	}
	return out
}

func requestOf(st *scenarios.Step) gate.Request {
	scope := func(values map[string]scenarios.Value) map[string]gate.Secret {
		out := map[string]gate.Secret{}
		for name, v := range values {
			s := gate.Secret{Value: "made-for-this-test"}
			switch {
			case v.Shape == scenarios.Empty:
				s.Value = ""
			case v.Shape.IsBlank():
				s.Value = written.Blank(v.Shape)
			case v.Shape == scenarios.Unreadable:
				s = gate.Secret{Unreadable: true}
			}
			out[name] = s
		}
		return out
	}
	stage := gate.Create
	if st.Stage == scenarios.Provision {
		stage = gate.Provision
	}
	return gate.Request{Stage: stage, Runtime: st.Runtime, Model: st.Model, External: st.External, Secrets: gate.Secrets{Workspace: scope(st.Secrets.Workspace), Global: scope(st.Secrets.Global)}}
}

func decider(g gate.Gate) func(gate.Request) gate.Decision {
	return func(r gate.Request) gate.Decision {
		d, _ := g.Decide(context.Background(), r) // an error is no refusal
		return d
	}
}

func titles(list []Finding) []string {
	var out []string
	for _, f := range list {
		text := f.Title
		if f.Mixed {
			text = "MIXED " + text
		}
		out = append(out, fmt.Sprintf("%s (%d of %d)", text, f.Failed, f.Tried))
	}
	return out
}

// letting are the faulty gates that let through what has no credential which
// counts, with what they fail.
func letting(t *testing.T, list []*scenarios.Scenario) (names []string, gatesOf map[string]gate.Gate, cases map[string][]Case) {
	t.Helper()
	gatesOf, cases = map[string]gate.Gate{}, map[string][]Case{}
	for _, d := range gates.Faulty() {
		if d.HTTPOnly() || d.Remembers || d.Hurried {
			continue
		}
		g := d.Build(few(), gate.Options{Transport: noNetwork{}})
		made := missingCases(list, decider(g))
		if slices.ContainsFunc(made, func(c Case) bool { return len(c.Violations) > 0 }) {
			names, gatesOf[d.Name], cases[d.Name] = append(names, d.Name), g, made
		}
	}
	return names, gatesOf, cases
}

// What is said of each faulty gate that lets a missing credential pass stands in a
// file, which people have read; nine of ten need one statement, and none more than
// three.
func TestFaultyGates(t *testing.T) {
	t.Parallel()
	const golden = "testdata/gates.txt"
	names, _, cases := letting(t, corpus(t, presence...))
	facts := newTable(few(), cases[names[0]])
	var b strings.Builder
	one := 0
	for _, name := range names {
		list := facts.judged(cases[name]).find()
		if len(list) == 1 {
			one++
		}
		if len(list) > 3 {
			t.Errorf("%s: %d findings", name, len(list))
		}
		fmt.Fprintf(&b, "%s\n  %s\n", name, strings.Join(titles(list), "\n  "))
		for i := range list {
			exact(t, cases[name], &list[i])
		}
	}
	if one*10 < len(names)*9 {
		t.Errorf("%d of %d gates have one finding", one, len(names))
	}
	if *update {
		if err := os.WriteFile(golden, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), b.String()); diff != "" {
		t.Errorf("findings (-file +now); -update writes them:\n%s", diff)
	}
}

// toldApart is how many of 30 pairs are told apart in the very words in which each
// fault is told alone. In the others one of the two needs several statements.
const toldApart = 27

// Two faults in one gate are told apart.
func TestPairs(t *testing.T) {
	t.Parallel()
	list := corpus(t, presence...)
	names, gatesOf, cases := letting(t, list)
	facts := newTable(few(), cases[names[0]])
	alone := map[string]string{}
	for _, name := range names {
		if one := facts.judged(cases[name]).find(); len(one) == 1 && !one[0].Mixed {
			alone[name] = one[0].Title
		}
	}
	pairs, apart := 0, 0
	for i, a := range names {
		for j := i + 1; j < len(names) && pairs < 30; j += 5 {
			b := names[j]
			if nested(cases[a], cases[b]) || alone[a] == "" || alone[b] == "" {
				continue
			}
			pairs++
			both := missingCases(list, func(r gate.Request) gate.Decision {
				if d := decider(gatesOf[a])(r); d.Code != gate.MissingCredential {
					return d
				}
				return decider(gatesOf[b])(r)
			})
			found := map[string]bool{}
			told := facts.judged(both).find()
			for _, f := range told {
				found[f.Title] = true
				exact(t, both, &f)
			}
			if found[alone[a]] && found[alone[b]] {
				apart++
			} else {
				t.Logf("%s and %s: %v", a, b, strings.Join(titles(told), "; "))
			}
		}
	}
	if pairs < 30 || apart < toldApart {
		t.Errorf("%d of %d pairs are told apart", apart, pairs)
	}
	t.Logf("%d of %d pairs are told apart", apart, pairs)
}

// presence are the classes in which a missing credential has to be refused.
var presence = []string{"missing", "mismatched", "provision"}

// nested reports whether all failures of one are failures of the other.
func nested(a, b []Case) bool {
	onlyA, onlyB := false, false
	for i := range a {
		x, y := len(a[i].Violations) > 0, len(b[i].Violations) > 0
		onlyA, onlyB = onlyA || x && !y, onlyB || y && !x
	}
	return !onlyA || !onlyB
}
