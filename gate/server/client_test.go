package server_test

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/molecule-ai/byok-conformance/gate"
	"github.com/molecule-ai/byok-conformance/gate/server"
)

const (
	adminToken = "admin-for-tests"
	accepted   = "ANTHROPIC_API_KEY"
	foreign    = "OPENAI_API_KEY"
	claude     = "claude-opus-4-7"
	platform   = "platform-model"
)

// decide makes a gate of a function.
type decide func(ctx context.Context, req gate.Request) (gate.Decision, error)

func (f decide) Decide(ctx context.Context, req gate.Request) (gate.Decision, error) {
	return f(ctx, req)
}

var allow = decide(func(context.Context, gate.Request) (gate.Decision, error) {
	return gate.Decision{Verdict: gate.Allowed}, nil
})

// smallGate knows one BYOK provider, which owns every claude-… model, and takes
// the values "dead" and "unknown" at their word.
func smallGate(_ context.Context, req gate.Request) (gate.Decision, error) {
	if req.External || !strings.HasPrefix(req.Model, "claude-") {
		return gate.Decision{Verdict: gate.Allowed}, nil
	}
	d := gate.Decision{Verdict: gate.Allowed, Provider: "anthropic-api"}
	secret := req.Secrets.Workspace[accepted]
	if !secret.Present() {
		secret = req.Secrets.Global[accepted]
	}
	switch {
	case !secret.Present():
		d.Verdict, d.Code, d.Accepted = gate.Refused, gate.MissingCredential, []string{accepted, "ANTHROPIC_AUTH_TOKEN"}
	case secret.Value == "dead":
		d.Verdict, d.Code, d.Credential = gate.Refused, gate.InvalidCredential, accepted
	case secret.Value == "unknown" || secret.Unreadable:
		d.Notices = []gate.Notice{{Provider: d.Provider, Credential: accepted, Cause: "the provider did not answer"}}
	}
	return d, nil
}

// A client drives one server and sees its log.
type client struct {
	t      testing.TB
	server *server.Server
	log    *syncBuffer
}

// newClient starts a server on smallGate, or on what change makes of it, and
// closes it with the test.
func newClient(t testing.TB, change func(*server.Config)) *client {
	t.Helper()
	log := &syncBuffer{}
	config := server.Config{Gate: decide(smallGate), AdminToken: adminToken, Log: log}
	if change != nil {
		change(&config)
	}
	s, err := server.New(config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return &client{t: t, server: s, log: log}
}

// A reply is what came back, its body as parsed JSON where it is JSON.
type reply struct {
	status int
	header http.Header
	text   string
	json   any
}

// send makes a request with the admin token; headers are "Name: value", and
// "Name:" takes one away.
func (c *client) send(method, path, body string, headers ...string) reply {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer "+adminToken)
	for _, header := range headers {
		name, value, _ := strings.Cut(header, ":")
		if value = strings.Trim(value, " \t"); value == "" {
			r.Header.Del(name)
		} else {
			r.Header.Set(name, value)
		}
	}
	w := httptest.NewRecorder()
	c.server.ServeHTTP(w, r)
	answer := reply{status: w.Code, header: w.Header(), text: w.Body.String()}
	if strings.HasPrefix(w.Header().Get("Content-Type"), "application/json") {
		if err := json.Unmarshal(w.Body.Bytes(), &answer.json); err != nil {
			c.t.Errorf("%s %s: reply is not the JSON that it says it is: %v", method, path, err)
		}
	}
	return answer
}

// create makes a workspace that must go through, waits until it is provisioned
// and returns its id.
func (c *client) create(name, model string, secrets map[string]string) string {
	c.t.Helper()
	got := c.send("POST", "/workspaces", createBody(name, model, secrets))
	if got.status != http.StatusCreated {
		c.t.Fatalf("create %s: %d %s", name, got.status, got.text)
	}
	c.server.Wait()
	return got.field("id")
}

func (c *client) status(id string) string {
	return c.send("GET", "/workspaces/"+id, "").field("status")
}

func (c *client) failures(id string) []any {
	events, _ := c.send("GET", "/events/"+id, "").json.([]any)
	return events
}

// names lists the live workspaces in the order of the list.
func (c *client) names() []string {
	list, _ := c.send("GET", "/workspaces", "").json.([]any)
	names := []string{}
	for _, item := range list {
		names = append(names, item.(map[string]any)["name"].(string))
	}
	return names
}

// field returns a string field of a JSON object, empty where there is none.
func (r reply) field(name string) string {
	object, _ := r.json.(map[string]any)
	value, _ := object[name].(string)
	return value
}

func createBody(name, model string, secrets map[string]string) string {
	body, _ := json.Marshal(map[string]any{"name": name, "model": model, "secrets": secrets})
	return string(body)
}

// want fails the test unless r has this status and this JSON body.
func (r reply) want(t testing.TB, status int, body string) {
	t.Helper()
	var wanted any
	if err := json.Unmarshal([]byte(body), &wanted); err != nil {
		t.Fatalf("wanted body: %v", err)
	}
	if r.status != status {
		t.Errorf("status %d, want %d", r.status, status)
	}
	if diff := cmp.Diff(wanted, r.json); diff != "" {
		t.Errorf("body (-want +got):\n%s", diff)
	}
}

type syncBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}
