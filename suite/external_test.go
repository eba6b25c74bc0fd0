package suite_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/molecule-ai/byok-conformance/registry"
	"github.com/molecule-ai/byok-conformance/scenarios"
	"github.com/molecule-ai/byok-conformance/suite"
	profiled "github.com/molecule-ai/byok-conformance/suite/server"
	"github.com/molecule-ai/byok-conformance/suite/target"
)

// A server that makes no external workspaces has none to provision again; that
// is told, and is no fault.
func TestNoExternalWorkspaces(t *testing.T) {
	h := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusBadRequest)
		_, _ = w.Write([]byte(`{"error":"there are no external workspaces here"}`))
	}))
	defer h.Close()
	cfg := suite.Config{Providers: suite.NewProviders(registry.Embedded()), Target: reached(t, h.URL), Seed: "seed", Claims: []string{"create-presence", "provision-presence"}}
	got := replay(t, t.Context(), cfg, scenarios.Selection{Level: scenarios.Core, IDs: []string{"external/none/groq", "external/restarted/groq"}}).results
	if r := got["external/none/groq"]; r.Outcome != suite.Passed {
		t.Errorf("the create: %s %s %v, want that the gate stayed out", r.Outcome, r.Reason, r.Violations)
	}
	if r := got["external/restarted/groq"]; r.Outcome != suite.NotClaimed || !strings.Contains(r.Reason, "no external workspace to provision again") {
		t.Errorf("the restart: %s %s %v, want that it is not claimed", r.Outcome, r.Reason, r.Violations)
	}
}

// A profile without $external is of a server that has no external workspaces: what is
// about one is not claimed, and never asks for an ordinary one instead.
func TestExternalIsNotClaimedWithoutAField(t *testing.T) {
	if p, err := profiled.LoadProfile("workspace-server"); err != nil || p.NoExternal() {
		t.Errorf("the built-in profile has no place for an external workspace (%v)", err)
	}
	corpus, _ := corpus(t, scenarios.Selection{Level: scenarios.Core, IDs: []string{"external/none/groq", "missing/none/codex/*"}})
	for _, s := range corpus {
		for _, none := range []bool{false, true} {
			reason := suite.Unclaimed(s, registry.Embedded(), scenarios.Claims, target.Traits{HTTP: true, NoExternal: none})
			if want := none && s.Class == "external"; (reason != "") != want {
				t.Errorf("%s at a target whose external workspaces are missing: %v: %q, want a reason: %v", s.ID, none, reason, want)
			}
		}
	}
}
