package server

import (
	"strings"
	"testing"
)

// TestProfileRefusesWhatProvesNothing holds a profile to expressions by which a
// server can still fail, and lets usual ones be.
func TestProfileRefusesWhatProvesNothing(t *testing.T) {
	codes := func(codes string) string { return leanEdited(t, "workspaces:", "codes: "+codes+"\nworkspaces:") }
	create := func(from, to string) string { return leanEdited(t, "  "+from+"\n", "  "+to+"\n") }
	for _, test := range []struct{ name, text, want string }{
		{"a code that is constant", create("code: .body.code", "code: '\"MISSING_BYOK_CREDENTIAL\"'"), "f:7:9: create.code is the same for every reply"},
		{"a code from the status", create("code: .body.code", "code: 'if .status == 422 then \"MISSING_BYOK_CREDENTIAL\" else null end'"), "create.code follows from the status alone"},
		{"a code by default", create("code: .body.code", "code: '.body.code // \"MISSING_BYOK_CREDENTIAL\"'"), "create.code finds MISSING_BYOK_CREDENTIAL in a reply that holds nothing"},
		{"a mapped code by default", leanEdited(t, "code: .body.code", "code: '.body.code // \"NONE\"'", "workspaces:", "codes: {NONE: MISSING_BYOK_CREDENTIAL}\nworkspaces:"), "create.code finds MISSING_BYOK_CREDENTIAL in a reply that holds nothing"},
		{"an empty code", codes("{'': MISSING_BYOK_CREDENTIAL}"), "an empty code would stand for MISSING_BYOK_CREDENTIAL"},
		{"a blank code", codes("{' ': MISSING_BYOK_CREDENTIAL}"), "an empty code would stand for MISSING_BYOK_CREDENTIAL"},
		{"codes that change places", codes("{BYOK_CREDENTIAL_INVALID: MISSING_BYOK_CREDENTIAL}"), "BYOK_CREDENTIAL_INVALID is a code of the rules"},
		{"an empty other code", create("code: .body.code", "code: .body.code\n  other-codes: ['']"), "an empty code in other-codes"},
		{"an other code of the gate", create("code: .body.code", "code: .body.code\n  other-codes: [MISSING_BYOK_CREDENTIAL]"), "cannot be a refusal for another reason"},
		{"allowed always", create("allowed: .status == 201", "allowed: 'true'"), "create.allowed is the same for every reply"},
		{"allowed by any status", create("allowed: .status == 201", "allowed: .status >= 200"), "create.allowed is true for every reply"},
		{"allowed or not", create("allowed: .status == 201", "allowed: .body.id != null or .body.id == null"), "create.allowed is true for every reply"},
		{"allowed and other alike", create("allowed: .status == 201", "allowed: .status == 201\n  other: .status==201"), "create.allowed and create.other are one expression"},
		{"other always", create("code: .body.code", "code: .body.code\n  other: 'true'"), "create.other is the same for every reply"},
		{"an id that is constant", create("id: .body.id", "id: '\"ws\"'"), "create.id is the same for every reply"},
		{"an id from the status", create("id: .body.id", "id: .status | tostring"), "create.id follows from the status alone"},
		{"pending and running alike", leanEdited(t, "workspaces:", strings.Replace(provisioned, `.body.status == "online"`, `.body.status=="starting"`, 1)+"workspaces:"), "pending and running are one expression"},

		{"a code somewhere else", create("code: .body.code", "code: '(.body.error.code? // .headers[\"x-code\"]) // .text'"), ""},
		{"a code in an array", create("code: .body.code", "code: '.body.errors[0].code'"), ""},
		{"a code within a text", create("code: .body.code", "code: '.text | capture(\"(?<c>[A-Z_]{8,})\").c'"), ""},
		{"a code only where it is refused", create("code: .body.code", "code: 'if .status == 422 then .body.code else null end'"), ""},
		{"allowed by a field", create("allowed: .status == 201", "allowed: .body.ok"), ""},
		{"allowed by the absence of an error", create("allowed: .status == 201", "allowed: .body.error == null and .body != null"), ""},
		{"an id in a header", create("id: .body.id", "id: '.headers.location | split(\"/\") | last'"), ""},
		{"an id that is a number", create("id: .body.id", "id: .body.id | tostring"), ""},
		{"a spelling of the vendor's", codes("{INVALID_BYOK_CREDENTIAL: BYOK_CREDENTIAL_INVALID}"), ""},
		{"a code of the rules as itself", codes("{MISSING_BYOK_CREDENTIAL: MISSING_BYOK_CREDENTIAL}"), ""},
	} {
		t.Run(test.name, func(t *testing.T) { parses(t, test.text, test.want) })
	}
}

func parses(t *testing.T, text, want string) {
	t.Helper()
	_, err := ParseProfile("f", []byte(text))
	switch {
	case want == "" && err != nil:
		t.Errorf("%v, want none", err)
	case want != "" && (err == nil || !strings.Contains(err.Error(), want)):
		t.Errorf("%v, want %q", err, want)
	}
}

// TestProfileRefusesUnknownPlaceholders holds every text of a profile to placeholders
// that something is filled into.
func TestProfileRefusesUnknownPlaceholders(t *testing.T) {
	header := func(h string) string { return leanEdited(t, "claims:", "headers: {X: '"+h+"'}\nclaims:") }
	remove := func(path string) string { return leanEdited(t, "/workspaces/${id}", path) }
	then := func(path string) string {
		return leanEdited(t, "workspaces:", "secrets: {global: {set: {request: {method: PUT, path: '/s/${key}'}, values: {ticket: .body.ticket}, then: [{request: {method: POST, path: '"+path+"'}}]}}}\nworkspaces:")
	}
	for _, test := range []struct{ name, text, want string }{
		{"none in a create's path", leanEdited(t, "path: /workspaces,", "path: '/workspaces/${id}',"), "f:4:33: ${id} is not filled in here: this request has no placeholders"},
		{"a wrong one in a path", remove("/w/${ID}"), "${ID} is not filled in here; this request takes ${id}, ${name}, ${token}, ${actual-name}"},
		{"a key where there is none", remove("/w/${id}/${key}"), "${key} is not filled in here"},
		{"in a request's header", leanEdited(t, "path: /workspaces,", "path: /workspaces, headers: {X: '${token}'},"), "${token} is not filled in here"},
		{"the environment in a request's header", leanEdited(t, "path: /workspaces,", "path: /workspaces, headers: {X: '${env:A}'},"), "${env:A} is not filled in here"},
		{"in the headers of all", header("${id}"), "the headers of every request take ${env:NAME} only"},
		{"no name of a variable", header("${env:A-B}"), "the headers of every request take ${env:NAME} only"},
		{"in an expression", leanEdited(t, "{name: $name}", "{name: '${name}'}"), "f:4"},
		{"in a body", leanEdited(t, `"{name: $name}"`, `'{name: "${name}"}'`), "an expression has variables such as $name"},
		{"a value that none reads", then("/t/${tickets}"), "${tickets} is not filled in here"},

		{"the environment", header("Bearer ${env:A_B}"), ""},
		{"a value that is read", then("/t/${ticket}?k=${key}"), ""},
		{"its own name", remove("/w/${id}?name=${actual-name}"), ""},
		{"prose", leanEdited(t, "claims:", "about: set ${X}\nclaims:"), ""},
		{"no placeholder at all", remove("/w/${id}?cost=$5{}"), ""},
	} {
		t.Run(test.name, func(t *testing.T) { parses(t, test.text, test.want) })
	}
}
