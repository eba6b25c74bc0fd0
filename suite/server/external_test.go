package server

import (
	"net/http"
	"sync/atomic"
	"testing"

	"github.com/molecule-ai/byok-conformance/gate"
	"github.com/molecule-ai/byok-conformance/suite/target"
)

// TestExternalProvisioning holds what a server makes of an external workspace
// that is to be provisioned again to one question: did the gate stop it?
func TestExternalProvisioning(t *testing.T) {
	const (
		old  = `{"id":1,"event_type":"WORKSPACE_PROVISION_FAILED","payload":{"code":"MISSING_BYOK_CREDENTIAL","error":"m"}}`
		mine = `{"id":2,"event_type":"WORKSPACE_PROVISION_FAILED","payload":{"code":"MISSING_BYOK_CREDENTIAL","error":"m"}}`
		own  = `{"id":2,"event_type":"WORKSPACE_PROVISION_FAILED","payload":{"error":"no agent has called"}}`
	)
	tests := []struct {
		name          string
		status        int
		reply         string
		before, after string // the events
		want          target.Outcome
		code          gate.Code
	}{
		{"it stays as it is", 200, `{"status":"awaiting_agent"}`, "[]", "[]", target.Allowed, ""},
		{"it stays as it is, with a failure of before", 200, `{}`, "[" + old + "]", "[" + old + "]", target.Allowed, ""},
		{"no events", 202, `{}`, "null", "null", target.Allowed, ""},
		{"stopped for a reason of the server's own", 200, `{}`, "[]", "[" + own + "]", target.Allowed, ""},
		{"stopped by the gate, afterwards", 200, `{}`, "[" + old + "]", "[" + mine + "," + old + "]", target.Refused, gate.MissingCredential},
		{"refused by the gate, at once", 422, `{"code":"MISSING_BYOK_CREDENTIAL"}`, "[]", "[]", target.Refused, gate.MissingCredential},
		{"refused without a code", 409, `{"error":"external"}`, "[]", "[]", target.Rejected, ""},
		{"refused with a code that no profile lists", 422, `{"code":"EXTERNAL"}`, "[]", "[]", target.Rejected, ""},
		{"there is no such route", 404, "404 page not found", "[]", "[]", target.Rejected, ""},
		{"nobody wrote it", 501, `{}`, "[]", "[]", target.Rejected, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var events atomic.Value
			events.Store(test.before)
			srv := served(t, func(w http.ResponseWriter, r *http.Request) {
				switch r.Method + " " + r.URL.Path {
				case "GET /events/7":
					answer(w, 200, events.Load().(string))
				case "GET /workspaces":
					answer(w, 200, `[{"id":"7","last_sample_error":""}]`)
				case "POST /workspaces/7/restart":
					answer(w, test.status, test.reply)
				default:
					t.Errorf("%s %s was asked, and nothing of an external workspace's state is ours to wait for", r.Method, r.URL)
				}
			})
			r := srv.Provision(t.Context(), target.ProvisionRequest{Workspace: target.Workspace{ID: "7", External: true}, Began: func() { events.Store(test.after) }})
			if r.Outcome != test.want || r.Code != test.code || r.Err != nil {
				t.Errorf("%s %q %v, want %s %q", r.Outcome, r.Code, r.Err, test.want, test.code)
			}
		})
	}
}
