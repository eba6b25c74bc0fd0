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
	"github.com/molecule-ai/byok-conformance/suite/judge"
)

// A Case is one scenario that was judged. What was not judged is no case.
type Case struct {
	Scenario *scenarios.Scenario
	// Violations is empty for a scenario that passed.
	Violations []Violation
}

// A Violation is what the judge found, as far as findings depend on it.
type Violation struct {
	Kind judge.Kind
	Rule string
	// Step is the number of the step in which it was seen; -1 where it is about
	// the whole scenario.
	Step int
}

// A Finding is one statement about many failures, as reports hold it. No text
// decides anything: whoever compares findings asks their ids.
type Finding struct {
	// ID is the kind and a digest of Kind and Where: the same statement has the
	// same id in every run.
	ID   string     `json:"id"`
	Kind judge.Kind `json:"kind"`
	// Kinds are all kinds that the description covers, with the numbers of steps.
	Kinds map[judge.Kind]int `json:"kinds"`
	// Rules are those violated, most often first.
	Rules []string `json:"rules"`
	// Severity is the highest of the failing scenarios.
	Severity string `json:"severity"`
	// Title is the statement in plain words.
	Title string `json:"title"`
	// Where describes the steps that fail; all conditions hold together. Empty is
	// everywhere where the kind can be seen.
	Where []Condition `json:"where"`
	// Reach says in words over what the failures spread, and NotWhere what of the
	// same was tried and passed.
	Reach    string `json:"reach"`
	NotWhere string `json:"not_where,omitempty"`
	// Failed and Tried count scenarios: those that fail so, and those that were
	// judged and that the description covers.
	Failed int `json:"failed"`
	Tried  int `json:"tried"`
	// Mixed: no short description is exact. Where then covers the failures, but
	// also the exceptions, which passed.
	Mixed      bool     `json:"mixed,omitempty"`
	Exceptions []string `json:"exceptions,omitempty"`
	// Example is the simplest failing scenario, Neighbour the nearest that passed;
	// nil where none did.
	Example   Example    `json:"example"`
	Neighbour *Neighbour `json:"neighbour,omitempty"`
	// Follows are what the failures of this finding bring along.
	Follows []Follow `json:"follows,omitempty"`
	// LooksLike is the faulty gate of ours whose verdicts agree; nil where none does.
	LooksLike *Likeness `json:"looks_like,omitempty"`
	// Scenarios are the ids of all that fail so, the simplest first.
	Scenarios []string `json:"scenarios"`
}

// An Example is one failing scenario, with what was seen of it.
type Example struct {
	ID    string `json:"id"`
	Title string `json:"title"`
	// Step is the index of the failing step.
	Step int    `json:"step,omitempty"`
	Rule string `json:"rule"`
	// Message, Want and Got are those of the violation; masked.
	Message string `json:"message"`
	Want    string `json:"want"`
	Got     string `json:"got"`
	// NotWaived says why a waiver that names the scenario does not cover it.
	NotWaived string `json:"not_waived,omitempty"`
	// Effect is what goes wrong in production.
	Effect string `json:"effect,omitempty"`
	// Exchanges are a line each; masked.
	Exchanges []string `json:"exchanges,omitempty"`
	Replay    string   `json:"replay,omitempty"`
	// Curl are shell commands that ask the same by hand; empty where the profile
	// cannot say it.
	Curl string `json:"curl,omitempty"`
}

// A Neighbour is a scenario that differs little from an example, and passed.
type Neighbour struct {
	ID    string `json:"id"`
	Title string `json:"title"`
}

// A Follow is another kind of violation that comes with a finding.
type Follow struct {
	Kind   judge.Kind `json:"kind"`
	Rules  []string   `json:"rules"`
	Failed int        `json:"failed"`
}

// A Likeness is a faulty gate of ours that answers as the target does.
type Likeness struct {
	Gate string `json:"gate"`
	// Story says how a team comes to write it.
	Story string `json:"story"`
	// Agreed of Compared scenarios ended alike.
	Agreed   int `json:"agreed"`
	Compared int `json:"compared"`
}

// A Condition is a fact that holds, or does not, or one of several values of an axis.
type Condition struct {
	Axis   string   `json:"axis"`
	Values []string `json:"values"`
	// Not: none of the values.
	Not bool `json:"not,omitempty"`
}

// Find explains the failures among the cases. The order of the cases does not matter.
func Find(reg *registry.Registry, cases []Case) []Finding {
	return newTable(reg, cases).find()
}

func (t *table) find() []Finding {
	return t.findings(t.fold(t.explain(t.groups())))
}
