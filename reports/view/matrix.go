package view

import (
	"fmt"
	"html/template"
	"net/url"
	"slices"
	"strings"
	"sync"

	"github.com/molecule-ai/byok-conformance/internal/spelled"
	"github.com/molecule-ai/byok-conformance/reports"
	"github.com/molecule-ai/byok-conformance/scenarios"
)

// foreignPairs are the corpus's entries that give a provider a credential of
// another one.
var foreignPairs = sync.OnceValues(func() ([]scenarios.ForeignPairs, error) {
	corpus, err := scenarios.Embedded()
	if err != nil {
		return nil, err
	}
	return corpus.ForeignPairs("mismatched", "provision")
})

// A matrix counts results by provider and foreign credential. It is as large as
// the registry, however many results there are.
type matrix struct {
	pairs []scenarios.ForeignPairs
	cells map[matrixKey]*reports.Summary
}

type matrixKey struct{ class, stage, provider, name string }

// newMatrix fails where our own corpus cannot be read.
func newMatrix() (*matrix, error) {
	pairs, err := foreignPairs()
	return &matrix{pairs, map[matrixKey]*reports.Summary{}}, err
}

func (m *matrix) add(r *reports.Result) {
	for _, t := range m.pairs {
		rest, ok := strings.CutPrefix(r.ID, t.ID+"/")
		parts := strings.Split(rest, "/")
		if !ok || len(parts) < 2 {
			continue
		}
		key := matrixKey{t.Class, string(t.Stage), parts[0], parts[1]}
		if m.cells[key] == nil {
			m.cells[key] = &reports.Summary{}
		}
		m.cells[key].Count(r.Outcome)
	}
}

// A matrixTable is the matrix of one stage.
type matrixTable struct {
	Stage string
	// Says sums it up.
	Says  string
	Names []string
	Rows  []matrixRow
}

type matrixRow struct {
	Provider string
	Cells    []matrixCell
}

// A matrixCell is one provider and one name.
type matrixCell struct {
	// Outcome is the worst of the cell's; empty where it has none.
	Outcome reports.Outcome
	Mark    string
	// Says explains the cell; Query leads to its scenarios.
	Says  string
	Query template.URL
}

// tables returns the stages that have a case, create first.
func (m *matrix) tables() []matrixTable {
	var out []matrixTable
	for _, stage := range []string{"create", "provision"} {
		if t := m.table(stage); len(t.Rows) > 0 {
			out = append(out, t)
		}
	}
	return out
}

func (m *matrix) table(stage string) matrixTable {
	t := matrixTable{Stage: stage}
	var providers []string
	class, pairs, bad := "", 0, 0
	for key, counts := range m.cells {
		if key.stage != stage {
			continue
		}
		class = key.class
		providers, t.Names = append(providers, key.provider), append(t.Names, key.name)
		if pairs++; worst(counts) != reports.Passed {
			bad++
		}
	}
	slices.Sort(providers)
	slices.Sort(t.Names)
	providers, t.Names = slices.Compact(providers), slices.Compact(t.Names)
	for _, p := range providers {
		row := matrixRow{Provider: p}
		for _, name := range t.Names {
			row.Cells = append(row.Cells, cellOf(p, name, class, m.cells[matrixKey{class, stage, p, name}]))
		}
		t.Rows = append(t.Rows, row)
	}
	t.Says = fmt.Sprintf("%s of provider and foreign credential, %s held in every case", spelled.Counted(pairs, "pair"), spelled.Number(pairs-bad))
	return t
}

func cellOf(provider, name, class string, counts *reports.Summary) matrixCell {
	pair := provider + " with " + name
	if counts == nil {
		return matrixCell{Says: pair + ": not in this run"}
	}
	all := counts.Passed + counts.Failed + counts.Errors + counts.Waived + counts.NotClaimed
	c := matrixCell{Outcome: worst(counts), Query: matrixQuery(class, provider, name)}
	c.Mark = map[reports.Outcome]string{reports.Passed: "✓", reports.Failed: "✗", reports.Errored: "!", reports.Waived: "w", reports.NotClaimed: "–"}[c.Outcome]
	c.Says = fmt.Sprintf("%s: %s of %s passed", pair, spelled.Number(counts.Passed), spelled.Counted(all, "case"))
	return c
}

// matrixQuery filters the page's list to a cell's scenarios.
func matrixQuery(class, provider, name string) template.URL {
	return template.URL(url.Values{"class": {class}, "q": {"/" + provider + "/" + name}}.Encode())
}

// worst is the outcome that a reader has to know of first.
func worst(s *reports.Summary) reports.Outcome {
	switch {
	case s.Failed > 0:
		return reports.Failed
	case s.Errors > 0:
		return reports.Errored
	case s.Waived > 0:
		return reports.Waived
	case s.NotClaimed > 0:
		return reports.NotClaimed
	}
	return reports.Passed
}
