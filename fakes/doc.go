// Package fakes is the home of the test doubles, each in a folder of its own.
//
// fakes/upstream stands in for the LLM providers, fakes/proxy puts it behind an
// intercepting HTTPS proxy, and the faulty gates break one rule each. Doubles
// know the registry and the gate; they know nothing of scenarios and judge
// nothing. There is no code in this package itself.
package fakes
