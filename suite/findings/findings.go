// Package findings turns many failures into few statements. A finding is one
// kind of violation, and the smallest description of a step, over what the
// corpus varies, that covers its failures and nothing that passed. The matrices
// of the corpus are whole, so such a description is exact, not a guess.
//
// Steps are described by relations, not by names: "a usable value under another
// provider's name stands at the tenant" (relations.go, describe.go). The search
// for the smallest conjunction stands in search.go, what follows from what in
// fold.go, and the words in words.go.
//
// This room is pure: it knows results and the registry, and neither targets nor
// reports. What it says of a run depends on the run's verdicts alone, never on a
// message.
package findings

import (
	"github.com/molecule-ai/byok-conformance/registry"
	"github.com/molecule-ai/byok-conformance/scenarios"
)

// A Case is one scenario that was judged. What was not judged is no case.
type Case struct {
	Scenario *scenarios.Scenario
	// Violations is empty for a scenario that passed.
	Violations []Violation
}

// A Violation is what the judge found, as far as findings depend on it.
type Violation struct {
	// Kind is the judge's word for what is wrong.
	Kind string
	Rule string
	// Step is the number of the step in which it was seen; -1 where it is about
	// the whole scenario.
	Step int
}

// A Finding is one statement about many failures.
type Finding struct {
	Kind string
	// Rules are those violated, most often first.
	Rules []string
	// Where describes the steps that fail; all conditions hold together. Empty
	// is everywhere where the kind can be.
	Where []Condition
	// Mixed: Where covers the failures, but also the exceptions, which passed.
	Mixed      bool
	Exceptions []string
	// Failed are the ids of the scenarios that fail so, simplest first, and Tried
	// is how many were tried to which the description applies.
	Failed []string
	Tried  int
	// Due is what had to come of the steps, such as "refused MISSING_BYOK_CREDENTIAL".
	Due string
	// NotWhere says in words where the same was tried and passed.
	NotWhere string
	// Example is the simplest failing scenario, Step its failing step, and
	// Neighbour the nearest one that passed; empty where none did.
	Example   string
	Step      int
	Neighbour string
	// Kinds are all kinds that the description covers, with the numbers of steps.
	Kinds map[string]int
	// Follows are what the failures of this finding bring along.
	Follows []Follow
}

// A Follow is another kind of violation that comes with a finding.
type Follow struct {
	Kind   string
	Rules  []string
	Failed int
}

// A Condition is a fact that holds, or does not, or one of several values of an axis.
type Condition struct {
	Axis   string
	Values []string
	// Not: none of the values.
	Not bool
}

// Find explains the failures among the cases. The order of the cases does not matter.
func Find(reg *registry.Registry, cases []Case) []Finding {
	t := newTable(reg, cases)
	return t.findings(t.fold(t.explain(t.groups())))
}
