package server_test

import (
	"strings"
	"testing"
)

// Both scopes take the same bodies and answer alike.
func TestSavingAndDeletingSecrets(t *testing.T) {
	c := newClient(t, nil)
	id := c.create("x", platform, nil)
	scopes := []struct{ scope, path string }{
		{"global", "/settings/secrets"},
		{"workspace", "/workspaces/" + id + "/secrets"},
	}
	steps := []struct {
		title, method, path, body string
		status                    int
		want                      string
	}{
		{"put", "PUT", "", `{"key":"A","value":"v"}`, 200, `{"key":"A","scope":"SCOPE","status":"saved"}`},
		{"post", "POST", "", `{"key":"A","value":"w"}`, 200, `{"key":"A","scope":"SCOPE","status":"saved"}`},
		{"blank", "PUT", "", `{"key":"A","value":"   "}`, 200, `{"key":"A","scope":"SCOPE","status":"saved"}`},
		{"a name with a space and a slash", "PUT", "", `{"key":"A/b ","value":"v"}`, 200, `{"key":"A/b ","scope":"SCOPE","status":"saved"}`},
		{"empty", "PUT", "", `{"key":"A","value":""}`, 400, `{"error":"key and value are required"}`},
		{"no value", "POST", "", `{"key":"A"}`, 400, `{"error":"key and value are required"}`},
		{"no key", "POST", "", `{"value":"v"}`, 400, `{"error":"key and value are required"}`},
		{"a number", "PUT", "", `{"key":"A","value":1}`, 400, `{"error":"invalid secret payload"}`},
		{"not JSON", "PUT", "", `A=v`, 400, `{"error":"invalid secret payload"}`},
		{"too large", "PUT", "", `{"key":"A","value":"` + strings.Repeat("v", 2<<20) + `"}`, 413, `{"error":"request body too large"}`},
		{"delete", "DELETE", "/A", "", 200, `{"key":"A","scope":"SCOPE","status":"deleted"}`},
		{"delete again", "DELETE", "/A", "", 404, `{"error":"secret not found"}`},
		{"delete what was never there", "DELETE", "/a", "", 404, `{"error":"secret not found"}`},
		{"delete the odd name", "DELETE", "/A%2Fb%20", "", 200, `{"key":"A/b ","scope":"SCOPE","status":"deleted"}`},
	}
	for _, scope := range scopes {
		for _, step := range steps {
			t.Run(scope.scope+" "+step.title, func(t *testing.T) {
				c.send(step.method, scope.path+step.path, step.body).
					want(t, step.status, strings.ReplaceAll(step.want, "SCOPE", scope.scope))
			})
		}
	}
}

func TestListingGlobalSecrets(t *testing.T) {
	c := newClient(t, nil)
	c.send("GET", "/settings/secrets", "").want(t, 200, `[]`)
	for _, body := range []string{`{"key":"B","value":"v"}`, `{"key":"A","value":"  "}`, `{"key":"B","value":"w"}`} {
		c.send("PUT", "/settings/secrets", body)
	}
	if err := c.server.PlantUnreadable("", "C"); err != nil {
		t.Fatal(err)
	}
	c.send("GET", "/settings/secrets", "").want(t, 200, `[
		{"key":"A","has_value":true,"scope":"global"},
		{"key":"B","has_value":true,"scope":"global"},
		{"key":"C","has_value":true,"scope":"global"}]`)
}

// A stored value that cannot be read is present and cannot be probed (LIV-10).
func TestUnreadableSecrets(t *testing.T) {
	c := newClient(t, nil)
	if err := c.server.PlantUnreadable("", accepted); err != nil {
		t.Fatal(err)
	}
	id := c.create("global", claude, nil)
	if got := c.status(id); got != "online" {
		t.Errorf("global: status %q", got)
	}
	c.send("DELETE", "/settings/secrets/"+accepted, "")
	if err := c.server.PlantUnreadable(id, accepted); err != nil {
		t.Fatal(err)
	}
	c.send("POST", "/workspaces/"+id+"/restart", "", "X-Request-ID: planted")
	c.server.Wait()
	if got := c.status(id); got != "online" {
		t.Errorf("workspace: status %q", got)
	}
	if !strings.Contains(c.log.String(), "request_id=planted provider=anthropic-api credential="+accepted) {
		t.Errorf("the skip is not loud: %s", c.log.String())
	}
}
