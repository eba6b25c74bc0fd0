package main

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/molecule-ai/byok-conformance/suite"
)

func TestCompare(t *testing.T) {
	const a, b = "valid/a", "valid/b"
	type outcomes = map[string]suite.ResultOutcome
	tests := []struct {
		name        string
		base, got   outcomes
		compared    int
		differences []string
		isStillOK   bool
	}{
		{"the same", outcomes{a: suite.Passed, b: suite.Failed}, outcomes{a: suite.Passed, b: suite.Failed}, 2, nil, true},
		{"failed there only", outcomes{a: suite.Passed}, outcomes{a: suite.Failed}, 1, []string{"valid/a: passed by process, failed by command"}, false},
		{"passed there only", outcomes{a: suite.Failed}, outcomes{a: suite.Passed}, 1, []string{"valid/a: failed by process, passed by command"}, false},
		{"could not be judged there", outcomes{a: suite.Passed}, outcomes{a: suite.Errored}, 1, []string{"valid/a: passed by process, error by command"}, false},
		{"not claimed by one", outcomes{a: suite.NotClaimed, b: suite.Passed}, outcomes{a: suite.Passed, b: suite.Passed}, 1, nil, true},
		{"not replayed by the other", outcomes{b: suite.Passed}, outcomes{a: suite.Failed, b: suite.Passed}, 1, nil, true},
		{"nothing in common proves nothing", outcomes{a: suite.Passed}, outcomes{b: suite.Passed}, 0, nil, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			k := kill{Door: commandDoor, OK: true, outcomes: test.got}
			k.compare(kill{Door: processDoor, outcomes: test.base})
			if diff := cmp.Diff(test.differences, k.Differences); diff != "" || k.Compared != test.compared || k.OK != test.isStillOK {
				t.Errorf("compared %d, ok %v, differences (-want +got):\n%s", k.Compared, k.OK, diff)
			}
		})
	}
}
