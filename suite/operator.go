package suite

import (
	"crypto/rand"
	"slices"
	"strings"

	"github.com/molecule-ai/byok-conformance/suite/judge"
	"github.com/molecule-ai/byok-conformance/suite/secrets"
)

// operatorScope is the scope of a credential that is the operator's own: it stands
// in the server's environment, and no tenant gave it (PRE-8).
const operatorScope = judge.OperatorScope

// decoys are credentials of an operator, for the environment of a server under
// test. The fakes answer that they are alive, so that a server which uses one gets
// what it hopes for, and is seen.
type decoys struct {
	seed string
	env  map[string]string
}

// ScenarioID is empty: no scenario gave them.
func (*decoys) ScenarioID() string { return "" }

// Decoys are the variables that an operator's environment holds by name: every
// name that a BYOK provider accepts, and the base URL that client libraries read
// beside it. The values are alive at the fake providers. Set them where the server
// under test reads its environment; they are not to be modified.
func (p *Providers) Decoys() map[string]string {
	p.decoysOnce.Do(func() {
		seed := rand.Text()
		if p.of != nil {
			seed = p.of.DecoySeed()
		}
		p.plant(seed)
	})
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
	list := secrets.Decoys(seed, operatorScope, p.registry, p.decoys)
	for _, c := range list {
		p.decoys.env[c.Name] = c.Value
		if base := baseURLName(c.Name); base != "" {
			p.decoys.env[base] = "https://operator.invalid/v1"
		}
	}
	p.ring.Add(list)
}

// baseURLName is the setting that client libraries read beside a credential; empty
// where the name is none of an API key. OPENAI_BASE_URL is left out: a gateway for
// all vendors is configured by it, and a server that finds it beside OPENAI_API_KEY
// may lawfully run in another mode, in which its operator pays. It would be another
// server than the one in production that is judged.
func baseURLName(credential string) string {
	if credential == "OPENAI_API_KEY" {
		return ""
	}
	for _, end := range []string{"_API_KEY", "_AUTH_TOKEN"} {
		if vendor, ok := strings.CutSuffix(credential, end); ok {
			return vendor + "_BASE_URL"
		}
	}
	return ""
}
