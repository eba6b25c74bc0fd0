package upstream

import "github.com/molecule-ai/byok-conformance/scenarios"

// An Answer names what a provider does when it is asked about a credential.
type Answer = string

// The answers of an [Exchange] that no credential asked for. They are not in
// the catalogue.
const (
	// NoCredential is the provider's 401 to a request without a credential
	// where the provider reads one.
	NoCredential Answer = "no-credential"
	// UnknownCredential is the provider's 401 to a value that this host does not know.
	UnknownCredential Answer = "unknown-credential"
	// NoVersion is Anthropic's 400 to a request without anthropic-version.
	NoVersion Answer = "no-version"
	// ManyCredentials is Gemini's 400 to a request with a key and a bearer token.
	ManyCredentials Answer = "many-credentials"
	// UnknownHost is our own 403: the host is not in the registry.
	UnknownHost Answer = "unknown-host"
)

// A Spec is an answer of the corpus's table: name, status, meaning, hosts.
type Spec = scenarios.Answer

// catalogue is that table.
var catalogue = scenarios.Catalogue()
