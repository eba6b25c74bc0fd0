package draft

import "testing"

func TestExampleServers(t *testing.T) {
	for name, command := range map[string][]string{
		"node":     {"node", "examples/node-server/server.js", "--port", "{port}"},
		"python":   {"python3", "examples/python-server/server.py", "--port", "{port}"},
		"smallest": {"python3", "examples/smallest-server/server.py"},
		"own":      {"/tmp/d-conformance", "serve"},
		"go":       {"/tmp/d-go-server"},
	} {
		t.Run(name, func(t *testing.T) {
			c := behindProxy(t, []string{"PROBE_BUDGET_MS=3000", "REGISTRY=examples/registry.json"}, command...)
			out, err := Make(t.Context(), c)
			if err != nil {
				t.Fatal(err)
			}
			t.Logf("%d requests, left %v\n%s", out.Requests, out.Left, out.YAML)
		})
	}
}
