package reports

import (
	"github.com/molecule-ai/byok-conformance/suite"
	"github.com/molecule-ai/byok-conformance/suite/judge"
	"github.com/molecule-ai/byok-conformance/suite/target"
)

// What the engine emits is what reports hold.
type (
	Outcome   = suite.ResultOutcome
	Violation = judge.Violation
	Exchange  = target.Exchange
	Direction = target.Direction
	Seen      = suite.Seen
	SeenReply = suite.SeenReply
	SeenCall  = suite.SeenCall
)

// The values of Outcome and Direction.
const (
	Passed     = suite.Passed
	Failed     = suite.Failed
	Waived     = suite.Waived
	NotClaimed = suite.NotClaimed
	Errored    = suite.Errored

	ToTarget   = target.ToTarget
	ToUpstream = target.ToUpstream
)

// A Result is one scenario that ended.
type Result struct {
	ID string `json:"id"`
	// Title, Level and Severity are the corpus' own; see [Result.slim].
	Title    string   `json:"title,omitempty"`
	Class    string   `json:"class"`
	Level    string   `json:"level,omitempty"`
	Severity string   `json:"severity,omitempty"`
	Rules    []string `json:"rules"`
	Outcome  Outcome  `json:"outcome"`
	// DurationMS is in milliseconds.
	DurationMS float64 `json:"duration_ms"`
	// Reason is never empty for Waived, NotClaimed and Errored. For Failed it says
	// why a waiver that names the scenario does not cover it; empty where none does.
	Reason string `json:"reason,omitempty"`
	// Violations is never empty for Failed and Waived, always empty for Passed.
	Violations []Violation `json:"violations"`
	Exchanges  []Exchange  `json:"exchanges"`
	// Effect is what goes wrong in production when a gate fails this scenario.
	Effect string `json:"effect,omitempty"`
	// Replay is the command line that replays this scenario alone.
	Replay string `json:"replay,omitempty"`
	// Companion marks the allowed twin of a scenario that must be refused.
	Companion bool `json:"companion,omitempty"`
	// Steps names the scenario's steps; empty where there is only one.
	Steps []string `json:"steps,omitempty"`
	// Records say of each step what was given, expected and seen. Nil where the
	// result passed or is not claimed: SeenAt then says what was seen, and what was
	// given and expected is the corpus' own.
	Records []Record `json:"records,omitempty"`
	// SeenAt is the place of what was seen in the report's list of it, counted from
	// 0; nil where Records hold it, or nothing was seen. See [Run.Seen].
	SeenAt *int `json:"seen,omitempty"`
}

// A Record is one step of a scenario: what was given, what had to come of it,
// and what came of it. It holds no credential value.
type Record struct {
	// Step is the step's name; empty where the scenario has only one.
	Step string `json:"step,omitempty"`
	// Stage is "create" or "provision".
	Stage  string `json:"stage"`
	Given  Given  `json:"given"`
	Expect Expect `json:"expect"`
	Seen   Seen   `json:"seen"`
}

// A Given is the situation of a step.
type Given struct {
	Runtime  string `json:"runtime"`
	Model    string `json:"model"`
	External bool   `json:"external,omitempty"`
	URL      string `json:"url,omitempty"`
	// Workspace and Global are the credentials at each scope: names and symbolic
	// values, such as "live" or "blank". Either may be nil.
	Workspace map[string]string `json:"workspace,omitempty"`
	Global    map[string]string `json:"global,omitempty"`
	// AtOnce is how many times the step was asked at once; 0 means once.
	AtOnce int `json:"at_once,omitempty"`
}

// An Expect is what the corpus asks of a step.
type Expect struct {
	// Verdict is refused, allowed, untouched or either.
	Verdict string `json:"verdict"`
	Code    string `json:"code,omitempty"`
	// Providers are the names of which a refusal must name one; may be nil.
	Providers []string `json:"providers,omitempty"`
	// Upstream is which calls the step may make: none, probe or optional.
	Upstream string `json:"upstream"`
	// Probed is the credential that decides, as "scope/NAME"; empty where none does.
	Probed string `json:"probed,omitempty"`
}
