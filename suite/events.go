package suite

import (
	"slices"
	"time"

	"github.com/molecule-ai/byok-conformance/scenarios"
	"github.com/molecule-ai/byok-conformance/suite/judge"
	"github.com/molecule-ai/byok-conformance/suite/target"
	"github.com/molecule-ai/byok-conformance/suite/timing"
)

// An Event tells what a run does. Handlers are called one event at a time, in
// order, and hold the run up while they work.
type Event interface{ event() }

// Planned comes first: Total results will follow.
type Planned struct{ Total int }

// Started says that a scenario is being replayed.
type Started struct{ ID string }

// Finished brings a scenario's result; there is one for every scenario planned.
type Finished struct{ Result Result }

// Ended comes last.
type Ended struct{ Summary Summary }

// Stopped says that the target answers to nothing any more, what it was asked for
// by then, and whether it is started again.
type Stopped struct {
	UnderWay []string
	Again    bool
}

func (Stopped) event() {}

func (Planned) event() {}

func (Started) event() {}

func (Finished) event() {}

func (Ended) event() {}

// A ResultOutcome is what became of a scenario.
type ResultOutcome string

const (
	// Passed: no rule was violated.
	Passed ResultOutcome = "passed"
	// Failed: at least one rule was violated.
	Failed ResultOutcome = "failed"
	// Waived: rules were violated, and Config.Waive says that they are known to
	// be; Reason says by which waiver.
	Waived ResultOutcome = "waived"
	// NotClaimed: the target does not claim the area, or its registry cannot
	// express the scenario; Reason says which.
	NotClaimed ResultOutcome = "not-claimed"
	// Errored: the scenario could not be judged; Reason says why.
	Errored ResultOutcome = "error"
)

// Badness orders outcomes from the one that proves most to the one that fails.
func (o ResultOutcome) Badness() int {
	return slices.Index([]ResultOutcome{Passed, NotClaimed, Waived, Errored, Failed}, o)
}

// A Result is the end of one scenario.
type Result struct {
	Scenario   *scenarios.Scenario
	Outcome    ResultOutcome
	Reason     string
	Violations []judge.Violation
	// Exchanges are masked; they are those of the last attempt.
	Exchanges []target.Exchange
	// Seen is what each of the scenario's steps came to; nil where none was replayed.
	Seen []Seen
	Took time.Duration
	// Companion: replayed because a selected scenario needs it as its twin.
	Companion bool
}

// Effect says what goes wrong in production because of the first violation, or
// of the scenario where there is none.
func (r *Result) Effect() string {
	if len(r.Violations) == 0 {
		return r.Scenario.Effect
	}
	return r.Scenario.EffectOf(r.Violations[0].Rule)
}

// LetThrough reports whether something that must be refused was allowed.
func (r *Result) LetThrough() bool { return r.shows(judge.WronglyAllowed) }

// Unproven reports whether the refusal was as it must be, but the twin, which
// must be allowed, was refused as well.
func (r *Result) Unproven() bool { return r.shows(judge.TwinRefused) }

func (r *Result) shows(kind judge.Kind) bool {
	return slices.ContainsFunc(r.Violations, func(v judge.Violation) bool { return v.Kind == kind })
}

// A Summary is the end of a run.
type Summary struct {
	Planned, Passed, Failed, Waived, NotClaimed, Errors int
	// Claims and NotClaimedAreas are the areas that the target was held to, and
	// those that it was not.
	Claims, NotClaimedAreas []string
	// Leftovers are workspaces of ours that could not be deleted, and global
	// secrets that could not be cleared.
	Leftovers []string
	// LeftBehind are the workspaces among them: those that the target still lists,
	// or, where it has no list, that it did not delete. ID and Name are set.
	LeftBehind []target.Workspace
	// Strays are calls to providers, or to other hosts, that belong to no
	// scenario; masked.
	Strays []target.Exchange
	// Interrupted: the run was cut short; what was not replayed has no result.
	Interrupted bool
	// Late: the run was cut short by ErrDeadline; what was not judged is an error.
	Late bool
	// AtOnce is how many scenarios were replayed at once, at most.
	AtOnce int
	// ReplayedAgain counts the scenarios that failed while the harness itself was
	// kept from running, or the server still called for an earlier scenario, or was
	// busy with others, and were replayed again; the last replay counts.
	ReplayedAgain int
	// Restarts is how often the target was started again because it had stopped
	// answering; see Stopped.
	Restarts int
	// Spent is where the time of the run's workers went.
	Spent timing.Spent
}

// Conformant reports whether everything planned ended, nothing failed that was
// not waived, and something passed.
func (s Summary) Conformant() bool {
	return !s.Interrupted && s.Failed == 0 && s.Errors == 0 && s.Passed > 0 && s.Planned == s.Ended()
}

// Ended is the number of results.
func (s Summary) Ended() int { return s.Passed + s.Failed + s.Waived + s.NotClaimed + s.Errors }
