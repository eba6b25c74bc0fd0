package server

import (
	"strings"
	"testing"
)

// TestProfileRefusesWhatCannotBeSent holds a profile to statuses that say no, and
// to headers that can be sent.
func TestProfileRefusesWhatCannotBeSent(t *testing.T) {
	data, err := profiles.ReadFile("profiles/workspace-server.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ from, to, want string }{
		{"  status: 429", "  status: -1", "rate-limit.status is a status that says no"},
		{"  status: 429", "  status: 200", "rate-limit.status is a status that says no"},
		{"  Authorization: ", `  "X-A\r\nB": `, "cannot be sent as a header"},
		{`"Bearer ${env:ADMIN_TOKEN}"`, `"a\r\nX-B: c"`, "cannot be sent as a header"},
		{`headers: {X-Confirm-Name: `, `headers: {"X Confirm": `, "cannot be sent as a header"},
	} {
		text := strings.Replace(string(data), test.from, test.to, 1)
		if text == string(data) {
			t.Fatalf("the profile does not hold %q", test.from)
		}
		if _, err := ParseProfile("f.yaml", []byte(text)); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v, want %q", test.to, err, test.want)
		}
	}
}
