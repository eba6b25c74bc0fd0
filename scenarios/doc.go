// Package scenarios is the corpus: the rules as data, and the scenarios that
// exercise them, as YAML by class, embedded.
//
// A scenario says what is given (runtime, model, secrets by scope, what the
// provider answers, the stage) and what must happen (verdict, code, provider,
// upstream calls). Credentials are symbolic: `live`, `dead`, `blank`; no file
// holds a value. A matrix stands for one cell per combination that a registry
// offers, each with a stable id.
//
// There is one way to look at a corpus: an entry (template.go) and a cell of its
// matrix (cell.go). Ids, titles and counts are read off cells; the scenario of a
// cell, with its steps, is made (expand.go) when somebody asks for it (view.go).
//
// The strict loader, the matrix and the selection live here. What a provider
// answers lives in fakes/upstream, replaying and judging in suite.
package scenarios
