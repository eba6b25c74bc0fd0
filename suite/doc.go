// Package suite replays scenarios at a target and judges what was seen.
//
// One engine has several doors: Run, for the command line and for anything that
// wants events, package suite/conform for Go tests, and package suite/specs for
// Ginkgo. The engine drives a target (a gate.Gate value, an http.Handler, a URL),
// watches what reaches the fake providers, and hands one Observation per
// scenario to the judge, which is a pure function from observation to
// violations. No verdict is computed anywhere else, and the engine knows nothing
// about reports.
//
// The credential is the correlation key: every scenario gets values of its own,
// made at run time from a seed, so scenarios run in parallel against one server
// and a value that turns up where it should not names its scenario.
package suite
