package server_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/molecule-ai/byok-conformance/gate"
	"github.com/molecule-ai/byok-conformance/gate/server"
)

// volatile is what differs from run to run in a 201.
var volatile = regexp.MustCompile(`"(id|workspace_id)":"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"|"(auth_token)":"[A-Z2-7]{26}"`)

func TestCreateReplies(t *testing.T) {
	live := map[string]string{accepted: "live"}
	tests := []struct {
		title, body string
		status      int
		want        string
	}{
		{"allowed", createBody("a", claude, live), 201,
			`{"id":"…","status":"provisioning","workspace_access":"none","auth_token":"…"}`},
		{"allowed without proof of life", createBody("a", claude, map[string]string{accepted: "unknown"}), 201,
			`{"id":"…","status":"provisioning","workspace_access":"none","auth_token":"…","warnings":[{"provider":"anthropic-api","credential":"ANTHROPIC_API_KEY","cause":"the provider did not answer"}]}`},
		{"external", `{"name":"a","model":"claude-opus-4-7","external":true,"url":"https://agent.invalid"}`, 201,
			`{"external":true,"id":"…","status":"awaiting_agent","connection":{"workspace_id":"…","auth_token":"…"}}`},
		{"nothing but a name", `{"name":"a"}`, 201,
			`{"id":"…","status":"provisioning","workspace_access":"none","auth_token":"…"}`},
		{"unknown fields", `{"name":"a","tier":2,"role":["x"],"template":{},"more":null}`, 201,
			`{"id":"…","status":"provisioning","workspace_access":"none","auth_token":"…"}`},
		{"no credential", createBody("a", claude, nil), 422,
			`{"code":"MISSING_BYOK_CREDENTIAL","error":"model \"claude-opus-4-7\" resolves to BYOK provider \"anthropic-api\" but no credential it accepts (ANTHROPIC_API_KEY, ANTHROPIC_AUTH_TOKEN) exists at workspace or global scope","model":"claude-opus-4-7","runtime":"claude-code","provider":"anthropic-api","accepted":["ANTHROPIC_API_KEY","ANTHROPIC_AUTH_TOKEN"]}`},
		{"a foreign credential", `{"name":"a","runtime":"hermes","model":"claude-opus-4-7","secrets":{"OPENAI_API_KEY":"live"}}`, 422,
			`{"code":"MISSING_BYOK_CREDENTIAL","error":"model \"claude-opus-4-7\" resolves to BYOK provider \"anthropic-api\" but no credential it accepts (ANTHROPIC_API_KEY, ANTHROPIC_AUTH_TOKEN) exists at workspace or global scope","model":"claude-opus-4-7","runtime":"hermes","provider":"anthropic-api","accepted":["ANTHROPIC_API_KEY","ANTHROPIC_AUTH_TOKEN"]}`},
		{"a dead credential", createBody("a", claude, map[string]string{accepted: "dead"}), 422,
			`{"code":"BYOK_CREDENTIAL_INVALID","error":"BYOK provider \"anthropic-api\" of model \"claude-opus-4-7\" rejected the credential ANTHROPIC_API_KEY; replace it and try again","model":"claude-opus-4-7","runtime":"claude-code","provider":"anthropic-api","credential":"ANTHROPIC_API_KEY"}`},
	}
	for _, test := range tests {
		t.Run(test.title, func(t *testing.T) {
			c := newClient(t, nil)
			got := c.send("POST", "/workspaces", test.body)
			body := volatile.ReplaceAllString(strings.TrimSpace(got.text), `"$1$2":"…"`)
			if got.status != test.status {
				t.Errorf("status %d, want %d", got.status, test.status)
			}
			if diff := cmp.Diff(test.want, body); diff != "" {
				t.Errorf("body (-want +got):\n%s", diff)
			}
		})
	}
}

func TestWhatTheGateIsAsked(t *testing.T) {
	asked := make(chan gate.Request, 4)
	c := newClient(t, func(config *server.Config) {
		config.Gate = decide(func(_ context.Context, req gate.Request) (gate.Decision, error) {
			asked <- req
			return gate.Decision{Verdict: gate.Allowed}, nil
		})
	})
	c.send("PUT", "/settings/secrets", `{"key":"G","value":"   "}`)
	if err := c.server.PlantUnreadable("", "U"); err != nil {
		t.Fatal(err)
	}
	c.send("POST", "/workspaces", `{"name":"a","model":" m ","url":"https://u.invalid","secrets":{"W ":"v\n","w":""}}`)
	c.server.Wait()
	want := gate.Request{
		Stage:   gate.Create,
		Runtime: "claude-code",
		Model:   " m ",
		URL:     "https://u.invalid",
		Secrets: gate.Secrets{
			Workspace: map[string]gate.Secret{"W ": {Value: "v\n"}, "w": {}},
			Global:    map[string]gate.Secret{"G": {Value: "   "}, "U": {Unreadable: true}},
		},
	}
	if diff := cmp.Diff(want, <-asked); diff != "" {
		t.Errorf("at create (-want +got):\n%s", diff)
	}
	want.Stage = gate.Provision
	if diff := cmp.Diff(want, <-asked); diff != "" {
		t.Errorf("at provision (-want +got):\n%s", diff)
	}
	c.send("POST", "/workspaces", `{"name":"b","runtime":"hermes","external":true,"url":"https://e.invalid"}`)
	c.server.Wait()
	if got := <-asked; !got.External || got.URL != "https://e.invalid" || got.Runtime != "hermes" {
		t.Errorf("external: asked %+v", got)
	}
	if len(asked) > 0 {
		t.Errorf("an external workspace was provisioned: %+v", <-asked)
	}
}

// A gate that writes into the maps it is given changes nothing but its copy.
func TestTheGateCannotChangeWhatIsStored(t *testing.T) {
	c := newClient(t, func(config *server.Config) {
		config.Gate = decide(func(ctx context.Context, req gate.Request) (gate.Decision, error) {
			d, err := smallGate(ctx, req)
			clear(req.Secrets.Workspace)
			clear(req.Secrets.Global)
			return d, err
		})
	})
	c.send("PUT", "/settings/secrets", `{"key":"G","value":"v"}`)
	id := c.create("a", claude, map[string]string{accepted: "live"})
	if got := c.status(id); got != "online" {
		t.Errorf("status %q, want online", got)
	}
	c.send("GET", "/settings/secrets", "").want(t, 200, `[{"key":"G","has_value":true,"scope":"global"}]`)
}

func TestNamesAreUniqueAmongLiveWorkspaces(t *testing.T) {
	c := newClient(t, nil)
	first := c.create("x", platform, nil)
	want := []string{"x"}
	for n := 2; n <= 20; n++ {
		c.create("x", platform, nil)
		want = append(want, fmt.Sprintf("x (%d)", n))
	}
	if diff := cmp.Diff(want, c.names()); diff != "" {
		t.Errorf("names (-want +got):\n%s", diff)
	}
	c.send("POST", "/workspaces", createBody("x", platform, nil)).
		want(t, http.StatusConflict, `{"error":"workspace name already in use"}`)
	c.create("y", platform, nil)
	if got := c.send("DELETE", "/workspaces/"+first+"?confirm=true", "", "X-Confirm-Name: x"); got.status != 200 {
		t.Fatalf("delete: %d %s", got.status, got.text)
	}
	again := c.create("x", platform, nil)
	if got := c.send("GET", "/workspaces/"+again, "").field("name"); got != "x" {
		t.Errorf("a freed name came back as %q", got)
	}
}

func TestARefusedCreateLeavesNothing(t *testing.T) {
	for _, value := range []string{"", "dead"} {
		t.Run(value, func(t *testing.T) {
			stages := make(chan gate.Stage, 9)
			c := newClient(t, func(config *server.Config) {
				config.Gate = decide(func(ctx context.Context, req gate.Request) (gate.Decision, error) {
					stages <- req.Stage
					return smallGate(ctx, req)
				})
			})
			if got := c.send("POST", "/workspaces", createBody("x", claude, map[string]string{accepted: value, foreign: "v"})); got.status != 422 {
				t.Fatalf("%d %s", got.status, got.text)
			}
			c.server.Wait()
			if n := c.server.Workspaces(); n != 0 {
				t.Errorf("%d workspaces", n)
			}
			c.send("GET", "/workspaces", "").want(t, 200, `[]`)
			c.send("GET", "/settings/secrets", "").want(t, 200, `[]`)
			if len(stages) != 1 {
				t.Errorf("the gate was asked %d times, want once", len(stages))
			}
			if got := c.log.String(); got != "" {
				t.Errorf("logged: %s", got)
			}
		})
	}
}

func TestAGateThatGivesNoVerdict(t *testing.T) {
	var nothing map[string]int
	tests := []struct {
		title string
		gate  decide
		log   string
	}{
		{"error", func(context.Context, gate.Request) (gate.Decision, error) {
			return gate.Decision{Verdict: gate.Allowed}, errors.New("registry is gone")
		}, "registry is gone"},
		{"zero decision", func(context.Context, gate.Request) (gate.Decision, error) { return gate.Decision{}, nil }, `verdict is`},
		{"panic", func(context.Context, gate.Request) (gate.Decision, error) { panic("oh no") }, "panicked with a string at"},
		{"runtime error", func(context.Context, gate.Request) (gate.Decision, error) {
			nothing["x"] = 1
			return gate.Decision{}, nil
		},
			"create_test.go:"},
	}
	for _, test := range tests {
		t.Run(test.title, func(t *testing.T) {
			broken := true
			c := newClient(t, func(config *server.Config) {
				config.Gate = decide(func(ctx context.Context, req gate.Request) (gate.Decision, error) {
					if broken {
						return test.gate(ctx, req)
					}
					return smallGate(ctx, req)
				})
			})
			c.send("POST", "/workspaces", createBody("x", claude, nil), "X-Request-ID: r-1").
				want(t, http.StatusInternalServerError, `{"error":"gate unavailable"}`)
			log := c.log.String()
			for _, part := range []string{"level=ERROR", "gate unavailable", test.log, "request_id=r-1"} {
				if !strings.Contains(log, part) {
					t.Errorf("log lacks %q: %s", part, log)
				}
			}
			if n := c.server.Workspaces(); n != 0 {
				t.Errorf("%d workspaces are left", n)
			}
			broken = false
			c.create("next", platform, nil)
		})
	}
}

// A gate whose probe is cut short by the client's leaving sees a network failure
// and allows; a dead credential must not get in that way.
func TestHangingUpGetsNoWorkspace(t *testing.T) {
	ctx, hangUp := context.WithCancel(t.Context())
	c := newClient(t, func(config *server.Config) {
		config.Gate = decide(func(ctx context.Context, _ gate.Request) (gate.Decision, error) {
			hangUp()
			<-ctx.Done()
			return gate.Decision{Verdict: gate.Allowed}, nil
		})
	})
	r := httptest.NewRequestWithContext(ctx, "POST", "/workspaces", strings.NewReader(createBody("x", claude, nil)))
	r.Header.Set("Authorization", "Bearer "+adminToken)
	w := httptest.NewRecorder()
	c.server.ServeHTTP(w, r)
	if n := c.server.Workspaces(); n != 0 || w.Code == http.StatusCreated {
		t.Errorf("%d workspaces, status %d", n, w.Code)
	}
}

func TestAllowingWithoutProofOfLifeIsLoud(t *testing.T) {
	c := newClient(t, nil)
	got := c.send("POST", "/workspaces", createBody("x", claude, map[string]string{accepted: "unknown"}), "X-Request-ID: r-1")
	c.server.Wait()
	for _, stage := range []gate.Stage{gate.Create, gate.Provision} {
		want := fmt.Sprintf(`level=WARN msg="allowed without proof of life" request_id=r-1 provider=anthropic-api credential=%s cause="the provider did not answer" stage=%s workspace=%s`,
			accepted, stage, got.field("id"))
		if !strings.Contains(c.log.String(), want) {
			t.Errorf("log lacks %s\n%s", want, c.log.String())
		}
	}
}

func TestAfterCloseNothingStarts(t *testing.T) {
	c := newClient(t, nil)
	id := c.create("x", platform, nil)
	c.server.Close()
	const closing = `{"error":"server is shutting down"}`
	c.send("POST", "/workspaces", createBody("y", platform, nil)).want(t, http.StatusServiceUnavailable, closing)
	c.send("POST", "/workspaces/"+id+"/restart", "").want(t, http.StatusServiceUnavailable, closing)
	if got := c.status(id); got != "online" {
		t.Errorf("status %q", got)
	}
}
