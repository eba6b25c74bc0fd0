package suite

import (
	"github.com/molecule-ai/byok-conformance/fakes/upstream"
	"github.com/molecule-ai/byok-conformance/gate"
	"github.com/molecule-ai/byok-conformance/registry"
	"github.com/molecule-ai/byok-conformance/scenarios"
)

// materials makes credentials for symbolic values.
type materials struct {
	maker *maker
	// hosts says which hosts know a credential of that name, given those of the
	// providers that the step leads to.
	hosts func(name string, own []string) []string
	// single holds each answer as a list of its own.
	single map[string][]upstream.Answer
}

func newMaterials(seed string, reg *registry.Registry) *materials {
	m := &materials{newMaker(seed), hostsByName(reg), make(map[string][]upstream.Answer, len(scenarios.Answers))}
	for _, a := range scenarios.Answers {
		m.single[a] = []upstream.Answer{upstream.Answer(a)}
	}
	return m
}

// credentials are what one owner was given; a handful.
type credentials []*credential

// find returns the credential that a symbolic value of a scope became; nil where
// none was made.
func (list credentials) find(scope, name string, v scenarios.Value) *credential {
	symbol := v.String()
	for _, c := range list {
		if c.scope == scope && c.Name == name && c.symbol == symbol {
			return c
		}
	}
	return nil
}

// make writes out one scope's values. of tells these values from all others of
// the run; known holds what the same owner was given before, and takes in what
// is made.
func (m *materials) make(o owner, scope string, values map[string]scenarios.Value, known *credentials, own []string, of string) map[string]gate.Secret {
	if len(values) == 0 {
		return nil
	}
	secrets := make(map[string]gate.Secret, len(values))
	for name, v := range values {
		c := known.find(scope, name, v)
		if c == nil {
			c = m.credential(o, scope, name, v, own, of)
			*known = append(*known, c)
		}
		secrets[name] = gate.Secret{Value: c.secret.written, Unreadable: c.secret.unreadable}
	}
	return secrets
}

func (m *materials) credential(o owner, scope, name string, v scenarios.Value, own []string, of string) *credential {
	plain, random, symbol := "", "", v.String()
	if v.Present() {
		prefix := prefixes[name]
		if isAlike(v.Shape) {
			symbol = "alike"
		}
		plain = m.maker.value(prefix, of, scope, name, symbol)
		random, symbol = plain[len(prefix):], v.String()
	}
	c := &credential{scope: scope, symbol: symbol, secret: write(v, plain, random), owner: o}
	if text := reference(v.Shape, name); text != "" {
		c.secret = secret{written: text, sent: text, exact: true}
	}
	c.Name, c.Value, c.Hosts = name, c.secret.sent, m.hosts(name, own)
	if c.Value == "" {
		c.Value = c.secret.written
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
func (m *materials) answersOf(v scenarios.Value) []upstream.Answer {
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
