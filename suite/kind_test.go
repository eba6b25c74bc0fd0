package suite_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/molecule-ai/byok-conformance/fakes/gates"
	"github.com/molecule-ai/byok-conformance/gate"
	"github.com/molecule-ai/byok-conformance/scenarios"
	"github.com/molecule-ai/byok-conformance/suite"
	"github.com/molecule-ai/byok-conformance/suite/judge"
)

// TestNoSentenceDecides replays the same scenarios twice, once with every text of
// the judge exchanged for another, at gates that fail in many ways: what becomes
// of each scenario, and what a reader asks of the result, stays the same.
func TestNoSentenceDecides(t *testing.T) {
	t.Parallel()
	builds := map[string]func(http.RoundTripper) gate.Gate{
		"refuses everything": func(http.RoundTripper) gate.Gate {
			return constant(func(context.Context, gate.Request) (gate.Decision, error) {
				return gate.Decision{Verdict: gate.Refused, Code: gate.MissingCredential}, nil
			})
		},
	}
	for _, name := range []string{"any-known-credential", "server-error-is-refusal", "blank-counts", "wrong-provider-name"} {
		if d := gates.Find(name); d != nil {
			builds[name] = double(*d)
		}
	}
	if len(builds) < 3 {
		t.Fatalf("too few gates: %d", len(builds))
	}
	for name, build := range builds {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sel := scenarios.Selection{Level: scenarios.Core, Matrix: scenarios.PairwiseMatrix, Classes: []string{"mismatched", "valid", "missing", "provision"}}
			plain := decided(replay(t, t.Context(), inProcess(build), sel))
			n := 0
			exchanged := suite.Judged(inProcess(build), func(o *judge.Observation) []judge.Violation {
				list := judge.Judge(o)
				for i := range list {
					n++
					v := &list[i]
					v.Message, v.Want, v.Got = fmt.Sprintf("message %d", n), "wanted refused", "got nothing"
				}
				return list
			})
			if diff := cmp.Diff(plain, decided(replay(t, t.Context(), exchanged, sel))); diff != "" || n == 0 {
				t.Errorf("with %d other texts, the outcomes differ (-same texts +others):\n%s", n, diff)
			}
		})
	}
}

// decided is what a run decides about each scenario.
func decided(r replayed) map[string]string {
	out := map[string]string{}
	for id, res := range r.results {
		text := fmt.Sprint(res.Outcome, " ", res.LetThrough(), " ", res.Unproven())
		for _, v := range res.Violations {
			text += fmt.Sprint(" ", v.Kind, " ", v.Rule, " ", v.Step)
		}
		out[id] = text
	}
	return out
}

// TestKinds holds the table to a title for each kind, and no two alike.
func TestKinds(t *testing.T) {
	titles := map[string]bool{}
	for _, k := range judge.Kinds() {
		title := k.Title()
		if title == "" || titles[title] || strings.HasSuffix(title, ".") {
			t.Errorf("%s: title %q", k, title)
		}
		titles[title] = true
	}
	if list := judge.Kinds(); len(slices.Compact(slices.Sorted(slices.Values(list)))) != len(list) || judge.Kind("no such").Title() != "" {
		t.Errorf("kinds %q", list)
	}
}
