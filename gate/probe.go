package gate

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/molecule-ai/byok-conformance/registry"
)

// A Finding is what a probe proved about a credential.
type Finding int

const (
	// Unproven: nothing was proved; the workspace is allowed, loudly (LIV-2, LIV-10, LIV-11).
	Unproven Finding = iota
	// Alive: the provider took the credential, or there is no probe to make (LIV-7).
	Alive
	// Dead: the provider refused the credential (LIV-1).
	Dead
)

// An Outcome is a probe's finding and why, without any credential value and
// without the provider's own words (SEC-1, SEC-5).
type Outcome struct {
	Finding Finding
	Cause   string
	// Status is the provider's; 0 where none was read.
	Status int
}

// maxAnswer bounds what is read of a provider's answer, in bytes. A models
// list of the largest catalogue is some 300 KiB; markers stand in the first KiB.
const maxAnswer = 1 << 20

// anthropicVersion is the API version that Anthropic's own clients send
// (docs.claude.com, "Versions").
const anthropicVersion = "2023-06-01"

type prober struct {
	transport http.RoundTripper
	budget    time.Duration
	timeout   func(context.Context, time.Duration) (context.Context, context.CancelFunc)
}

func newProber(o Options) *prober {
	p := &prober{transport: o.Transport, budget: o.Budget, timeout: o.Timeout}
	if p.transport == nil {
		p.transport = http.DefaultTransport
	}
	if p.budget == 0 {
		p.budget = DefaultBudget
	}
	if p.timeout == nil {
		p.timeout = context.WithTimeout
	}
	return p
}

// probe makes the one authenticated GET (LIV-9). It calls the transport
// itself, not an http.Client, so that no redirect is ever followed (SEC-4).
func (p *prober) probe(ctx context.Context, provider *registry.Provider, c Credential) Outcome {
	base := provider.ProbeBase()
	switch {
	case c.Secret.Unreadable:
		return Outcome{Cause: "the stored value cannot be decrypted"}
	case base == "" && malformed(c.Secret.Value):
		// A subscription's file has lines, and presence decides (LIV-7); loud for SEC-6.
		return Outcome{Cause: "its value holds a control character, and the provider is not probed"}
	case malformed(c.Secret.Value):
		return Outcome{Finding: Dead, Cause: "its value holds a control character and cannot be sent in a header"}
	case base == "":
		return Outcome{Finding: Alive, Cause: "the provider is not probed"}
	}
	ctx, cancel := p.timeout(ctx, p.budget)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimSuffix(base, "/")+probePath(provider), nil)
	if err != nil {
		return Outcome{Cause: "the provider's base URL in the registry cannot be used"}
	}
	authorize(req, provider, c)
	resp, err := p.transport.RoundTrip(req)
	if err != nil {
		return Outcome{Cause: failure(err)}
	}
	defer resp.Body.Close()
	a := answer{host: strings.ToLower(req.URL.Hostname()), status: resp.StatusCode, contentType: resp.Header.Get("Content-Type")}
	if resp.StatusCode != http.StatusUnauthorized {
		a.body, a.err = io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	}
	return classify(a)
}

// probePath is the authenticated path below the base URL. OpenRouter's models
// list answers 200 to anyone, its /key endpoint does not (DIA-3).
func probePath(p *registry.Provider) string {
	if strings.HasPrefix(p.BaseURLTemplate, "https://openrouter.ai/") {
		return "/key"
	}
	return "/models"
}

// authorize puts the credential into the header that the provider reads, and
// nowhere else (LIV-5).
func authorize(req *http.Request, p *registry.Provider, c Credential) {
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", "byok-conformance-reference-gate")
	if p.Protocol == "anthropic" && c.Name != "ANTHROPIC_AUTH_TOKEN" {
		req.Header.Set("X-Api-Key", c.Secret.Value)
		req.Header.Set("Anthropic-Version", anthropicVersion)
		return
	}
	if p.Protocol == "anthropic" {
		req.Header.Set("Anthropic-Version", anthropicVersion)
	}
	req.Header.Set("Authorization", "Bearer "+c.Secret.Value)
}

// malformed reports whether a value would break a header (SEC-6).
func malformed(value string) bool {
	return strings.ContainsFunc(value, func(r rune) bool { return (r < 0x20 && r != '\t') || r == 0x7f })
}

func failure(err error) string {
	if errors.Is(err, context.DeadlineExceeded) {
		return "the provider did not answer within the probe's budget"
	}
	return "the provider could not be reached"
}
