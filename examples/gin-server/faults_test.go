package main

import (
	"maps"
	"net/http"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/molecule-ai/byok-conformance/scenarios"
	"github.com/molecule-ai/byok-conformance/suite"
	"github.com/molecule-ai/byok-conformance/suite/conform"
)

func init() { gin.SetMode(gin.ReleaseMode) }

// faultyRules has for each switch of faults.go the rule under which the suite
// fails, and scenarios that show it.
var faultyRules = []struct {
	rule  string
	fault faults
	ids   []string
}{
	{"DER-1", faults{SearchesAll: true}, []string{"underivable/not-native"}},
	{"DER-2", faults{FirstDeclaredWins: true}, []string{"valid/tie-at/*"}},
	{"DER-3", faults{GatesUnderivable: true}, []string{"underivable/*"}},
	{"DER-4", faults{GatesPlatform: true}, []string{"platform/none/*"}},
	{"DER-5", faults{GatesExternal: true}, []string{"external/none/*"}},
	{"PRE-1", faults{NeedsNothing: true}, []string{"missing/none/*"}},
	{"PRE-2", faults{AnyKnownName: true}, []string{"mismatched/report"}},
	{"PRE-3", faults{BlankCounts: true}, []string{"missing/blank*"}},
	{"PRE-4", faults{FirstNameOnly: true}, []string{"valid/route/claude-code/*"}},
	{"PRE-5", faults{IgnoresTenant: true}, []string{"valid/scope/*"}},
	{"PRE-6", faults{FoldsCase: true}, []string{"missing/*name*"}},
	{"PRE-7", faults{CallsBeforeRefusing: true}, []string{"mismatched/report"}},
	{"PRE-8", faults{OperatorCounts: true}, []string{"missing/none/*"}},
	{"PRE-9", faults{SkipsOnRequest: true}, []string{"missing/switch/*", "missing/switched/*"}},
	{"LIV-1", faults{AcceptsDead: true}, []string{"dead/answer/*"}},
	{"LIV-2", faults{RefusesOutages: true}, []string{"transient/answer/*"}},
	{"LIV-3", faults{RefusesClientErrors: true}, []string{"valid/other-answer/*"}},
	{"LIV-4", faults{BaseFromSecrets: true}, []string{"valid/base-url-in-secrets*"}},
	{"LIV-5", faults{KeyInURL: true}, []string{"dead/answer/groq/*"}},
	{"LIV-6", faults{Unbounded: true}, []string{"transient/waits/groq/*"}},
	{"LIV-7", faults{RefusesUnprobeable: true}, []string{"unprobeable/present/*"}},
	{"LIV-8", faults{LastNameDecides: true}, []string{"dead/first-name-decides/*"}},
	{"LIV-9", faults{ProbesTwice: true}, []string{"dead/answer/groq/*"}},
	{"LIV-11", faults{Quiet: true}, []string{"transient/answer/groq/*"}},
	{"LIV-12", faults{Remembers: true}, []string{"robustness/dead-then-live/*"}},
	{"LIV-13", faults{KeepsVerdicts: true}, []string{"robustness/revoked/*", "robustness/enabled/*"}},
	{"LIV-15", faults{WantsLongValues: true}, []string{"valid/form/*"}},
	{"REF-1", faults{WrongStatus: true}, []string{"mismatched/report"}},
	{"REF-2", faults{Nameless: true}, []string{"mismatched/report"}},
	{"REF-3", faults{KeepsRefused: true}, []string{"mismatched/report"}},
	{"REF-4", faults{LateOnly: true}, []string{"mismatched/report"}},
	{"SEC-1", faults{EchoesSecrets: true}, []string{"valid/route/claude-code/*"}},
	{"SEC-2", faults{LogsSecrets: true}, []string{"valid/route/claude-code/*"}},
	{"SEC-3", faults{AsksOthers: true}, []string{"dead/answer/groq/*"}},
	{"SEC-4", faults{FollowsRedirects: true}, []string{"secrecy/redirect/groq/*"}},
	{"SEC-5", faults{QuotesProvider: true}, []string{"secrecy/echo/groq/*"}},
	{"SEC-6", faults{DropsControls: true}, []string{"secrecy/control-character/*"}},
	{"PRV-1", faults{CreateOnly: true}, []string{"provision/removed/*"}},
	{"PRV-2", faults{BlankHidesLater: true}, []string{"provision/blank-workspace-live-global/*"}},
	{"ROB-1", faults{WantsJSON: true}, []string{"robustness/answer/groq/*"}},
	{"ROB-2", faults{FailsMalformed: true}, []string{"robustness/malformed/groq/*"}},
	{"ROB-3", faults{ForgivesRepeats: true}, []string{"robustness/twice/*"}},
}

// Each switch makes the suite fail under its rule.
func TestFaults(t *testing.T) {
	t.Parallel()
	for _, tt := range faultyRules {
		t.Run(tt.rule, func(t *testing.T) {
			t.Parallel()
			want := tt.rule
			if want == "REF-4" {
				// A 201 is an allowance, whatever comes later: the suite says so
				// under the rule that asks for the refusal.
				want = "PRE-2"
			}
			if got := violated(t, tt.fault, tt.ids); !slices.Contains(got, want) {
				t.Errorf("with the fault, rules violated are %v, want %s among them", got, want)
			}
		})
	}
}

// Without a switch, the server passes the same scenarios, and every switch is tried.
func TestNoFault(t *testing.T) {
	t.Parallel()
	var ids []string
	tried := reflect.ValueOf(&faults{}).Elem()
	for _, tt := range faultyRules {
		ids = append(ids, tt.ids...)
		for i := range tried.NumField() {
			tried.Field(i).SetBool(tried.Field(i).Bool() || reflect.ValueOf(tt.fault).Field(i).Bool())
		}
	}
	if got := violated(t, faults{}, ids); len(got) > 0 {
		t.Errorf("rules violated are %v, want none", got)
	}
	for i := range tried.NumField() {
		if !tried.Field(i).Bool() {
			t.Errorf("no row tries %s", tried.Type().Field(i).Name)
		}
	}
}

// Every core rule has a switch, but those that faults.go excepts.
func TestRulesWithSwitch(t *testing.T) {
	corpus, err := scenarios.Embedded()
	if err != nil {
		t.Fatal(err)
	}
	has := map[string]bool{"LIV-10": true, "LIV-14": true}
	for _, tt := range faultyRules {
		has[tt.rule] = true
	}
	for _, r := range corpus.Rules.List {
		if r.Level == scenarios.Core && !has[r.ID] {
			t.Errorf("%s (%s) has no row", r.ID, r.Title)
		}
	}
}

func violated(t *testing.T, f faults, ids []string) []string {
	t.Helper()
	budget, log := 3*time.Second, suite.NewOutput()
	environment := map[string]string{}
	s, err := conform.NewSession(conform.Options{
		Handler: func(providers http.RoundTripper) (http.Handler, error) {
			return newServer(config{Token: "admin", Transport: providers, Budget: budget, Log: log, Environment: environment, faults: f})
		},
		Env: map[string]string{"ADMIN_TOKEN": "admin"}, Decoys: func(operators map[string]string) { maps.Copy(environment, operators) }, Output: log, Budget: budget, IDs: ids,
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
