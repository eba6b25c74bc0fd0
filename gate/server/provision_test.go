package server_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/molecule-ai/byok-conformance/gate"
	"github.com/molecule-ai/byok-conformance/gate/server"
)

// What provisioning sees is what is in scope then, not what was at create.
func TestProvisioningFollowsWhatIsInScope(t *testing.T) {
	const missing = `model "claude-opus-4-7" resolves to BYOK provider "anthropic-api" but no credential it accepts (ANTHROPIC_API_KEY, ANTHROPIC_AUTH_TOKEN) exists at workspace or global scope`
	type step struct{ method, path, body string }
	remove := step{"DELETE", "/workspaces/ID/secrets/" + accepted, ""}
	tests := []struct {
		title  string
		steps  []step
		status string
		code   string
		reason string
	}{
		{"nothing changed", nil, "online", "", ""},
		{"removed", []step{remove}, "failed", "MISSING_BYOK_CREDENTIAL", missing},
		{"replaced by a foreign one", []step{remove, {"POST", "/workspaces/ID/secrets", `{"key":"OPENAI_API_KEY","value":"v"}`}},
			"failed", "MISSING_BYOK_CREDENTIAL", missing},
		{"made blank", []step{{"PUT", "/workspaces/ID/secrets", `{"key":"ANTHROPIC_API_KEY","value":"  "}`}},
			"failed", "MISSING_BYOK_CREDENTIAL", missing},
		{"died", []step{{"PUT", "/workspaces/ID/secrets", `{"key":"ANTHROPIC_API_KEY","value":"dead"}`}},
			"failed", "BYOK_CREDENTIAL_INVALID", `BYOK provider "anthropic-api" of model "claude-opus-4-7" rejected the credential ANTHROPIC_API_KEY; replace it and try again`},
		{"removed, but there is a global one", []step{remove, {"PUT", "/settings/secrets", `{"key":"ANTHROPIC_API_KEY","value":"v"}`}},
			"online", "", ""},
		{"removed, and the global one too", []step{remove, {"PUT", "/settings/secrets", `{"key":"ANTHROPIC_API_KEY","value":"v"}`},
			{"DELETE", "/settings/secrets/ANTHROPIC_API_KEY", ""}}, "failed", "MISSING_BYOK_CREDENTIAL", missing},
	}
	for _, test := range tests {
		t.Run(test.title, func(t *testing.T) {
			c := newClient(t, nil)
			id := c.create("x", claude, map[string]string{accepted: "live"})
			for _, step := range test.steps {
				if got := c.send(step.method, strings.ReplaceAll(step.path, "ID", id), step.body); got.status != 200 {
					t.Fatalf("%s %s: %d %s", step.method, step.path, got.status, got.text)
				}
			}
			if got := c.status(id); got != "online" {
				t.Errorf("before the restart: status %q, want online: changing a secret restarts nothing here", got)
			}
			c.send("POST", "/workspaces/"+id+"/restart", "", "X-Request-ID: r-2").want(t, 200, `{"status":"provisioning"}`)
			c.server.Wait()
			if got := c.status(id); got != test.status {
				t.Errorf("status %q, want %q", got, test.status)
			}
			item := c.send("GET", "/workspaces", "").json.([]any)[0].(map[string]any)
			if diff := cmp.Diff(test.reason, item["last_sample_error"]); diff != "" {
				t.Errorf("last_sample_error (-want +got):\n%s", diff)
			}
			if test.code == "" {
				if got := c.failures(id); len(got) != 0 {
					t.Errorf("events %v, want none", got)
				}
				return
			}
			event := c.failures(id)[0].(map[string]any)
			want := map[string]any{
				"id": event["id"], "created_at": event["created_at"],
				"event_type": "WORKSPACE_PROVISION_FAILED", "workspace_id": id,
				"payload": map[string]any{"code": test.code, "error": test.reason, "provider": "anthropic-api"},
			}
			if diff := cmp.Diff(want, event); diff != "" {
				t.Errorf("event (-want +got):\n%s", diff)
			}
			for _, part := range []string{`level=WARN msg="provisioning failed" request_id=r-2`, "code=" + test.code, "workspace=" + id} {
				if !strings.Contains(c.log.String(), part) {
					t.Errorf("log lacks %q: %s", part, c.log.String())
				}
			}
		})
	}
}

func TestEventsAreNewestFirstAndStay(t *testing.T) {
	now := time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)
	c := newClient(t, func(config *server.Config) {
		config.Now = func() time.Time { return now }
	})
	id := c.create("x", claude, map[string]string{accepted: "live"})
	c.send("DELETE", "/workspaces/"+id+"/secrets/"+accepted, "")
	seen := map[any]bool{}
	for n := 1; n <= 3; n++ {
		now = now.Add(time.Second)
		c.send("POST", "/workspaces/"+id+"/restart", "")
		c.server.Wait()
		events := c.failures(id)
		if len(events) != n {
			t.Fatalf("%d events after %d failures", len(events), n)
		}
		newest := events[0].(map[string]any)
		if want := fmt.Sprintf("2026-06-01T12:00:0%dZ", n); newest["created_at"] != want {
			t.Errorf("the first of the list was made at %v, want %s", newest["created_at"], want)
		}
		seen[newest["id"]] = true
	}
	if len(seen) != 3 {
		t.Errorf("%d event ids for 3 events", len(seen))
	}
	c.send("PUT", "/workspaces/"+id+"/secrets", `{"key":"ANTHROPIC_API_KEY","value":"live"}`)
	c.send("POST", "/workspaces/"+id+"/restart", "")
	c.server.Wait()
	if got := c.status(id); got != "online" || len(c.failures(id)) != 3 {
		t.Errorf("after a good restart: status %q, %d events; want online, 3", got, len(c.failures(id)))
	}
	c.send("GET", "/events/none", "").want(t, 200, `[]`)
}

func TestWithoutAnEngine(t *testing.T) {
	c := newClient(t, func(config *server.Config) { config.NoEngine = true })
	passed := c.create("passed", claude, map[string]string{accepted: "live"})
	stopped := c.create("stopped", claude, map[string]string{accepted: "live"})
	c.send("DELETE", "/workspaces/"+stopped+"/secrets/"+accepted, "")
	c.send("POST", "/workspaces/"+stopped+"/restart", "")
	c.server.Wait()
	payload := func(id string) any { return c.failures(id)[0].(map[string]any)["payload"] }
	if diff := cmp.Diff(any(map[string]any{"error": "workspace start failed"}), payload(passed)); diff != "" {
		t.Errorf("past the gate (-want +got):\n%s", diff)
	}
	if got := payload(stopped).(map[string]any)["code"]; got != "MISSING_BYOK_CREDENTIAL" {
		t.Errorf("stopped by the gate: code %v", got)
	}
	for _, id := range []string{passed, stopped} {
		if got := c.status(id); got != "failed" {
			t.Errorf("status %q, want failed", got)
		}
	}
	remove := func() reply {
		return c.send("DELETE", "/workspaces/"+passed+"?confirm=true", "", "X-Confirm-Name: passed")
	}
	if got := remove().status; got != http.StatusInternalServerError {
		t.Errorf("delete: status %d, want 500", got)
	}
	if got := remove().status; got != http.StatusGone {
		t.Errorf("second delete: status %d, want 410: the first one removes all the same", got)
	}
	if n := c.server.Workspaces(); n != 1 {
		t.Errorf("%d workspaces, want 1", n)
	}
}

func TestProvisioningFailsClosed(t *testing.T) {
	tests := []struct {
		title        string
		gate         decide
		reason, logs string
	}{
		{"error", func(context.Context, gate.Request) (gate.Decision, error) {
			return gate.Decision{}, errors.New("registry is gone")
		},
			"gate unavailable", "registry is gone"},
		{"panic", func(context.Context, gate.Request) (gate.Decision, error) { panic("x") },
			"gate unavailable", "provision_test.go:"},
		{"no verdict", func(context.Context, gate.Request) (gate.Decision, error) { return gate.Decision{}, nil },
			"gate unavailable", "verdict"},
		{"out of time", func(ctx context.Context, _ gate.Request) (gate.Decision, error) {
			<-ctx.Done()
			return gate.Decision{Verdict: gate.Allowed}, nil
		}, "provisioning took longer than 7s", "7s"},
	}
	for _, test := range tests {
		t.Run(test.title, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := newClient(t, func(config *server.Config) {
					config.ProvisionBudget = 7 * time.Second
					config.Gate = decide(func(ctx context.Context, req gate.Request) (gate.Decision, error) {
						if req.Stage == gate.Create {
							return gate.Decision{Verdict: gate.Allowed}, nil
						}
						return test.gate(ctx, req)
					})
				})
				id := c.create("x", claude, nil)
				payload := c.failures(id)[0].(map[string]any)["payload"]
				if diff := cmp.Diff(any(map[string]any{"error": test.reason}), payload); diff != "" {
					t.Errorf("payload (-want +got):\n%s", diff)
				}
				if got := c.status(id); got != "failed" {
					t.Errorf("status %q, want failed", got)
				}
				if !strings.Contains(c.log.String(), test.logs) {
					t.Errorf("log lacks %q: %s", test.logs, c.log.String())
				}
			})
		})
	}
}
