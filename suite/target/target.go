package target

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/molecule-ai/byok-conformance/gate"
	"github.com/molecule-ai/byok-conformance/scenarios"
)

// A Watcher is a target that shows what became of a workspace after its create
// was answered. Outcome waits until it has come to rest, and returns a reply
// that is Refused where the gate refused it meanwhile. Nil where the
// target does not show it.
type Watcher interface {
	Outcome(ctx context.Context, w Workspace) *Reply
}

// ErrNoPlace means that a profile's request has no place for what is to be
// spoilt, so that the target cannot be asked.
var ErrNoPlace = errors.New("the profile's create request has no place for it")

// An Answerer is a target that can be asked whether it answers at all, by a request
// that changes nothing. Answers returns nil where any reply comes, whatever it
// says, and where the target has no such request.
type Answerer interface {
	Answers(ctx context.Context) error
}

// ErrNoList means that the target has no list of workspaces that could be read.
var ErrNoList = errors.New("the profile does not say how to list workspaces (workspaces.list)")

// A SecretsLister is a target whose secrets of a workspace can be listed by name;
// ok is false where it cannot say.
type SecretsLister interface {
	SecretNames(ctx context.Context, w Workspace) (names []string, ok bool, err error)
}

// A GlobalsLister is a target whose global secrets can be listed by name.
type GlobalsLister interface {
	Globals(ctx context.Context) ([]string, error)
}

// A Target is a gate under test. Its methods are called from many goroutines.
// A failure of the target is told in the Reply, never by a panic; an error of
// any other method means that the target's state is not what was asked for.
type Target interface {
	// Create asks for one new workspace.
	Create(ctx context.Context, req CreateRequest) Reply
	// Provision makes the secrets of a workspace those of the request, has it
	// provisioned again and reports what came of it.
	Provision(ctx context.Context, req ProvisionRequest) Reply
	// Settle waits until whatever a create or a provisioning started in the
	// background has come to its end, as far as the target shows it.
	Settle(ctx context.Context, w Workspace) error
	// Remove deletes a workspace that Create made.
	Remove(ctx context.Context, w Workspace) error
	// SetGlobals makes the global secrets exactly those given.
	SetGlobals(ctx context.Context, secrets map[string]gate.Secret) error
	// Rows lists the workspaces that exist, for REF-3; ID and Name are set.
	Rows(ctx context.Context) ([]Workspace, error)
	// Traits says what the engine has to know of the target.
	Traits() Traits
}

// Traits are the properties of a target that change how it is driven.
type Traits struct {
	// SharedGlobals: global secrets are state of the target, so scenarios with
	// different sets cannot run at once.
	SharedGlobals bool
	// HTTP: replies are HTTP replies, so that status and headers are judged.
	HTTP bool
	// Unreadable: a stored secret that cannot be decrypted can be planted.
	Unreadable bool
	// Loud is what its output says when it allows without proof of life.
	Loud LoudLine
	// Claims are the areas that the target says it covers, unless the caller
	// names others.
	Claims []string
	// RefusesUnlisted: the server refuses models that its registry does not
	// list verbatim, so pairs that only a pattern owns cannot be asked.
	RefusesUnlisted bool
	// RestartsItself: a change of a secret restarts, a moment after its reply, the
	// workspaces that it touches, with calls of their own.
	RestartsItself bool
	// NoExternal: a create cannot ask for an external workspace, so that what is about
	// one cannot be asked.
	NoExternal bool
	// LivenessCache is how long the target keeps a live verdict, as it says; 0 where
	// it keeps none (LIV-13).
	LivenessCache time.Duration
	// Secrets are what authorises us at the target; no report shows them.
	Secrets []string
	// Kind, Profile and Address describe the target in reports.
	Kind, Profile, Address string
}

// A CreateRequest asks for one workspace.
type CreateRequest struct {
	// RequestID goes into X-Request-ID.
	RequestID string
	// Name is unique in the run.
	Name           string
	Runtime, Model string
	External       bool
	// URL is empty where the request has no url field.
	URL    string
	Fields map[string]any
	// Malformed says how the request is to be spoilt; empty where it is not. A
	// target without request bodies is never asked for it.
	Malformed scenarios.Malformation
	// Switch is what the request adds to its fields, query and headers; nil where
	// there is nothing.
	Switch *scenarios.Switch
	// Patience is how long one answer is waited for; past it the reply is Late.
	Patience time.Duration
	// Secrets are the workspace's; Globals are those of the tenant, which a
	// target with SharedGlobals holds already.
	Secrets, Globals map[string]gate.Secret
}

// A ProvisionRequest asks for another provisioning.
type ProvisionRequest struct {
	RequestID string
	Workspace Workspace
	// Patience is how long the outcome is waited for where the target has no
	// bound of its own.
	Patience time.Duration
	// Secrets are the workspace's from now on.
	Secrets, Globals map[string]gate.Secret
	// Doubt: the gate must stop it, so that a workspace which seems to run is
	// looked at again before that is believed.
	Doubt bool
	// Began is called once the new provisioning has been asked for; calls that
	// providers see from then on belong to it.
	Began func()
}

// A Workspace is one that a target made.
type Workspace struct {
	// ID is the target's own; Name the one that was asked for.
	ID, Name       string
	Runtime, Model string
	External       bool
	// Secrets are the workspace's as far as we set them.
	Secrets map[string]gate.Secret
	// Token is a secret of the create's reply; empty where the target gives none.
	Token string
	// Parent is the id of the workspace that this one nests under, as Rows has it;
	// empty where it does not, or where the target does not show it.
	Parent string
}

// An Outcome is what a reply comes to.
type Outcome string

const (
	// Allowed: the workspace was created, or provisioning goes on.
	Allowed Outcome = "allowed"
	// Refused: refused; whether properly is for the judge to say.
	Refused Outcome = "refused"
	// Rejected: refused by a rule that is not the gate's.
	Rejected Outcome = "refused by another rule"
	// Failed: the target had a fault of its own, such as a 5xx, or a
	// connection that it closed in the middle.
	Failed Outcome = "fault"
	// Late: no answer within the time that the engine waits.
	Late Outcome = "no answer in time"
	// NoReply: no reply at all; Err says why.
	NoReply Outcome = "no reply"
	// HungUp: we went away before there was one, as the step wants.
	HungUp Outcome = "hung up on"
)

// A Reply is what a target answered, read by its profile.
type Reply struct {
	Outcome Outcome
	// Code is the gate's code, mapped by the profile; empty where there is none.
	Code gate.Code
	// RawCode is the code as the reply has it.
	RawCode string
	// Provider is the reply's own provider field; empty where it has none.
	Provider string
	// Workspace is set where Outcome is Allowed at create.
	Workspace Workspace
	// Status, Header and Body are those of an HTTP reply; Body may be cut at
	// maxReply bytes.
	Status int
	// StatusLine is all of the status line behind the version.
	StatusLine string
	Header     http.Header
	Body       []byte
	// Object: Body is a JSON object.
	Object bool
	// Text is what a person may read: the body, or a decision's message.
	Text string
	// Names are the accepted names that a decision of a Go gate lists.
	Names []string
	// Credential is the credential's name that a decision of a Go gate holds.
	Credential string
	// Notices are those of a Go gate's decision.
	Notices []gate.Notice
	// Took is from the request to the end of the reply.
	Took time.Duration
	// Stalled is how long of that the harness itself was kept from running, which
	// is not the target's doing. The engine sets it.
	Stalled time.Duration
	// NotMade: the workspace was not made by this create, since it was there before,
	// or another create was answered with it. The engine sets it.
	NotMade bool
	// Headline says what came of a provisioning, which no single reply tells; empty
	// for a create.
	Headline string
	// Err says why there is no reply, or none in time.
	Err error
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
// the bodies; reports hold it as it is.
type Exchange struct {
	Direction Direction `json:"direction"`
	Method    string    `json:"method"`
	URL       string    `json:"url"`
	// Status is 0 where no answer came; Note then says why.
	Status int `json:"status"`
	// RequestHeaders may be nil, like ResponseHeaders.
	RequestHeaders  http.Header `json:"request_headers,omitempty"`
	RequestBody     string      `json:"request_body,omitempty"`
	ResponseHeaders http.Header `json:"response_headers,omitempty"`
	ResponseBody    string      `json:"response_body,omitempty"`
	// At is when the request left, and AtMS that in milliseconds after the scenario's
	// first one, which is known when the scenario has ended.
	At   time.Time `json:"-"`
	AtMS float64   `json:"at_ms"`
	// DurationMS is in milliseconds; see [Milliseconds].
	DurationMS float64 `json:"duration_ms"`
	// Stage is "create" or "provision"; empty where neither applies.
	Stage string `json:"stage,omitempty"`
	// Provider is the provider whose host was asked; empty towards the target.
	Provider string `json:"provider,omitempty"`
	// Credential is the name of the credential that was carried, never its value.
	Credential string `json:"credential,omitempty"`
	Note       string `json:"note,omitempty"`
}

// Milliseconds rounds to microseconds, which is finer than anything judged.
func Milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// String is the reply in a few words: what it comes to, its code, its status, its error.
func (r *Reply) String() string {
	if r.Headline != "" {
		return r.Headline
	}
	text := string(r.Outcome)
	if r.RawCode != "" {
		text += " with " + r.RawCode
	}
	if r.Status != 0 {
		text += fmt.Sprintf(" (status %d)", r.Status)
	}
	if r.Err != nil {
		text += ": " + r.Err.Error()
	}
	return text
}
