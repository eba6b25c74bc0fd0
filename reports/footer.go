package reports

import (
	"time"

	"github.com/molecule-ai/byok-conformance/suite/findings"
)

// A Footer closes a run. [Tally.Footer] makes one that adds up.
type Footer struct {
	// Findings explain the failures, worst first; nil where there are none, and in
	// reports of versions that had none.
	Findings []findings.Finding `json:"findings,omitempty"`
	Rules    []Rule             `json:"rules"`
	Summary  Summary            `json:"summary"`
	Ended    Ended              `json:"ended"`
}

// A Summary is the verdict on the target and the numbers behind it.
type Summary struct {
	Conformant bool `json:"conformant"`
	Passed     int  `json:"passed"`
	Failed     int  `json:"failed"`
	Waived     int  `json:"waived"`
	NotClaimed int  `json:"not_claimed"`
	Errors     int  `json:"errors"`
	// LeftBehind is how many workspaces of the run the target still holds.
	LeftBehind int `json:"left_behind"`
	// Claims and NotClaimedAreas repeat the header's, so that the verdict
	// never stands without them.
	Claims          []string `json:"claims"`
	NotClaimedAreas []string `json:"not_claimed_areas"`
}

// A Rule counts the scenarios that exercise one rule: Scenarios is the sum of the
// five outcomes. A scenario exercises several rules, and which of them it broke
// is told by Violations.
type Rule struct {
	ID    string `json:"id"`
	Level string `json:"level"`
	// Title may be empty.
	Title      string `json:"title,omitempty"`
	Scenarios  int    `json:"scenarios"`
	Passed     int    `json:"passed"`
	Failed     int    `json:"failed"`
	Waived     int    `json:"waived"`
	NotClaimed int    `json:"not_claimed"`
	Errors     int    `json:"errors"`
	// Violations counts how often the rule was violated, in whatever scenario, and
	// not waived.
	Violations int `json:"violations"`
}

// A Status is how a run ended.
type Status string

const (
	// Complete: every planned scenario ended.
	Complete Status = "complete"
	// Interrupted: somebody stopped the run.
	Interrupted Status = "interrupted"
	// Aborted: the run could not go on, for the reason given.
	Aborted Status = "aborted"
)

// An Ended record is the last thing in a report. A report without one is partial.
type Ended struct {
	Status Status `json:"status"`
	// Finished is zero where it is not known.
	Finished time.Time `json:"finished,omitzero"`
	// Reason says why the run does not count. Where Status is Complete it is empty,
	// unless every scenario ended and something else than the target is wrong,
	// such as a waiver that no longer matches a failure; the run is not conformant then.
	Reason  string `json:"reason,omitempty"`
	Planned int    `json:"planned"`
	Ended   int    `json:"ended"`
	// ReplayedAgain counts the scenarios that failed while the harness itself was
	// kept from running, or the server still called for an earlier scenario, and
	// were replayed again; the last replay counts.
	ReplayedAgain int `json:"replayed_again,omitempty"`
	// Restarts is how often the target was started again because it had stopped
	// answering (ROB-3).
	Restarts int `json:"restarts,omitempty"`
	// LeftBehind are the workspaces of the run that the target still holds, and
	// Clean the command that removes them; both are empty where there are none.
	LeftBehind []Workspace `json:"left_behind,omitempty"`
	Clean      string      `json:"clean,omitempty"`
}

// A Workspace is one that a run left at its target.
type Workspace struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}
