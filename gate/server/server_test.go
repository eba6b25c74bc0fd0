package server_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/molecule-ai/byok-conformance/gate/server"
)

func TestNewNamesTheFieldThatIsWrong(t *testing.T) {
	tests := []struct {
		field  string
		config server.Config
	}{
		{"Config.Gate", server.Config{AdminToken: adminToken}},
		{"Config.AdminToken", server.Config{Gate: allow}},
		{"Config.RateLimit", server.Config{Gate: allow, AdminToken: adminToken, RateLimit: -1}},
		{"Config.ProvisionBudget", server.Config{Gate: allow, AdminToken: adminToken, ProvisionBudget: -1}},
	}
	for _, test := range tests {
		t.Run(test.field, func(t *testing.T) {
			_, err := server.New(test.config)
			if err == nil || !strings.Contains(err.Error(), test.field) {
				t.Errorf("error %v, want one that names %s", err, test.field)
			}
		})
	}
}

// One row for each route, so that none is left unguarded unseen.
func TestWhoMayAskWhat(t *testing.T) {
	c := newClient(t, nil)
	id := c.create("guarded", platform, nil)
	routes := []struct {
		method, path string
		open         bool
	}{
		{"GET", "/health", true},
		{"GET", "/workspaces/" + id, true},
		{"GET", "/workspaces", false},
		{"POST", "/workspaces", false},
		{"DELETE", "/workspaces/" + id, false},
		{"POST", "/workspaces/" + id + "/restart", false},
		{"GET", "/events/" + id, false},
		{"POST", "/workspaces/" + id + "/secrets", false},
		{"PUT", "/workspaces/" + id + "/secrets", false},
		{"DELETE", "/workspaces/" + id + "/secrets/" + accepted, false},
		{"GET", "/settings/secrets", false},
		{"POST", "/settings/secrets", false},
		{"PUT", "/settings/secrets", false},
		{"DELETE", "/settings/secrets/" + accepted, false},
	}
	credentials := []struct{ title, header, message string }{
		{"no header", "Authorization:", "admin auth required"},
		{"no token", "Authorization: Bearer", "admin auth required"},
		{"lower-case scheme", "Authorization: bearer " + adminToken, "admin auth required"},
		{"other scheme", "Authorization: Basic " + adminToken, "admin auth required"},
		{"wrong token", "Authorization: Bearer x" + adminToken, "invalid admin auth token"},
		{"start of the token", "Authorization: Bearer " + adminToken[:4], "invalid admin auth token"},
	}
	for _, route := range routes {
		for _, credential := range credentials {
			t.Run(route.method+" "+route.path+" "+credential.title, func(t *testing.T) {
				got := c.send(route.method, route.path, "", credential.header)
				if route.open {
					if got.status != http.StatusOK {
						t.Errorf("status %d, want 200", got.status)
					}
					return
				}
				got.want(t, http.StatusUnauthorized, `{"error":"`+credential.message+`"}`)
			})
		}
		t.Run(route.method+" "+route.path+" admin", func(t *testing.T) {
			if got := c.send(route.method, route.path, ""); got.status == http.StatusUnauthorized {
				t.Error("the admin token is turned away")
			}
		})
	}
}

func TestReplies(t *testing.T) {
	c := newClient(t, nil)
	t.Run("JSON says its charset", func(t *testing.T) {
		if got := c.send("GET", "/health", "").header.Get("Content-Type"); got != "application/json; charset=utf-8" {
			t.Errorf("Content-Type %q", got)
		}
	})
	t.Run("an unknown route is a 404 in text", func(t *testing.T) {
		got := c.send("GET", "/nowhere", "", "Authorization:")
		if got.status != http.StatusNotFound || got.json != nil {
			t.Errorf("%d %q, want 404 and text", got.status, got.text)
		}
	})
	t.Run("a wrong method is a 405", func(t *testing.T) {
		got := c.send("PATCH", "/workspaces", "")
		if got.status != http.StatusMethodNotAllowed || !strings.Contains(got.header.Get("Allow"), "POST") {
			t.Errorf("%d, Allow %q; want 405 and POST among the allowed", got.status, got.header.Get("Allow"))
		}
	})
	t.Run("a slash too many is a 307", func(t *testing.T) {
		got := c.send("POST", "/workspaces/?a=b", createBody("x", platform, nil))
		if got.status != http.StatusTemporaryRedirect || got.header.Get("Location") != "/workspaces?a=b" {
			t.Errorf("%d to %q", got.status, got.header.Get("Location"))
		}
	})
	t.Run("X-Request-ID comes back on every one", func(t *testing.T) {
		for _, path := range []string{"/health", "/workspaces", "/nowhere"} {
			if got := c.send("GET", path, "", "X-Request-ID: run-1/PRE-2").header.Get("X-Request-ID"); got != "run-1/PRE-2" {
				t.Errorf("GET %s: %q", path, got)
			}
		}
		if _, found := c.send("GET", "/health", "").header["X-Request-Id"]; found {
			t.Error("one was made up")
		}
	})
}

// Over a real connection, where the body limit has to get its reply through.
func TestOverHTTP(t *testing.T) {
	c := newClient(t, nil)
	web := httptest.NewServer(c.server)
	defer web.Close()
	post := func(path string, body io.Reader) *http.Response {
		t.Helper()
		r, err := http.NewRequest("POST", web.URL+path, body)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "Bearer "+adminToken)
		resp, err := web.Client().Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		_, _ = io.Copy(io.Discard, resp.Body)
		return resp
	}
	for _, step := range []struct {
		title, path, body string
		status            int
	}{
		{"a redirect is followed with method and body", "/workspaces/", createBody("redirected", platform, nil), 201},
		{"a body over 2 MiB", "/workspaces", createBody("big", platform, map[string]string{"X": strings.Repeat("x", 3<<20)}), 413},
		{"the next create works", "/workspaces", createBody("next", platform, nil), 201},
	} {
		if got := post(step.path, strings.NewReader(step.body)).StatusCode; got != step.status {
			t.Errorf("%s: status %d, want %d", step.title, got, step.status)
		}
	}
	if got := c.server.Workspaces(); got != 2 {
		t.Errorf("%d workspaces, want 2", got)
	}
}
