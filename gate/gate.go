// Package gate is the contract of a fail-closed BYOK credential gate, as Go
// types, and a reference gate that keeps it.
//
// A gate stands in front of workspace creation and of provisioning. For a
// (runtime, model) pair it derives the provider, requires a credential that
// this provider accepts, asks the provider whether the credential is alive,
// and refuses at once, loudly, when it is not. To have your own gate tested,
// implement [Gate]; nothing else in this module needs to be known.
//
// The rules stand in the corpus (conformance show PRE-2). What does not live
// here: the HTTP server around a gate (gate/server), gates with a rule broken
// and fake providers (fakes), and everything that judges (suite).
package gate

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"strings"
)

// A Gate decides whether a workspace may go ahead. Decide is called at both
// stages, from many goroutines. An error means that no decision could be made;
// a server answers it with a 5xx, so a refusal is never an error.
type Gate interface {
	Decide(ctx context.Context, req Request) (Decision, error)
}

// A Stage is the moment at which the gate is asked.
type Stage string

const (
	// Create is the synchronous API call.
	Create Stage = "create"
	// Provision is what runs after a create, and again at each restart.
	Provision Stage = "provision"
)

// A Request is all that a gate may look at.
type Request struct {
	Stage   Stage
	Runtime string
	Model   string
	// External is true for a workspace whose URL is its contract (DER-5).
	External bool
	// URL is the create request's url field. It never moves a probe (LIV-4).
	URL     string
	Secrets Secrets
}

// Secrets are the credentials in scope, by name. Either map may be nil.
type Secrets struct {
	// Workspace secrets came with the create request.
	Workspace map[string]Secret
	// Global secrets are stored once for the tenant.
	Global map[string]Secret
}

// A Secret is the value behind a name. It prints, logs and marshals as
// "[redacted]", whatever the verb or the format. Only fmt on an unexported
// field of somebody's struct cannot be hidden from: fmt asks no method there.
type Secret struct {
	Value string
	// Unreadable is true where a value is stored but cannot be decrypted (LIV-10).
	Unreadable bool
}

// Present reports whether the secret counts: something is left after trimming
// white space, or a value is stored that cannot be read (PRE-3, LIV-10).
func (s Secret) Present() bool { return s.Unreadable || strings.TrimSpace(s.Value) != "" }

// String hides the value.
func (s Secret) String() string { return redacted }

// Format hides the value from every verb, also from those that ask no String.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redacted) }

// MarshalText hides the value from JSON, XML and YAML. The error is nil.
func (s Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// LogValue hides the value.
func (s Secret) LogValue() slog.Value { return slog.StringValue(redacted) }

const redacted = "[redacted]"

// A Verdict is the outcome of a decision.
type Verdict string

const (
	// Allowed lets the workspace go ahead.
	Allowed Verdict = "allowed"
	// Refused stops it.
	Refused Verdict = "refused"
)

// A Code says why a gate refused; it is the reply's "code" field (REF-1).
type Code string

const (
	// MissingCredential: the derived provider accepts none of the credentials in scope.
	MissingCredential Code = "MISSING_BYOK_CREDENTIAL"
	// InvalidCredential: the provider said that the credential is not alive.
	InvalidCredential Code = "BYOK_CREDENTIAL_INVALID"
)

// A Decision is the gate's answer.
type Decision struct {
	Verdict Verdict
	// Code is empty where Verdict is Allowed.
	Code Code
	// Provider is the derived provider's name; empty where the gate stays out.
	Provider string
	// Accepted lists the names that would have been accepted, for a missing credential (REF-2).
	Accepted []string
	// Credential is the name of the credential that was probed, or that would have been.
	Credential string
	// Message is for a person; it holds no credential value (SEC-1).
	Message string
	// Notices make an allow without proof of life loud (LIV-11). The caller
	// logs them or shows them in its reply.
	Notices []Notice
}

// A Notice says that a workspace was allowed although nothing proved that its
// credential is alive.
type Notice struct {
	Provider   string
	Credential string
	// Cause is a short sentence without any credential value.
	Cause string
}
