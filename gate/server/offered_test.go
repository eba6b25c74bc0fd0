package server_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/molecule-ai/byok-conformance/gate/server"
	"github.com/molecule-ai/byok-conformance/registry"
)

// TestOffered lists what a registry offers, as the workspace server does.
func TestOffered(t *testing.T) {
	reg, err := registry.Load("r.yaml", []byte(`schema_version: 1
providers:
  - {name: a, protocol: openai, auth_env: [A1, A2]}
  - {name: b, protocol: openai, auth_env: [B]}
  - {name: platform, protocol: openai, auth_env: [OPERATOR]}
runtimes:
  r: {providers: [{name: b, models: [z, both]}, {name: a, models: [both, c]}, {name: platform, models: [p]}]}
`))
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name, path, token string
		offered           *registry.Registry
		status            int
		want              string
	}{
		{"sorted, each model once, no names where the operator pays", "?runtime=r", "t", reg, 200,
			`{"runtime":"r","models":[{"model":"both","provider":"b","platform_billed":false,"auth_env":["B"]},{"model":"c","provider":"a","platform_billed":false,"auth_env":["A1","A2"]},{"model":"p","provider":"platform","platform_billed":true},{"model":"z","provider":"b","platform_billed":false,"auth_env":["B"]}]}`},
		{"a runtime that there is not", "?runtime=x", "t", reg, 404, `{"error":"unknown runtime","runtime":"x"}`},
		{"not for everybody", "?runtime=r", "", reg, 401, ""},
		{"a server without such a list", "?runtime=r", "t", nil, 404, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			s, err := server.New(server.Config{Gate: allow, AdminToken: "t", Offered: test.offered})
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			r := httptest.NewRequest(http.MethodGet, "/admin/llm/offered-models"+test.path, http.NoBody)
			if test.token != "" {
				r.Header.Set("Authorization", "Bearer "+test.token)
			}
			w := httptest.NewRecorder()
			s.ServeHTTP(w, r)
			if w.Code != test.status || test.want != "" && w.Body.String() != test.want {
				t.Errorf("%d %s\nwant %d %s", w.Code, w.Body, test.status, test.want)
			}
		})
	}
}
