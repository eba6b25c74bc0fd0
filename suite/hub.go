package suite

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/molecule-ai/byok-conformance/fakes/upstream"
	"github.com/molecule-ai/byok-conformance/registry"
	"github.com/molecule-ai/byok-conformance/scenarios"
	"github.com/molecule-ai/byok-conformance/suite/judge"
	"github.com/molecule-ai/byok-conformance/suite/secrets"
	"github.com/molecule-ai/byok-conformance/suite/target"
)

// Providers are the fake providers of one run, and the hub that tells whose
// each call is. Make them first, point the target's outbound calls at them,
// then Run.
type Providers struct {
	upstream *upstream.Upstream
	ring     *secrets.Ring

	decoysOnce sync.Once
	decoys     *decoys
	// of are those that these are a copy of, nil where they are none; copies are
	// those that are copies of these.
	of     *Providers
	copies []*Providers

	mu sync.Mutex
	// running are the replays whose step is under way.
	running map[*replay]struct{}
	pending map[*upstream.Exchange]*pendingCall
	// strays are calls that no replay can be held to.
	strays []target.Exchange
	// hold is how long a call may be held back to see whether the create waits for it.
	hold time.Duration
	// tooMany counts the calls that were held back in vain.
	tooMany int
	seen    atomic.Bool
	// alone is the only replay under way, while one is replayed by itself.
	alone *replay
	// apart: no two replays under way have a host in common, so that a call
	// without a credential belongs to the one whose provider lives there.
	apart    bool
	registry *registry.Registry
}

// Mask returns a text without the secrets of the runs so far: every credential
// value, every piece of one that makes a leak, and what authorises us.
func (p *Providers) Mask(text string) string {
	p.mu.Lock()
	copies := slices.Clone(p.copies)
	p.mu.Unlock()
	text = p.ring.Mask(text)
	for _, c := range copies {
		text = c.Mask(text)
	}
	return text
}

// pendingCall is a call that has arrived and is not answered yet.
type pendingCall struct {
	// replay is nil where the call is lawful for each of several that may have made it.
	replay *replay
	window *window
	// index is the call's place among those of the step, as long as the
	// window's generation is the same.
	index, generation int
	inCreate          bool
	// changed: the window's step had ended, and secrets were changed since; or they
	// were changed for it, and this is not its first call.
	changed bool
	// replied is closed when the create has been answered; nil where the call
	// need not be held back until then.
	replied chan struct{}
	// hangUp is that of the window; nil where its clients stay.
	hangUp *hangUp
	// before is the earlier step that may have made the call in the background;
	// nil where the call is the window's for sure.
	before *window
}

// NewProviders returns fake providers for every host of a registry.
func NewProviders(reg *registry.Registry) *Providers {
	p := &Providers{registry: reg, ring: secrets.NewRing(), running: map[*replay]struct{}{}, pending: map[*upstream.Exchange]*pendingCall{}}
	p.upstream = upstream.New(upstream.Config{Registry: reg, Keyring: p.ring, Arrive: p.arrive, Observe: p.observe})
	return p
}

// Copy returns the same fake providers for a copy of the target. Each knows the
// credentials of its own scenarios; Mask hides those of all.
func (p *Providers) Copy() *Providers {
	c := NewProviders(p.registry)
	c.of = p
	p.mu.Lock()
	defer p.mu.Unlock()
	p.copies = append(p.copies, c)
	return c
}

// RoundTripper serves the providers in process.
func (p *Providers) RoundTripper() http.RoundTripper { return p.upstream }

// Handler serves the providers over HTTP; the request's host names the provider.
func (p *Providers) Handler() http.Handler { return p.upstream }

// Seen reports whether any call has arrived, here or at those that these are a copy of.
func (p *Providers) Seen() bool { return p.seen.Load() || p.of != nil && p.of.Seen() }

// arrived notes that a call has.
func (p *Providers) arrived() {
	p.seen.Store(true)
	if p.of != nil {
		p.of.arrived()
	}
}

// maxStrays bounds what is kept of calls that belong to nobody.
const maxStrays = 100

// arrive attributes a call and, where it would be one too many for a create, or
// belongs to an earlier step rather than to this one, holds it back until the
// create has answered: a call that the create does not wait for belongs to what
// the target does in the background.
func (p *Providers) arrive(ctx context.Context, x *upstream.Exchange) {
	pc := p.attribute(x)
	if pc != nil && pc.hangUp != nil {
		pc.hangUp.hold(ctx)
		return
	}
	if pc == nil || pc.replied == nil || p.hold == 0 {
		return
	}
	timer := time.NewTimer(p.holding())
	defer timer.Stop()
	select {
	case <-pc.replied:
		pc.afterwards(p.callOf(x))
	case <-timer.C:
		if pc.before == nil {
			p.heldInVain()
		}
		pc.awaited(p.callOf(x))
	case <-ctx.Done():
		pc.awaited(p.callOf(x))
	}
}

// patience is how many calls are held back in vain for the whole time. A target
// whose creates wait for so many calls too many makes them at each scenario; from
// then on each is held for a patience-th of the time, or the run would wait for all.
const patience = 10

func (p *Providers) holding() time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.tooMany >= patience {
		return p.hold / patience
	}
	return p.hold
}

func (p *Providers) heldInVain() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.tooMany++
}

// awaited notes that the create waits for its calls, so that no other one has to
// be held back.
func (pc *pendingCall) awaited(call judge.Call) {
	pc.replay.mu.Lock()
	defer pc.replay.mu.Unlock()
	pc.window.awaits = true
	if pc.before != nil {
		pc.put(call)
	}
}

// afterwards notes that the create did not wait for the call.
func (pc *pendingCall) afterwards(call judge.Call) {
	pc.replay.mu.Lock()
	defer pc.replay.mu.Unlock()
	pc.inCreate = false
	if pc.before != nil {
		pc.put(call)
	} else if pc.generation == pc.window.generation && !pc.replay.judged {
		pc.window.step.Calls[pc.index].InCreate = false
	}
}

// put adds the call to those of its step: the earlier one that may have made it
// where the create under way does not wait for it. The caller holds the replay's mutex.
func (pc *pendingCall) put(call judge.Call) {
	if pc.before != nil && !pc.inCreate {
		pc.window, pc.generation = pc.before, pc.before.generation
	}
	pc.before = nil
	if pc.replay.judged || pc.generation != pc.window.generation {
		return
	}
	call.InCreate, call.Changed = pc.inCreate, pc.changed
	pc.index = len(pc.window.step.Calls)
	pc.window.step.Calls = append(pc.window.step.Calls, call)
	if len(call.Credentials) > 0 {
		pc.window.arrived++
	}
}

// attribute returns nil where a call is nobody's, and where it need not be anybody's.
func (p *Providers) attribute(x *upstream.Exchange) *pendingCall {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.arrived()
	for _, s := range x.Sightings {
		if c := p.ring.Of(s.Credential); c != nil {
			if set, ok := c.Owner.(*globalSet); ok {
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
	if w.replied && p.ofTheNext(x, w) {
		p.pending[x] = &pendingCall{}
		return nil
	}
	pc := &pendingCall{replay: r, window: w, index: -1, generation: w.generation, inCreate: !w.replied, changed: w.replied && r.changed || w.restarts && w.arrived > 0}
	if !w.replied && len(x.Sightings) > 0 {
		pc.hangUp = w.hangUp
	}
	if p.hold > 0 {
		pc.before = p.earlier(r, w, x)
	}
	suspect := pc.hangUp == nil && (pc.before != nil || len(x.Sightings) > 0 && w.step.Step.AtOnce <= 1 && !w.awaits && (w.arrived >= judge.MaxCalls || w.final && w.arrived >= 1))
	if suspect && pc.inCreate {
		if w.heldBack == nil {
			w.heldBack = make(chan struct{})
		}
		pc.replied = w.heldBack
	}
	if p.alone == r && len(x.Sightings) == 0 && p.ring.Remembers(x) {
		r.haunted = true
	}
	if pc.before == nil || pc.replied == nil {
		pc.put(p.callOf(x))
	}
	p.pending[x] = pc
	return pc
}

// ofTheNext reports whether a call after a step's answer carries nothing but global
// secrets that were set later than the step was asked: a provisioning in the
// background met them, and no step is held to that.
func (p *Providers) ofTheNext(x *upstream.Exchange, w *window) bool {
	for _, s := range x.Sightings {
		c := p.ring.Of(s.Credential)
		if c == nil {
			return false
		}
		set, ok := c.Owner.(*globalSet)
		if !ok || slices.Index(set.credentials, c) < w.globals {
			return false
		}
	}
	return len(x.Sightings) > 0
}

// earlier returns the step before the one under way that may have made a call in
// the background: it was given the credential and asks that host, which the step
// under way does not. Nil where there is none. The caller holds r.mu.
func (p *Providers) earlier(r *replay, w *window, x *upstream.Exchange) *window {
	asks := func(w *window) bool {
		return slices.Contains(judge.HostsOf(p.registry, w.step.Step.Expect.Providers), x.Host)
	}
	if len(x.Sightings) == 0 || asks(w) || !slices.Contains(r.windows, w) {
		return nil
	}
	for _, before := range r.past {
		if asks(before) && slices.ContainsFunc(valuesOf(x), func(v string) bool { return slices.Contains(before.secrets, v) }) {
			return before
		}
	}
	return nil
}

func valuesOf(x *upstream.Exchange) []string {
	out := make([]string, len(x.Sightings))
	for i, s := range x.Sightings {
		out[i] = s.Credential.Value
	}
	return out
}

// whose returns the replay that a call belongs to, or nil. Where several may
// have made it, those whose verdict it could change are marked, to be replayed
// where it can be told whose it is.
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
		if r := candidates[0]; len(x.Sightings) > 0 || !r.callsNobody() {
			return r
		}
		// What an earlier scenario left running may ask without a credential, too.
		candidates[0].doubtful()
		return nil
	}
	if p.apart && len(x.Sightings) == 0 {
		if near := whoseHost(candidates, x.Host); len(near) == 1 {
			near[0].byHost()
			return near[0]
		}
	}
	lawful := false
	for _, r := range candidates {
		// Without a credential a call violates no rule but where nobody may be called.
		if len(x.Sightings) > 0 || r.callsNobody() {
			r.doubtful()
		} else if slices.Contains(r.hosts, x.Host) {
			lawful = true
		}
	}
	if lawful {
		p.pending[x] = &pendingCall{}
	}
	return nil
}

// whoseHost are the replays that ask a host.
func whoseHost(list []*replay, host string) []*replay {
	return slices.DeleteFunc(slices.Clone(list), func(r *replay) bool { return !slices.Contains(r.hosts, host) })
}

// callsNobody reports whether a step of the replay may call no provider.
func (r *replay) callsNobody() bool {
	return slices.ContainsFunc(r.scenario.Steps, func(s scenarios.Step) bool { return s.Expect.Upstream == scenarios.NoCall })
}

// byHost notes that a call without a credential was taken for the replay's, since
// nobody else's provider lives there.
func (r *replay) byHost() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.attempt != nil {
		r.guessed = true
	}
}

// suspect has those replayed by themselves who may make no call at all, now that
// there was one to a host that is no provider's. Others may make it, and a server
// may make some by itself, now and then.
func (p *Providers) suspect() {
	for r := range p.running {
		if slices.ContainsFunc(r.scenario.Steps, func(s scenarios.Step) bool { return judge.RefusesAbsence(&s) }) {
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
		if c := p.ring.Of(s.Credential); c != nil {
			if r, ok := c.Owner.(*replay); ok {
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
		if c := p.ring.Of(s.Credential); c != nil {
			set, _ = c.Owner.(*globalSet)
			operators = operators || c.Scope == operatorScope
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
		p.stray(call.Exchange)
		return
	}
	if pc.replay == nil {
		return
	}
	call.InCreate, call.Changed, call.Exchange.Stage = pc.inCreate, pc.changed, "provision"
	if pc.inCreate {
		call.Exchange.Stage = "create"
	}
	r := pc.replay
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.judged || pc.index < 0 || pc.generation != pc.window.generation {
		return
	}
	pc.window.step.Calls[pc.index] = call
	switch {
	case len(call.Credentials) == 0: // one call without a credential may go before the probe
	case call.Unheard():
		pc.window.arrived--
	case call.Final():
		pc.window.final = true
	}
}

func (p *Providers) stray(x target.Exchange) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.strays) < maxStrays {
		p.strays = append(p.strays, x)
	}
}

func (p *Providers) callOf(x *upstream.Exchange) judge.Call {
	c := judge.Call{
		Method: x.Method, Scheme: x.Scheme, Host: x.Host, URL: x.Scheme + "://" + x.Host + x.Path, Known: x.Known,
		HasVersion: x.Header.Get("Anthropic-Version") != "", Status: x.Status, Answer: string(x.Answer), Reply: x.ReplyBody,
		Own: judge.OwnHeaders(x.ReplyHeader), AsReset: strings.HasSuffix(x.Fault, " as reset"),
	}
	c.Unverified = x.Unverified
	for _, s := range x.Sightings {
		if k := p.ring.Of(s.Credential); k != nil {
			c.Credentials = append(c.Credentials, judge.Carried{Scope: k.Scope, Name: k.Name, Where: s.Where, Read: s.Read})
		}
	}
	c.Exchange = target.Exchange{
		Direction: target.ToUpstream, Method: x.Method, URL: c.URL, Status: x.Status, RequestHeaders: x.Header, RequestBody: string(x.Body),
		ResponseHeaders: x.ReplyHeader, ResponseBody: string(x.ReplyBody), At: x.Start, DurationMS: target.Milliseconds(x.End.Sub(x.Start)), Note: noteOf(x),
	}
	if x.End.IsZero() {
		c.Exchange.DurationMS = 0 // it has arrived, and is not answered yet
	}
	if len(c.Credentials) > 0 {
		c.Exchange.Credential = c.Credentials[0].Key()
	}
	if len(x.Providers) > 0 {
		c.Exchange.Provider = x.Providers[0]
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
