package upstream_test

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/molecule-ai/byok-conformance/fakes/upstream"
	"github.com/molecule-ai/byok-conformance/registry"
)

const userAgent = "byok-conformance-test"

// keyring is a small Keyring: it compares with everything it has.
type keyring struct {
	mu   sync.Mutex
	keys []*upstream.Credential
}

func (k *keyring) Find(value string) *upstream.Credential {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, c := range k.keys {
		if c.Value == value {
			return c
		}
	}
	return nil
}

func (k *keyring) Sight(text string) []*upstream.Credential {
	k.mu.Lock()
	defer k.mu.Unlock()
	var seen []*upstream.Credential
	for _, c := range k.keys {
		random := c.Value[strings.LastIndexByte(c.Value, '-')+1:]
		for i := 0; i+8 <= len(random); i++ {
			if strings.Contains(text, random[i:i+8]) {
				seen = append(seen, c)
				break
			}
		}
	}
	return seen
}

// add makes a credential of its own value, which the hosts know.
func (k *keyring) add(scenario, name string, hosts []string, answers ...upstream.Answer) *upstream.Credential {
	k.mu.Lock()
	defer k.mu.Unlock()
	sum := sha256.Sum256([]byte(scenario + "\x00" + name + "\x00" + strings.Join(hosts, ",")))
	c := &upstream.Credential{
		Scenario: scenario, Name: name, Value: strings.Join([]string{"key", hex.EncodeToString(sum[:12])}, "-"),
		Answers: answers, Hosts: hosts,
	}
	k.keys = append(k.keys, c)
	return c
}

// A world is an Upstream with what it observed.
type world struct {
	*upstream.Upstream
	keyring
	mu   sync.Mutex
	seen []*upstream.Exchange
	// arrived and ended carry every exchange, where somebody listens.
	arrived, ended chan *upstream.Exchange
}

func newWorld(t testing.TB, config upstream.Config) *world {
	w := &world{}
	if config.Registry == nil {
		config.Registry = registry.Embedded()
	}
	config.Keyring = &w.keyring
	config.Observe = func(x *upstream.Exchange) {
		w.mu.Lock()
		w.seen = append(w.seen, x)
		w.mu.Unlock()
		if w.ended != nil {
			w.ended <- x
		}
	}
	w.Upstream = upstream.New(config)
	t.Cleanup(w.Close)
	return w
}

// last returns the exchange that ended last.
func (w *world) last(t *testing.T) *upstream.Exchange {
	t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.seen) == 0 {
		t.Fatal("no exchange was observed")
	}
	return w.seen[len(w.seen)-1]
}

// probe is the lawful GET of a credential at a host.
func probe(t testing.TB, base, host string, c *upstream.Credential) *http.Request {
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, base+"/openai/v1/models", nil)
	if err != nil {
		t.Fatal(err)
	}
	authorize(r, host, c.Name, c.Value)
	return r
}

// authorize puts a value where the host reads it.
func authorize(r *http.Request, host, name, value string) {
	r.Header.Set("User-Agent", userAgent)
	if upstream.NeedsVersion(host) {
		r.Header.Set("anthropic-version", "2023-06-01")
	}
	header := upstream.Reads(host, r.URL.Path, name)[0]
	if header == "authorization" {
		value = "Bearer " + value
	}
	r.Header.Set(header, value)
}

// nameFor is a credential name that some provider on the host accepts.
func nameFor(t testing.TB, host string) string {
	for _, p := range registry.Embedded().Providers {
		for _, h := range p.Hosts() {
			if h == host {
				return p.AuthEnv[0]
			}
		}
	}
	t.Fatalf("no provider has the host %s", host)
	return ""
}
