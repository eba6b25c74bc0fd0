// Package scenarios is the corpus: the rules as data, and the scenarios that
// exercise them, as YAML by class, embedded.
//
// A scenario says what is given (runtime, model, secrets by scope, what the
// provider answers, the stage) and what must happen (verdict, code, provider,
// upstream calls). Credentials are symbolic: `live`, `dead`, `blank`; no file
// holds a value. A matrix stands for one cell per combination that a registry
// offers, each with a stable id.
//
// The strict loader, the matrix and the selection live here. What a provider
// answers lives in fakes/upstream, replaying and judging in suite.
package scenarios
