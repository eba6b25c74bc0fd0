package server_test

import (
	"net/http"
	"testing"
)

func TestReadingWorkspaces(t *testing.T) {
	c := newClient(t, nil)
	id := c.create("x", claude, map[string]string{accepted: "live"})
	const visible = `"name":"x","status":"online","runtime":"claude-code","model":"claude-opus-4-7","external":false,"url":"","workspace_access":"none"`
	c.send("GET", "/workspaces/"+id, "", "Authorization:").want(t, 200, `{"id":"`+id+`",`+visible+`}`)
	c.send("GET", "/workspaces", "").want(t, 200, `[{"id":"`+id+`",`+visible+`,"last_sample_error":""}]`)
}

func TestDelete(t *testing.T) {
	c := newClient(t, nil)
	id := c.create("\t\u00a0it's mine é ", claude, map[string]string{accepted: "live"})
	const unconfirmed = `{"error":"destructive_action_requires_confirmation"}`
	const name = "X-Confirm-Name:\u00a0it's mine é"
	steps := []struct {
		title, query, header string
		status               int
		body                 string
	}{
		{"no header", "?confirm=true", "X-Confirm-Name:", 400, unconfirmed},
		{"another name", "?confirm=true", "X-Confirm-Name: it's mine", 400, unconfirmed},
		{"not confirmed", "", name, 400, unconfirmed},
		{"confirmed otherwise", "?confirm=false", name, 400, unconfirmed},
		{"confirmed", "?confirm=true", name, 200, `{"status":"removed"}`},
		{"again", "?confirm=true", name, 410, `{"error":"workspace removed"}`},
	}
	for _, step := range steps {
		t.Run(step.title, func(t *testing.T) {
			c.send("DELETE", "/workspaces/"+id+step.query, "", step.header).want(t, step.status, step.body)
		})
	}
	c.send("GET", "/workspaces", "").want(t, 200, `[]`)
	if n := c.server.Workspaces(); n != 0 {
		t.Errorf("%d workspaces", n)
	}
}

// Every route that names a workspace tells one that never was from one that is gone.
func TestWorkspacesThatAreNotThere(t *testing.T) {
	c := newClient(t, nil)
	gone := c.create("x", platform, nil)
	c.send("DELETE", "/workspaces/"+gone+"?confirm=true", "", "X-Confirm-Name: x")
	const secret = `{"key":"A","value":"v"}`
	routes := []struct{ method, path, body string }{
		{"GET", "", ""},
		{"DELETE", "?confirm=true", ""},
		{"POST", "/restart", ""},
		{"POST", "/secrets", secret},
		{"PUT", "/secrets", secret},
		{"DELETE", "/secrets/A", ""},
	}
	for _, route := range routes {
		t.Run(route.method+" "+route.path, func(t *testing.T) {
			c.send(route.method, "/workspaces/none"+route.path, route.body).
				want(t, http.StatusNotFound, `{"error":"workspace not found"}`)
			c.send(route.method, "/workspaces/"+gone+route.path, route.body).
				want(t, http.StatusGone, `{"error":"workspace removed"}`)
		})
	}
	for _, id := range []string{"none", gone} {
		if err := c.server.PlantUnreadable(id, "A"); err == nil {
			t.Errorf("PlantUnreadable(%q) planted something", id)
		}
	}
}
