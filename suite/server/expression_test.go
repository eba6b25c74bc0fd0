package server

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
		{"(.status) == 201", true},
		{".status != 201", true},
		{".status > 200", true},
		{".status < 422 and .body != null", true},
		{".body | .code", true},
		{".body | length", true},
		{"{a: .status, b: {c: $text}}", true},
		{"{a: 1} + (if .status == 201 then {b: $object} else {} end) + $object", true},
		{"{} + .body", true},
		{".body + {}", true},
		{".status + 1", true},
		{"if $text then .body.code else null end", true},
		{"$text + $text", true},
		{"if .status then 1 elif .body then 2 else 3 end", false},
		{"if .status then 1 end", false},
		{"{(.body): 1}", false},
		{"{\"a\": 1}", false},
		{"{$text}", false},
		{"{status}", false},
		{"{a: (1, 2)}", false},
		{".body | length as $n | $n", false},
		{"def length: 3; length", false},
		{".body.code?", false},
		{".body[\"code\"]", false},
		{".body[0]", false},
		{"[.body.code]", false},
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
			x, err := newExpression(query, []string{"$text", "$object"})
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
				want, wrong := long.run(input, "text", map[string]any{"b": 2, "z": nil})
				got, also := x.run(input, "text", map[string]any{"b": 2, "z": nil})
				if wrong != nil || also != nil {
					t.Fatal(wrong, also)
				}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("of %s (-jq +short):\n%s", text, diff)
				}
			}
		})
	}
}
