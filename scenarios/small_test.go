package scenarios_test

import (
	"strings"
	"testing"

	"github.com/molecule-ai/byok-conformance/registry"
	"github.com/molecule-ai/byok-conformance/scenarios"
)

// small is a registry with one provider of each kind: alpha is probed and
// accepts two names, beta is probed and ties with gamma, a subscription; delta
// is reached by nobody.
const small = `schema_version: 1
providers:
  - {name: alpha, protocol: anthropic, auth_env: [A_KEY, A_TOKEN], base_url_template: "https://alpha.test/v1"}
  - {name: gamma, protocol: openai, auth_env: [G_TOKEN], auth_mode: oauth}
  - {name: beta, protocol: openai, auth_env: [B_KEY], base_url_template: "https://beta.test/v1", model_prefix_match: "^beta-"}
  - {name: platform, protocol: openai, auth_env: [P_TOKEN], base_url_template: "https://platform.test/v1"}
  - {name: delta, protocol: openai, auth_env: [D_KEY], base_url_template: "https://delta.test/v1"}
runtimes:
  one:
    providers:
      - {name: alpha, models: [a-1, a-2]}
      - {name: gamma, models: [tie, g-1]}
      - {name: beta, models: [tie]}
      - {name: platform, models: [p-1]}
  two:
    providers:
      - {name: alpha, models: [a-2]}
`

func smallRegistry(t testing.TB, pairs ...string) *registry.Registry {
	t.Helper()
	text := strings.NewReplacer(pairs...).Replace(small)
	reg, err := registry.Load("small.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return reg
}

// file is a scenario file with one entry; what is given in pairs replaces its
// fields, and an empty value leaves a field out.
func file(fields map[string]string) string {
	list := []struct{ name, value string }{
		{"id", "missing/a"}, {"title", "t"}, {"level", ""}, {"severity", "low"}, {"rules", "[PRE-1]"}, {"source", "s"}, {"effect", "e"},
		{"needs", ""}, {"twin", ""}, {"matrix", ""}, {"given", ""}, {"steps", ""}, {"expect", ""},
	}
	var b strings.Builder
	b.WriteString("class: missing\nscenarios:\n  -\n")
	for _, f := range list {
		if v, ok := fields[f.name]; ok {
			f.value = v
		}
		if f.value != "" {
			b.WriteString("    " + f.name + ": " + f.value + "\n")
		}
	}
	return b.String()
}

func expandAlone(t testing.TB, text string, reg *registry.Registry) ([]*scenarios.Scenario, error) {
	t.Helper()
	c, err := load(text)
	if err != nil {
		t.Fatal(err)
	}
	return c.ExpandAlone(reg)
}
