package server

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/molecule-ai/byok-conformance/gate"
	"github.com/molecule-ai/byok-conformance/suite/target"
)

// TestPrepare holds a server to what a run needs before anything is changed.
func TestPrepare(t *testing.T) {
	type reply struct {
		status int
		body   string
	}
	healthy := reply{200, "{}"}
	tests := []struct {
		name         string
		health, list reply
		reset        bool
		want         string
		deleted      []string
	}{
		{"nothing held", healthy, reply{200, "[]"}, false, "", nil},
		{"globals of somebody else", healthy, reply{200, `[{"key":"A"},{"key":"B"}]`}, false, "holds global secrets already (A, B), which would change what it answers; the server's set-up is wrong, and not the gate: use a server of its own for the run, or delete them with --reset-global", nil},
		{"globals of somebody else, to be reset", healthy, reply{200, `[{"key":"A"},{"key":"B"}]`}, true, "", []string{"/settings/secrets/A", "/settings/secrets/B"}},
		{"not healthy", reply{503, ""}, reply{200, "[]"}, false, "is not healthy: GET /health answered 503", nil},
		{"wrong token", healthy, reply{401, `{"error":"invalid admin auth token"}`}, false, "authorised: GET /settings/secrets answered 401; the server's set-up is wrong, and not the gate: give it and the profile's headers the same token", nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var deleted []string
			srv := served(t, func(w http.ResponseWriter, r *http.Request) {
				switch {
				case r.URL.Path == "/health":
					answer(w, test.health.status, test.health.body)
				case r.Method == http.MethodDelete:
					deleted = append(deleted, r.URL.Path)
					answer(w, 200, "{}")
				default:
					answer(w, test.list.status, test.list.body)
				}
			})
			err := target.FirstWrong(srv.Prepare(t.Context(), test.reset))
			if got := fmt.Sprint(err); err == nil != (test.want == "") || err != nil && !strings.Contains(got, test.want) {
				t.Errorf("error %v\nwant  %s", err, test.want)
			}
			if diff := cmp.Diff(test.deleted, deleted, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("deleted (-want +got):\n%s", diff)
			}
		})
	}
}

// planting is a profile for a server that can be made to hold secrets that it
// cannot decrypt.
func planting(t *testing.T, url string) *Target {
	t.Helper()
	text := leanEdited(t, "claims:", `secrets:
  workspace:
    set: {request: {method: PUT, path: "/w/${id}/${key}", body: "{value: $value}"}}
    remove: {request: {method: DELETE, path: "/w/${id}/${key}"}}
    unreadable: {request: {method: POST, path: "/w/${id}/${key}/corrupt"}}
  global:
    set: {request: {method: PUT, path: "/g/${key}", body: "{value: $value}"}}
    remove: {request: {method: DELETE, path: "/g/${key}"}}
    list: {request: {method: GET, path: /g}, names: .body}
    unreadable: {request: {method: POST, path: "/g/${key}/corrupt"}}
provision:
  again: {request: {method: POST, path: "/w/${id}/start"}}
  state: {request: {method: GET, path: "/w/${id}"}, pending: "false", running: "true"}
claims:`)
	p, err := ParseProfile("f", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	srv, err := New(p, url, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if !srv.Traits().Unreadable {
		t.Error("the traits do not say that an unreadable secret can be planted")
	}
	return srv
}

func TestUnreadableSecretsArePlanted(t *testing.T) {
	var calls []string
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet {
			calls = append(calls, r.Method+" "+r.URL.Path)
		}
		answer(w, 200, "{}")
	}))
	defer s.Close()
	srv := planting(t, s.URL)
	unreadable := map[string]gate.Secret{"A": {Unreadable: true}}
	if err := srv.SetGlobals(t.Context(), unreadable); err != nil {
		t.Error(err)
	}
	r := srv.Provision(t.Context(), target.ProvisionRequest{Workspace: target.Workspace{ID: "7"}, Secrets: unreadable, Began: func() {}})
	if r.Outcome != target.Allowed {
		t.Errorf("provisioning: %s %v", r.Outcome, r.Err)
	}
	if diff := cmp.Diff([]string{"POST /g/A/corrupt", "POST /w/7/A/corrupt", "POST /w/7/start"}, calls); diff != "" {
		t.Errorf("calls (-want +got):\n%s", diff)
	}
	if r := srv.Create(t.Context(), target.CreateRequest{Secrets: unreadable}); r.Outcome != target.NoReply || r.Err == nil || len(calls) != 3 {
		t.Errorf("a create cannot plant one, and came to %s %v", r.Outcome, r.Err)
	}
}

// TestSetGlobals holds the server's global secrets to exactly what is wanted,
// and to nothing of somebody else's.
func TestSetGlobals(t *testing.T) {
	var calls []string
	srv := served(t, func(w http.ResponseWriter, r *http.Request) {
		var body struct{ Key, Value string }
		_ = json.NewDecoder(r.Body).Decode(&body) // a DELETE has none
		calls = append(calls, strings.TrimSpace(r.Method+" "+r.URL.Path+" "+body.Key+"="+body.Value))
		if r.Method == http.MethodDelete {
			answer(w, 404, `{"error":"secret not found"}`)
			return
		}
		answer(w, 200, "{}")
	})
	steps := []struct {
		set  map[string]gate.Secret
		want []string
	}{
		{map[string]gate.Secret{"A": {Value: "1"}}, []string{"PUT /settings/secrets A=1"}},
		{map[string]gate.Secret{"A": {Value: "2"}}, []string{"PUT /settings/secrets A=2"}},
		{map[string]gate.Secret{"B": {Value: "3"}}, []string{"DELETE /settings/secrets/A =", "PUT /settings/secrets B=3"}},
		{nil, []string{"DELETE /settings/secrets/B ="}},
		{nil, nil},
	}
	for i, step := range steps {
		calls = nil
		if err := srv.SetGlobals(t.Context(), step.set); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(step.want, calls, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("step %d (-want +got):\n%s", i, diff)
		}
	}
	failing := served(t, func(w http.ResponseWriter, _ *http.Request) { answer(w, 500, "") })
	if err := failing.SetGlobals(t.Context(), map[string]gate.Secret{"A": {Value: "1"}}); err == nil || err.Error() != "setting global secret A: PUT /settings/secrets was not done: the server answered 500" {
		t.Errorf("a server that does not take it: %v", err)
	}
	keeping := served(t, func(w http.ResponseWriter, r *http.Request) {
		answer(w, map[string]int{http.MethodPut: 200, http.MethodDelete: 500}[r.Method], "")
	})
	if err := keeping.SetGlobals(t.Context(), map[string]gate.Secret{"A": {Value: "1"}, "B": {Value: "2"}}); err != nil {
		t.Fatal(err)
	}
	const left = "removing global secret A: DELETE /settings/secrets/A was not done: the server answered 500\nremoving global secret B: DELETE /settings/secrets/B was not done: the server answered 500"
	if err := keeping.SetGlobals(t.Context(), nil); err == nil || err.Error() != left {
		t.Errorf("a server that keeps them: %v", err)
	}
}

// health.done takes the place of the status, in a check and while a server comes up.
func TestHealthIsWhatTheProfileSays(t *testing.T) {
	for _, test := range []struct {
		body string
		up   bool
	}{{`{"status":"ok"}`, true}, {`{"status":"starting"}`, false}} {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { answer(w, 200, test.body) }))
		defer s.Close()
		p, err := ParseProfile("f", []byte(leanEdited(t, "claims:", "health: {request: {method: GET, path: /up}, done: .body.status == \"ok\"}\nclaims:")))
		if err != nil {
			t.Fatal(err)
		}
		srv, err := New(p, s.URL, Options{})
		if err != nil {
			t.Fatal(err)
		}
		if err := target.FirstWrong(srv.Prepare(t.Context(), false)); (err == nil) != test.up || err != nil && !strings.Contains(err.Error(), "correct health.done") {
			t.Errorf("%s: %v", test.body, err)
		}
		health, err := p.Health(nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := health(t.Context(), s.URL); (err == nil) != test.up {
			t.Errorf("%s while it comes up: %v", test.body, err)
		}
	}
}
