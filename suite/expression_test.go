package suite

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/itchyny/gojq"
)

// What is answered without the interpreter is what the interpreter answers.
func TestShortExpressions(t *testing.T) {
	inputs := []string{
		`{}`, `null`, `[]`, `"text"`, `7`, `{"status":201,"body":null}`, `{"status":422,"body":{"code":"X","error":"no"}}`,
		`{"status":200.0,"body":{"code":null,"id":7}}`, `{"status":500,"body":"text"}`, `{"status":400,"body":[1]}`,
		`{"status":400,"body":{}}`, `{"status":200,"body":{"code":{"code":"X"}}}`, `{"status":"201","body":{"ok":true}}`,
	}
	tests := []struct {
		text  string
		short bool
	}{
		{".status", true},
		{".body.code", true},
		{".body.code.code", true},
		{".status == 201", true},
		{"201 == .status", true},
		{".status == 200 or .status == 201 or .status == 422", true},
		{".status == 400 and .body.code == null", true},
		{".body.code == \"X\" or .body.ok", true},
		{".body.ok and true", true},
		{".body.code == .body.id", true},
		{"(.status) == 201", false},
		{".body.code?", false},
		{".body[\"code\"]", false},
		{".body[0]", false},
		{".status > 200", false},
		{"[.body.code]", false},
		{".body | .code", false},
		{".body.code // \"none\"", false},
		{"\"a\\(.status)\" == \"a201\"", false},
		{"-1 == .status", false},
	}
	for _, test := range tests {
		t.Run(test.text, func(t *testing.T) {
			query, err := gojq.Parse(test.text)
			if err != nil {
				t.Fatal(err)
			}
			x, err := newExpression(query, nil)
			if err != nil {
				t.Fatal(err)
			}
			if (x.short != nil) != test.short {
				t.Errorf("short = %t, want %t", x.short != nil, test.short)
			}
			long := &expression{code: x.code}
			for _, text := range inputs {
				var input any
				if err := json.Unmarshal([]byte(text), &input); err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(long.run(input), x.run(input)); diff != "" {
					t.Errorf("of %s (-jq +short):\n%s", text, diff)
				}
			}
		})
	}
}
