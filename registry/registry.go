// Package registry answers one question: which provider owns a (runtime,
// model) pair, and which credentials does that provider accept?
//
// A registry is a YAML file in the workspace server's own format
// (schema_version 1). This room holds the file's types, the loader, the
// derivation (rules DER-1 and DER-2), the routes that lead to each provider and
// our own registry, embedded; textfile reads files for it and for the other rooms.
// It knows nothing of gates, scenarios or HTTP, and imports no other room.
package registry

import (
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
)

// PlatformName is the one provider whose bill the operator pays (rule DER-4).
const PlatformName = "platform"

// AuthModeOAuth marks a provider whose credential is a subscription and not an
// API key; it is never probed (rule LIV-7).
const AuthModeOAuth = "oauth"

// A Registry is a loaded and validated registry file. It does not change after
// Load, so it may be used from many goroutines; what it returns is not to be
// modified.
type Registry struct {
	// SchemaVersion is 1, the only version that Load accepts.
	SchemaVersion int
	// Providers stand in the order of the file.
	Providers []*Provider
	// Runtimes stand in the order of the file.
	Runtimes []*Runtime

	digest string
	// precedence is what WithPrecedence was given; nil for a registry as it was loaded.
	precedence Precedence
	findings   []Finding
	providers  map[string]*Provider
	runtimes   map[string]*Runtime
	names      []string

	routesOnce sync.Once
	routes     []Route
	byok       []*Provider
}

// A Provider is one row of the registry.
type Provider struct {
	Name        string
	DisplayName string
	VendorLogo  string
	// Protocol is the wire format: "openai" or "anthropic".
	Protocol string
	AuthMode string
	// BaseURLTemplate is the URL that a probe starts from; empty where the
	// file says null. It may hold {placeholders}.
	BaseURLTemplate string
	// BaseURLAnthropic is the Anthropic-compatible surface; empty where there is none.
	BaseURLAnthropic string
	EndpointVars     map[string]EndpointVar
	WireModelPrefix  string
	// AuthEnv lists the names of the credentials that the provider accepts, in
	// the order in which they are tried (rule LIV-8). Never empty.
	AuthEnv          []string
	AuthTokenEnv     string
	ModelPrefixMatch string
	ModelAliases     []string
	Deprecated       bool
	UpstreamVendor   string

	pattern *regexp.Regexp
	// hosts are what Hosts returns; nil in a provider that was not loaded.
	hosts []string
}

// An EndpointVar says how one placeholder of a base URL is filled.
type EndpointVar struct {
	Env     string
	Default string
}

// A Runtime is what a workspace runs, with the providers that it speaks to.
type Runtime struct {
	Name string
	// Native stands in the order of the file, by which DER-2 decides ties;
	// never empty.
	Native []Native

	// owners are the native providers that list a model id, in order.
	owners map[string][]*Provider
	// sampled are the providers whose pattern matches a model of the routes;
	// nil until the routes are known.
	sampled atomic.Pointer[map[string][]*Provider]
}

// A Native is one provider of a runtime, with the model ids that the runtime
// lists for it. Of the ids that no native provider of the runtime lists, it
// owns those that its pattern matches (DER-1).
type Native struct {
	Provider *Provider
	Models   []string
}

// IsPlatform reports whether the operator pays for this provider (DER-4).
func (p *Provider) IsPlatform() bool { return p.Name == PlatformName }

// Accepts reports whether name is one of the provider's accepted credential
// names, compared exactly (rules PRE-2, PRE-6).
func (p *Provider) Accepts(name string) bool { return slices.Contains(p.AuthEnv, name) }

// Matches reports whether the provider's pattern matches a model id.
func (p *Provider) Matches(model string) bool {
	return p.pattern != nil && p.pattern.MatchString(model)
}

// ProbeBase returns the base URL that a probe starts from. It is empty where
// rule LIV-7 forbids a probe: no base URL, a templated one, or OAuth.
func (p *Provider) ProbeBase() string {
	if p.AuthMode == AuthModeOAuth || strings.Contains(p.BaseURLTemplate, "{") {
		return ""
	}
	return p.BaseURLTemplate
}

// Provider returns the provider of that name, or nil.
func (r *Registry) Provider(name string) *Provider { return r.providers[name] }

// Runtime returns the runtime of that name, or nil.
func (r *Registry) Runtime(name string) *Runtime { return r.runtimes[name] }

// CredentialNames returns every credential name that some provider accepts,
// sorted, each once.
func (r *Registry) CredentialNames() []string { return r.names }

// Digest returns "sha256:…" of the bytes that the registry was loaded from.
func (r *Registry) Digest() string { return r.digest }

// Precedence is the order of names that WithPrecedence was given; nil where names
// are tried in the file's own.
func (r *Registry) Precedence() Precedence { return r.precedence }
