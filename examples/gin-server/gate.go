package main

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// The gate's codes.
const (
	missingCredential = "MISSING_BYOK_CREDENTIAL"
	invalidCredential = "BYOK_CREDENTIAL_INVALID"
)

// A gate decides whether a workspace may start. It stores nothing.
type gate struct {
	registry  *registry
	transport http.RoundTripper
	// budget bounds a whole probe, from the connection to the answer.
	budget time.Duration
	faults faults
	// verdicts are remembered, and the environment is read, by a faulty gate only.
	verdicts    *memory
	environment map[string]string
}

// A secret is one stored value. Unreadable means that it is there and cannot be
// decrypted.
type secret struct {
	value      string
	unreadable bool
}

func (s secret) present() bool { return s.unreadable || strings.TrimSpace(s.value) != "" }

// A question is what the gate looks at: what is asked for, and what is in scope.
type question struct {
	runtime, model    string
	external          bool
	workspace, tenant map[string]secret
}

// find returns the value under a name that the runtime will use. A blank value
// of the workspace does not hide the tenant's.
func (q question) find(name string) (secret, bool) {
	for _, scope := range []map[string]secret{q.workspace, q.tenant} {
		if s, ok := scope[name]; ok && s.present() {
			return s, true
		}
	}
	return secret{}, false
}

// A refusal is what a client is told.
type refusal struct {
	Code       string   `json:"code"`
	Error      string   `json:"error"`
	Provider   string   `json:"provider,omitempty"`
	Accepted   []string `json:"accepted,omitempty"`
	Credential string   `json:"credential,omitempty"`
}

// A warning says that a workspace is allowed though nothing proved its
// credential alive.
type warning struct {
	Provider   string `json:"provider"`
	Credential string `json:"credential"`
	Cause      string `json:"cause"`
}

// A credential is the one that decides: the provider's first accepted name that
// is in scope.
type credential struct {
	provider *provider
	name     string
	secret   secret
}

// presence is all that provisioning asks, and the first half of what create
// asks, so the two cannot disagree. With neither result the gate stays out. It
// calls nobody.
func (g *gate) presence(q question) (*credential, *refusal) {
	if q.external && !g.faults.GatesExternal {
		return nil, nil
	}
	q = g.withOperators(g.faults.scope(q))
	p := g.registry.derive(q.runtime, q.model, func(p *provider) bool { return slices.ContainsFunc(p.Accepted, q.has) })
	p = g.derived(q, p)
	if p == nil && g.faults.GatesUnderivable {
		return nil, &refusal{Code: missingCredential, Error: "no credential fits this model"}
	}
	if p == nil || p.Name == platform && !g.faults.GatesPlatform {
		return nil, nil
	}
	for _, name := range g.faults.accepted(p) {
		if s, ok := q.find(name); ok {
			return &credential{p, name, s}, nil
		}
	}
	if g.faults.NeedsNothing || g.faults.AnyKnownName && g.anyKnown(q) {
		return nil, nil
	}
	return nil, &refusal{
		Code: missingCredential, Provider: p.Name, Accepted: p.Accepted,
		Error: fmt.Sprintf("model %q resolves to BYOK provider %q but no credential it accepts (%s) exists at workspace or global scope",
			q.model, p.Name, strings.Join(p.Accepted, ", ")),
	}
}

func (q question) has(name string) bool {
	_, ok := q.find(name)
	return ok
}

// decide adds the question whether the credential is alive. An allow has no
// refusal; it has a warning where nothing proved the credential alive.
func (g *gate) decide(ctx context.Context, q question) (*refusal, *warning) {
	c, refused := g.presence(q)
	if c == nil {
		if refused != nil && g.faults.CallsBeforeRefusing {
			g.callAnyway(ctx, refused.Provider)
		}
		return refused, nil
	}
	if c.secret.unreadable {
		return nil, &warning{c.provider.Name, c.name, "it is stored and cannot be decrypted"}
	}
	dead, cause := g.remembered(c, func() (bool, string) { return g.examine(ctx, c, q) })
	switch {
	case dead && !g.forgiven(c):
		return &refusal{
			Code: invalidCredential, Provider: c.provider.Name, Credential: c.name,
			Error: fmt.Sprintf("BYOK provider %q cannot use %s: %s; replace it and try again", c.provider.Name, c.name, cause),
		}, nil
	case cause != "":
		return nil, &warning{c.provider.Name, c.name, cause}
	}
	return nil, nil
}
