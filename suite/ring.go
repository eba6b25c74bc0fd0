package suite

import (
	"slices"
	"strings"
	"sync"

	"github.com/molecule-ai/byok-conformance/fakes/upstream"
)

// leakLength is how many consecutive characters of a random part make a leak (SEC-1).
const leakLength = 8

// blockLength is the length of the aligned pieces that the ring is indexed by:
// any leakLength consecutive characters hold a whole aligned block of
// blockLength, because 2*blockLength-1 < leakLength.
const blockLength = 4

// A ring knows every credential value of a run: whose it is, and where pieces
// of it stand in a text. It is the keyring of the fake providers.
type ring struct {
	mu     sync.RWMutex
	values map[string]*credential
	blocks map[[blockLength]byte][]*credential
	// own are what authorises us at the target; no report shows them.
	own []string
}

// A credential is one value that a run made.
type credential struct {
	upstream.Credential
	// scope and name say where it was given; probed compares with Expect.Probed.
	scope  string
	secret secret
	// owner is nil once all that it belongs to has been judged.
	owner owner
}

// An owner is whoever a credential belongs to: one replay of a scenario, or
// all that run under one set of global secrets.
type owner interface{ owns() }

var _ upstream.Keyring = (*ring)(nil)

func newRing() *ring {
	return &ring{values: map[string]*credential{}, blocks: map[[blockLength]byte][]*credential{}}
}

// hide keeps what authorises us at the target out of reports. What is too short
// to be a secret would only make holes in ordinary words.
func (r *ring) hide(secrets []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.own = slices.DeleteFunc(slices.Clone(secrets), func(s string) bool { return len(s) < leakLength })
}

func (r *ring) authorising() []string {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.own
}

func (r *ring) add(list []*credential) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, c := range list {
		r.values[c.Value] = c
		for i := 0; i+blockLength <= len(c.secret.random); i += blockLength {
			key := [blockLength]byte([]byte(c.secret.random[i:]))
			r.blocks[key] = append(r.blocks[key], c)
		}
	}
}

// drop forgets credentials whose scenarios have been judged: no provider knows
// them any more, and nothing is attributed by them. Their random parts stay, so
// that a server which comes back to one of them is found out, and no report
// shows it.
func (r *ring) drop(list []*credential) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, c := range list {
		delete(r.values, c.Value)
		rest := &credential{scope: c.scope, secret: secret{random: c.secret.random}}
		rest.Name, rest.Answers = c.Name, c.Answers
		for i := 0; i+blockLength <= len(c.secret.random); i += blockLength {
			block := r.blocks[[blockLength]byte([]byte(c.secret.random[i:]))]
			if at := slices.Index(block, c); at >= 0 {
				block[at] = rest
			}
		}
	}
}

// retire forgets the credentials of a set of global secrets.
func (r *ring) retire(s *globalSet) {
	var list []*credential
	for _, c := range s.credentials {
		if c.secret.random != "" {
			list = append(list, c)
		}
	}
	r.drop(list)
}

func (r *ring) find(value string) *credential {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.values[value]
}

// Find returns the credential with exactly that value, or nil.
func (r *ring) Find(value string) *upstream.Credential {
	if c := r.find(value); c != nil {
		return &c.Credential
	}
	return nil
}

// Sight returns every credential of which leakLength or more consecutive
// characters of the random part stand in the text, but for those that were dropped.
func (r *ring) Sight(text string) []*upstream.Credential {
	var out []*upstream.Credential
	for _, c := range r.sight(text) {
		if c.Value != "" {
			out = append(out, &c.Credential)
		}
	}
	return out
}

func (r *ring) sight(text string) []*credential {
	if len(text) < leakLength {
		return nil
	}
	r.mu.RLock()
	defer r.mu.RUnlock()
	if len(r.blocks) == 0 {
		return nil
	}
	var out []*credential
	for i := 0; i+blockLength <= len(text); i++ {
		list := r.blocks[[blockLength]byte{text[i], text[i+1], text[i+2], text[i+3]}]
		for _, c := range list {
			if !slices.Contains(out, c) && leaks(text, c.secret.random) {
				out = append(out, c)
			}
		}
	}
	return out
}

// leaks reports whether leakLength or more consecutive characters of random
// stand in text.
func leaks(text, random string) bool {
	for i := 0; i+leakLength <= len(random); i++ {
		if strings.Contains(text, random[i:i+leakLength]) {
			return true
		}
	}
	return false
}

// of returns the credential that an upstream.Credential of this ring is part of.
func (r *ring) of(c *upstream.Credential) *credential {
	if c == nil {
		return nil
	}
	return r.find(c.Value)
}

// masks returns what stands in reports instead of a value.
func (c *credential) mask() string {
	return "<" + c.Answer() + " " + c.Name + " of the " + c.scope + ">"
}

// Answer names what the provider answers to the credential.
func (c *credential) Answer() string {
	if len(c.Answers) == 0 {
		return string("present")
	}
	return string(c.Answers[0])
}
