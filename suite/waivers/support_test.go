package waivers_test

import (
	"sync"
	"testing"
	"time"

	"github.com/molecule-ai/byok-conformance/registry"
	"github.com/molecule-ai/byok-conformance/scenarios"
	"github.com/molecule-ai/byok-conformance/suite"
	"github.com/molecule-ai/byok-conformance/suite/judge"
	"github.com/molecule-ai/byok-conformance/suite/waivers"
)

// today is the day on which these tests run.
var today = time.Date(2026, 11, 24, 10, 0, 0, 0, time.UTC)

// corpus returns the rules and all scenarios of the corpus that is built in.
func corpus(t *testing.T) (*scenarios.Rules, []*scenarios.Scenario) {
	t.Helper()
	c, err := scenarios.Embedded()
	if err != nil {
		t.Fatal(err)
	}
	all, err := expanded()
	if err != nil {
		t.Fatal(err)
	}
	return c.Rules, all
}

var expanded = sync.OnceValues(func() ([]*scenarios.Scenario, error) {
	c, err := scenarios.Embedded()
	if err != nil {
		return nil, err
	}
	return c.Expand(registry.Embedded())
})

// set reads waivers, given as the entries of a file, for the whole corpus.
func set(t *testing.T, entries string) *waivers.Set {
	t.Helper()
	rules, all := corpus(t)
	list, err := waivers.Parse("w.yaml", []byte(head+entries), rules)
	if err != nil {
		t.Fatal(err)
	}
	s, err := waivers.New(list, all, today)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

const head = "schema: byok-conformance/waivers/v1\nwaivers:\n"

// result is how a scenario of the corpus ended; violated makes it a failure.
func result(t *testing.T, id string, violated ...string) suite.Result {
	t.Helper()
	_, all := corpus(t)
	for _, s := range all {
		if s.ID != id {
			continue
		}
		r := suite.Result{Scenario: s, Outcome: suite.Passed}
		for _, rule := range violated {
			r.Outcome = suite.Failed
			r.Violations = append(r.Violations, judge.Violation{Rule: rule, Message: "m"})
		}
		return r
	}
	t.Fatalf("the corpus has no scenario %s", id)
	return suite.Result{}
}
