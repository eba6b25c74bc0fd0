package selftest

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/molecule-ai/byok-conformance/scenarios"
	"github.com/molecule-ai/byok-conformance/suite"
)

func TestCompare(t *testing.T) {
	end := func(o suite.ResultOutcome, answers []string, rules ...string) ending {
		return ending{o, rules, &scenarios.Scenario{Steps: []scenarios.Step{{
			Stage: scenarios.Create, Secrets: scenarios.Secrets{Workspace: map[string]scenarios.Value{"K": {Answers: answers}}}, Expect: scenarios.Expect{Probed: "workspace/K"},
		}}}}
	}
	live, refused, changing := []string{"live"}, []string{"refused"}, []string{"rate-limited", "dead"}
	mustRefuse := func(e ending) ending {
		e.scenario.Steps[0].Expect.Verdict = scenarios.Refused
		return e
	}
	passed, failed := end(suite.Passed, live), end(suite.Failed, live, "LIV-9")
	unclaimed, errored := end(suite.NotClaimed, live), end(suite.Errored, live)
	const a, b = "valid/a", "valid/b"
	type ends = map[string]ending
	tests := []struct {
		name        string
		base, got   ends
		compared    int
		differences []string
		isStillOK   bool
	}{
		{"the same", ends{a: passed, b: failed}, ends{a: passed, b: failed}, 2, nil, true},
		{"failed there only", ends{a: passed}, ends{a: failed}, 1, []string{"valid/a: passed by process, failed by command"}, false},
		{"passed there only", ends{a: failed}, ends{a: passed}, 1, []string{"valid/a: failed by process, passed by command"}, false},
		{"could not be judged there", ends{a: passed}, ends{a: errored}, 1, []string{"valid/a: passed by process, error by command"}, false},
		{"not claimed by one", ends{a: unclaimed, b: passed}, ends{a: passed, b: passed}, 1, nil, true},
		{"not replayed by the other", ends{b: passed}, ends{a: failed, b: passed}, 1, nil, true},
		{"nothing in common proves nothing", ends{a: passed}, ends{b: passed}, 0, nil, false},
		{"a call that a struck host hides", ends{a: end(suite.Failed, refused, "LIV-9"), b: passed}, ends{a: end(suite.Passed, refused), b: passed}, 1, nil, true},
		{"a struck host hides no verdict", ends{a: end(suite.Failed, refused, "LIV-9", "LIV-2")}, ends{a: end(suite.Passed, refused)}, 1, []string{"valid/a: failed by process, passed by command"}, false},
		{"a struck host makes no failure", ends{a: end(suite.Passed, refused)}, ends{a: end(suite.Failed, refused, "LIV-9")}, 1, []string{"valid/a: passed by process, failed by command"}, false},
		{"a second answer, while it is provisioned", ends{a: end(suite.Passed, changing), b: passed}, ends{a: end(suite.Failed, changing, "LIV-9"), b: passed}, 1, nil, true},
		{"a second answer makes no other failure", ends{a: end(suite.Passed, changing)}, ends{a: end(suite.Failed, changing, "LIV-2")}, 1, []string{"valid/a: passed by process, failed by command"}, false},
		{"a gate that breaks its rule where it provisions", ends{a: end(suite.Passed, live), b: passed}, ends{a: end(suite.Failed, live, "LIV-1"), b: passed}, 1, nil, true},
		{"nothing is provisioned after a refusal", ends{a: mustRefuse(end(suite.Passed, live))}, ends{a: end(suite.Failed, live, "LIV-1")}, 1, []string{"valid/a: passed by process, failed by command"}, false},
		{"provisioning breaks no other rule", ends{a: end(suite.Passed, live)}, ends{a: end(suite.Failed, live, "LIV-1", "SEC-4")}, 1, []string{"valid/a: passed by process, failed by command"}, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			k := Kill{Door: commandDoor, OK: true, Breaks: []string{"LIV-1"}, ends: test.got}
			k.compare(Kill{Door: processDoor, ends: test.base})
			if diff := cmp.Diff(test.differences, k.Differences); diff != "" || k.Compared != test.compared || k.OK != test.isStillOK {
				t.Errorf("compared %d, ok %v, differences (-want +got):\n%s", k.Compared, k.OK, diff)
			}
		})
	}
}
