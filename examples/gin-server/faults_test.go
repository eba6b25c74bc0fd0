package main

import (
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/molecule-ai/byok-conformance/suite"
	"github.com/molecule-ai/byok-conformance/suite/conform"
)

func init() { gin.SetMode(gin.ReleaseMode) }

// Each switch of faults.go makes the suite fail under its rule, and the server
// without it passes the same scenarios.
func TestFaults(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		rule  string
		fault faults
		ids   []string
	}{
		{"DER-3", faults{GatesUnderivable: true}, []string{"underivable/*"}},
		{"DER-4", faults{GatesPlatform: true}, []string{"platform/none/*"}},
		{"DER-5", faults{GatesExternal: true}, []string{"external/none/*"}},
		{"PRE-2", faults{AnyKnownName: true}, []string{"mismatched/report"}},
		{"PRE-3", faults{BlankCounts: true}, []string{"missing/blank*"}},
		{"PRE-4", faults{FirstNameOnly: true}, []string{"valid/route/claude-code/*"}},
		{"PRE-5", faults{IgnoresTenant: true}, []string{"valid/scope/*"}},
		{"PRE-6", faults{FoldsCase: true}, []string{"missing/*name*"}},
		{"PRE-7", faults{CallsBeforeRefusing: true}, []string{"mismatched/report"}},
		{"LIV-1", faults{AcceptsDead: true}, []string{"dead/answer/*"}},
		{"LIV-2", faults{RefusesOutages: true}, []string{"transient/answer/*"}},
		{"LIV-3", faults{RefusesClientErrors: true}, []string{"valid/other-answer/*"}},
		{"LIV-4", faults{BaseFromSecrets: true}, []string{"valid/base-url-in-secrets*"}},
		{"LIV-5", faults{KeyInURL: true}, []string{"dead/answer/groq/*"}},
		{"LIV-6", faults{Unbounded: true}, []string{"transient/waits/groq/*"}},
		{"LIV-8", faults{LastNameDecides: true}, []string{"dead/first-name-decides/*"}},
		{"LIV-9", faults{ProbesTwice: true}, []string{"dead/answer/groq/*"}},
		{"LIV-11", faults{Quiet: true}, []string{"transient/answer/groq/*"}},
		{"LIV-12", faults{Remembers: true}, []string{"robustness/*"}},
		{"REF-1", faults{WrongStatus: true}, []string{"mismatched/report"}},
		{"REF-2", faults{Nameless: true}, []string{"mismatched/report"}},
		{"REF-3", faults{KeepsRefused: true}, []string{"mismatched/report"}},
		{"SEC-1", faults{EchoesSecrets: true}, []string{"valid/route/claude-code/*"}},
		{"SEC-2", faults{LogsSecrets: true}, []string{"valid/route/claude-code/*"}},
		{"SEC-4", faults{FollowsRedirects: true}, []string{"secrecy/redirect*"}},
		{"SEC-5", faults{QuotesProvider: true}, []string{"secrecy/echo*"}},
		{"PRV-1", faults{CreateOnly: true}, []string{"provision/removed/*"}},
	} {
		t.Run(tt.rule, func(t *testing.T) {
			t.Parallel()
			if got := violated(t, tt.fault, tt.ids); !slices.Contains(got, tt.rule) {
				t.Errorf("with the fault, rules violated are %v, want %s among them", got, tt.rule)
			}
			if got := violated(t, faults{}, tt.ids); len(got) > 0 {
				t.Errorf("without it, rules violated are %v, want none", got)
			}
		})
	}
}

func violated(t *testing.T, f faults, ids []string) []string {
	t.Helper()
	budget, log := 2*time.Second, suite.NewOutput()
	s, err := conform.NewSession(conform.Options{
		Handler: func(providers http.RoundTripper) (http.Handler, error) {
			return newServer(config{Token: "admin", Transport: providers, Budget: budget, Log: log, faults: f})
		},
		Env: map[string]string{"ADMIN_TOKEN": "admin"}, Output: log, Budget: budget, IDs: ids,
	})
	if err != nil {
		t.Fatal(err)
	}
	results, err := s.Replay(t.Context(), s.Claimed, t.Name())
	if err != nil {
		t.Fatal(err)
	}
	return conform.Violated(results)
}
