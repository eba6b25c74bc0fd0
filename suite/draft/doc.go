// Package draft writes a profile for a server that it has never seen.
//
// It asks the running server: each guess (a path, a field, a header) is tried,
// and stays only where the server's behaviour proves it. What no guess finds is
// asked of a person, or stays out of the profile with a comment that says so.
// An OpenAPI document adds guesses; it proves nothing by itself.
//
// Where things live: draft.go holds the order of the steps; wire.go sends;
// leaves.go finds values in replies; words.go holds the guesses; create.go,
// rows.go, secrets.go and provision.go are the steps; answers.go takes what a
// person knows; openapi.go reads a document; render.go writes the profile;
// registry.go writes a registry file from what a server lists that it offers;
// providers.go holds the fake providers, which tell that a probe was made.
//
// Not here: how a profile drives a server (suite), starting a server
// (suite/process), and flags and printing (cmd/conformance).
//
// What a draft makes at the server it removes again. What it could not remove,
// it names (Draft.Left).
package draft
