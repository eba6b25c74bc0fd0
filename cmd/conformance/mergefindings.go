package main

import (
	"fmt"
	"io"
	"time"

	"github.com/molecule-ai/byok-conformance/registry"
	"github.com/molecule-ai/byok-conformance/reports"
	"github.com/molecule-ai/byok-conformance/scenarios"
	"github.com/molecule-ai/byok-conformance/suite"
	"github.com/molecule-ai/byok-conformance/suite/findings"
	"github.com/molecule-ai/byok-conformance/suite/judge"
	"github.com/molecule-ai/byok-conformance/suite/target"
)

// explainMerged finds the findings of a merged run: those of its shards each
// explain a part of the failures only. They need the scenarios, so that they are
// left out, and stderr says so, where the run has another corpus or registry.
func explainMerged(run *reports.Run, stderr io.Writer) error {
	corpus, err := scenarios.Embedded()
	if err != nil {
		return fmt.Errorf("reading the corpus: %w", err)
	}
	reg := registry.Embedded()
	if run.Header.Corpus.Digest != corpus.Digest() || run.Header.Registry.Digest != reg.Digest() {
		_, err := fmt.Fprintln(stderr, "the merged report has no findings: its shards have another corpus or registry than this program")
		return err
	}
	list, err := corpus.Expand(reg)
	if err != nil {
		return fmt.Errorf("expanding the corpus over the registry: %w", err)
	}
	byID := make(map[string]*scenarios.Scenario, len(list))
	for _, s := range list {
		byID[s.ID] = s
	}
	collector, replays := findings.NewCollector(reg), map[string]string{}
	for r, err := range run.All() {
		if err != nil {
			return err
		}
		if s := byID[r.ID]; s != nil {
			collector.Add(judged(s, &r))
			replays[r.ID] = r.Replay
		}
	}
	run.Footer.Findings = collector.Findings(func(id string) string { return replays[id] })
	return nil
}

// judged is a result of a report as the engine had it.
func judged(s *scenarios.Scenario, r *reports.Result) suite.Result {
	out := suite.Result{Scenario: s, Outcome: suite.ResultOutcome(r.Outcome), Reason: r.Reason, Companion: r.Companion}
	for _, v := range r.Violations {
		out.Violations = append(out.Violations, judge.Violation{Kind: judge.Kind(v.Kind), Rule: v.Rule, Step: v.Step, Message: v.Message, Want: v.Want, Got: v.Got})
	}
	for _, x := range r.Exchanges {
		out.Exchanges = append(out.Exchanges, target.Exchange{
			Direction: string(x.Direction), Method: x.Method, URL: x.URL, Status: x.Status, RequestHeaders: x.RequestHeaders, RequestBody: x.RequestBody,
			ResponseHeaders: x.ResponseHeaders, ResponseBody: x.ResponseBody, Took: time.Duration(x.DurationMS * float64(time.Millisecond)),
			Stage: x.Stage, Provider: x.Provider, Credential: x.Credential, Note: x.Note,
		})
	}
	return out
}
