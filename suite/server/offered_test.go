package server

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/molecule-ai/byok-conformance/registry"
)

// TestDifferences compares what a server offers with a registry.
func TestDifferences(t *testing.T) {
	reg, err := registry.Load("r.yaml", []byte(`schema_version: 1
providers:
  - {name: a, protocol: openai, base_url_template: 'https://a.example/v1', auth_env: [A]}
  - {name: b, protocol: openai, base_url_template: 'https://b.example/v1', auth_env: [B]}
runtimes:
  one: {providers: [{name: a, models: [m, both]}, {name: b, models: [both, gone]}]}
  two: {providers: [{name: a, models: [m]}]}
`))
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name string
		// offers are the models of a runtime as the server lists them.
		offers map[string]string
		asked  bool
		want   string
	}{
		{"alike; of two providers of a model the first", map[string]string{
			"one": `{"model":"m","provider":"a"},{"model":"both","provider":"a"},{"model":"gone","provider":"b"}`, "two": `{"model":"m","provider":"a"}`}, true, ""},
		{"each kind of difference", map[string]string{"one": `{"model":"m","provider":"b"},{"model":"both","provider":"b"},{"model":"new","provider":"a"}`}, true,
			"one gone: only the registry has it (b)\none m: a in the registry, b at the server\none new: only the server has it (a)\ntwo: the server does not know the runtime"},
		{"a server without such a list", nil, false, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				list, known := test.offers[r.URL.Query().Get("runtime")]
				if r.URL.Path != "/admin/llm/offered-models" || !known {
					http.NotFound(w, r)
					return
				}
				fmt.Fprintf(w, `{"models":[%s]}`, list)
			}))
			defer web.Close()
			p, err := LoadProfile("workspace-server")
			if err != nil {
				t.Fatal(err)
			}
			srv, err := New(p, web.URL, Options{Env: func(string) (string, bool) { return "t", true }})
			if err != nil {
				t.Fatal(err)
			}
			lines, asked, err := srv.Differences(t.Context(), reg)
			if got := strings.Join(lines, "\n"); err != nil || asked != test.asked || got != test.want {
				t.Errorf("asked %v, %v:\n%s\nwant %v:\n%s", asked, err, got, test.asked, test.want)
			}
		})
	}
}
