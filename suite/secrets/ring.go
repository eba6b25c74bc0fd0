package secrets

import (
	"slices"
	"sync"

	"github.com/molecule-ai/byok-conformance/fakes/upstream"
)

// LeakLength is how many consecutive characters of a random part make a leak (SEC-1).
const LeakLength = 8

// A ring knows every credential value of a run: whose it is, and where pieces
// Of it stand in a text. It is the keyring of the fake providers.
type Ring struct {
	mu     sync.RWMutex
	values map[string]*Credential
	// pieces are those of all credentials there have been, and issued says who
	// they are, by the number of their pieces.
	pieces pieces
	issued []issued
	// kinds are those of the credentials that were dropped.
	kinds map[kind]*kind
	// own are what authorises us at the target; no report shows them.
	own []string
}

// A credential is one value that a run made.
type Credential struct {
	upstream.Credential
	// Scope says where it was given, and symbol is its value as the corpus writes it.
	Scope, Symbol string
	Secret        Secret
	// number is that of its random part among the ring's pieces.
	number int
	// Owner is nil once all that it belongs to has been judged.
	Owner Owner
}

// issued is a credential, or what is kept of one that was dropped: its kind.
type issued struct {
	credential *Credential
	dropped    *kind
}

// A kind is what a mask says of a credential; many have the same.
type kind struct{ scope, name, answer string }

// An owner is whoever a credential belongs to: one replay of a scenario, or
// all that run under one set of global secrets.
type Owner interface {
	// ScenarioID is the id of the replay's scenario; empty for a set.
	ScenarioID() string
}

var _ upstream.Keyring = (*Ring)(nil)

func NewRing() *Ring {
	return &Ring{values: map[string]*Credential{}, kinds: map[kind]*kind{}}
}

// Hide keeps what authorises us at the target out of reports. What is too short
// to be a secret would only make holes in ordinary words.
func (r *Ring) Hide(secrets []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.own = slices.DeleteFunc(slices.Clone(secrets), func(s string) bool { return len(s) < LeakLength })
}

func (r *Ring) authorising() []string {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.own
}

// Add takes in credentials; those without a random part cannot be told apart
// from any other text, and are left out.
func (r *Ring) Add(list []*Credential) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, c := range list {
		if c.Secret.exact {
			r.values[c.Value] = c
		}
		if c.Secret.Random == "" {
			continue
		}
		r.values[c.Value] = c
		c.number = r.pieces.add(c.Secret.Random)
		r.issued = append(r.issued, issued{credential: c})
	}
}

// Drop forgets credentials whose scenarios have been judged: no provider knows
// them any more, and nothing is attributed by them. Their random parts stay, so
// that a server which comes back to one of them is found out, and no report
// shows it.
func (r *Ring) Drop(list []*Credential) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, c := range list {
		if c.Secret.exact && r.values[c.Value] == c {
			delete(r.values, c.Value)
		}
		if c.Secret.Random == "" {
			continue
		}
		delete(r.values, c.Value)
		r.issued[c.number] = issued{dropped: r.kind(kind{c.Scope, c.Name, c.Answer()})}
	}
}

func (r *Ring) kind(k kind) *kind {
	if r.kinds[k] == nil {
		r.kinds[k] = &k
	}
	return r.kinds[k]
}

// Reserve makes room for so many more credentials.
func (r *Ring) Reserve(n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.pieces.reserve(n)
	r.issued = slices.Grow(r.issued, n)
}

func (r *Ring) find(value string) *Credential {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.values[value]
}

// Find returns the credential with exactly that value, or nil.
func (r *Ring) Find(value string) *upstream.Credential {
	if c := r.find(value); c != nil {
		return &c.Credential
	}
	return nil
}

// Sight returns every credential of which leakLength or more consecutive
// characters of the random part stand in the text, plainly or encoded, but for
// those that were dropped.
func (r *Ring) Sight(text string) []*upstream.Credential {
	var out []*upstream.Credential
	for _, c := range r.SightAll(text) {
		if c.Value != "" {
			out = append(out, &c.Credential)
		}
	}
	return out
}

// sight returns every credential of which leakLength or more consecutive
// characters of the random part stand in the text. Of one that was dropped, it
// makes up what is still known.
func (r *Ring) sight(text string) []*Credential {
	if len(text) < LeakLength {
		return nil
	}
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.numbered(r.pieces.find(text))
}

// Remembers reports whether a call holds a piece of a credential that was dropped.
func (r *Ring) Remembers(x *upstream.Exchange) bool {
	dropped := func(text string) bool {
		return slices.ContainsFunc(r.sight(text), func(c *Credential) bool { return c.Value == "" })
	}
	for _, values := range x.Header {
		if slices.ContainsFunc(values, dropped) {
			return true
		}
	}
	return dropped(x.Path) || dropped(string(x.Body))
}

// numbered returns the credentials of those numbers. The caller holds r.mu.
func (r *Ring) numbered(numbers []int) []*Credential {
	if len(numbers) == 0 {
		return nil
	}
	out := make([]*Credential, len(numbers))
	for i, n := range numbers {
		if out[i] = r.issued[n].credential; out[i] == nil {
			out[i] = r.issued[n].dropped.rest(string(r.pieces.random(n)))
		}
	}
	return out
}

// rest is what is known of a credential that was dropped.
func (k *kind) rest(random string) *Credential {
	c := &Credential{Scope: k.scope, Secret: Secret{Random: random}}
	c.Name, c.Answers = k.name, []upstream.Answer{upstream.Answer(k.answer)}
	return c
}

// Of returns the credential that an upstream.Credential of this ring is part of.
func (r *Ring) Of(c *upstream.Credential) *Credential {
	if c == nil {
		return nil
	}
	return r.find(c.Value)
}

// masks returns what stands in reports instead of a value.
func (c *Credential) mask() string {
	return "<" + c.Answer() + " " + c.Name + " of the " + c.Scope + ">"
}

// Answer names what the provider answers to the credential.
func (c *Credential) Answer() string {
	if len(c.Answers) == 0 {
		return "present"
	}
	return string(c.Answers[0])
}
