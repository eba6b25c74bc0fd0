package secrets

import (
	"slices"

	"github.com/molecule-ai/byok-conformance/fakes/upstream"
	"github.com/molecule-ai/byok-conformance/gate"
	"github.com/molecule-ai/byok-conformance/registry"
	"github.com/molecule-ai/byok-conformance/scenarios"
)

// hostsByName says which hosts know a credential's value: the derived
// provider's where it accepts the name, or else those of the providers that do.
func hostsByName(reg *registry.Registry) func(string, []string) []string {
	byName := map[string][]string{}
	for _, p := range reg.Providers {
		for _, name := range p.AuthEnv {
			for _, h := range upstream.Hosts(p) {
				if !slices.Contains(byName[name], h) {
					byName[name] = append(byName[name], h)
				}
			}
		}
	}
	return func(name string, own []string) []string {
		for _, h := range own {
			if slices.Contains(byName[name], h) {
				return own
			}
		}
		return byName[name]
	}
}

// Materials makes credentials for symbolic values.
type Materials struct {
	maker *maker
	// hosts says which hosts know a credential of that name, given those of the
	// providers that the step leads to.
	hosts func(name string, own []string) []string
	// single holds each answer as a list of its own.
	single map[string][]upstream.Answer
}

func NewMaterials(seed string, reg *registry.Registry) *Materials {
	m := &Materials{newMaker(seed), hostsByName(reg), make(map[string][]upstream.Answer, len(scenarios.Answers))}
	for _, a := range scenarios.Answers {
		m.single[a] = []upstream.Answer{upstream.Answer(a)}
	}
	return m
}

// Credentials are what one owner was given; a handful.
type Credentials []*Credential

// Find returns the credential that a symbolic value of a scope became; nil where
// none was made.
func (list Credentials) Find(scope, name string, v scenarios.Value) *Credential {
	symbol := v.String()
	for _, c := range list {
		if c.Scope == scope && c.Name == name && c.Symbol == symbol {
			return c
		}
	}
	return nil
}

// Make writes out one scope's values. of tells these values from all others of
// the run; known holds what the same owner was given before, and takes in what
// is made.
func (m *Materials) Make(o Owner, scope string, values map[string]scenarios.Value, known *Credentials, own []string, of string) map[string]gate.Secret {
	if len(values) == 0 {
		return nil
	}
	secrets := make(map[string]gate.Secret, len(values))
	for name, v := range values {
		c := known.Find(scope, name, v)
		if c == nil {
			c = m.Credential(o, scope, name, v, own, of)
			*known = append(*known, c)
		}
		secrets[name] = gate.Secret{Value: c.Secret.Written, Unreadable: c.Secret.unreadable}
	}
	return secrets
}

func (m *Materials) Credential(o Owner, scope, name string, v scenarios.Value, own []string, of string) *Credential {
	plain, random, symbol := "", "", v.String()
	if v.Present() {
		prefix := prefixes[name]
		if isAlike(v.Shape) {
			symbol = "alike"
		}
		plain = m.maker.value(prefix, of, scope, name, symbol)
		random, symbol = plain[len(prefix):], v.String()
	}
	c := &Credential{Scope: scope, Symbol: symbol, Secret: write(v, plain, random), Owner: o}
	if text := Reference(v.Shape, name); text != "" {
		c.Secret = Secret{Written: text, sent: text, exact: true}
	}
	c.Name, c.Value, c.Hosts = name, c.Secret.sent, m.hosts(name, own)
	if c.Value == "" {
		c.Value = c.Secret.Written
	}
	c.Answers = m.answersOf(v)
	for _, a := range v.Then {
		c.Then = append(c.Then, upstream.Answer(a))
	}
	if o != nil {
		c.Scenario = o.ScenarioID()
	}
	return c
}

// answersOf are a value's answers; those of one word are shared.
func (m *Materials) answersOf(v scenarios.Value) []upstream.Answer {
	switch len(v.Answers) {
	case 0:
		return nil
	case 1:
		return m.single[v.Answers[0]]
	}
	out := make([]upstream.Answer, len(v.Answers))
	for i, a := range v.Answers {
		out[i] = upstream.Answer(a)
	}
	return out
}
