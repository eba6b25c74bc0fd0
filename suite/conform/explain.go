package conform

import (
	"fmt"

	"github.com/molecule-ai/byok-conformance/internal/spelled"
	"github.com/molecule-ai/byok-conformance/suite"
	"github.com/molecule-ai/byok-conformance/suite/findings"
)

// toldInFull is how many failures a test tells in full where more fail.
const toldInFull = 5

// A Diagnosis collects results and says in few statements why scenarios failed.
type Diagnosis struct {
	collector *findings.Collector
	wrong     []string
	all       int
	findings  []findings.Finding
}

// Diagnosis returns an empty one.
func (s *Session) Diagnosis() *Diagnosis {
	return &Diagnosis{collector: findings.NewCollector(s.options.Registry)}
}

// Add takes the result of a scenario, once.
func (d *Diagnosis) Add(r suite.Result) {
	d.collector.Add(r)
	d.all++
	if r.Outcome == suite.Failed || r.Outcome == suite.Errored {
		d.wrong = append(d.wrong, r.Scenario.ID)
	}
}

// Text says how many scenarios fail, and why; replay gives the command that replays
// one. It is empty where nothing failed.
func (d *Diagnosis) Text(replay func(id string) string) string { return d.text(replay, "") }

func (d *Diagnosis) text(replay func(id string) string, told string) string {
	if len(d.wrong) == 0 {
		return ""
	}
	d.explain(replay)
	return fmt.Sprintf("%s of %s scenarios fail%s\n\n", spelled.Number(len(d.wrong)), spelled.Number(d.all), told) + findings.Text(d.findings, "")
}

func (d *Diagnosis) explain(replay func(id string) string) {
	if d.findings == nil {
		d.findings = d.collector.Findings(replay)
	}
}

// explain says why scenarios failed, and marks in shown those to be told in full:
// the examples first. It is empty where nothing failed.
func (s *Session) explain(test string, results []suite.Result, shown map[string]bool) string {
	d := s.Diagnosis()
	for _, r := range results {
		d.Add(r)
	}
	d.explain(func(id string) string { return replayCommand(test + "/" + id) })
	for _, f := range d.findings {
		if len(shown) < toldInFull {
			shown[f.Example.ID] = true
		}
	}
	for _, id := range d.wrong {
		if len(shown) < toldInFull {
			shown[id] = true
		}
	}
	told := ""
	if len(d.wrong) > len(shown) {
		told = fmt.Sprintf("; %d of them are told as subtests, and with -v all are", len(shown))
	}
	return d.text(nil, told)
}
