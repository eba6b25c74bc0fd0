package suite

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/molecule-ai/byok-conformance/fakes/upstream"
	"github.com/molecule-ai/byok-conformance/registry"
	"github.com/molecule-ai/byok-conformance/scenarios"
)

// Providers are the fake providers of one run, and the hub that tells whose
// each call is. Make them first, point the target's outbound calls at them,
// then Run.
type Providers struct {
	upstream *upstream.Upstream
	ring     *ring
	registry *registry.Registry

	decoysOnce sync.Once
	decoys     *decoys

	mu sync.Mutex
	// running are the replays whose step is under way.
	running map[*replay]struct{}
	pending map[*upstream.Exchange]*pendingCall
	// strays are calls that no replay can be held to.
	strays []Exchange
	// hold is how long a call may be held back to see whether the create waits for it.
	hold time.Duration
	seen bool
	// alone is the only replay under way, while one is replayed by itself.
	alone *replay
}

// Mask returns a text without the secrets of the runs so far: every credential
// value, every piece of one that makes a leak, and what authorises us.
func (p *Providers) Mask(text string) string { return p.ring.mask(text) }

// pendingCall is a call that has arrived and is not answered yet.
type pendingCall struct {
	replay *replay
	window *window
	// index is the call's place among those of the step, as long as the
	// window's generation is the same.
	index, generation int
	inCreate          bool
	// replied is closed when the create has been answered; nil where the call
	// need not be held back until then.
	replied chan struct{}
}

// NewProviders returns fake providers for every host of a registry.
func NewProviders(reg *registry.Registry) *Providers {
	p := &Providers{ring: newRing(), registry: reg, running: map[*replay]struct{}{}, pending: map[*upstream.Exchange]*pendingCall{}}
	p.upstream = upstream.New(upstream.Config{Registry: reg, Keyring: p.ring, Arrive: p.arrive, Observe: p.observe})
	return p
}

// RoundTripper serves the providers in process.
func (p *Providers) RoundTripper() http.RoundTripper { return p.upstream }

// Handler serves the providers over HTTP; the request's host names the provider.
func (p *Providers) Handler() http.Handler { return p.upstream }

// Seen reports whether any call has arrived.
func (p *Providers) Seen() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.seen
}

// maxStrays bounds what is kept of calls that belong to nobody.
const maxStrays = 100

// arrive attributes a call and, where it would be one too many for a create,
// holds it back until the create has answered: a call that the create does not
// wait for belongs to the provisioning that follows it.
func (p *Providers) arrive(ctx context.Context, x *upstream.Exchange) {
	pc := p.attribute(x)
	if pc == nil || pc.replied == nil || p.hold == 0 {
		return
	}
	timer := time.NewTimer(p.hold)
	defer timer.Stop()
	select {
	case <-pc.replied:
		pc.afterwards()
	case <-timer.C:
		pc.awaited()
	case <-ctx.Done():
	}
}

// awaited notes that the create waits for its calls, so that no other one has to
// be held back.
func (pc *pendingCall) awaited() {
	pc.replay.mu.Lock()
	defer pc.replay.mu.Unlock()
	pc.window.awaits = true
}

// afterwards notes that the create did not wait for the call.
func (pc *pendingCall) afterwards() {
	pc.replay.mu.Lock()
	defer pc.replay.mu.Unlock()
	pc.inCreate = false
	if pc.generation == pc.window.generation && !pc.replay.judged {
		pc.window.step.Calls[pc.index].InCreate = false
	}
}

func (p *Providers) attribute(x *upstream.Exchange) *pendingCall {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.seen = true
	for _, s := range x.Sightings {
		if c := p.ring.of(s.Credential); c != nil {
			if set, ok := c.owner.(*globalSet); ok {
				set.ask(c.Value, x.Host)
			}
		}
	}
	r := p.whose(x)
	if r == nil {
		return nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	w := r.windowOf(valuesOf(x))
	if r.judged || w == nil {
		return nil
	}
	pc := &pendingCall{
		replay: r, window: w, index: len(w.step.Calls), generation: w.generation, inCreate: !w.replied,
	}
	suspect := w.step.Step.AtOnce <= 1 && !w.awaits && (w.arrived >= maxCalls || w.final && w.arrived >= 1)
	if suspect && pc.inCreate {
		if w.heldBack == nil {
			w.heldBack = make(chan struct{})
		}
		pc.replied = w.heldBack
	}
	if p.alone == r && len(x.Sightings) == 0 && p.ring.remembers(x) {
		r.haunted = true
	}
	w.arrived++
	call := p.callOf(x)
	call.InCreate = pc.inCreate
	w.step.Calls = append(w.step.Calls, call)
	p.pending[x] = pc
	return pc
}

func valuesOf(x *upstream.Exchange) []string {
	out := make([]string, len(x.Sightings))
	for i, s := range x.Sightings {
		out[i] = s.Credential.Value
	}
	return out
}

// whose returns the replay that a call belongs to, or nil. Where several may
// have made it, all of them are marked, to be replayed one at a time.
func (p *Providers) whose(x *upstream.Exchange) *replay {
	if p.alone != nil {
		if r := p.ownerOf(x); r != nil {
			return r
		}
		return p.alone
	}
	if r := p.ownerOf(x); r != nil {
		return r
	}
	if len(x.Sightings) == 0 && !x.Known {
		p.suspect()
		return nil
	}
	candidates := p.candidates(x)
	if len(candidates) == 1 {
		return candidates[0]
	}
	for _, r := range candidates {
		r.doubtful()
	}
	return nil
}

// suspect has those replayed by themselves who may make no call at all, now that
// there was one to a host that is no provider's. Others may make it, and a server
// may make some by itself, now and then.
func (p *Providers) suspect() {
	for r := range p.running {
		if slices.ContainsFunc(r.scenario.Steps, func(s scenarios.Step) bool { return refusesAbsence(&s) }) {
			r.doubtful()
		}
	}
}

// doubtful marks a replay that may have made a call which others may have made.
func (r *replay) doubtful() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.attempt != nil {
		r.ambiguous = true
	}
}

// ownerOf is the replay that a sighted credential belongs to by itself.
func (p *Providers) ownerOf(x *upstream.Exchange) *replay {
	for _, s := range x.Sightings {
		if c := p.ring.of(s.Credential); c != nil {
			if r, ok := c.owner.(*replay); ok {
				return r
			}
		}
	}
	return nil
}

// candidates are the running replays that may have made a call: those under the
// sighted set of global secrets whose provider lives on that host, or else all.
func (p *Providers) candidates(x *upstream.Exchange) []*replay {
	var set *globalSet
	operators := false
	for _, s := range x.Sightings {
		if c := p.ring.of(s.Credential); c != nil {
			set, _ = c.owner.(*globalSet)
			operators = operators || c.scope == operatorScope
		}
	}
	var all, near []*replay
	for r := range p.running {
		if set != nil && r.set != set {
			continue
		}
		all = append(all, r)
		if slices.Contains(r.hosts, x.Host) {
			near = append(near, r)
		}
	}
	switch {
	case set != nil && len(near) == 1:
		return near
	case operators && len(near) > 0:
		return near // the operator's credential stands in for that of a workspace at that provider
	case set != nil && set.apart && len(near) == 0:
		// Whoever was given these values may have ended meanwhile.
		return slices.DeleteFunc(slices.Clone(set.replays), func(r *replay) bool { return !slices.Contains(r.hosts, x.Host) })
	}
	return all
}

// observe completes a call that has been answered. A provider that waits
// answers when the client has gone, which may be after the judgement; the call
// itself has been recorded when it arrived.
func (p *Providers) observe(x *upstream.Exchange) {
	p.mu.Lock()
	pc := p.pending[x]
	delete(p.pending, x)
	p.mu.Unlock()
	call := p.callOf(x)
	if pc == nil {
		p.stray(call.exchange)
		return
	}
	call.InCreate, call.exchange.Stage = pc.inCreate, "provision"
	if pc.inCreate {
		call.exchange.Stage = "create"
	}
	r := pc.replay
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.judged || pc.generation != pc.window.generation {
		return
	}
	pc.window.step.Calls[pc.index] = call
	if call.final() {
		pc.window.final = true
	}
	if call.unheard() {
		pc.window.arrived--
	}
}

func (p *Providers) stray(x Exchange) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.strays) < maxStrays {
		p.strays = append(p.strays, x)
	}
}

func (p *Providers) callOf(x *upstream.Exchange) Call {
	c := Call{
		Method: x.Method, Scheme: x.Scheme, Host: x.Host, URL: x.Scheme + "://" + x.Host + x.Path, Known: x.Known,
		HasVersion: x.Header.Get("Anthropic-Version") != "", Status: x.Status, Answer: string(x.Answer), Reply: x.ReplyBody,
		RequestID: x.ReplyHeader.Get("Request-Id"), AsReset: strings.HasSuffix(x.Fault, " as reset"),
	}
	c.Unverified = x.Unverified
	for _, s := range x.Sightings {
		if k := p.ring.of(s.Credential); k != nil {
			c.Credentials = append(c.Credentials, Carried{Scope: k.scope, Name: k.Name, Where: s.Where, Read: s.Read})
		}
	}
	c.exchange = Exchange{
		Direction: "upstream", Method: x.Method, URL: c.URL, Status: x.Status, RequestHeaders: x.Header, RequestBody: string(x.Body),
		ResponseHeaders: x.ReplyHeader, ResponseBody: string(x.ReplyBody), At: x.Start, Took: x.End.Sub(x.Start), Note: noteOf(x),
	}
	if x.End.IsZero() {
		c.exchange.Took = 0 // it has arrived, and is not answered yet
	}
	if len(c.Credentials) > 0 {
		c.exchange.Credential = c.Credentials[0].Key()
	}
	if len(x.Providers) > 0 {
		c.exchange.Provider = x.Providers[0]
	}
	return c
}

func noteOf(x *upstream.Exchange) string {
	switch {
	case !x.Known:
		return "refused: no host of the registry"
	case x.Fault != "":
		return x.Fault
	}
	return string(x.Answer)
}

// enter and leave bound the time in which a replay's step may call providers.
func (p *Providers) enter(r *replay) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.running[r] = struct{}{}
}

func (p *Providers) leave(r *replay) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.running, r)
}
