package server_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/molecule-ai/byok-conformance/gate"
	"github.com/molecule-ai/byok-conformance/gate/server"
)

func TestCreateValidation(t *testing.T) {
	const payload, fields = `{"error":"invalid workspace payload"}`, `{"error":"invalid workspace fields"}`
	named := func(field, value string) string {
		if field == "name" {
			return fmt.Sprintf(`{"name":%q}`, value)
		}
		return fmt.Sprintf(`{"name":"n",%q:%q}`, field, value)
	}
	tests := []struct {
		title, body string
		status      int
		want        string // "" where the body is a 201's
	}{
		{"no body", "", 400, payload},
		{"not JSON", "name=x", 400, payload},
		{"cut short", `{"name":"x"`, 400, payload},
		{"two values", `{"name":"x"}{"name":"y"}`, 400, payload},
		{"an array", `["x"]`, 400, payload},
		{"null", `null`, 400, payload},
		{"nested too deep", `{"name":"x","more":` + strings.Repeat("[", 20_000), 400, payload},
		{"no name", `{"model":"m"}`, 400, payload},
		{"an empty name", `{"name":""}`, 400, payload},
		{"a blank name", `{"name":"  "}`, 400, payload},
		{"a number for a name", `{"name":1}`, 400, payload},
		{"a number for a model", `{"name":"x","model":1}`, 400, payload},
		{"a number for a runtime", `{"name":"x","runtime":1}`, 400, payload},
		{"a string for external", `{"name":"x","external":"yes"}`, 400, payload},
		{"a number among the secrets", `{"name":"x","secrets":{"A":1}}`, 400, payload},
		{"a list of secrets", `{"name":"x","secrets":["A"]}`, 400, payload},
		{"a name of 255", named("name", strings.Repeat("é", 255)), 201, ""},
		{"a name of 256", named("name", strings.Repeat("é", 256)), 400, fields},
		{"a model of 100", named("model", strings.Repeat("é", 100)), 201, ""},
		{"a model of 101", named("model", strings.Repeat("é", 101)), 400, fields},
		{"a runtime of 100", named("runtime", strings.Repeat("é", 100)), 201, ""},
		{"a runtime of 101", named("runtime", strings.Repeat("é", 101)), 400, fields},
		{"a newline in the name", named("name", "a\nb"), 400, fields},
		{"a newline in the model", named("model", "m\n"), 400, fields},
		{"a newline in the runtime", named("runtime", "\rr"), 400, fields},
		{"a null among the secrets", `{"name":"x","secrets":{"A":null}}`, 201, ""},
		{"the same secret twice", `{"name":"x","secrets":{"A":"1","A":"2"}}`, 201, ""},
		{"a secret of 1 MiB", createBody("x", "", map[string]string{"A": strings.Repeat("a", 1<<20)}), 201, ""},
		{"a body over 2 MiB", createBody("x", "", map[string]string{"A": strings.Repeat("a", 2<<20)}), 413, `{"error":"request body too large"}`},
	}
	for _, test := range tests {
		t.Run(test.title, func(t *testing.T) {
			asked := make(chan gate.Stage, 9)
			c := newClient(t, func(config *server.Config) {
				config.Gate = decide(func(_ context.Context, req gate.Request) (gate.Decision, error) {
					asked <- req.Stage
					return gate.Decision{Verdict: gate.Allowed}, nil
				})
			})
			got := c.send("POST", "/workspaces", test.body)
			if test.want == "" {
				if got.status != test.status {
					t.Errorf("status %d, want %d: %s", got.status, test.status, got.text)
				}
				return
			}
			got.want(t, test.status, test.want)
			if len(asked) > 0 {
				t.Error("the gate was asked about a request that is not valid")
			}
			if n := c.server.Workspaces(); n != 0 {
				t.Errorf("%d workspaces are left", n)
			}
		})
	}
}
