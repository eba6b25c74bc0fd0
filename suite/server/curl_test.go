package server

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/molecule-ai/byok-conformance/scenarios"
)

const (
	adminHeader = ` -H "Authorization: Bearer $ADMIN_TOKEN"`
	jsonHeader  = ` -H "Content-Type: application/json"`
)

// liveValues are live values of these names.
func liveValues(names ...string) map[string]scenarios.Value {
	out := map[string]scenarios.Value{}
	for _, name := range names {
		out[name] = scenarios.Value{Answers: []string{"live"}}
	}
	return out
}

func TestCurl(t *testing.T) {
	refused, allowed := scenarios.Expect{Verdict: scenarios.Refused}, scenarios.Expect{Verdict: scenarios.Allowed}
	step := func(stage scenarios.Stage, x scenarios.Expect, s scenarios.Secrets) scenarios.Step {
		return scenarios.Step{Stage: stage, Runtime: "claude-code", Model: "it's", Secrets: s, Expect: x}
	}
	const create = `curl -sS -X POST "$SERVER/workspaces"` + adminHeader + jsonHeader
	const remove = `curl -sS -X DELETE "$SERVER/workspaces/$ID?confirm=true"` + adminHeader + ` -H "X-Confirm-Name: by-hand"`
	tests := []struct {
		name    string
		profile string
		steps   []scenarios.Step
		want    []string
	}{
		{"create", "workspace-server", []scenarios.Step{step(scenarios.Create, refused, scenarios.Secrets{Workspace: liveValues("OPENAI_API_KEY")})}, []string{
			create + ` -d '{"model":"it'\''s","name":"by-hand","runtime":"claude-code","secrets":{"OPENAI_API_KEY":"placeholder"}}'`,
			"ID=the-id-from-the-reply",
			remove,
		}},
		{"create, with a global secret and a blank one", "workspace-server", []scenarios.Step{step(scenarios.Create, refused, scenarios.Secrets{
			Workspace: map[string]scenarios.Value{"A": {Shape: scenarios.Blank}}, Global: liveValues("B"),
		})}, []string{
			`curl -sS -X PUT "$SERVER/settings/secrets"` + adminHeader + jsonHeader + ` -d '{"key":"B","value":"placeholder"}'`,
			create + ` -d '{"model":"it'\''s","name":"by-hand","runtime":"claude-code","secrets":{"A":"   "}}'`,
			"ID=the-id-from-the-reply",
			remove,
			`curl -sS -X DELETE "$SERVER/settings/secrets/B"` + adminHeader,
		}},
		{"provision, after the right credential was replaced", "workspace-server", []scenarios.Step{
			step(scenarios.Create, allowed, scenarios.Secrets{Workspace: liveValues("A")}),
			step(scenarios.Provision, refused, scenarios.Secrets{Workspace: liveValues("B")}),
		}, []string{
			create + ` -d '{"model":"it'\''s","name":"by-hand","runtime":"claude-code","secrets":{"A":"(a live A)"}}'`,
			"ID=the-id-from-the-reply",
			`curl -sS -X DELETE "$SERVER/workspaces/$ID/secrets/A"` + adminHeader,
			`curl -sS -X PUT "$SERVER/workspaces/$ID/secrets"` + adminHeader + jsonHeader + ` -d '{"key":"B","value":"placeholder"}'`,
			`curl -sS -X POST "$SERVER/workspaces/$ID/restart"` + adminHeader,
			`curl -sS -X GET "$SERVER/workspaces/$ID"` + adminHeader,
			`curl -sS -X GET "$SERVER/events/$ID"` + adminHeader,
			remove,
		}},
		{"another API, with the id in a body", "../../examples/node-server/profile.yaml", []scenarios.Step{
			step(scenarios.Create, allowed, scenarios.Secrets{Workspace: liveValues("A")}),
			step(scenarios.Provision, refused, scenarios.Secrets{}),
		}, []string{
			`curl -sS -X POST "$SERVER/rpc/workspace.create"` + adminHeader + jsonHeader + ` -d '{"credentials":[{"name":"A","value":"(a live A)"}],"external":false,"model":"it'\''s","name":"by-hand","runtime":"claude-code"}'`,
			"ID=the-id-from-the-reply",
			`curl -sS -X POST "$SERVER/rpc/secret.delete"` + adminHeader + jsonHeader + ` -d '{"name":"A","workspace":"'"$ID"'"}'`,
			`curl -sS -X POST "$SERVER/rpc/workspace.restart"` + adminHeader + jsonHeader + ` -d '{"id":"'"$ID"'"}'`,
			`curl -sS -X GET "$SERVER/rpc/workspace.get?id=$ID"` + adminHeader,
			`curl -sS -X GET "$SERVER/rpc/workspace.get?id=$ID"` + adminHeader,
			`curl -sS -X POST "$SERVER/rpc/workspace.delete?id=$ID"` + adminHeader,
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			p, err := LoadProfile(test.profile)
			if err != nil {
				t.Fatal(err)
			}
			text, err := p.Curl(&scenarios.Scenario{Steps: test.steps})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, strings.Split(strings.TrimSuffix(text, "\n"), "\n")); diff != "" {
				t.Errorf("commands (-want +got):\n%s", diff)
			}
		})
	}
}

// A body that cannot be built is an error, and no command without a body.
func TestCurlRefuses(t *testing.T) {
	data := strings.Replace(string(builtInProfile(t)), "{name: $name,", "{name: ($name | tonumber),", 1)
	p, err := ParseProfile("p.yaml", []byte(data))
	if err != nil {
		t.Fatal(err)
	}
	s := &scenarios.Scenario{Steps: []scenarios.Step{{Stage: scenarios.Create}}}
	if _, err := p.Curl(s); err == nil || !strings.Contains(err.Error(), "building the body of POST /workspaces") {
		t.Errorf("error %v", err)
	}
}

func builtInProfile(t *testing.T) []byte {
	t.Helper()
	data, err := profiles.ReadFile("profiles/workspace-server.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// What a header holds reaches curl as it is, whatever the shell makes of it.
func TestDoubleQuoted(t *testing.T) {
	for in, want := range map[string]string{
		`X: a "b" \ ` + "`c`" + ` $HOME`: `X: a "b" \ ` + "`c`" + ` $HOME`,
		`X: ${env:ADMIN_TOKEN}/$ID`:      "X: token/42",
		`X: $(exit 1) !`:                 `X: $(exit 1) !`,
	} {
		cmd := exec.Command("sh", "-c", "printf %s "+doubleQuoted(in))
		cmd.Env = []string{"ADMIN_TOKEN=token", "ID=42", "HOME=/nowhere"}
		out, err := cmd.Output()
		if err != nil || string(out) != want {
			t.Errorf("%s becomes %q, %v; want %q", in, out, err, want)
		}
	}
}
