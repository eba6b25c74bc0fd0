package main

import (
	"context"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
)

// Faults are switches that each break one rule. The zero value is the server as
// it should be; only the tests set one, to see the vendored suite fail under
// that rule. A server of yours needs no such file.
type faults struct {
	AnyKnownName        bool // PRE-2: any provider's credential counts
	BlankCounts         bool // PRE-3: a blank value counts
	FirstNameOnly       bool // PRE-4: aliases do not count
	IgnoresTenant       bool // PRE-5: global secrets do not count
	FoldsCase           bool // PRE-6: names are compared without case
	CallsBeforeRefusing bool // PRE-7: a refusal for absence calls the provider
	GatesUnderivable    bool // DER-3: an unknown pair needs a credential
	GatesPlatform       bool // DER-4: platform models need a credential
	GatesExternal       bool // DER-5: external workspaces need one
	AcceptsDead         bool // LIV-1: 401 and 403 are let through
	RefusesOutages      bool // LIV-2: 429, 5xx and silence refuse
	RefusesClientErrors bool // LIV-3: every 4xx refuses
	BaseFromSecrets     bool // LIV-4: a secret moves the probe
	KeyInURL            bool // LIV-5: the credential stands in the URL, too
	Unbounded           bool // LIV-6: a probe takes as long as it takes
	LastNameDecides     bool // LIV-8: the last accepted name in scope is probed
	ProbesTwice         bool // LIV-9: two calls, also after a 401
	Quiet               bool // LIV-11: an allow without proof leaves no trace
	Remembers           bool // LIV-12: one verdict decides for all values
	WrongStatus         bool // REF-1: a refusal is a 400
	Nameless            bool // REF-2: a refusal names nothing
	KeepsRefused        bool // REF-3: a refused workspace stays
	EchoesSecrets       bool // SEC-1: the reply repeats the secrets
	LogsSecrets         bool // SEC-2: so does the log
	FollowsRedirects    bool // SEC-4: the credential follows a redirect
	QuotesProvider      bool // SEC-5: the provider's answer is passed on
	CreateOnly          bool // PRV-1: provisioning asks nothing
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

// A memory holds the last verdict about each provider, whoever's key it was.
type memory struct {
	mu   sync.Mutex
	dead map[string]bool
}

func (g *gate) remembered(c *credential, ask func() (bool, string)) (dead bool, cause string) {
	if !g.faults.Remembers {
		return ask()
	}
	g.verdicts.mu.Lock()
	known, ok := g.verdicts.dead[c.provider.Name]
	g.verdicts.mu.Unlock()
	if ok {
		return known, map[bool]string{true: "it was dead before"}[known]
	}
	dead, cause = ask()
	g.verdicts.mu.Lock()
	g.verdicts.dead[c.provider.Name] = dead
	g.verdicts.mu.Unlock()
	return dead, cause
}
