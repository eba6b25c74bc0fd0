// Package judge turns an Observation, which is all that was seen of one scenario,
// into Violations. It is pure, and no verdict is computed anywhere else. Each file
// holds one subject: verdict.go the reply's verdict, refusal.go its form, calls.go
// what reached the providers, bound.go the time, trace.go what has to be said
// loudly, leaks.go credentials where none may be, agreement.go replies and stages
// that differ, late.go refusals after the answer; kind.go is the table of all that
// can be wrong.
package judge
