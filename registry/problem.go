package registry

import (
	"cmp"
	"slices"

	"github.com/molecule-ai/byok-conformance/internal/strict"
)

// A PositionError is one thing that is wrong with a registry file: its File,
// Line and Column, which count from 1, and a Message that says what to do. Load
// joins all that it finds; errors.As finds the first.
type PositionError = strict.Error

// A Finding is something in a registry file that a reader should know of,
// although the registry can be used as it is.
type Finding struct {
	// Line and Column count from 1.
	Line, Column int
	// Path leads to the place in the file: runtimes.codex.providers[1].models[0].
	Path    string
	Message string
}

// Findings returns what Load noticed but could live with, in the order of the
// file. It is not to be modified.
func (r *Registry) Findings() []Finding { return r.findings }

func sortFindings(findings []Finding) {
	slices.SortStableFunc(findings, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
}
