package upstream

import (
	"slices"
	"sync/atomic"
)

// A Credential is one value that the harness handed out, with what the
// providers make of it. Its address is its identity: it must not be copied
// once it has been used.
type Credential struct {
	// Scenario is the id of the scenario that owns the value.
	Scenario string
	// Name is the environment-style name under which it was given.
	Name string
	// Value is what a lawful probe carries: trimmed.
	Value string
	// Answers are names of the catalogue: the nth exchange in which a
	// provider reads the credential gets the nth, the last repeats. A name
	// that is not in the catalogue is answered like UnknownCredential.
	Answers []Answer
	// Then are the answers of later phases (see Enter), one for each.
	Then []Answer
	// Hosts, as in a URL, know this value. Elsewhere it is unknown.
	Hosts []string

	sighted atomic.Int64
	read    atomic.Int64
	phase   atomic.Int64
}

// Enter begins a phase: in phase 0 the Answers count, in each later one that of
// Then; the last repeats.
func (c *Credential) Enter(phase int) { c.phase.Store(int64(phase)) }

// knownAt reports whether the host knows the value.
func (c *Credential) knownAt(host string) bool {
	return slices.ContainsFunc(c.Hosts, func(h string) bool { return h == host || canonicalHost(h) == host })
}

// next counts one exchange in which a provider reads the credential, and
// returns its answer. It is empty where the credential has none.
func (c *Credential) next() Answer {
	if len(c.Answers) == 0 {
		return ""
	}
	if phase := int(c.phase.Load()); phase > 0 && len(c.Then) > 0 {
		return c.Then[min(phase, len(c.Then))-1]
	}
	return c.Answers[min(int(c.read.Add(1)), len(c.Answers))-1]
}

// A Keyring finds the credentials of a run. It is used from many goroutines.
type Keyring interface {
	// Find returns the credential of exactly that value, or nil.
	Find(value string) *Credential
	// Sight returns every credential whose value, or 8 or more consecutive
	// characters of its random part, is in the text.
	Sight(text string) []*Credential
}
