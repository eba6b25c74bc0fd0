package server_test

import (
	"bytes"
	"io"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/molecule-ai/byok-conformance/gate/server"
)

func withHabits(t testing.TB, h server.Habits) *client {
	return newClient(t, func(config *server.Config) { config.Habits = h })
}

func TestASecretWrittenByTheAdministratorWaitsForAnApproval(t *testing.T) {
	c := withHabits(t, server.Habits{Approvals: true})
	id := c.create("x", claude, map[string]string{accepted: "live"})
	secrets, write := "/workspaces/"+id+"/secrets", `{"key":"OPENAI_API_KEY","value":"v"}`
	first := c.send("PUT", secrets, write)
	if first.status != http.StatusAccepted || first.field("status") != "pending_approval" {
		t.Fatalf("the first write: %d %s", first.status, first.text)
	}
	again := c.send("PUT", secrets, write)
	if again.field("approval_id") != first.field("approval_id") {
		t.Error("the same write, while it is pending, got another approval")
	}
	c.send("POST", "/workspaces/"+id+"/approvals/"+first.field("approval_id")+"/decide", `{"decision":"approved"}`).want(t, 200, `{"status":"approved"}`)
	c.send("PUT", secrets, write).want(t, 200, `{"key":"OPENAI_API_KEY","scope":"workspace","status":"saved"}`)
	if got := c.send("PUT", secrets, write); got.status != http.StatusAccepted {
		t.Errorf("an approval served two writes: %d", got.status)
	}
}

func TestTheWorkspacesOwnTokenWritesAtOnce(t *testing.T) {
	c := withHabits(t, server.Habits{Approvals: true})
	made := c.send("POST", "/workspaces", createBody("x", claude, map[string]string{accepted: "live"}))
	other := c.send("POST", "/workspaces", createBody("y", claude, map[string]string{accepted: "live"}))
	path, write := "/workspaces/"+made.field("id")+"/secrets", `{"key":"OPENAI_API_KEY","value":"v"}`
	for _, step := range []struct {
		title, token string
		status       int
	}{
		{"its own", made.field("auth_token"), 200},
		{"another workspace's", other.field("auth_token"), 401},
		{"nobody's", "made-up", 401},
	} {
		if got := c.send("PUT", path, write, "Authorization: Bearer "+step.token); got.status != step.status {
			t.Errorf("%s token: %d, want %d", step.title, got.status, step.status)
		}
	}
}

// TestAChangeOfASecretRestarts makes a workspace right after the change of a global
// secret, which holds it up, and a while later; and changes one of its own.
func TestAChangeOfASecretRestarts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := withHabits(t, server.Habits{RestartDelay: time.Second})
		made := func(name string) (reply, time.Duration) {
			began := time.Now()
			r := c.send("POST", "/workspaces", createBody(name, claude, map[string]string{accepted: "dead-later"}))
			return r, time.Since(began)
		}
		c.send("PUT", "/settings/secrets", `{"key":"OPENAI_API_KEY","value":"v"}`)
		time.Sleep(time.Millisecond)
		if _, took := made("at once"); took < 10*time.Second {
			t.Errorf("a create right after the change took %s", took)
		}
		time.Sleep(2 * time.Second)
		r, took := made("later")
		if took != time.Second {
			t.Errorf("a create a while after the change took %s", took)
		}
		time.Sleep(time.Second)
		path := "/workspaces/" + r.field("id")
		for _, step := range []struct{ title, token, want string }{
			{"its own token", r.field("auth_token"), "online"},
			{"the administrator", adminToken, "failed"},
		} {
			c.send("PUT", path+"/secrets", `{"key":"`+accepted+`","value":"dead"}`, "Authorization: Bearer "+step.token)
			time.Sleep(2 * time.Second)
			if got := c.send("GET", path, "").field("status"); got != step.want {
				t.Errorf("after %s wrote a dead key the workspace is %s, want %s", step.title, got, step.want)
			}
		}
		c.server.Wait()
	})
}

func TestARowComesBackThatIsDeletedWhileItIsProvisioned(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := withHabits(t, server.Habits{RowsComeBack: true, ProvisionTime: time.Second})
		id := c.send("POST", "/workspaces", createBody("x", claude, map[string]string{accepted: "live"})).field("id")
		del := func() int { return c.send("DELETE", "/workspaces/"+id+"?confirm=true", "", "X-Confirm-Name: x").status }
		if got := del(); got != 500 {
			t.Errorf("a delete under way: %d", got)
		}
		if got := c.names(); len(got) != 0 {
			t.Errorf("after the delete the list holds %v", got)
		}
		c.server.Wait()
		if got := c.names(); len(got) != 1 {
			t.Errorf("after the provisioning the list holds %v", got)
		}
		if got := del(); got != 200 {
			t.Errorf("a delete at rest: %d", got)
		}
	})
}

func TestTheEventOfAFailureComesAfterItsStatus(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newClient(t, func(config *server.Config) {
			config.NoEngine, config.Habits = true, server.Habits{EventDelay: time.Second, NoEventIDs: true}
		})
		id := c.create("x", claude, map[string]string{accepted: "live"})
		if got := c.status(id); got != "failed" || len(c.failures(id)) != 0 {
			t.Errorf("at once: %s and %d events", got, len(c.failures(id)))
		}
		time.Sleep(2 * time.Second)
		events := c.failures(id)
		if len(events) != 1 || events[0].(map[string]any)["id"] != nil {
			t.Errorf("later: %v", events)
		}
	})
}

func TestNewWorkspacesNestUnderARoot(t *testing.T) {
	for _, step := range []struct {
		title  string
		habits server.Habits
		names  []string
		delete string
		left   []string
	}{
		{"a seeded one", server.Habits{Root: "root"}, []string{"root", "a", "b"}, "a", []string{"root", "b"}},
		{"the first one", server.Habits{Nests: true}, []string{"a", "b"}, "a", []string{}},
		{"names that the server changes", server.Habits{NameSuffix: "-x"}, []string{"a-x", "b-x"}, "a-x", []string{"b-x"}},
	} {
		c := withHabits(t, step.habits)
		id := c.create("a", claude, map[string]string{accepted: "live"})
		c.create("b", claude, map[string]string{accepted: "live"})
		if diff := cmp.Diff(step.names, c.names()); diff != "" {
			t.Errorf("%s: %s", step.title, diff)
		}
		c.send("DELETE", "/workspaces/"+id+"?confirm=true", "", "X-Confirm-Name: "+step.delete)
		if diff := cmp.Diff(step.left, c.names()); diff != "" {
			t.Errorf("%s, after the delete: %s", step.title, diff)
		}
	}
}

func TestTheListComesInPages(t *testing.T) {
	c := withHabits(t, server.Habits{PageSize: 2})
	for _, name := range []string{"a", "b", "c"} {
		c.create(name, claude, map[string]string{accepted: "live"})
	}
	first := c.send("GET", "/workspaces", "")
	if got := first.header.Get("Link"); got != `</workspaces?after=2>; rel="next"` || len(first.json.([]any)) != 2 {
		t.Errorf("the first page: %s, %s", got, first.text)
	}
	second := c.send("GET", "/workspaces?after="+first.header.Get("X-Next-Page"), "")
	if len(second.json.([]any)) != 1 || second.header.Get("Link") != "" {
		t.Errorf("the second page: %s", second.text)
	}
}

func TestEnoughLargeCreatesLockThePoolForGood(t *testing.T) {
	large := map[string]string{accepted: "live"}
	for _, name := range []string{"A", "B", "C", "D", "E", "F", "G", "H", "I", "J", "K", "L", "M", "N", "O", "P"} {
		large[name] = "v"
	}
	synctest.Test(t, func(t *testing.T) {
		c := withHabits(t, server.Habits{PoolSize: 2})
		c.create("alone", claude, large)
		var wg sync.WaitGroup
		for _, name := range []string{"a", "b"} {
			wg.Go(func() { c.send("POST", "/workspaces", createBody(name, claude, large)) })
		}
		time.Sleep(time.Second)
		listed := false
		wg.Go(func() { c.names(); listed = true })
		time.Sleep(time.Hour)
		if listed {
			t.Error("the list was answered")
		}
		if got := c.send("GET", "/health", ""); got.status != 200 {
			t.Errorf("health: %d", got.status)
		}
		c.server.Close()
		wg.Wait()
	})
}

func TestOutputComesInPieces(t *testing.T) {
	var got writes
	_, _ = io.WriteString(server.InPieces(&got, 3), "abcdefg")
	if diff := cmp.Diff([]string{"abc", "def", "g"}, []string(got)); diff != "" {
		t.Error(diff)
	}
}

type writes []string

func (w *writes) Write(p []byte) (int, error) {
	*w = append(*w, string(bytes.Clone(p)))
	return len(p), nil
}
