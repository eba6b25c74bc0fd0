package suite

import (
	"fmt"
	"regexp"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/molecule-ai/byok-conformance/internal/strict"
	"github.com/molecule-ai/byok-conformance/registry"
	"github.com/molecule-ai/byok-conformance/scenarios"
)

// A LoudLine is what a target's log says when it allows a workspace without
// proof of life: a regular expression (RE2) in which {provider} and {credential}
// stand for the names. Empty means any line that holds both.
type LoudLine string

const (
	providerPlaceholder   = "{provider}"
	credentialPlaceholder = "{credential}"
)

// pattern is the expression for one step: its providers, by name or display
// name, and the credential that decides.
func (l LoudLine) pattern(reg *registry.Registry, step *scenarios.Step) (*regexp.Regexp, error) {
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
		providerPlaceholder, word(strings.Join(providers, "|")), credentialPlaceholder, word(regexp.QuoteMeta(credential)),
	).Replace(string(l))
	re, err := regexp.Compile(text)
	if err != nil {
		return nil, fmt.Errorf("loud.line of the profile: %w", err)
	}
	return re, nil
}

// loudMatches reports whether a line of output says it loudly for a step. What the
// step's own request ids hold does not count.
func loudMatches(l LoudLine, o *Observation, step *scenarios.Step, line string) bool {
	re, err := l.pattern(o.Registry, step)
	return err == nil && re.MatchString(withoutRequestIDs(line, o.RunID))
}

func readLoud(l *LoudLine, r *strict.Reader, n *yaml.Node) {
	r.Mapping(n, "loud", strict.Fields{"line": func(n *yaml.Node) {
		r.Str("line", (*string)(l))(n)
		sample := &scenarios.Step{Expect: scenarios.Expect{Providers: []string{"p"}, Probed: "workspace/C"}}
		switch _, err := l.pattern(&registry.Registry{}, sample); {
		case err != nil:
			r.Fail(n, "line is no regular expression: %v", err)
		case !strings.Contains(string(*l), providerPlaceholder) || !strings.Contains(string(*l), credentialPlaceholder):
			r.Fail(n, "line needs %s and %s, so that it can be told for which provider and which credential it is", providerPlaceholder, credentialPlaceholder)
		}
	}})
	if *l == "" {
		r.Fail(n, "loud has no line; leave loud out, and any line that holds both names will do")
	}
}
