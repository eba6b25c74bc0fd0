package server_test

import (
	"context"
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/molecule-ai/byok-conformance/gate"
	"github.com/molecule-ai/byok-conformance/gate/server"
)

func TestKeepRefused(t *testing.T) {
	tests := []struct {
		title   string
		keep    server.Leftovers
		rows    int
		globals string
		stages  []gate.Stage
	}{
		{"nothing", server.Leftovers{}, 0, `[]`, []gate.Stage{gate.Create}},
		{"row", server.Leftovers{Row: true}, 1, `[]`, []gate.Stage{gate.Create}},
		{"secrets", server.Leftovers{Secrets: true}, 0, `[{"key":"OPENAI_API_KEY","has_value":true,"scope":"global"}]`, []gate.Stage{gate.Create}},
		{"provisioning", server.Leftovers{Provisioning: true}, 1, `[]`, []gate.Stage{gate.Create, gate.Provision}},
	}
	for _, test := range tests {
		t.Run(test.title, func(t *testing.T) {
			var stages []gate.Stage
			c := newClient(t, func(config *server.Config) {
				config.Hooks.KeepRefused = test.keep
				config.Gate = decide(func(ctx context.Context, req gate.Request) (gate.Decision, error) {
					stages = append(stages, req.Stage)
					return smallGate(ctx, req)
				})
			})
			if got := c.send("POST", "/workspaces", createBody("x", claude, map[string]string{foreign: "v"})); got.status != 422 {
				t.Errorf("status %d, want 422", got.status)
			}
			c.server.Wait()
			if n := c.server.Workspaces(); n != test.rows {
				t.Errorf("%d workspaces, want %d", n, test.rows)
			}
			c.send("GET", "/settings/secrets", "").want(t, 200, test.globals)
			if diff := cmp.Diff(test.stages, stages); diff != "" {
				t.Errorf("stages (-want +got):\n%s", diff)
			}
		})
	}
}

func TestHooksThatAnswer(t *testing.T) {
	c := newClient(t, func(config *server.Config) {
		config.Hooks.WriteRefusal = func(w http.ResponseWriter, r *http.Request, c server.CreateRequest, d gate.Decision) {
			w.Header().Set("X-Provider", d.Provider)
			server.WriteRefusal(w, r, c, d)
		}
		config.Hooks.WriteCreated = func(w http.ResponseWriter, _ *http.Request, c server.CreateRequest, made server.Created, _ gate.Decision) {
			w.Header().Set("X-Made", made.Name+" "+made.Status+" "+c.Secrets[accepted].Value)
			w.WriteHeader(http.StatusAccepted)
		}
	})
	refused := c.send("POST", "/workspaces", createBody("x", claude, nil))
	if refused.status != 422 || refused.header.Get("X-Provider") != "anthropic-api" || refused.field("code") != "MISSING_BYOK_CREDENTIAL" {
		t.Errorf("refused: %d %v %s", refused.status, refused.header, refused.text)
	}
	made := c.send("POST", "/workspaces", createBody("x", claude, map[string]string{accepted: "live"}))
	if made.status != 202 || made.header.Get("X-Made") != "x provisioning live" {
		t.Errorf("created: %d %v", made.status, made.header)
	}
}

// A server whose provisioning looks at what the create call brought, and not at
// what is in scope then, is one hook away.
func TestHookThatChangesTheQuestion(t *testing.T) {
	first := map[string]gate.Secrets{}
	c := newClient(t, func(config *server.Config) {
		config.Hooks.GateRequest = func(workspaceID string, req gate.Request) gate.Request {
			if (req.Stage == gate.Create) != (workspaceID == "") {
				t.Errorf("stage %s with workspace %q", req.Stage, workspaceID)
			}
			if seen, found := first[workspaceID]; found && workspaceID != "" {
				req.Secrets = seen
			}
			first[workspaceID] = req.Secrets
			return req
		}
	})
	id := c.create("x", claude, map[string]string{accepted: "live"})
	c.send("DELETE", "/workspaces/"+id+"/secrets/"+accepted, "")
	c.send("POST", "/workspaces/"+id+"/restart", "")
	c.server.Wait()
	if got := c.status(id); got != "online" {
		t.Errorf("status %q, want online", got)
	}
}
