package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"time"
)

// A provider is a row of the registry.
type provider struct {
	Name     string   `json:"name"`
	Protocol string   `json:"protocol"`
	AuthMode string   `json:"auth_mode"`
	BaseURL  string   `json:"base_url"`
	Accepted []string `json:"accepted"`
	Pattern  string   `json:"pattern"`

	pattern *regexp.Regexp
}

// A native is one provider of a runtime, with the models that the runtime lists for it.
type native struct {
	Provider string   `json:"provider"`
	Models   []string `json:"models"`

	provider *provider
}

// A gate decides whether a workspace may start. It stores nothing.
type gate struct {
	runtimes  map[string][]native
	transport http.RoundTripper
	// budget bounds a whole probe, from the connection to the answer.
	budget time.Duration
	// wellKnown, if not empty, is the original hole: any of these names counts for presence.
	wellKnown []string
}

// A question is what the gate looks at.
type question struct {
	Runtime, Model string
	External       bool
	Own, Tenant    map[string]string
}

// A refusal is what a client is told.
type refusal struct {
	Code       string   `json:"code"`
	Detail     string   `json:"detail"`
	Provider   string   `json:"provider"`
	Accepted   []string `json:"accepted,omitempty"`
	Credential string   `json:"credential,omitempty"`
}

// A warning says that nothing proved a credential alive; whoever allows the
// workspace has to log it.
type warning struct{ provider, credential, cause string }

func newGate(file string, budget time.Duration, bypass bool) (*gate, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("reading the registry: %w; name it with --registry", err)
	}
	var doc struct {
		Providers []*provider         `json:"providers"`
		Runtimes  map[string][]native `json:"runtimes"`
	}
	if err := json.Unmarshal(data, &doc); err != nil {
		return nil, fmt.Errorf("reading the registry %s: %w", file, err)
	}
	g := &gate{runtimes: doc.Runtimes, transport: newTransport(), budget: budget}
	rows := map[string]*provider{}
	for _, p := range doc.Providers {
		if p.pattern, err = regexp.Compile(p.Pattern); err != nil {
			return nil, fmt.Errorf("reading the registry %s: provider %s: %w", file, p.Name, err)
		}
		rows[p.Name] = p
		if bypass {
			g.wellKnown = append(g.wellKnown, p.Accepted...)
		}
	}
	for runtime, natives := range g.runtimes {
		for i, n := range natives {
			if natives[i].provider = rows[n.Provider]; natives[i].provider == nil {
				return nil, fmt.Errorf("reading the registry %s: runtime %s names provider %q, which has no row", file, runtime, n.Provider)
			}
		}
	}
	return g, nil
}

// inScope reports whether a name has a value that is more than white space. A
// blank value of the workspace does not hide the tenant's.
func (q question) inScope(name string) bool {
	return strings.TrimSpace(q.Own[name]) != "" || strings.TrimSpace(q.Tenant[name]) != ""
}

func (q question) value(name string) string {
	if own := strings.TrimSpace(q.Own[name]); own != "" {
		return own
	}
	return strings.TrimSpace(q.Tenant[name])
}

// derive returns the provider of a (runtime, model) pair, or nil. A listed model
// beats every pattern; a tie goes to the provider that has a credential in scope.
func (g *gate) derive(q question) *provider {
	model := strings.TrimSpace(q.Model)
	if model == "" {
		return nil
	}
	var listing, matching []*provider
	for _, n := range g.runtimes[q.Runtime] {
		if slices.Contains(n.Models, model) {
			listing = append(listing, n.provider)
		}
		if n.provider.Pattern != "" && n.provider.pattern.MatchString(model) {
			matching = append(matching, n.provider)
		}
	}
	unusable := func(p *provider) bool { return !slices.ContainsFunc(p.Accepted, q.inScope) }
	if len(listing) > 0 {
		first := listing[0]
		if usable := slices.DeleteFunc(listing, unusable); len(usable) > 0 {
			return usable[0]
		}
		return first
	}
	if len(matching) > 1 {
		matching = slices.DeleteFunc(matching, unusable)
	}
	if len(matching) != 1 {
		return nil
	}
	return matching[0]
}

// presence is all that provisioning asks, and the first half of what create
// asks, so the two cannot disagree. With neither a refusal nor a credential's
// name the gate stays out. It calls nobody.
func (g *gate) presence(q question) (p *provider, credential string, r *refusal) {
	if q.External {
		return nil, "", nil
	}
	p = g.derive(q)
	if p == nil || p.Name == "platform" {
		return nil, "", nil
	}
	if i := slices.IndexFunc(p.Accepted, q.inScope); i >= 0 {
		return p, p.Accepted[i], nil
	}
	if slices.ContainsFunc(g.wellKnown, q.inScope) {
		return nil, "", nil
	}
	return p, "", &refusal{
		Code: "MISSING_BYOK_CREDENTIAL", Provider: p.Name, Accepted: p.Accepted,
		Detail: fmt.Sprintf("provider %s needs one of %s; set it and try again", p.Name, strings.Join(p.Accepted, ", ")),
	}
}

// decide adds the question whether the credential is alive.
func (g *gate) decide(ctx context.Context, q question) (*refusal, *warning) {
	p, name, r := g.presence(q)
	if name == "" {
		return r, nil
	}
	dead, cause := g.examine(ctx, p, name, q.value(name))
	switch {
	case dead:
		return &refusal{
			Code: "BYOK_CREDENTIAL_INVALID", Provider: p.Name, Credential: name,
			Detail: fmt.Sprintf("provider %s cannot use %s: %s; replace it and try again", p.Name, name, cause),
		}, nil
	case cause != "":
		return nil, &warning{p.Name, name, cause}
	}
	return nil, nil
}
