package suite

import (
	"crypto/rand"
	"slices"
	"strings"

	"github.com/molecule-ai/byok-conformance/fakes/upstream"
)

// operatorScope is the scope of a credential that is the operator's own: it stands
// in the server's environment, and no tenant gave it (PRE-8).
const operatorScope = "operator"

// decoys are credentials of an operator, for the environment of a server under
// test. The fakes answer that they are alive, so that a server which uses one gets
// what it hopes for, and is seen. It owns them.
type decoys struct {
	seed string
	env  map[string]string
}

func (*decoys) owns() {}

// ScenarioID is empty: no scenario gave them.
func (*decoys) ScenarioID() string { return "" }

// Decoys are the variables that an operator's environment holds by name: every
// name that a BYOK provider accepts, and the base URL that client libraries read
// beside it. The values are alive at the fake providers. Set them where the server
// under test reads its environment; they are not to be modified.
func (p *Providers) Decoys() map[string]string {
	p.decoysOnce.Do(func() { p.plant(rand.Text()) })
	return p.decoys.env
}

// DecoysFrom makes the decoys of a seed that another process made (DecoySeed), so
// that this one knows the values that it printed. It has no effect after Decoys.
func (p *Providers) DecoysFrom(seed string) { p.decoysOnce.Do(func() { p.plant(seed) }) }

// DecoySeed is what DecoysFrom takes.
func (p *Providers) DecoySeed() string {
	p.Decoys()
	return p.decoys.seed
}

// Decoy is the decoy of a name; empty where there is none.
func (p *Providers) Decoy(name string) string { return p.Decoys()[name] }

// DecoyEnv is Decoys as KEY=VALUE pairs, sorted.
func (p *Providers) DecoyEnv() []string {
	var out []string
	for name, value := range p.Decoys() {
		out = append(out, name+"="+value)
	}
	slices.Sort(out)
	return out
}

func (p *Providers) plant(seed string) {
	p.decoys = &decoys{seed: seed, env: map[string]string{}}
	m, hosts := newMaker(seed), hostsByName(p.registry)
	var list []*credential
	for _, provider := range p.registry.BYOK() {
		for _, name := range provider.AuthEnv {
			if _, done := p.decoys.env[name]; done {
				continue
			}
			prefix := prefixes[name]
			value := m.value(prefix, operatorScope, name)
			c := &credential{scope: operatorScope, symbol: "live", owner: p.decoys, secret: secret{written: value, sent: value, random: value[len(prefix):]}}
			c.Name, c.Value, c.Hosts, c.Answers = name, value, hosts(name, nil), []upstream.Answer{"live"}
			list = append(list, c)
			p.decoys.env[name] = value
			if base := baseURLName(name); base != "" {
				p.decoys.env[base] = "https://operator.invalid/v1"
			}
		}
	}
	p.ring.add(list)
}

// baseURLName is the setting that client libraries read beside a credential; empty
// where the name is none of an API key.
func baseURLName(credential string) string {
	for _, end := range []string{"_API_KEY", "_AUTH_TOKEN"} {
		if vendor, ok := strings.CutSuffix(credential, end); ok {
			return vendor + "_BASE_URL"
		}
	}
	return ""
}

// operators reports whether a call carries a credential of the operator's.
func (c *Call) operators() bool {
	return slices.ContainsFunc(c.Credentials, func(k Carried) bool { return k.Scope == operatorScope })
}

// operatorPays reports whether a step is about a model that the platform pays, for
// which a server may use what is the operator's (PRE-8 is about BYOK).
func operatorPays(o *Observation, s *StepObservation) bool {
	p := o.Registry.Derive(s.Step.Runtime, s.Step.Model, s.Step.Secrets.InScope).Provider
	return p != nil && p.IsPlatform()
}

// checkOperator reports calls with a credential of the operator's (PRE-8).
func checkOperator(o *Observation, s *StepObservation) []Violation {
	if operatorPays(o, s) {
		return nil
	}
	var out []Violation
	for i := range s.Calls {
		if c := &s.Calls[i]; c.operators() {
			out = append(out, Violation{OperatorSent, "PRE-8", 0, "a credential of the operator's environment was sent for a tenant's workspace", "no credential but the tenant's", c.describe()})
		}
	}
	return out
}
