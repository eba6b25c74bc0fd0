package reports

import (
	"time"

	"github.com/molecule-ai/byok-conformance/suite/findings"
)

// SchemaV1 is the value of a report's "schema" field. Another value means
// another format: under this one a field never changes its meaning, and a field
// that is added is one that a report may do without.
const SchemaV1 = "byok-conformance/report/v1"

// A Run is a whole report, read back.
type Run struct {
	Header  Header
	Results []Result
	// Footer is zero where the run is partial.
	Footer Footer
}

// Partial reports whether the run has no end record: whoever wrote it crashed,
// or is still writing. An interrupted run is not partial, it says how it ended.
func (r *Run) Partial() bool { return r.Footer.Ended.Status == "" }

// A Header says what is about to run against what.
type Header struct {
	// Schema is SchemaV1. Writers fill it in where it is empty.
	Schema string `json:"schema"`
	Tool   Tool   `json:"tool"`
	// Run is the id that the target sees in X-Request-ID.
	Run     string    `json:"run"`
	Started time.Time `json:"started"`
	// Seed is what every credential value of the run was made from.
	Seed string `json:"seed"`
	// Level is "core" or "extended".
	Level    string   `json:"level"`
	Corpus   Corpus   `json:"corpus"`
	Registry Registry `json:"registry"`
	Target   Target   `json:"target"`
	// Waivers are the files of known failures that were given to the run; nil
	// where there were none.
	Waivers []WaiverFile `json:"waivers,omitempty"`
	// Planned is the number of scenarios that were selected; the run is whole
	// only when as many have ended.
	Planned int `json:"planned"`
	// Invocation is the command line that made the report, its program first;
	// nil where it is not known.
	Invocation []string `json:"invocation,omitempty"`
	// Shard is "I/N" where the run is one of several parts; empty otherwise.
	Shard     string    `json:"shard,omitempty"`
	Selection Selection `json:"selection"`
	// Claims are the areas that the target is held to.
	Claims []string `json:"claims"`
	// NotClaimedAreas are the areas that the target's profile does not claim.
	NotClaimedAreas []string `json:"not_claimed_areas"`
	// Matrix is "full", or "pairwise" where the matrix was thinned; empty is full.
	Matrix string `json:"matrix,omitempty"`
	// LeftOut counts the scenarios that a thinned matrix left out.
	LeftOut int `json:"left_out,omitempty"`
}

// A Tool is the program that made the report.
type Tool struct {
	Name    string `json:"name,omitempty"`
	Version string `json:"version"`
}

// A Corpus is the set of scenarios that the run selected from.
type Corpus struct {
	// Digest is "sha256:…".
	Digest string `json:"digest"`
	// Scenarios is the size of the corpus, before any selection.
	Scenarios int `json:"scenarios"`
	// Version is what --corpus-version takes, as in "1.0.0"; empty in reports
	// that were made before there was one.
	Version string `json:"version,omitempty"`
}

// named is the corpus in one line.
func (c Corpus) named() string { return spaced(c.Version, c.Digest) }

// A Registry is the registry that the scenarios were expanded over.
type Registry struct {
	// Digest is "sha256:…".
	Digest string `json:"digest"`
}

// A Target is what was tested.
type Target struct {
	// Kind says how the target is reached: a Go value, a handler, a URL, a command.
	Kind    string `json:"kind"`
	Profile string `json:"profile"`
	// ProfileDigest is "sha256:…" of the profile's file; empty where none was read.
	ProfileDigest string `json:"profile_digest,omitempty"`
	// Address is empty for a target without one.
	Address string `json:"address"`
	// Command is what the harness started, with its arguments; nil otherwise.
	Command []string `json:"command,omitempty"`
	// Programs are the files that Command names: the program first, then each
	// argument that is a file, such as a script. Nil where nothing was started.
	Programs []Program `json:"programs,omitempty"`
}

// A Program is a file that was run.
type Program struct {
	Path string `json:"path"`
	// Digest is "sha256:…" of the file as it was when the run began.
	Digest string `json:"digest"`
}

// A WaiverFile is a file of known failures.
type WaiverFile struct {
	Path string `json:"path"`
	// Digest is "sha256:…" of the file as it was when the run began.
	Digest string `json:"digest"`
}

// A Selection holds the filters of the run as they were given. All empty means
// everything at the run's level.
type Selection struct {
	Classes []string `json:"classes,omitempty"`
	Rules   []string `json:"rules,omitempty"`
	IDs     []string `json:"ids,omitempty"`
}

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

// A Result is one scenario that ended.
type Result struct {
	ID       string   `json:"id"`
	Title    string   `json:"title"`
	Class    string   `json:"class"`
	Level    string   `json:"level"`
	Severity string   `json:"severity"`
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
	// Records say of each step what was given, expected and seen; nil in reports
	// of versions that did not keep it.
	Records []Record `json:"records,omitempty"`
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

// A Rule counts the scenarios of one rule. Scenarios may exceed the sum of the
// other numbers: a scenario that broke another of its rules proves nothing
// about this one, and counts as neither passed nor failed here.
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
	// such as a waiver that has outlived its cause; the run is not conformant then.
	Reason  string `json:"reason,omitempty"`
	Planned int    `json:"planned"`
	Ended   int    `json:"ended"`
	// ReplayedAgain counts the scenarios that failed while the harness itself was
	// kept from running, or the server still called for an earlier scenario, and
	// were replayed again; the last replay counts.
	ReplayedAgain int `json:"replayed_again,omitempty"`
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
