package judge

import (
	"net/http"
	"slices"
	"time"

	"github.com/molecule-ai/byok-conformance/registry"
	"github.com/molecule-ai/byok-conformance/scenarios"
	"github.com/molecule-ai/byok-conformance/suite/target"
)

// An Observation is all that was seen of one scenario; the judge looks at
// nothing else.
type Observation struct {
	Scenario *scenarios.Scenario
	Registry *registry.Registry
	// RunID begins every X-Request-ID that we sent; empty where none was.
	RunID string
	// Request is what followed it in those of this scenario.
	Request string
	Steps   []StepObservation
	// Claims are the areas that the target is held to.
	Claims []string
	// Unreached: no call with a credential of ours has reached a provider until now,
	// so that the target has no probe, or one that goes elsewhere. That is told
	// where a scenario is about liveness, and not with all the others.
	Unreached bool
	// Level decides which rules a check may name.
	Level scenarios.Level
	// Budget is the probe's bound (LIV-6).
	Budget time.Duration
	// HTTP: replies have a status, headers and a body.
	HTTP bool
	// Stopped says that the target stopped answering during the scenario; nil where
	// it did not.
	Stopped *Stop
	// Leaks are pieces of credentials that were seen where none may be.
	Leaks []Leak
	// Rows are workspaces that a refused create left behind; nil where they
	// could not be read.
	Rows []string
	// Loud is the target's trait of that name.
	Loud target.LoudLine
	// RefusesUnlisted is the target's trait of that name.
	RefusesUnlisted bool
}

// A Stop is the moment from which on a target answered to nothing.
type Stop struct {
	// UnderWay are the ids of the scenarios that it was asked for by then, sorted.
	UnderWay []string
}

// A StepObservation is what was seen of one step.
type StepObservation struct {
	Step *scenarios.Step
	// Replies holds one reply for each time the step was replayed at once.
	Replies []target.Reply
	// Later is what became of the workspace of a create that had to be refused
	// and was not; nil where nobody looked, or where it cannot be seen.
	Later *target.Reply
	// Calls are the upstream exchanges of the step, by arrival.
	Calls []Call
	// Struck: the provider's host was out of reach as a whole, so that a call
	// could not be seen.
	Struck bool
	// NamedBefore: the create asks for the name of an earlier one that was refused.
	NamedBefore bool
	// AnsweredBefore: a create with the same expectation got a verdict in this run.
	AnsweredBefore bool
	// AskedBefore: the provider was asked about the tenant's credential that
	// decides here by an earlier scenario, so a target may know the answer.
	AskedBefore bool
	// Kept: the target may decide by a live verdict that it keeps for the time that
	// its profile states (LIV-13).
	Kept bool
	// Traces are lines of output that belong to the step; nil where the output
	// cannot be read.
	Traces []string
}

// A Call is one request that reached a provider, or tried to reach somebody else.
type Call struct {
	Method, Scheme, Host, URL string
	// Known: the host is one of the registry's.
	Known bool
	// Credentials are the values that the request carried.
	Credentials []Carried
	// HasVersion: the request has an anthropic-version header.
	HasVersion bool
	// Status is the fake's answer; 0 where it gave a fault.
	Status int
	// Answer names the fake's answer.
	Answer string
	// Unverified: the client took a certificate that proves nothing.
	Unverified bool
	// AsReset: the connection was reset, as what comes nearest to an answer that
	// allows no connection at all.
	AsReset bool
	// InCreate: the create call was still waiting for its own reply, even after
	// the call was held back; so the call belongs to the create and not to a
	// provisioning that the create started.
	InCreate bool
	// Changed: the call belongs to a step that had ended, and we have changed secrets
	// since; or they were changed for the step, and it is not the first. A server may provision again by itself at each change, so nobody can
	// tell how often.
	Changed bool
	// Reply is what the provider answered, for SEC-5; cut at 4 KiB.
	Reply []byte
	// Own are the provider's own headers: those that no other server sends with that
	// value, such as the id of the exchange.
	Own http.Header

	Exchange target.Exchange
}

// A Carried credential stood in a request to a provider.
type Carried struct {
	// Scope and Name say which credential of the scenario it is.
	Scope, Name string
	// Where it stood: "header x-api-key", "url", "body".
	Where string
	// Read: the provider reads a credential there.
	Read bool
}

// Key is the credential as "scope/NAME".
func (c Carried) Key() string { return c.Scope + "/" + c.Name }

// A Leak is a piece of a credential where none may be.
type Leak struct {
	Rule string
	// Where it stood: "the reply's body", "a line of output"…
	Where string
	// Credential is the one that leaked, by scope and name.
	Credential string
}

// Claims reports whether an area is claimed.
func (o *Observation) claims(area string) bool { return slices.Contains(o.Claims, area) }

// last returns the step that the scenario is about.
func (o *Observation) last() *StepObservation { return &o.Steps[len(o.Steps)-1] }

// A Violation is one broken rule. Reports hold it as it is.
type Violation struct {
	// Kind says what is wrong in one word; whoever groups or compares asks it and never
	// the texts. Empty in reports of versions that did not keep it.
	Kind Kind   `json:"kind,omitempty"`
	Rule string `json:"rule"`
	// Step is the index of the step that it was seen at; the last one's where
	// that cannot be told.
	Step int `json:"step,omitempty"`
	// Message says what is wrong, in a sentence.
	Message string `json:"message"`
	// Want and Got are what the rule asks for and what was seen.
	Want string `json:"want"`
	Got  string `json:"got"`
}
