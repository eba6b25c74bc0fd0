package registry_test

import (
	"slices"
	"testing"

	"github.com/molecule-ai/byok-conformance/registry"
)

func TestWithPrecedence(t *testing.T) {
	reg := registry.Embedded()
	got, err := reg.WithPrecedence(registry.Precedence{"zai": {"ANTHROPIC_API_KEY"}})
	if err != nil {
		t.Fatal(err)
	}
	if names := got.Provider("zai").AuthEnv; !slices.Equal(names, []string{"ANTHROPIC_API_KEY", "GLM_API_KEY", "ANTHROPIC_AUTH_TOKEN"}) {
		t.Errorf("zai tries %v", names)
	}
	if names := reg.Provider("zai").AuthEnv; names[0] != "GLM_API_KEY" {
		t.Errorf("the registry itself tries %v", names)
	}
	if got.Digest() != reg.Digest() || got.Precedence() == nil || reg.Precedence() != nil {
		t.Error("the digest is the file's, and only the copy has a precedence")
	}
	for _, r := range reg.Routes() {
		if p := got.Derive(r.Runtime, r.Model, func(string) bool { return false }).Provider; p != nil && p != got.Provider(p.Name) {
			t.Fatalf("%s with %s leads to a provider of the other registry", r.Runtime, r.Model)
		}
	}
	if same, err := reg.WithPrecedence(nil); same != reg || err != nil {
		t.Errorf("nothing to change, but %v, %v", same, err)
	}
	for _, test := range []struct {
		p    registry.Precedence
		want string
	}{
		{registry.Precedence{"nobody": {"A"}}, `precedence names the provider "nobody", which the registry does not have`},
		{registry.Precedence{"google": {"OPENAI_API_KEY"}}, `precedence of google names "OPENAI_API_KEY", which it does not accept; it accepts GEMINI_API_KEY, GOOGLE_API_KEY`},
		{registry.Precedence{"google": {"GOOGLE_API_KEY", "GOOGLE_API_KEY"}}, "precedence of google names GOOGLE_API_KEY twice"},
	} {
		if _, err := reg.WithPrecedence(test.p); err == nil || err.Error() != test.want {
			t.Errorf("%v: %v, want %s", test.p, err, test.want)
		}
	}
}
