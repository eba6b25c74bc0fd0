package main

import (
	"context"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
)

// Faults are switches that each break one rule. The zero value is the server as
// it should be; only the tests set one, to see the vendored suite fail under
// that rule. A server of yours needs no such file.
//
// Every core rule has one but two. LIV-10 is about a stored secret that cannot be
// decrypted: no request can plant that, so TestUnreadableSecret does. LIV-14 is about
// certificates, which a transport in process does not show: run the built server behind
// the proxy (conformance run -- COMMAND) for it. PRV-3 and the DIA rules are extended,
// and this server is held to the core.
type faults struct {
	NeedsNothing        bool // PRE-1: no credential is asked for
	AnyKnownName        bool // PRE-2: any provider's credential counts
	BlankCounts         bool // PRE-3: a blank value counts
	FirstNameOnly       bool // PRE-4: aliases do not count
	IgnoresTenant       bool // PRE-5: global secrets do not count
	FoldsCase           bool // PRE-6: names are compared without case
	CallsBeforeRefusing bool // PRE-7: a refusal for absence calls the provider
	SearchesAll         bool // DER-1: a provider that is not native to the runtime is found
	FirstDeclaredWins   bool // DER-2: of two owners the first wins, whatever is in scope
	GatesUnderivable    bool // DER-3: an unknown pair needs a credential
	OperatorCounts      bool // PRE-8: the operator's environment counts as the tenant's
	SkipsOnRequest      bool // PRE-9: a field of the create switches the gate off
	GatesPlatform       bool // DER-4: platform models need a credential
	GatesExternal       bool // DER-5: external workspaces need one
	AcceptsDead         bool // LIV-1: 401 and 403 are let through
	RefusesOutages      bool // LIV-2: 429, 5xx and silence refuse
	RefusesClientErrors bool // LIV-3: every 4xx refuses
	BaseFromSecrets     bool // LIV-4: a secret moves the probe
	KeyInURL            bool // LIV-5: the credential stands in the URL, too
	Unbounded           bool // LIV-6: a probe takes as long as it takes
	RefusesUnprobeable  bool // LIV-7: what cannot be asked about is dead
	LastNameDecides     bool // LIV-8: the last accepted name in scope is probed
	ProbesTwice         bool // LIV-9: two calls, also after a 401
	Quiet               bool // LIV-11: an allow without proof leaves no trace
	Remembers           bool // LIV-12: one verdict decides for all values
	KeepsVerdicts       bool // LIV-13: a verdict about a value is kept
	WantsLongValues     bool // LIV-15: a short value is taken for dead
	WrongStatus         bool // REF-1: a refusal is a 400
	Nameless            bool // REF-2: a refusal names nothing
	KeepsRefused        bool // REF-3: a refused workspace stays
	LateOnly            bool // REF-4: create asks nothing, and provisioning refuses
	EchoesSecrets       bool // SEC-1: the reply repeats the secrets
	LogsSecrets         bool // SEC-2: so does the log
	AsksOthers          bool // SEC-3: another provider is asked, too
	FollowsRedirects    bool // SEC-4: the credential follows a redirect
	QuotesProvider      bool // SEC-5: the provider's answer is passed on
	DropsControls       bool // SEC-6: a control character is dropped, and the rest is sent
	CreateOnly          bool // PRV-1: provisioning asks nothing
	BlankHidesLater     bool // PRV-2: a blank value hides the tenant's, at provisioning only
	WantsJSON           bool // ROB-1: an answer that is no JSON refuses
	FailsMalformed      bool // ROB-2: a malformed create is a 500
	ForgivesRepeats     bool // ROB-3: the second try with the same dead value passes
}

// derived is who owns a model for a faulty gate, where the registry says p.
func (g *gate) derived(q question, p *provider) *provider {
	if g.faults.FirstDeclaredWins {
		return g.registry.derive(q.runtime, q.model, func(*provider) bool { return false })
	}
	i := slices.IndexFunc(g.registry.Providers, func(p *provider) bool {
		return p.Pattern != "" && p.pattern.MatchString(strings.TrimSpace(q.model))
	})
	if p == nil && g.faults.SearchesAll && i >= 0 {
		return g.registry.Providers[i]
	}
	return p
}

// scope is what a faulty gate takes to be in scope.
func (f faults) scope(q question) question {
	if f.IgnoresTenant {
		q.tenant = nil
	}
	for _, scope := range []*map[string]secret{&q.workspace, &q.tenant} {
		if f.FoldsCase || f.BlankCounts {
			*scope = maps.Clone(*scope)
		}
		for name, s := range *scope {
			if f.FoldsCase {
				(*scope)[strings.ToUpper(strings.TrimSpace(name))] = s
			}
			if f.BlankCounts && !s.present() {
				(*scope)[name] = secret{unreadable: true}
			}
		}
	}
	return q
}

// withOperators adds the operator's own credentials where the tenant has none.
func (g *gate) withOperators(q question) question {
	if g.faults.OperatorCounts {
		q.tenant = maps.Clone(q.tenant)
		for name, value := range g.environment {
			if !q.has(name) {
				q.tenant[name] = secret{value: value}
			}
		}
	}
	return q
}

// hidden takes from the tenant's secrets those whose name the workspace has, too.
func (f faults) hidden(q question) question {
	if f.BlankHidesLater {
		q.tenant = maps.Clone(q.tenant)
		for name := range q.workspace {
			delete(q.tenant, name)
		}
	}
	return q
}

func (f faults) accepted(p *provider) []string {
	if f.FirstNameOnly {
		return p.Accepted[:min(1, len(p.Accepted))]
	}
	if f.LastNameDecides {
		names := slices.Clone(p.Accepted)
		slices.Reverse(names)
		return names
	}
	return p.Accepted
}

// anyKnown is the defect that started it all: presence for some provider is
// taken for presence for this one.
func (g *gate) anyKnown(q question) bool {
	return slices.ContainsFunc(g.registry.Providers, func(p *provider) bool { return slices.ContainsFunc(p.Accepted, q.has) })
}

func (f faults) base(fromRegistry string, q question) string {
	for _, name := range []string{"ANTHROPIC_BASE_URL", "OPENAI_BASE_URL"} {
		if s, ok := q.find(name); ok && f.BaseFromSecrets {
			return s.value
		}
	}
	return fromRegistry
}

// cleaned is the value that a faulty gate makes of one with control characters.
func (f faults) cleaned(value string) string {
	if !f.DropsControls {
		return value
	}
	return strings.Map(func(r rune) rune {
		if isControl(r) {
			return -1
		}
		return r
	}, value)
}

func isJSON(resp *http.Response) bool {
	body, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	return err == nil && json.Valid(body)
}

// askOthers sends a probe, credential and all, to another provider as well.
func (g *gate) askOthers(req *http.Request) {
	for _, p := range g.registry.Providers {
		if u, err := url.Parse(p.BaseURL); err == nil && u.Host != "" && u.Host != req.URL.Host && !strings.Contains(p.BaseURL, "{") {
			other := req.Clone(req.Context())
			other.URL, other.Host = u.JoinPath("models"), u.Host
			if resp, err := g.transport.RoundTrip(other); err == nil {
				resp.Body.Close()
			}
			return
		}
	}
}

func (g *gate) callAnyway(ctx context.Context, name string) {
	for _, p := range g.registry.Providers {
		if p.Name != name || p.BaseURL == "" || strings.Contains(p.BaseURL, "{") {
			continue
		}
		if req, err := http.NewRequestWithContext(ctx, http.MethodGet, p.BaseURL+"/models", nil); err == nil {
			if resp, err := g.transport.RoundTrip(req); err == nil {
				resp.Body.Close()
			}
		}
	}
}

// A memory holds the last verdict about each provider, or each of its values, and
// the dead values that were refused once.
type memory struct {
	mu   sync.Mutex
	dead map[string]bool
	told map[string]bool
}

// forgiven reports whether a dead value was refused before.
func (g *gate) forgiven(c *credential) bool {
	g.verdicts.mu.Lock()
	defer g.verdicts.mu.Unlock()
	before := g.verdicts.told[c.secret.value]
	g.verdicts.told[c.secret.value] = true
	return g.faults.ForgivesRepeats && before
}

func (g *gate) remembered(c *credential, ask func() (bool, string)) (dead bool, cause string) {
	if !g.faults.Remembers && !g.faults.KeepsVerdicts {
		return ask()
	}
	key := c.provider.Name
	if g.faults.KeepsVerdicts {
		key += " " + c.secret.value
	}
	g.verdicts.mu.Lock()
	known, ok := g.verdicts.dead[key]
	g.verdicts.mu.Unlock()
	if ok {
		return known, map[bool]string{true: "it was dead before"}[known]
	}
	dead, cause = ask()
	g.verdicts.mu.Lock()
	g.verdicts.dead[key] = dead
	g.verdicts.mu.Unlock()
	return dead, cause
}
