package server

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/molecule-ai/byok-conformance/gate"
	"github.com/molecule-ai/byok-conformance/gate/server"
	"github.com/molecule-ai/byok-conformance/registry"
	"github.com/molecule-ai/byok-conformance/suite/target"
	"github.com/molecule-ai/byok-conformance/suite/timing"
)

// habitual is a target for the reference gate in a server with habits. A profile
// of nil means the built-in one.
func habitual(t *testing.T, h server.Habits, change func(*server.Config), p *Profile) *Target {
	t.Helper()
	srv, _ := habitualServer(t, h, change, p)
	return srv
}

func habitualServer(t *testing.T, h server.Habits, change func(*server.Config), p *Profile) (*Target, *server.Server) {
	t.Helper()
	cfg := server.Config{Gate: gate.NewReference(registry.Embedded(), gate.Options{Transport: alwaysAlive{}}), AdminToken: "t", Habits: h}
	if change != nil {
		change(&cfg)
	}
	s, err := server.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	web := httptest.NewServer(s)
	t.Cleanup(func() { web.CloseClientConnections(); s.Close(); web.Close() })
	if p == nil {
		if p, err = LoadProfile("workspace-server"); err != nil {
			t.Fatal(err)
		}
	}
	srv, err := New(p, web.URL, Options{Env: func(string) (string, bool) { return "t", true }})
	if err != nil {
		t.Fatal(err)
	}
	return srv, s
}

// alwaysAlive answers as a provider that knows every credential.
type alwaysAlive struct{}

func (alwaysAlive) RoundTrip(*http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: 200, Header: http.Header{}, Body: io.NopCloser(strings.NewReader("{}"))}, nil
}

const (
	claudeModel = "claude-opus-4-7"
	ownKey      = "ANTHROPIC_API_KEY"
)

func workspaceAt(t *testing.T, srv *Target, name string) target.Workspace {
	t.Helper()
	r := srv.Create(t.Context(), target.CreateRequest{Name: name, Runtime: "claude-code", Model: claudeModel, Secrets: map[string]gate.Secret{ownKey: {Value: "no-key-at-all"}}})
	if r.Outcome != target.Allowed {
		t.Fatalf("create %s: %s %s", name, r.String(), r.Text)
	}
	return r.Workspace
}

func swap(ctx context.Context, srv *Target, w target.Workspace) target.Reply {
	return srv.Provision(ctx, target.ProvisionRequest{
		Workspace: w, Secrets: map[string]gate.Secret{"OPENAI_API_KEY": {Value: "another"}}, Patience: time.Minute, Began: func() {}, Doubt: true,
	})
}

// ownToken has the workspace's own token write its secrets.
func ownToken(t *testing.T) *Profile {
	return edited(t, `    set:
      request: {method: PUT, path: "/workspaces/${id}/secrets", body: "{key: $key, value: $value}"}
`, `    set:
      request: {method: PUT, path: "/workspaces/${id}/secrets", headers: {Authorization: "Bearer ${token}"}, body: "{key: $key, value: $value}"}
`)
}

// withoutThen does not say what follows a write that waits for an approval.
func withoutThen(t *testing.T) *Profile {
	return edited(t, `      values: {approval: .body.approval_id}
      then:
        - request: {method: POST, path: "/workspaces/${id}/approvals/${approval}/decide", body: '{decision: "approved"}'}
        - again
`, "")
}

// edited is the built-in profile with a change.
func edited(t *testing.T, from, to string) *Profile {
	t.Helper()
	data, err := profiles.ReadFile("profiles/workspace-server.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if strings.Count(string(data), from) != 1 {
		t.Fatalf("the built-in profile holds %q %d times", from, strings.Count(string(data), from))
	}
	p, err := ParseProfile("f", []byte(strings.Replace(string(data), from, to, 1)))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// TestAKeySwappedIsStopped provisions with another provider's key at servers
// whose ways differ: each has to be seen to stop it, and none to let it start.
func TestAKeySwappedIsStopped(t *testing.T) {
	noEngine := func(c *server.Config) { c.NoEngine = true }
	for _, test := range []struct {
		name    string
		habits  server.Habits
		change  func(*server.Config)
		profile *Profile
		// evidence are the methods of what was asked; empty means the usual ones, and
		// - that their number depends on the clock.
		evidence string
	}{
		{"plain", server.Habits{}, nil, nil, ""},
		{"a write that waits for an approval", server.Habits{Approvals: true}, nil, nil, "GET GET PUT POST PUT DELETE GET GET POST GET GET"},
		{"the workspace's own token", server.Habits{Approvals: true}, nil, ownToken(t), ""},
		{"an event after its status", server.Habits{EventDelay: 300 * time.Millisecond}, noEngine, nil, ""},
		{"events without ids", server.Habits{EventDelay: 50 * time.Millisecond, NoEventIDs: true}, noEngine, nil, ""},
		{"events without ids, at once", server.Habits{NoEventIDs: true}, noEngine, nil, ""},
		{"an earlier failure that is told after the restart", server.Habits{StaleFailure: true}, noEngine, nil, "-"},
		{"restarts by themselves", server.Habits{RestartDelay: 5 * time.Millisecond}, noEngine, nil, "-"},
		{"provisioning that takes its time", server.Habits{ProvisionTime: 50 * time.Millisecond}, noEngine, nil, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			srv := habitual(t, test.habits, test.change, test.profile)
			var kept target.Trail
			r := swap(target.On(t.Context(), &kept, "provision"), srv, workspaceAt(t, srv, "byok-1"))
			if r.Outcome != target.Refused || r.String() != "provisioning was stopped: MISSING_BYOK_CREDENTIAL" {
				t.Fatalf("the swap came to: %s %v", r.String(), r.Err)
			}
			var trail []string
			for _, x := range kept.Exchanges() {
				trail = append(trail, x.Method)
				if strings.Contains(x.RequestHeaders.Get("Authorization"), r.Workspace.Token) && r.Workspace.Token != "" {
					t.Errorf("%s shows the workspace's token", x.URL)
				}
			}
			if got := strings.Join(trail, " "); test.evidence != "-" && got != cmp.Or(test.evidence, "GET GET PUT DELETE GET GET POST GET GET") {
				t.Errorf("the evidence is %s; want state and events, what was set and removed, both again, the restart, and both again", got)
			}
		})
	}
}

// TestFresh finds the newest failure, where the server gives ids and where not.
func TestFresh(t *testing.T) {
	missing, started := failure{"", "MISSING", "m"}, failure{"", "", "workspace start failed"}
	for _, test := range []struct {
		name        string
		now, before []failure
		want        failure
		found       bool
	}{
		{"none", nil, nil, failure{}, false},
		{"the same", []failure{missing}, []failure{missing}, failure{}, false},
		{"one more that is alike", []failure{started, started}, []failure{started}, started, true},
		{"another", []failure{missing, started}, []failure{started}, missing, true},
		{"an older one of another kind", []failure{started, missing, started}, []failure{missing, started}, started, true},
		{"by id", []failure{{"2", "", "t"}, {"1", "", "t"}}, []failure{{"1", "", "t"}}, failure{"2", "", "t"}, true},
		{"one that is no longer listed", []failure{{"2", "", "t"}}, []failure{{"1", "", "t"}}, failure{"2", "", "t"}, true},
	} {
		if got, found := fresh(test.now, test.before); got != test.want || found != test.found {
			t.Errorf("%s: %v, %t", test.name, got, found)
		}
	}
}

// TestWhatWasNotDoneIsAnError holds a profile that knows no approvals to saying
// which request was not done.
func TestWhatWasNotDoneIsAnError(t *testing.T) {
	srv := habitual(t, server.Habits{Approvals: true}, nil, withoutThen(t))
	r := swap(t.Context(), srv, workspaceAt(t, srv, "byok-1"))
	var not *NotDoneError
	if r.Outcome != target.NoReply || !errors.As(r.Err, &not) || not.Status != http.StatusAccepted || !strings.Contains(not.Body, "pending_approval") {
		t.Errorf("the swap came to: %s, %v", r.String(), r.Err)
	}
}

// TestRestartsAreLeftAMoment changes global secrets where a profile says that this
// restarts workspaces, and where it does not.
func TestRestartsAreLeftAMoment(t *testing.T) {
	for _, test := range []struct {
		name    string
		profile *Profile
		least   time.Duration
	}{
		{"they restart", nil, leastToRestart},
		{"they do not", edited(t, "  global:\n    restarts: true\n", "  global:\n"), 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			srv := habitual(t, server.Habits{}, nil, test.profile)
			srv.ledger = new(timing.Ledger)
			if err := srv.SetGlobals(t.Context(), map[string]gate.Secret{ownKey: {Value: "v"}}); err != nil {
				t.Fatal(err)
			}
			if waited := srv.ledger.Spent().Waits; waited < test.least || test.least == 0 && waited != 0 {
				t.Errorf("waited %s, want %s or more, and nothing where it is 0", waited, test.least)
			}
		})
	}
}

// TestNothingComesBack deletes while a provisioning is under way that would write
// the row again.
func TestNothingComesBack(t *testing.T) {
	srv, web := habitualServer(t, server.Habits{RowsComeBack: true, ProvisionTime: 100 * time.Millisecond}, func(c *server.Config) { c.NoEngine = true }, nil)
	w := workspaceAt(t, srv, "byok-1")
	if err := srv.Remove(t.Context(), w); err != nil {
		t.Fatal(err)
	}
	web.Wait()
	if rows, err := srv.Rows(t.Context()); err != nil || len(rows) > 0 {
		t.Errorf("left: %v, %v", rows, err)
	}
}

// TestRowsReadsAllPages lists more workspaces than fit on one page.
func TestRowsReadsAllPages(t *testing.T) {
	srv := habitual(t, server.Habits{PageSize: 2, Root: "root", NameSuffix: " (own)"}, nil, nil)
	for _, name := range []string{"byok-1", "byok-2", "byok-3", "byok-4"} {
		workspaceAt(t, srv, name)
	}
	rows, err := srv.Rows(t.Context())
	if err != nil || len(rows) != 5 || rows[4].Name != "byok-4 (own)" || rows[4].Parent != rows[0].ID {
		t.Fatalf("rows: %+v, %v", rows, err)
	}
	if err := srv.Remove(t.Context(), target.Workspace{ID: rows[4].ID, Name: "byok-4"}); err != nil {
		t.Errorf("a name that the server changed: %v", err)
	}
	if err := srv.Remove(t.Context(), target.Workspace{ID: rows[3].ID, Name: "byok-9"}); err == nil {
		t.Error("the deletion of another name was confirmed")
	}
}

// TestAnIDThatLeadsElsewhereIsNotAskedFor has a server answer a create with ids
// that would turn a path into another one.
func TestAnIDThatLeadsElsewhereIsNotAskedFor(t *testing.T) {
	for _, id := range []string{`""`, `"."`, `".."`, `"a/b"`, `"a\\b"`, `"a\u0000b"`, `"a\nb"`, `7`} {
		var asked []string
		srv := served(t, func(w http.ResponseWriter, r *http.Request) {
			asked = append(asked, r.Method)
			answer(w, 201, `{"id":`+id+`}`)
		})
		r := srv.Create(t.Context(), target.CreateRequest{Name: "n"})
		if r.Outcome != target.Failed || r.Err == nil {
			t.Errorf("id %s: %s", id, r.String())
		}
		var text string
		if json.Unmarshal([]byte(id), &text) == nil { // a number is no id of a row
			if err := srv.Remove(t.Context(), target.Workspace{ID: text, Name: "n"}); err == nil {
				t.Errorf("id %s: its deletion was not refused", id)
			}
		}
		if got := strings.Join(asked, " "); got != "POST" {
			t.Errorf("id %s: asked %s", id, got)
		}
	}
}
