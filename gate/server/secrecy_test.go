package server_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/molecule-ai/byok-conformance/gate"
	"github.com/molecule-ai/byok-conformance/gate/server"
)

// secretValue is made at run time, so that no file holds a credential.
var secretValue = strings.Repeat("Zq7", 12)

// Nothing that goes out may hold a value, whatever is done with it.
func TestValuesStayInside(t *testing.T) {
	gates := map[string]decide{
		"allowed": func(context.Context, gate.Request) (gate.Decision, error) {
			return gate.Decision{Verdict: gate.Allowed, Notices: []gate.Notice{{Provider: "p", Credential: accepted, Cause: "no answer"}}}, nil
		},
		"refused": func(context.Context, gate.Request) (gate.Decision, error) {
			return gate.Decision{Verdict: gate.Refused, Code: gate.InvalidCredential, Provider: "p", Credential: accepted}, nil
		},
		"gate's error quotes it": func(_ context.Context, req gate.Request) (gate.Decision, error) {
			value := req.Secrets.Workspace[accepted].Value
			return gate.Decision{}, fmt.Errorf("GET /v1/models?key=%s%%0A: %q", value, value[:12])
		},
		"gate's panic quotes it": func(_ context.Context, req gate.Request) (gate.Decision, error) {
			panic(req.Secrets.Workspace[accepted].Value)
		},
		"allowed at create, error when provisioned": func(_ context.Context, req gate.Request) (gate.Decision, error) {
			if req.Stage == gate.Create {
				return gate.Decision{Verdict: gate.Allowed}, nil
			}
			return gate.Decision{}, fmt.Errorf("with %s", req.Secrets.Workspace[accepted].Value)
		},
	}
	for title, g := range gates {
		t.Run(title, func(t *testing.T) {
			c := newClient(t, func(config *server.Config) { config.Gate = g })
			made := c.send("POST", "/workspaces", createBody("x", claude, map[string]string{accepted: secretValue}))
			c.server.Wait()
			id := made.field("id")
			secret := `{"key":"` + foreign + `","value":"` + secretValue + `"}`
			replies := []reply{
				made,
				c.send("PUT", "/settings/secrets", secret),
				c.send("GET", "/settings/secrets", ""),
				c.send("POST", "/workspaces/"+id+"/secrets", secret),
				c.send("POST", "/workspaces/"+id+"/restart", ""),
				c.send("GET", "/workspaces/"+id, ""),
				c.send("GET", "/workspaces", ""),
				c.send("GET", "/events/"+id, ""),
			}
			c.server.Wait()
			for _, r := range replies {
				assertNoLeak(t, "reply", r.text)
			}
			assertNoLeak(t, "log", c.log.String())
		})
	}
}

func assertNoLeak(t *testing.T, where, text string) {
	t.Helper()
	for i := 0; i+8 <= len(secretValue); i++ {
		if strings.Contains(text, secretValue[i:i+8]) {
			t.Errorf("a credential value is in the %s: %s", where, text)
			return
		}
	}
}
