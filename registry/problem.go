package registry

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
)

// A PositionError is one thing that is wrong with a registry file. Load joins
// all that it finds; errors.As finds the first.
type PositionError struct {
	File string
	// Line and Column count from 1.
	Line, Column int
	// Message says what is wrong and what to do about it.
	Message string
}

func (e *PositionError) Error() string {
	return fmt.Sprintf("%s:%d:%d: %s", e.File, e.Line, e.Column, e.Message)
}

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

// joinSorted returns the errors as one, in the order of the file, or nil.
func joinSorted(problems []*PositionError) error {
	slices.SortStableFunc(problems, func(a, b *PositionError) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	errs := make([]error, len(problems))
	for i, problem := range problems {
		errs[i] = problem
	}
	return errors.Join(errs...)
}

func sortFindings(findings []Finding) {
	slices.SortStableFunc(findings, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
}
