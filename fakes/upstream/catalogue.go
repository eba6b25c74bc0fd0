package upstream

import (
	"slices"

	"github.com/molecule-ai/byok-conformance/registry"
)

// An Answer names what a provider does when it is asked about a credential.
type Answer string

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
	// UnknownHost is our own 403: the host is not in the registry.
	UnknownHost Answer = "unknown-host"
)

// Means says what an answer tells a gate about the credential.
type Means string

const (
	// Alive: the provider accepted the credential. Allowed (LIV-3).
	Alive Means = "alive"
	// Dead: the provider rejected the credential. Refused (LIV-1, DIA-1).
	Dead Means = "dead"
	// Transient: no answer to the question at this time. Allowed (LIV-2, ROB-1).
	Transient Means = "transient"
	// Inconclusive: an answer that is not about the credential. Allowed (LIV-3, DIA-2, DIA-4).
	Inconclusive Means = "inconclusive"
	// Unverified: the credential is dead, but only an authenticated endpoint
	// says so. Refused by a gate that asked one, allowed loudly by one that
	// did not; both are lawful (DIA-3).
	Unverified Means = "unverified"
)

// Levels of the rules that an answer belongs to.
const (
	Core     = "core"
	Extended = "extended"
)

// A Spec describes one answer of the catalogue.
type Spec struct {
	Name Answer
	// Doc is one sentence for a person.
	Doc   string
	Means Means
	// Status is the HTTP status; 0 where none arrives.
	Status int
	// Level is Core or Extended.
	Level string
	// Loud says that an allow after this answer must leave a trace (LIV-11,
	// DIA-2 to DIA-4). It is false where a 2xx status line arrives before
	// something goes wrong: a gate may judge by the status alone.
	Loud bool
	// Waits says that the answer outlasts any probe budget (LIV-6).
	Waits bool
	// Late says that the answer comes after lateness.
	Late bool
	// Connection says that it happens before a request is read, so that a
	// proxy for many has to apply it to a whole host. RoundTrip returns the
	// error; ServeHTTP, which comes too late, resets the connection.
	Connection bool
	// Hosts are those that are known to answer like this; nil means all.
	Hosts []string
	// Providers are the rows of the embedded registry on Hosts; nil means all.
	// For another registry use On.
	Providers []string
}

// On reports whether a provider, of whatever registry, may answer like this:
// it has one of the answer's hosts, or the answer is not tied to a host.
func (s Spec) On(p *registry.Provider) bool {
	if s.Hosts == nil {
		return true
	}
	return slices.ContainsFunc(p.Hosts(), func(h string) bool { return slices.Contains(s.Hosts, h) })
}

// Catalogue returns every answer: core first, each group in its own order. The
// caller must not change the lists inside.
func Catalogue() []Spec { return slices.Clone(catalogue) }

// Lookup returns the answer of that name, and whether there is one.
func Lookup(a Answer) (Spec, bool) {
	if i, ok := byName[a]; ok {
		return catalogue[i], true
	}
	return Spec{}, false
}

var byName = func() map[Answer]int {
	m := make(map[Answer]int, len(catalogue))
	for i, s := range catalogue {
		m[s.Name] = i
	}
	return m
}()
