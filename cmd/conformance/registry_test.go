package main

import (
	"bytes"
	"errors"
	"os"
	"strings"
	"testing"
)

// testRegistry has a tie, and with it a finding.
const testRegistry = `schema_version: 1
providers:
  - {name: a, protocol: openai, auth_env: [A]}
  - {name: b, protocol: openai, auth_env: [B], model_prefix_match: ^p}
runtimes:
  r: {providers: [{name: a, models: [m]}, {name: b, models: [m]}]}
`

func TestRegistryCommand(t *testing.T) {
	t.Chdir(t.TempDir())
	for name, text := range map[string]string{
		"own.yaml":    testRegistry,
		"bad.yaml":    "schema_version: 2\nproviders: [{name: a, auth_env: [A]}]\nruntimes: {r: {providers: [{name: b}]}}\n",
		"pairs.jsonl": `{"runtime":"r","model":"m","env":["B"]}` + "\n" + `{"runtime":"r","model":"q"}` + "\n",
	} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	const pairsAnswers = `{"provider":"b"}` + "\n" + `{"provider":null,"reason":"unowned-model"}` + "\n"
	tests := []struct {
		name, args, stdin string
		// wantOut and wantErr are parts of standard output, and of standard
		// error followed by the command's error. An empty one means nothing.
		wantOut, wantErr string
	}{
		{"verbatim", "derive --runtime claude-code --model claude-opus-4-7", "", "anthropic-api (verbatim, claude-code)\n", ""},
		{"pattern", "derive --runtime claude-code --model glm-5", "", "zai (pattern, claude-code)\n", ""},
		{"tie", "derive --runtime codex --model gpt-5.5", "", "openai-subscription (verbatim, codex)\n", ""},
		{"tie with a credential", "derive --runtime codex --model gpt-5.5 --env X,OPENAI_API_KEY", "", "openai-api (verbatim, codex)\n", ""},
		{"as JSON", "derive --runtime codex --model gpt-5.5 --json", "", `{"provider":"openai-subscription"}` + "\n", ""},
		{"another registry", "derive --runtime r --model p1 --registry own.yaml", "", "b (pattern, r)\n", ""},
		{"underivable", "derive --runtime codex --model nope", "", "unowned-model: no provider of runtime", errUnderivable.Error()},
		{"underivable as JSON", "derive --runtime codex --model nope --json", "", `{"provider":null,"reason":"unowned-model"}` + "\n", errUnderivable.Error()},
		{"empty model", "derive --runtime codex --model=", "", "empty-model: ", errUnderivable.Error()},
		{"batch from a file", "derive --batch pairs.jsonl --registry own.yaml", "", pairsAnswers, ""},
		{"batch from standard input", "derive --batch - --registry own.yaml", `{"runtime":"r","model":"m"}`, `{"provider":"a"}` + "\n", ""},
		{"batch that breaks off", "derive --batch - --registry own.yaml", `{"runtime":"r","model":"m"}` + "\nx\n", `{"provider":"a"}` + "\n", "standard input: line 2: "},
		{"batch file missing", "derive --batch none.jsonl", "", "", "none.jsonl"},
		{"batch with an empty name", "derive --batch=", "", "", "reading a batch"},
		{"registry with errors", "derive --runtime r --model m --registry bad.yaml", "", "", "bad.yaml:1:17: schema_version is 2"},
		{"no flags", "derive", "", "", "[runtime batch]"},
		{"runtime without model", "derive --runtime codex", "", "", "[runtime model]"},
		{"batch and runtime", "derive --batch - --runtime codex --model m", "", "", "[batch "},
		{"batch and env", "derive --batch - --env A", "", "", "[batch env]"},
		{"positional argument", "derive --runtime r --model m x", "", "", `"x"`},

		{"check", "check own.yaml", "", "own.yaml:6:62: runtimes.r.providers[1].models[0]: info: \"m\" is listed by a too", ""},
		{"check says what it saw", "check own.yaml", "", "own.yaml: 2 providers, 1 runtimes, sha256:", ""},
		{"check of a bad file", "check bad.yaml", "", "", "bad.yaml:1:17: schema_version is 2; this loader reads version 1 only\nbad.yaml:3:35: runtime"},
		{"check of several", "check bad.yaml own.yaml none.yaml", "", "own.yaml: 2 providers", "2 of 3 registry files cannot be used"},
		{"check of nothing", "check", "", "", "requires at least 1 arg"},
		{"neither", "", "", "Usage:", ""},
		{"unknown command", "derrive", "", "", "derrive"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var out, stderr bytes.Buffer
			cmd := newRegistryCommand()
			cmd.SilenceUsage, cmd.SilenceErrors = true, true
			cmd.SetArgs(strings.Fields(tt.args))
			cmd.SetIn(strings.NewReader(tt.stdin))
			cmd.SetOut(&out)
			cmd.SetErr(&stderr)
			err := cmd.Execute()
			if err != nil {
				stderr.WriteString(err.Error())
			}
			if (tt.wantErr == "") != (err == nil) || tt.wantErr == errUnderivable.Error() != errors.Is(err, errUnderivable) {
				t.Errorf("error is %v, want %q", err, tt.wantErr)
			}
			holds(t, "standard output", out.String(), tt.wantOut)
			holds(t, "standard error", stderr.String(), tt.wantErr)
		})
	}
}

// holds fails the test where got lacks the part, or is anything where nothing
// is wanted.
func holds(t *testing.T, what, got, part string) {
	t.Helper()
	if !strings.Contains(got, part) || part == "" && got != "" {
		t.Errorf("%s is %q, want %q", what, got, part)
	}
}
