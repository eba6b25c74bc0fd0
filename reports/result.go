package reports

import "slices"

// An Outcome is how one scenario ended. There is no skip.
type Outcome string

const (
	// Passed: the target did what the scenario's rules ask for.
	Passed Outcome = "passed"
	// Failed: at least one rule was violated.
	Failed Outcome = "failed"
	// Waived: rules were violated, as a waiver with a reason said they would be.
	Waived Outcome = "waived"
	// NotClaimed: the profile says that the target does not claim the area.
	NotClaimed Outcome = "not-claimed"
	// Errored: nothing could be judged, for the reason given.
	Errored Outcome = "error"
)

// Badness orders outcomes from the one that proves most to the one that fails.
func (o Outcome) Badness() int {
	return slices.Index([]Outcome{Passed, NotClaimed, Waived, Errored, Failed}, o)
}

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

// A Violation is one rule that the target broke.
type Violation struct {
	// Kind says what is wrong in one word, such as "wrongly-allowed"; tools that
	// group or compare ask it and never the texts. Empty in reports of versions
	// that did not keep it.
	Kind string `json:"kind,omitempty"`
	Rule string `json:"rule"`
	// Step is the index of the scenario's step that it was seen at, from 0.
	Step    int    `json:"step,omitempty"`
	Message string `json:"message"`
	Want    string `json:"want"`
	Got     string `json:"got"`
}

// A Direction says who was talked to.
type Direction string

const (
	// ToTarget is a request of the harness to the server under test.
	ToTarget Direction = "target"
	// ToUpstream is a request of the server under test to a provider.
	ToUpstream Direction = "upstream"
)

// An Exchange is one HTTP request and what came back. Whoever records it bounds
// the bodies; the JSON report holds them as given.
type Exchange struct {
	Direction Direction `json:"direction"`
	Method    string    `json:"method"`
	URL       string    `json:"url"`
	// Status is 0 where no answer came; Note then says why.
	Status int `json:"status"`
	// RequestHeaders may be nil, like ResponseHeaders. An http.Header fits.
	RequestHeaders  map[string][]string `json:"request_headers,omitempty"`
	RequestBody     string              `json:"request_body,omitempty"`
	ResponseHeaders map[string][]string `json:"response_headers,omitempty"`
	ResponseBody    string              `json:"response_body,omitempty"`
	// AtMS is when the request left, in milliseconds since the scenario began.
	AtMS float64 `json:"at_ms"`
	// DurationMS is in milliseconds.
	DurationMS float64 `json:"duration_ms"`
	// Stage is "create" or "provision"; empty where neither applies.
	Stage string `json:"stage,omitempty"`
	// Provider is the provider whose host was asked; empty towards the target.
	Provider string `json:"provider,omitempty"`
	// Credential is the name of the credential that was carried, never its value.
	Credential string `json:"credential,omitempty"`
	Note       string `json:"note,omitempty"`
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

// A Seen is what a step came to. Both lists are nil where it was not reached.
type Seen struct {
	Replies []SeenReply `json:"replies,omitempty"`
	Calls   []SeenCall  `json:"calls,omitempty"`
}

// A SeenReply is an answer of the target.
type SeenReply struct {
	Outcome string `json:"outcome"`
	// Code is the reply's own; empty where it has none.
	Code string `json:"code,omitempty"`
	// Status is 0 where there is no HTTP reply.
	Status int `json:"status,omitempty"`
	// Times is how many replies were alike.
	Times int `json:"times"`
}

// A SeenCall is a request that reached a provider, or tried to reach another host.
type SeenCall struct {
	Method string `json:"method"`
	Host   string `json:"host"`
	// Status is 0 where no answer was given.
	Status int `json:"status"`
	// Credentials are those carried, as "scope/NAME"; may be nil.
	Credentials []string `json:"credentials,omitempty"`
}
