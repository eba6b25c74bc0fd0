// Package explore walks the space of requests at random, where the corpus goes
// through a table: it makes walks of a few steps, replays each by the suite's own
// engine, and shrinks one that fails to the few steps that matter.
//
// A walk is a scenario. What must happen in it is said by the reference gate; what
// did happen is judged by suite/judge, so there is no second judge. Generation and
// shrinking are those of pgregory.net/rapid.
//
// dimensions.go is the table of all in which two requests may differ, walk.go makes a
// scenario of what was drawn from it, expect.go says what must come of each step,
// hunt.go looks and shrink.go makes small what was found, coverage.go counts
// what was tried, and write.go writes a walk as the corpus would.
//
// What does not live here: opening a target (suite/open, suite/conform), and flags
// and printing (cmd/conformance).
package explore
