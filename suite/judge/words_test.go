package judge

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/molecule-ai/byok-conformance/registry"
	"github.com/molecule-ai/byok-conformance/scenarios"
	"github.com/molecule-ai/byok-conformance/suite/target"
)

func TestHasWord(t *testing.T) {
	tests := []struct {
		text, word string
		want       bool
	}{
		{"provider openai is asked", "openai", true},
		{"openai", "openai", true},
		{"OpenAI", "openai", true},
		{`"openai":`, "openai", true},
		{"openai/gpt", "openai", true},
		{"byok-openai", "openai", false},
		{"openai-api", "openai", false},
		{"openai2", "openai", false},
		{"openai_api", "openai", false},
		{"byok-openai, or openai", "openai", true},
		{"set MY_GROQ_API_KEY", "GROQ_API_KEY", false},
		{"set GROQ_API_KEY_OLD", "GROQ_API_KEY", false},
		{"set groq_api_key.", "GROQ_API_KEY", true},
		{"the Anthropic API is asked", "Anthropic API", true},
		{"", "openai", false},
		{"openai", "", false},
		{"", "", false},
	}
	for _, test := range tests {
		if got := hasWord(test.text, test.word); got != test.want {
			t.Errorf("%q stands in %q: %v, want %v", test.word, test.text, got, test.want)
		}
	}
}

// TestNamesProvider holds REF-2 to the provider's name or display name, in its
// field or, where there is none, in prose; the model id's own words do not count.
func TestNamesProvider(t *testing.T) {
	tests := []struct {
		name, model, field, text string
		want                     bool
	}{
		{"in prose", "m", "", "provider groq has no credential", true},
		{"in any case", "m", "", "provider Groq has no credential", true},
		{"in its field", "m", "groq", "no credential", true},
		{"the field in any case", "m", "GROQ", "no credential", true},
		{"the field beats the prose", "m", "nvidia", "provider groq has no credential", false},
		{"a vendor's name in the field, the provider in prose", "m", "Groq Inc", "provider groq has no credential", true},
		{"nowhere", "m", "", "no credential", false},
		{"as a part of another name", "m", "", "provider groq-cloud has no credential", false},
		{"as a part of a credential's name", "m", "", "set GROQ_API_KEY", false},
		{"in the model id only", "groq:llama-4", "", `model "groq:llama-4" has no credential`, false},
		{"in the model id and beside it", "groq:llama-4", "", `model "groq:llama-4" needs groq`, true},
		{"in our own request id only", "m", "", "request b59d/dead/answer/groq/GROQ_API_KEY/workspace failed", false},
		{"in our own request id and behind it", "m", "", `{"request":"b59d/dead/answer/groq/x","provider":"groq"}`, true},
		{"the model id in white space", "  groq:llama-4 ", "", `model "groq:llama-4" has no credential`, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			step, r := &scenarios.Step{Model: test.model}, &target.Reply{Provider: test.field, Text: test.text}
			if got := namesProvider(registry.Embedded(), []string{"groq"}, r, ownWords(&Observation{RunID: "b59d"}, step, r.Text)); got != test.want {
				t.Errorf("named %v, want %v", got, test.want)
			}
		})
	}
	several := &target.Reply{Text: "the Google Gemini API has no credential"}
	for want, names := range map[bool][]string{true: {"groq", "google"}, false: {"groq", "nvidia"}} {
		if got := namesProvider(registry.Embedded(), names, several, several.Text); got != want {
			t.Errorf("one of %v is named: %v", names, got)
		}
	}
	if !namesProvider(registry.Embedded(), nil, &target.Reply{}, "") {
		t.Error("a provider is missed where none is derived")
	}
}

func TestIsTrace(t *testing.T) {
	o := &Observation{
		Scenario: &scenarios.Scenario{ID: "transient/answer/groq/GROQ_API_KEY/workspace/server-error"}, Registry: registry.Embedded(), RunID: "b59d", Request: "transient/answer/groq/GROQ_API_KEY/workspace/server-error",
	}
	expect := scenarios.Expect{Providers: []string{"groq"}, Probed: "global/GROQ_API_KEY"}
	tests := []struct {
		name, model, line string
		want              bool
	}{
		{"both names", "m", "level=WARN provider=groq credential=GROQ_API_KEY", true},
		{"the credential alone", "m", "GROQ_API_KEY was not proved", false},
		{"the provider alone", "m", "groq was not asked", false},
		{"the provider in the model id only", "groq:x", "model groq:x: GROQ_API_KEY was not proved", false},
		{"our own request id", "m", "b59d/transient/answer/groq/GROQ_API_KEY/workspace/server-error", false},
		{"our own request id in an access log", "m", `POST /workspaces 201 id="b59d/transient/answer/groq/GROQ_API_KEY/workspace" 3ms`, false},
		{"our own request id, cut short", "m", "201 b59d/transient/answer/groq/GROQ_API_KEY/work… 3ms", false},
		{"another scenario's request id", "m", "201 b59d/valid/scope/groq/GROQ_API_KEY/global", false},
		{"several request ids", "m", "201 b59d/valid/groq/x [b59d/dead/groq/GROQ_API_KEY]", false},
		{"both names behind our own request id", "m", `{"id":"b59d/transient/answer/groq/GROQ_API_KEY","msg":"groq: GROQ_API_KEY unproven"}`, true},
		{"both names beside another scenario's request id", "m", `level=WARN request_id=b59d/missing/none/groq msg="groq needs GROQ_API_KEY"`, false},
		{"both names beside our own id and another", "m", `level=WARN ids="b59d/transient/answer/groq/GROQ_API_KEY/workspace/server-error b59d/missing/none/groq" msg="groq: GROQ_API_KEY unproven"`, true},
		{"another credential", "m", "groq did not answer about HF_TOKEN", false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := isTrace(o, &scenarios.Step{Model: test.model, Expect: expect}, test.line); got != test.want {
				t.Errorf("trace %v, want %v", got, test.want)
			}
		})
	}
	if isTrace(o, &scenarios.Step{Expect: scenarios.Expect{Providers: []string{"groq"}}}, "groq x") {
		t.Error("a line is a trace of no credential")
	}
}

func TestReadable(t *testing.T) {
	tests := []struct{ name, body, want string }{
		{"text", "no JSON \\u0041", "no JSON \\u0041"},
		{"escapes are undone", `{"error":"provider \"groq\" \u0041"}`, "error\nprovider \"groq\" A\n"},
		{"names and strings at every depth, in one order", `{"b":[{"y":"2","x":"1"}],"a":{"z":"0"}}`, "a\nz\n0\nb\nx\n1\ny\n2\n"},
		{"numbers and booleans say nothing", `{"a":1,"b":true,"c":null}`, "a\nb\nc\n"},
		{"a string", `"groq"`, "groq\n"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := target.Readable([]byte(test.body)); got != test.want {
				t.Errorf("readable %q, want %q", got, test.want)
			}
		})
	}
	if got := target.TopFields([]byte(`["a"]`)); got != nil {
		t.Errorf("fields of a list: %q", got)
	}
	if diff := cmp.Diff([]string{"x\ny\n"}, target.TopFields([]byte(`{"a":{"x":"y"}}`))); diff != "" {
		t.Errorf("fields (-want +got):\n%s", diff)
	}
}
