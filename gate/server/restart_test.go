package server_test

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/molecule-ai/byok-conformance/gate"
	"github.com/molecule-ai/byok-conformance/gate/server"
)

// slowGate allows every create and holds each provisioning until it is told to
// go on or its context ends; then it decides as smallGate does.
type slowGate struct {
	entered chan struct{}
	goOn    chan struct{}
	asked   chan gate.Request
}

func newSlowGate() slowGate {
	return slowGate{make(chan struct{}, 99), make(chan struct{}), make(chan gate.Request, 99)}
}

func (g slowGate) Decide(ctx context.Context, req gate.Request) (gate.Decision, error) {
	if req.Stage == gate.Create {
		return gate.Decision{Verdict: gate.Allowed}, nil
	}
	g.asked <- req
	select {
	case <-g.goOn:
	case <-ctx.Done():
	}
	return smallGate(ctx, req)
}

func TestTheLastRestartWins(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow := newSlowGate()
		c := newClient(t, func(config *server.Config) { config.Gate = slow })
		id := c.send("POST", "/workspaces", createBody("x", claude, nil)).field("id")
		synctest.Wait() // the first provisioning is in the gate, with no credential
		c.send("PUT", "/workspaces/"+id+"/secrets", `{"key":"ANTHROPIC_API_KEY","value":"dead"}`)
		c.send("POST", "/workspaces/"+id+"/restart", "")
		synctest.Wait() // the second one, with a dead one
		c.send("PUT", "/workspaces/"+id+"/secrets", `{"key":"ANTHROPIC_API_KEY","value":"live"}`)
		c.send("POST", "/workspaces/"+id+"/restart", "")
		synctest.Wait() // the third one, with a live one
		if got := c.status(id); got != "provisioning" {
			t.Errorf("status %q while the last one runs", got)
		}
		if n := len(slow.asked); n != 3 {
			t.Errorf("the gate was asked %d times, want 3", n)
		}
		slow.goOn <- struct{}{}
		c.server.Wait()
		if got := c.status(id); got != "online" {
			t.Errorf("status %q, want online", got)
		}
		if got := c.failures(id); len(got) != 0 {
			t.Errorf("what was overtaken left events: %v", got)
		}
		if got := c.log.String(); got != "" {
			t.Errorf("what was overtaken was logged: %s", got)
		}
	})
}

// onWrite is a log that does something at each line.
type onWrite func(line string)

func (f onWrite) Write(p []byte) (int, error) {
	f(string(p))
	return len(p), nil
}

// A restart may come in after the gate has answered and before the answer is
// noted down; here it comes while the failure is being logged.
func TestARestartOvertakesAnOutcomeAtTheLastMoment(t *testing.T) {
	var c *client
	var once sync.Once
	ids := make(chan string, 1)
	c = newClient(t, func(config *server.Config) {
		config.Log = onWrite(func(string) {
			once.Do(func() {
				id := <-ids
				c.send("PUT", "/workspaces/"+id+"/secrets", `{"key":"ANTHROPIC_API_KEY","value":"live"}`)
				c.send("POST", "/workspaces/"+id+"/restart", "")
			})
		})
		config.Gate = decide(func(ctx context.Context, req gate.Request) (gate.Decision, error) {
			if req.Stage == gate.Create {
				return gate.Decision{Verdict: gate.Allowed}, nil
			}
			return smallGate(ctx, req)
		})
	})
	id := c.send("POST", "/workspaces", createBody("x", claude, nil)).field("id")
	ids <- id
	c.server.Wait()
	if got := c.status(id); got != "online" {
		t.Errorf("status %q, want online", got)
	}
	if got := c.failures(id); len(got) != 0 {
		t.Errorf("the outcome that was overtaken left events: %v", got)
	}
}

func TestDeletingEndsTheProvisioning(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow := newSlowGate()
		c := newClient(t, func(config *server.Config) { config.Gate = slow })
		id := c.send("POST", "/workspaces", createBody("x", claude, nil)).field("id")
		synctest.Wait()
		start := time.Now()
		c.send("DELETE", "/workspaces/"+id+"?confirm=true", "", "X-Confirm-Name: x").want(t, 200, `{"status":"removed"}`)
		c.server.Close()
		if took := time.Since(start); took != 0 {
			t.Errorf("Close waited %s for a workspace that is gone", took)
		}
		if got := c.failures(id); len(got) != 0 {
			t.Errorf("events after the delete: %v", got)
		}
	})
}

func TestRestartAnswersProvisioningAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow := newSlowGate()
		c := newClient(t, func(config *server.Config) { config.Gate = slow })
		id := c.send("POST", "/workspaces", createBody("x", claude, nil)).field("id")
		slow.goOn <- struct{}{}
		c.server.Wait()
		if got := c.status(id); got != "failed" {
			t.Fatalf("status %q, want failed", got)
		}
		c.send("POST", "/workspaces/"+id+"/restart", "").want(t, 200, `{"status":"provisioning"}`)
		item := c.send("GET", "/workspaces", "").json.([]any)[0].(map[string]any)
		if item["status"] != "provisioning" || item["last_sample_error"] != "" {
			t.Errorf("after the restart's reply: status %v, last_sample_error %v", item["status"], item["last_sample_error"])
		}
		slow.goOn <- struct{}{}
		c.server.Wait()
	})
}

func TestAnExternalWorkspaceIsNeverProvisioned(t *testing.T) {
	slow := newSlowGate()
	c := newClient(t, func(config *server.Config) { config.Gate = slow })
	id := c.send("POST", "/workspaces", `{"name":"x","external":true}`).field("id")
	c.send("POST", "/workspaces/"+id+"/restart", "").want(t, 200, `{"status":"awaiting_agent"}`)
	c.server.Wait()
	if n := len(slow.asked); n != 0 {
		t.Errorf("provisioned %d times", n)
	}
}
