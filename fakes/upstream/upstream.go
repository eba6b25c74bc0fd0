package upstream

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/jarcoal/httpmock"

	"github.com/molecule-ai/byok-conformance/registry"
	"github.com/molecule-ai/byok-conformance/scenarios"
)

// A Config says whom an Upstream stands in for.
type Config struct {
	// Registry names the hosts. Where it is nil, every host is refused.
	Registry *registry.Registry
	// Keyring finds the credentials of the run. Where it is nil, none is known.
	Keyring Keyring
	// Arrive, if not nil, is called once a request has been read and before it
	// is answered. It may block, until the context of the request ends at the
	// latest, to hold the exchange back.
	Arrive func(context.Context, *Exchange)
	// Observe, if not nil, is called once for each exchange that arrived, when
	// it has ended. An answer that does not wait has ended when all is known
	// about it: Observe has returned before the client can have seen a byte.
	// An answer that waits (Spec.Waits) has ended when the client has gone, so
	// that whoever judges must wait for what he saw arrive. It comes from the
	// serving goroutine, but for a waiting body that RoundTrip returned: from
	// the one that closes it, or one of its own when the context ends.
	Observe func(*Exchange)
}

// An Upstream is every provider of a registry. It is safe for concurrent use.
type Upstream struct {
	config  Config
	hosts   map[string]*host
	order   []string
	replies *httpmock.MockTransport
	refusal *url.URL

	seq   atomic.Uint64
	open  context.Context
	close context.CancelCauseFunc
}

// A host is one host of the registry.
type host struct {
	providers []string
	scheme    string
	// sibling is another host of the registry; "" where there is none.
	sibling string
	routes  map[Answer]*url.URL
}

// errClosed ends what an Upstream still had to say when it was closed.
var errClosed = errors.New("fake provider closed before the answer ended")

// New returns an Upstream for every host of the registry's providers.
func New(config Config) *Upstream {
	if config.Registry == nil {
		config.Registry = &registry.Registry{}
	}
	if config.Keyring == nil {
		config.Keyring = noKeys{}
	}
	u := &Upstream{config: config, hosts: map[string]*host{}, replies: httpmock.NewMockTransport()}
	u.open, u.close = context.WithCancelCause(context.Background())
	for _, p := range config.Registry.Providers {
		for _, name := range Hosts(p) {
			u.addProvider(name, p)
		}
	}
	u.register()
	return u
}

// noKeys knows no credential.
type noKeys struct{}

func (noKeys) Find(string) *Credential    { return nil }
func (noKeys) Sight(string) []*Credential { return nil }

// Close ends every answer that is still waiting, so that a server can be shut
// down while a client hangs. Later waiting answers end at once.
func (u *Upstream) Close() { u.close(errClosed) }

// Hosts returns the hosts that are answered for, in the order of the registry.
func (u *Upstream) Hosts() []string { return slices.Clone(u.order) }

// Known reports whether a host, with or without a port that its scheme
// implies, is one that is answered for.
func (u *Upstream) Known(host string) bool { return u.hosts[canonicalHost(host)] != nil }

func (u *Upstream) addProvider(name string, p *registry.Provider) {
	h := u.hosts[name]
	if h == nil {
		h = &host{scheme: "https", routes: map[Answer]*url.URL{}}
		u.hosts[name] = h
		u.order = append(u.order, name)
	}
	h.providers = append(h.providers, p.Name)
	if strings.HasPrefix(p.BaseURLTemplate, "http://"+name) {
		h.scheme = "http"
	}
}

// register puts a responder for each host and answer on the MockTransport. The
// route https://HOST/ANSWER is ours; a provider's own paths do not matter there.
func (u *Upstream) register() {
	for i, name := range u.order {
		h := u.hosts[name]
		if next := u.order[(i+1)%len(u.order)]; next != name {
			h.sibling = next
		}
		for answer, script := range scriptsFor(name) {
			h.routes[answer] = u.route(name, answer, script)
		}
	}
	u.refusal = u.route("unknown.invalid", UnknownHost, refusalScript)
}

func (u *Upstream) route(host string, answer Answer, s *script) *url.URL {
	route := &url.URL{Scheme: "https", Host: host, Path: "/" + string(answer)}
	u.replies.RegisterResponder(http.MethodGet, route.String(), func(r *http.Request) (*http.Response, error) {
		return s.respond(r.Context().Value(callKey{}).(*call))
	})
	return route
}

// A call is what a responder needs to know about the exchange it answers.
type call struct {
	exchange *Exchange
	host     *host // nil where the host is unknown
	// presented is the credential as the provider sees it; empty where there is none.
	presented string
	// prefix maps hosts onto a loopback server; empty elsewhere.
	prefix string
}

type callKey struct{}

type anyCertificateKey struct{}

// AnyCertificate marks the context of a request whose client takes any certificate
// (LIV-14): fakes/proxy marks what comes after it showed one that proves nothing; a
// transport in process has none to show, so there a double says so itself.
func AnyCertificate(ctx context.Context) context.Context {
	return context.WithValue(ctx, anyCertificateKey{}, true)
}

// receive makes an exchange of a request that has been read, chooses the
// answer and lets Arrive see it.
func (u *Upstream) receive(ctx context.Context, x *Exchange, hostHeader, userinfo, prefix string) *call {
	c := &call{exchange: x, host: u.hosts[x.Host], prefix: prefix}
	x.Seq = u.seq.Add(1)
	x.Start = time.Now()
	if c.host != nil {
		x.Known, x.Providers = true, c.host.providers
	}
	s := search{keyring: u.config.Keyring, host: x.Host, path: x.Path}
	if x.Known && canonicalHost(hostHeader) == x.Host {
		hostHeader = "" // nothing to be found in it
	}
	x.Sightings = s.request(x, hostHeader, userinfo)
	if len(x.Sightings) > 0 {
		x.Nth = int(x.Sightings[0].Credential.sighted.Add(1))
	}
	if u.config.Arrive != nil {
		u.config.Arrive(ctx, x)
	}
	x.Answer = c.decide()
	if x.Answer == "tls-failure" && ctx.Value(anyCertificateKey{}) != nil {
		x.Answer, x.Unverified = "live", true
	}
	if scenarios.AnswerOf(x.Answer).Late {
		delay(ctx)
	}
	return c
}

// lateness is how long a late answer takes: longer than it takes to send some
// tens of requests at once, and far below any probe budget.
const lateness = 30 * time.Millisecond

func delay(ctx context.Context) {
	timer := time.NewTimer(lateness)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// decide chooses the answer, and sets what the provider sees as the credential.
func (c *call) decide() Answer {
	x := c.exchange
	if c.host == nil {
		return UnknownHost
	}
	if readings[x.Host].single && several(x.Header) {
		return ManyCredentials
	}
	if len(x.Sightings) > 0 {
		if first := x.Sightings[0]; first.Read && first.Credential.knownAt(x.Host) {
			c.presented = first.Credential.Value
			if readings[x.Host].version && x.Header.Get("anthropic-version") == "" {
				return NoVersion
			}
			if answer := first.Credential.next(); c.host.routes[answer] != nil {
				return answer
			}
			return UnknownCredential
		}
	}
	c.presented = presented(x.Host, x.Path, x.Header)
	unread := func(s Sighting) bool { return s.Exact && !s.Read && s.Credential.Value == c.presented }
	if c.presented == "" || slices.ContainsFunc(x.Sightings, unread) {
		return NoCredential
	}
	return UnknownCredential
}

// ask has the MockTransport answer a call.
func (u *Upstream) ask(c *call) (*http.Response, error) {
	route := u.refusal
	if c.host != nil {
		route = c.host.routes[c.exchange.Answer]
	}
	// The context cannot end: no responder waits, the doors do.
	r := &http.Request{Method: http.MethodGet, URL: route}
	return u.replies.RoundTrip(r.WithContext(context.WithValue(context.Background(), callKey{}, c)))
}

// waiting returns a context that ends with the request's and with the Upstream.
func (u *Upstream) waiting(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancelCause(ctx)
	stop := context.AfterFunc(u.open, func() { cancel(context.Cause(u.open)) })
	return ctx, func() { stop(); cancel(context.Canceled) }
}

// ended hands the exchange over.
func (u *Upstream) ended(x *Exchange) {
	x.End = time.Now()
	if u.config.Observe != nil {
		u.config.Observe(x)
	}
}

// readBody reads a request's body, which may be nil, to its end and returns
// what is kept of it.
func readBody(body io.Reader) ([]byte, error) {
	if body == nil {
		return nil, nil
	}
	kept, err := io.ReadAll(io.LimitReader(body, maxRequestBody))
	if err == nil {
		_, err = io.CopyN(io.Discard, body, maxDrain)
	}
	if errors.Is(err, io.EOF) {
		err = nil
	}
	if len(kept) == 0 {
		kept = nil
	}
	return kept, err
}
