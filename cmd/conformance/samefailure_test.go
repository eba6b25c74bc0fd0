package main

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/molecule-ai/byok-conformance/reports/view"

	"github.com/google/go-cmp/cmp"

	"github.com/molecule-ai/byok-conformance/fakes/gates"
	"github.com/molecule-ai/byok-conformance/gate"
	"github.com/molecule-ai/byok-conformance/gate/server"
	"github.com/molecule-ai/byok-conformance/registry"
	"github.com/molecule-ai/byok-conformance/reports"
	"github.com/molecule-ai/byok-conformance/scenarios"
	"github.com/molecule-ai/byok-conformance/suite"
	"github.com/molecule-ai/byok-conformance/suite/conform"
	"github.com/molecule-ai/byok-conformance/suite/judge"
	"github.com/molecule-ai/byok-conformance/suite/open"
	"github.com/molecule-ai/byok-conformance/suite/target"
)

// TestDoorsPrintTheSameFailure holds what a Go test and a Ginkgo spec print about
// a failure (conform.FailureText) to what the command line prints, byte for byte.
func TestDoorsPrintTheSameFailure(t *testing.T) {
	t.Parallel()
	results := append(failedResults(t), oddResults()...)
	corpus, err := scenarios.Embedded()
	if err != nil {
		t.Fatal(err)
	}
	p := &prepared{corpus: corpus, flags: &runFlags{Options: open.Options{Target: "faulty:fixed-at-create-only", Profile: "workspace-server", Level: scenarios.Core}}}
	for _, r := range results {
		t.Run(r.Scenario.ID, func(t *testing.T) {
			if diff := cmp.Diff(consoleText(t, p.result(r)), conform.FailureText(r, p.replay(r.Scenario.ID))); diff != "" {
				t.Errorf("failure (-command line +test):\n%s", diff)
			}
		})
	}
}

// failedResults are those of a faulty server in process: of one request, and of
// several steps with what was provisioned.
func failedResults(t *testing.T) []suite.Result {
	t.Helper()
	s, err := conform.NewSession(conform.Options{
		Handler: func(providers http.RoundTripper) (http.Handler, error) {
			g := gates.Find("any-known-credential").Build(registry.Embedded(), gate.Options{Transport: providers, Budget: time.Second})
			return server.New(server.Config{Gate: g, AdminToken: "admin"})
		},
		Env: map[string]string{"ADMIN_TOKEN": "admin"}, Budget: time.Second,
		IDs: []string{"mismatched/report", "provision/swapped/groq/*"},
	})
	if err != nil {
		t.Fatal(err)
	}
	all, err := s.Replay(t.Context(), s.Claimed, "the same failure")
	if err != nil {
		t.Fatal(err)
	}
	var failed []suite.Result
	steps := 0
	for _, r := range all {
		if r.Outcome == suite.Failed && len(r.Exchanges) > 0 {
			failed = append(failed, r)
			steps = max(steps, len(r.Scenario.Steps))
		}
	}
	if len(failed) < 2 || steps < 2 {
		t.Fatalf("%d scenarios failed with exchanges, of up to %d steps; want some of one step and some of more", len(failed), steps)
	}
	return failed
}

// oddResults are what no server of ours answers: hostile, long, and many.
func oddResults() []suite.Result {
	hostile := "\x1b[2Jcolour\nFAIL forged/line  \u202ereversed\xff\ttab "
	long := strings.Repeat("é", 1500)
	violation := judge.Violation{Rule: "PRE-2" + hostile, Message: hostile + long, Want: "", Got: long + hostile}
	exchange := target.Exchange{
		Direction: "upstream", Provider: "groq", Method: "GET", URL: "https://groq.test/" + long + hostile, DurationMS: 1.234,
		Stage: "create", Credential: "workspace/GROQ_API_KEY", Note: hostile, RequestBody: hostile, ResponseBody: long,
	}
	name := func(id string) *scenarios.Scenario {
		return &scenarios.Scenario{ID: id, Title: "a title " + hostile, Effect: "an effect\nof two lines"}
	}
	return []suite.Result{
		{Scenario: name("odd/hostile"), Outcome: suite.Failed, Violations: []judge.Violation{violation}, Exchanges: []target.Exchange{exchange}},
		{Scenario: name("odd/many"), Outcome: suite.Failed, Violations: slices.Repeat([]judge.Violation{{Rule: "LIV-9"}}, 1234), Exchanges: slices.Repeat([]target.Exchange{{Direction: "target"}}, 2345)},
		{Scenario: name("odd/not-waived"), Outcome: suite.Failed, Reason: "the waiver has expired " + hostile, Violations: []judge.Violation{{Rule: "PRE-2"}}},
		{Scenario: name("odd/error"), Outcome: suite.Errored, Reason: hostile},
		{Scenario: &scenarios.Scenario{ID: "odd/bare"}, Outcome: suite.Errored, Reason: "no reply"},
	}
}

// consoleText is the block that the console has for one failure.
func consoleText(t *testing.T, r reports.Result) string {
	t.Helper()
	var b strings.Builder
	w := view.NewConsole(&b, view.ConsoleOptions{Failures: 1})
	if err := w.Begin(reports.Header{}); err != nil {
		t.Fatal(err)
	}
	if err := w.Result(&r); err != nil {
		t.Fatal(err)
	}
	return strings.TrimSuffix(b.String(), "\n")
}
