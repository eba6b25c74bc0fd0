package upstream_test

import (
	"slices"
	"testing"

	"github.com/molecule-ai/byok-conformance/fakes/upstream"
	"github.com/molecule-ai/byok-conformance/registry"
)

// However a registry writes a host, it is the one that is dialled (SEC-3).
func TestHostsAreAsTheyAreDialled(t *testing.T) {
	for base, want := range map[string]string{
		"https://API.one.test:443/v1": "api.one.test", "https://api.one.test./v1": "api.one.test", "http://api.one.test:80": "api.one.test",
		"https://api.one.test:8443": "api.one.test:8443", "https://BÜCHER.test:443/v1": "xn--bcher-kva.test", "https://bücher.test:8443": "xn--bcher-kva.test:8443",
	} {
		reg, err := registry.Load("r.yaml", []byte("schema_version: 1\nproviders: [{name: a, protocol: openai, auth_env: [A], base_url_template: '"+base+"'}]\nruntimes: {r: {providers: [{name: a, models: [m]}]}}\n"))
		if err != nil {
			t.Fatal(err)
		}
		if got := upstream.Hosts(reg.Provider("a")); !slices.Equal(got, []string{want}) {
			t.Errorf("%s is at %q, want %s", base, got, want)
		}
	}
}
