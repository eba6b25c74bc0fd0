// Package proof is the proof that a credential of another provider counts as
// absent: the evidence, what it comes to ([New] is a pure function), and its
// views as JSON, HTML, Markdown and on a console.
//
// What does not live here: replaying the matrix and the control gates, which is
// the command line's.
package proof

import (
	"slices"
	"time"

	"github.com/molecule-ai/byok-conformance/reports"
	"github.com/molecule-ai/byok-conformance/scenarios"
)

// SchemaV1 is the value of a proof's "schema" field.
const SchemaV1 = "byok-conformance/proof/v1"

// A Verdict is what a proof comes to.
type Verdict string

const (
	// Closed: every combination was refused as the rules say, and the control
	// shows that an open one would have been seen.
	Closed Verdict = "closed"
	// Open: at least one combination was allowed.
	Open Verdict = "open"
	// Violated: no combination was allowed, but not all of it was as the rules
	// say, such as a refusal after the credential had been sent somewhere.
	Violated Verdict = "violated"
	// Unproved: nothing follows from the run, for the reason that the sentence gives.
	Unproved Verdict = "unproved"
)

// A Proof says whether a credential of another provider counts at a server. It
// is made by [New] and shown by [Print] and the proof's reports.
type Proof struct {
	Schema          string           `json:"schema"`
	Verdict         Verdict          `json:"verdict"`
	Sentence        string           `json:"sentence"`
	Tool            reports.Tool     `json:"tool"`
	Started         time.Time        `json:"started"`
	Seed            string           `json:"seed"`
	Corpus          reports.Corpus   `json:"corpus"`
	Registry        reports.Registry `json:"registry"`
	Target          reports.Target   `json:"target"`
	Claims          []string         `json:"claims"`
	NotClaimedAreas []string         `json:"not_claimed_areas"`
	// Create and Provision count the combinations by the stage that was asked.
	Create    Counts     `json:"create"`
	Provision Counts     `json:"provision"`
	Providers []Provider `json:"providers"`
	// Foreign are the names of the foreign credentials, sorted.
	Foreign []string `json:"foreign"`
	// Right counts the workspaces with a right credential, which must be allowed.
	Right Right `json:"right"`
	// ReportsCase is what became of the original report's own case, in words.
	ReportsCase string `json:"reports_case"`
	// Ways are the ways in, those at create first; nil where none is open.
	Ways []Way `json:"ways,omitempty"`
	// Smallest is the open combination that is easiest to look at; nil where none is open.
	Smallest *OpenCombination `json:"smallest,omitempty"`
	// OpenIDs are all open combinations, the smallest first.
	OpenIDs []string `json:"open"`
	// Violations are what else was found, by rule and kind.
	Violations []Violation `json:"violations"`
	Control    Control     `json:"control"`
	// NotChecked says, in sentences, what the proof does not show.
	NotChecked []string `json:"not_checked"`
}

// Counts are what became of combinations; Combinations is their sum.
type Counts struct {
	Combinations int `json:"combinations"`
	Refused      int `json:"refused"`
	Open         int `json:"open"`
	// Violating were not allowed, and not refused as the rules say.
	Violating int `json:"violating"`
	// Unproven were refused, like the twin with the right credential.
	Unproven int `json:"unproven"`
	Unjudged int `json:"unjudged"`
	// NotClaimed were not replayed, because the target does not claim the area.
	NotClaimed int `json:"not_claimed"`
}

// A Provider counts the combinations of one provider.
type Provider struct {
	Provider  string `json:"provider"`
	Create    Counts `json:"create"`
	Provision Counts `json:"provision"`
}

// Right counts scenarios that must be allowed: the combinations' twins, and
// those with a foreign credential beside the right one.
type Right struct {
	Scenarios int `json:"scenarios"`
	Passed    int `json:"passed"`
	// Unjudged could not be judged; the rest were refused, or not asked about as
	// the rules say.
	Unjudged int `json:"unjudged"`
}

// An OpenCombination is one that was allowed, with the evidence.
type OpenCombination struct {
	ID       string `json:"id"`
	Title    string `json:"title"`
	Provider string `json:"provider"`
	Runtime  string `json:"runtime"`
	Model    string `json:"model"`
	// Stage is create or provision.
	Stage   string   `json:"stage"`
	Secrets []Secret `json:"secrets"`
	// Effect is what goes wrong in production.
	Effect     string              `json:"effect"`
	Violations []reports.Violation `json:"violations"`
	Exchanges  []reports.Exchange  `json:"exchanges"`
	// Curl shows it again by hand, as shell commands; empty where there is no profile.
	Curl string `json:"curl,omitempty"`
	// Replay is the command line that replays it alone.
	Replay string `json:"replay"`
}

// A Secret is a credential in scope, by its name; its value is what the
// corpus calls it, such as live or blank.
type Secret struct {
	Scope string `json:"scope"`
	Name  string `json:"name"`
	Value string `json:"value"`
}

// A Violation is what else than an allow was found, and how often.
type Violation struct {
	// Kind is that of the reports' violation.
	Kind      string `json:"kind,omitempty"`
	Rule      string `json:"rule"`
	Message   string `json:"message"`
	Scenarios int    `json:"scenarios"`
	// First is the id of the first one.
	First string `json:"first"`
}

// A Control shows that the matrix finds a server with the bypass in it.
type Control struct {
	// Door says how the control gates were reached.
	Door string `json:"door"`
	// Thinned says which combinations were replayed at them, and why not all.
	Thinned string         `json:"thinned"`
	Gates   []ControlledBy `json:"gates"`
}

// ControlledBy is one gate of the control.
type ControlledBy struct {
	Name string `json:"name"`
	// Story says how a team comes to write such a gate; empty for the reference.
	Story   string         `json:"story,omitempty"`
	Outcome ControlOutcome `json:"outcome"`
	// Combinations were replayed, Open of them were allowed.
	Combinations int `json:"combinations"`
	Open         int `json:"open"`
	// First is the id of the first open one; empty where there is none.
	First string `json:"first,omitempty"`
	// Note explains an outcome that needs it.
	Note string `json:"note,omitempty"`
}

// A ControlOutcome is what became of a control gate.
type ControlOutcome string

const (
	// ControlPassed: the reference gate passed, as it must.
	ControlPassed ControlOutcome = "passed"
	// ControlFoundOut: a gate with the bypass was found open, as it must be.
	ControlFoundOut ControlOutcome = "found out"
	// ControlNotFoundOut: a gate with the bypass was not found open.
	ControlNotFoundOut ControlOutcome = "not found out"
	// ControlFailed: the reference gate did not pass, or a gate could not be tried.
	ControlFailed ControlOutcome = "failed"
	// ControlNotApplicable: no combination that the target claims and that the
	// registry has is let through by the gate, so it cannot be told from the reference.
	ControlNotApplicable ControlOutcome = "not applicable"
)

// void says why the control makes the proof void; empty where it does not.
func (c *Control) void() string {
	found := 0
	for _, g := range c.Gates {
		switch g.Outcome {
		case ControlNotFoundOut:
			return "the control gate " + g.Name + " has the bypass and was not found out, so that finding nothing means nothing"
		case ControlFailed:
			return "the control gate " + g.Name + " failed: " + g.Note
		case ControlFoundOut:
			found++
		}
	}
	if found == 0 {
		return "no control gate could show that an open combination would be seen"
	}
	return ""
}

// A Kind is what became of one scenario of the matrix.
type Kind int

const (
	// KindRefused: as it must be. Scenarios that must be allowed use it, too.
	KindRefused Kind = iota
	KindOpen
	KindViolating
	KindUnproven
	KindUnjudged
	KindNotClaimed
)

// A Case is one scenario of the matrix, and how it ended.
type Case struct {
	Scenario *scenarios.Scenario
	Kind     Kind
	Result   reports.Result
}

// combination reports whether the case is one of the matrix: a scenario that
// must be refused for want of the right credential. The others must be allowed.
func (c *Case) combination() bool { return c.Scenario.MustRefuse() }

// effect says what goes wrong in production because of the first violation.
func (c *Case) effect() string {
	if len(c.Result.Violations) == 0 {
		return c.Scenario.Effect
	}
	return c.Scenario.EffectOf(c.Result.Violations[0].Rule)
}

// last is the step that the matrix asks about.
func (c *Case) last() *scenarios.Step {
	return &c.Scenario.Steps[len(c.Scenario.Steps)-1]
}

func (c *Case) provider() string {
	if p := c.last().Expect.Providers; len(p) > 0 {
		return p[0]
	}
	return ""
}

// secrets lists what is in scope in the last step, workspace first, by name.
func (c *Case) secrets() []Secret {
	var out []Secret
	for _, scope := range []struct {
		name   string
		values map[string]scenarios.Value
	}{{"workspace", c.last().Secrets.Workspace}, {"global", c.last().Secrets.Global}} {
		var names []string
		for name := range scope.values {
			names = append(names, name)
		}
		slices.Sort(names)
		for _, name := range names {
			out = append(out, Secret{scope.name, name, scope.values[name].String()})
		}
	}
	return out
}
