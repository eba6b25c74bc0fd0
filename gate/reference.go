package gate

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/molecule-ai/byok-conformance/registry"
)

// DefaultBudget bounds the whole probe, connection to last byte (LIV-6).
const DefaultBudget = 6 * time.Second

// Options configure a reference gate. The zero value is usable: it dials the
// real network with the default budget.
type Options struct {
	// Transport makes the probe's call; nil means http.DefaultTransport.
	Transport http.RoundTripper
	// Budget bounds the whole probe; zero means DefaultBudget.
	Budget time.Duration
	// Env is the environment of the process that the gate runs in; nil is an empty
	// one. The reference gate never asks it: what stands there is the operator's (PRE-8).
	Env func(name string) string
	// Timeout starts the budget's clock; nil means context.WithTimeout.
	Timeout func(context.Context, time.Duration) (context.Context, context.CancelFunc)
}

// A Reference is the gate that keeps every rule, core and extended. Create and
// provision run through the same Find, so they cannot disagree (PRV-2).
//
// Its steps are fields, so that a test double can break one of them and keep
// the others. Set them before the first Decide.
type Reference struct {
	// Derive names the provider (DER-1, DER-2).
	Derive func(Request) registry.Derivation
	// Find picks the credential that decides (PRE-2 to PRE-6, LIV-8).
	Find func(*registry.Provider, Secrets) (Credential, bool)
	// Probe asks the provider about one credential (LIV-1 to LIV-9).
	Probe func(context.Context, *registry.Provider, Credential) Outcome
}

var _ Gate = (*Reference)(nil)

// NewReference returns the reference gate over a registry.
func NewReference(reg *registry.Registry, opts Options) *Reference {
	return &Reference{
		Derive: func(req Request) registry.Derivation {
			return reg.Derive(req.Runtime, req.Model, req.Secrets.InScope)
		},
		Find:  FindCredential,
		Probe: newProber(opts).probe,
	}
}

// Decide answers for one request. It never returns an error: what cannot be
// proved is allowed loudly, what is absent or dead is refused.
func (g *Reference) Decide(ctx context.Context, req Request) (Decision, error) {
	if req.External {
		return Decision{Verdict: Allowed}, nil
	}
	provider := g.Derive(req).Provider
	if provider == nil || provider.IsPlatform() {
		return Decision{Verdict: Allowed}, nil
	}
	cred, ok := g.Find(provider, req.Secrets)
	if !ok {
		return refuseMissing(req, provider), nil
	}
	outcome := g.Probe(ctx, provider, cred)
	switch outcome.Finding {
	case Dead:
		return refuseInvalid(req, provider, cred, outcome), nil
	case Unproven:
		return Decision{
			Verdict: Allowed, Provider: provider.Name, Credential: cred.Name,
			Notices: []Notice{{Provider: provider.Name, Credential: cred.Name, Cause: outcome.Cause}},
		}, nil
	default:
		return Decision{Verdict: Allowed, Provider: provider.Name, Credential: cred.Name}, nil
	}
}

func refuseMissing(req Request, p *registry.Provider) Decision {
	return Decision{
		Verdict: Refused, Code: MissingCredential, Provider: p.Name, Accepted: slices.Clone(p.AuthEnv),
		Message: fmt.Sprintf("model %q on runtime %q resolves to BYOK provider %q, but no credential that it accepts (%s) is set at workspace or global scope; set one of them and try again",
			req.Model, req.Runtime, p.Name, strings.Join(p.AuthEnv, ", ")),
	}
}

func refuseInvalid(req Request, p *registry.Provider, c Credential, o Outcome) Decision {
	return Decision{
		Verdict: Refused, Code: InvalidCredential, Provider: p.Name, Credential: c.Name,
		Message: fmt.Sprintf("model %q resolves to BYOK provider %q, but its credential %s (%s scope) is not usable: %s; replace its value and try again",
			req.Model, p.Name, c.Name, c.Scope, o.Cause),
	}
}
