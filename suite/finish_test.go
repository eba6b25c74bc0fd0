package suite

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/molecule-ai/byok-conformance/scenarios"
	"github.com/molecule-ai/byok-conformance/suite/judge"
	"github.com/molecule-ai/byok-conformance/suite/target"
)

// notAllowed is how a twin fails that was refused.
var notAllowed = judge.Violation{Kind: judge.WronglyRefused, Rule: "PRE-4", Message: "a workspace that must be allowed was refused", Want: "create allowed", Got: "refused with MISSING_BYOK_CREDENTIAL"}

// TestTwins holds a refusal to what became of its twin, whichever ends first.
func TestTwins(t *testing.T) {
	misplaced := judge.Violation{Kind: judge.CredentialInURL, Rule: "LIV-5", Message: "the credential travels where the provider does not read it", Want: "header x-api-key", Got: "url"}
	nothing := judge.Violation{Kind: judge.TwinRefused, Rule: "PRE-4", Message: "the refusal proves nothing: its twin, which differs in the credential only, was not allowed either", Want: "twin allowed", Got: notAllowed.Got}
	tests := []struct {
		name string
		// refused is the outcome of the refusal by itself; twin is nil where it is not replayed.
		refused Result
		twin    *Result
		want    Result
	}{
		{"the twin passed", Result{Outcome: Passed}, &Result{Outcome: Passed}, Result{Outcome: Passed}},
		{"the twin was not allowed either", Result{Outcome: Passed}, &Result{Outcome: Failed, Violations: []judge.Violation{notAllowed}}, Result{Outcome: Failed, Violations: []judge.Violation{nothing}}},
		{"the twin was not allowed, and more", Result{Outcome: Passed}, &Result{Outcome: Failed, Violations: []judge.Violation{misplaced, notAllowed}}, Result{Outcome: Failed, Violations: []judge.Violation{nothing}}},
		{"the twin was allowed, but probed wrongly", Result{Outcome: Passed}, &Result{Outcome: Failed, Violations: []judge.Violation{misplaced}}, Result{Outcome: Passed}},
		{"the twin could not be judged", Result{Outcome: Passed}, &Result{Outcome: Errored, Reason: "no reply"}, Result{Outcome: Errored, Reason: "its twin twin could not be judged: no reply"}},
		{"the twin is not claimed", Result{Outcome: Passed}, &Result{Outcome: NotClaimed, Reason: "the target does not claim create-presence"}, Result{Outcome: Errored, Reason: "its twin twin was not replayed (the target does not claim create-presence), so this refusal proves nothing; claim what the twin needs, too"}},
		{"the twin is not replayed", Result{Outcome: Passed}, nil, Result{Outcome: Errored, Reason: "its twin twin was not replayed, so this refusal proves nothing"}},
		{"a refusal that failed by itself says so", Result{Outcome: Failed, Violations: []judge.Violation{misplaced}}, &Result{Outcome: Failed, Violations: []judge.Violation{notAllowed}}, Result{Outcome: Failed, Violations: []judge.Violation{misplaced}}},
		{"a refusal that is not claimed stays so", Result{Outcome: NotClaimed, Reason: "x"}, nil, Result{Outcome: NotClaimed, Reason: "x"}},
		{"a refusal that could not be judged stays so", Result{Outcome: Errored, Reason: "x"}, &Result{Outcome: Passed}, Result{Outcome: Errored, Reason: "x"}},
	}
	for _, test := range tests {
		for _, twinFirst := range []bool{true, false} {
			name := test.name + ", ends last"
			if twinFirst {
				name = test.name + ", ends first"
			}
			t.Run(name, func(t *testing.T) {
				refused, twin := planned(t, "refused", "claude-code", opus), planned(t, "twin", "claude-code", opus)
				refused.Twin = twin.ID
				var got []Result
				e, _ := planOf(t, Config{Handle: func(ev Event) {
					if f, ok := ev.(Finished); ok {
						got = append(got, f.Result)
					}
				}}, target.Traits{}, refused, twin)
				ends := func(s *scenarios.Scenario, r *Result) {
					if r != nil {
						r := *r
						r.Scenario = s
						e.finisher.finish(r)
					}
				}
				if twinFirst {
					ends(twin, test.twin)
				}
				ends(refused, &test.refused)
				if !twinFirst {
					if test.twin != nil && test.refused.Outcome == Passed && len(got) != 0 {
						t.Errorf("the refusal is told before its twin is known: %+v", got)
					}
					ends(twin, test.twin)
				}
				e.finisher.drain()
				e.finisher.flush(false)
				want := 1
				if test.twin != nil {
					want++
				}
				if len(got) != want || e.finisher.summary.Ended() != want {
					t.Fatalf("%d results, %d counted, want %d", len(got), e.finisher.summary.Ended(), want)
				}
				for _, r := range got {
					if r.Scenario != refused {
						continue
					}
					r.Scenario = nil
					if diff := cmp.Diff(test.want, r); diff != "" {
						t.Errorf("result (-want +got):\n%s", diff)
					}
				}
			})
		}
	}
}

// TestWaive holds the waivers to the last word: they see a refusal after its
// twin, and a twin whose failure is waived was refused all the same.
func TestWaive(t *testing.T) {
	refused, twin := planned(t, "refused", "claude-code", opus), planned(t, "twin", "claude-code", opus)
	refused.Twin = twin.ID
	for name, waived := range map[string][]string{"the twin": {"twin"}, "both": {"twin", "refused"}, "neither": nil} {
		t.Run(name, func(t *testing.T) {
			got := map[string]ResultOutcome{}
			e, _ := planOf(t, Config{
				Waive: func(r Result) Result {
					if r.Outcome == Failed && slices.Contains(waived, r.Scenario.ID) {
						r.Outcome, r.Reason = Waived, "known"
					}
					return r
				},
				Handle: func(ev Event) {
					if f, ok := ev.(Finished); ok {
						got[f.Result.Scenario.ID] = f.Result.Outcome
					}
				},
			}, target.Traits{}, refused, twin)
			e.finisher.finish(Result{Scenario: refused, Outcome: Passed})
			e.finisher.finish(Result{Scenario: twin, Outcome: Failed, Violations: []judge.Violation{notAllowed}})
			want := map[string]ResultOutcome{"refused": Failed, "twin": Failed}
			for _, id := range waived {
				want[id] = Waived
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("outcomes (-want +got):\n%s", diff)
			}
			if s := e.finisher.summary; s.Waived != len(waived) || s.Failed != 2-len(waived) {
				t.Errorf("counted %d waived and %d failed", s.Waived, s.Failed)
			}
		})
	}
}

// TestWarning: a scenario of severity warning is judged and shown, and fails no
// run; what could not be judged is an error all the same.
func TestWarning(t *testing.T) {
	for _, test := range []struct {
		severity   string
		given, got ResultOutcome
	}{
		{scenarios.Warning, Failed, Waived}, {scenarios.Warning, Passed, Passed}, {scenarios.Warning, Errored, Errored}, {"low", Failed, Failed},
	} {
		allowed := planned(t, "allowed", "claude-code", opus)
		allowed.Severity = test.severity
		var got Result
		e, _ := planOf(t, Config{Handle: func(ev Event) {
			if f, ok := ev.(Finished); ok {
				got = f.Result
			}
		}}, target.Traits{}, allowed)
		given := Result{Scenario: allowed, Outcome: test.given}
		if test.given == Failed {
			given.Violations = []judge.Violation{notAllowed}
		}
		e.finisher.finish(given)
		if got.Outcome != test.got || len(got.Violations) != len(given.Violations) || (got.Outcome == Waived) != (got.Reason != "") {
			t.Errorf("%s of severity %s is %s (%q), want %s", test.given, test.severity, got.Outcome, got.Reason, test.got)
		}
	}
}

func TestSummary(t *testing.T) {
	tests := []struct {
		name string
		s    Summary
		want bool
	}{
		{"all passed", Summary{Planned: 2, Passed: 2}, true},
		{"some are not claimed", Summary{Planned: 3, Passed: 2, NotClaimed: 1}, true},
		{"some are waived", Summary{Planned: 3, Passed: 2, Waived: 1}, true},
		{"all are waived", Summary{Planned: 1, Waived: 1}, false},
		{"nothing passed", Summary{Planned: 1, NotClaimed: 1}, false},
		{"nothing planned", Summary{}, false},
		{"one failed", Summary{Planned: 2, Passed: 1, Failed: 1}, false},
		{"one could not be judged", Summary{Planned: 2, Passed: 1, Errors: 1}, false},
		{"one has no result", Summary{Planned: 2, Passed: 1}, false},
		{"interrupted at the end", Summary{Planned: 2, Passed: 2, Interrupted: true}, false},
	}
	for _, test := range tests {
		if got := test.s.Conformant(); got != test.want {
			t.Errorf("%s: conformant %v", test.name, got)
		}
	}
}
