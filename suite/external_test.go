package suite_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/molecule-ai/byok-conformance/registry"
	"github.com/molecule-ai/byok-conformance/scenarios"
	"github.com/molecule-ai/byok-conformance/suite"
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
