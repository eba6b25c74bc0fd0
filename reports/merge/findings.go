package merge

import (
	"fmt"
	"io"

	"github.com/molecule-ai/byok-conformance/registry"
	"github.com/molecule-ai/byok-conformance/reports"
	"github.com/molecule-ai/byok-conformance/scenarios"
	"github.com/molecule-ai/byok-conformance/suite"
	"github.com/molecule-ai/byok-conformance/suite/findings"
)

// Explain finds the findings of a merged run: those of its shards each
// explain a part of the failures only. They need the scenarios, so that they are
// left out, and stderr says so, where the run has another corpus or registry.
func Explain(run *reports.Run, stderr io.Writer) error {
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
			collector.Add(suite.Result{Scenario: s, Outcome: r.Outcome, Reason: r.Reason, Companion: r.Companion, Violations: r.Violations, Exchanges: r.Exchanges})
			replays[r.ID] = r.Replay
		}
	}
	run.Footer.Findings = collector.Findings(func(id string) string { return replays[id] })
	return nil
}
