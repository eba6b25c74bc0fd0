package draft

import (
	"crypto/rand"
	"encoding/hex"
	"net/http"
	"strings"
	"sync"

	"github.com/molecule-ai/byok-conformance/fakes/upstream"
	"github.com/molecule-ai/byok-conformance/registry"
)

// Providers are fake providers that know the credentials of one draft: a live
// one is answered with 200, a dead one with 401.
type Providers struct {
	upstream *upstream.Upstream

	mu sync.Mutex
	// known holds the credentials by value; asked, the values that were probed.
	known map[string]*upstream.Credential
	asked map[string]bool
}

// NewProviders returns fake providers for every host of a registry.
func NewProviders(reg *registry.Registry) *Providers {
	p := &Providers{known: map[string]*upstream.Credential{}, asked: map[string]bool{}}
	p.upstream = upstream.New(upstream.Config{Registry: reg, Keyring: p, Observe: p.observe})
	return p
}

// Handler serves the providers over HTTP; the request's host names the provider.
func (p *Providers) Handler() http.Handler { return p.upstream }

// RoundTripper serves the providers in process.
func (p *Providers) RoundTripper() http.RoundTripper { return p.upstream }

// Find returns the credential of exactly that value, or nil.
func (p *Providers) Find(value string) *upstream.Credential {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.known[value]
}

// Sight returns every credential whose value stands in the text.
func (p *Providers) Sight(text string) []*upstream.Credential {
	p.mu.Lock()
	defer p.mu.Unlock()
	var out []*upstream.Credential
	for value, c := range p.known {
		if strings.Contains(text, value) {
			out = append(out, c)
		}
	}
	return out
}

func (p *Providers) observe(x *upstream.Exchange) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, s := range x.Sightings {
		p.asked[s.Credential.Value] = true
	}
}

// value makes a credential of that name which the provider answers as said.
func (p *Providers) value(provider *registry.Provider, name string, answer upstream.Answer) string {
	v := "draft-" + random() + random()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.known[v] = &upstream.Credential{Name: name, Value: v, Answers: []upstream.Answer{answer}, Hosts: provider.Hosts()}
	return v
}

// wasAsked reports whether a provider was asked about the value.
func (p *Providers) wasAsked(value string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.asked[value]
}

// mask replaces every value of the draft in a text.
func (p *Providers) mask(text string) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	for value := range p.known {
		text = strings.ReplaceAll(text, value, "***")
	}
	return text
}

func random() string {
	var b [8]byte
	_, _ = rand.Read(b[:]) // never fails since Go 1.24
	return hex.EncodeToString(b[:])
}
