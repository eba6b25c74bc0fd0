package target

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/molecule-ai/byok-conformance/registry"
	"github.com/molecule-ai/byok-conformance/scenarios"
)

// A LoudLine is what a target's log says when it allows a workspace without
// proof of life: a regular expression (RE2) in which {provider} and {credential}
// stand for the names. Empty means any line that holds both.
type LoudLine string

const (
	ProviderPlaceholder   = "{provider}"
	CredentialPlaceholder = "{credential}"
)

// Pattern is the expression for one step: its providers, by name or display
// name, and the credential that decides.
func (l LoudLine) Pattern(reg *registry.Registry, step *scenarios.Step) (*regexp.Regexp, error) {
	var providers []string
	for _, name := range step.Expect.Providers {
		providers = append(providers, regexp.QuoteMeta(name))
		if p := reg.Provider(name); p != nil && p.DisplayName != "" {
			providers = append(providers, regexp.QuoteMeta(p.DisplayName))
		}
	}
	_, credential, _ := strings.Cut(step.Expect.Probed, "/")
	// A name at the end or the beginning of a longer one does not count; where it
	// may stand beside a hyphen, the expression says what comes before and behind.
	word := func(expression string) string { return `\b(?:` + expression + `)\b` }
	text := strings.NewReplacer(
		ProviderPlaceholder, word(strings.Join(providers, "|")), CredentialPlaceholder, word(regexp.QuoteMeta(credential)),
	).Replace(string(l))
	re, err := regexp.Compile(text)
	if err != nil {
		return nil, fmt.Errorf("loud.line of the profile: %w", err)
	}
	return re, nil
}
