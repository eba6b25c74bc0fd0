package secrets

import (
	"github.com/molecule-ai/byok-conformance/fakes/upstream"
	"github.com/molecule-ai/byok-conformance/registry"
)

// Decoys makes one live credential of a scope for each name that a BYOK provider
// accepts, from a seed.
func Decoys(seed, scope string, reg *registry.Registry, o Owner) Credentials {
	m, hosts := newMaker(seed), hostsByName(reg)
	var out Credentials
	done := map[string]bool{}
	for _, provider := range reg.BYOK() {
		for _, name := range provider.AuthEnv {
			if done[name] {
				continue
			}
			done[name] = true
			prefix := prefixes[name]
			value := m.value(prefix, scope, name)
			c := &Credential{Scope: scope, Symbol: "live", Owner: o, Secret: Secret{Written: value, sent: value, Random: value[len(prefix):]}}
			c.Name, c.Value, c.Hosts, c.Answers = name, value, hosts(name, nil), []upstream.Answer{"live"}
			out = append(out, c)
		}
	}
	return out
}
