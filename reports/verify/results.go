package verify

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/molecule-ai/byok-conformance/gate"
	"github.com/molecule-ai/byok-conformance/registry"
	"github.com/molecule-ai/byok-conformance/reports"
	"github.com/molecule-ai/byok-conformance/scenarios"
	"github.com/molecule-ai/byok-conformance/suite/judge"
	"github.com/molecule-ai/byok-conformance/suite/target"
)

// corpusSize holds the number of scenarios that a report says the corpus makes to the
// corpus; 0 says nothing.
func corpusSize(h reports.Header, reg *registry.Registry) error {
	if h.Corpus.Scenarios == 0 {
		return nil
	}
	corpus, err := scenarios.Embedded()
	if err != nil {
		return err
	}
	switch n, err := corpus.Count(reg); {
	case err != nil:
		return err
	case n != h.Corpus.Scenarios:
		return fmt.Errorf("it makes %d, and the report says %d", n, h.Corpus.Scenarios)
	}
	return nil
}

// ending holds what a report says of its end to itself.
func ending(f reports.Footer) error {
	switch n := len(f.Ended.LeftBehind); {
	case n != f.Summary.LeftBehind:
		return fmt.Errorf("%d workspaces are left behind, and it names %d", f.Summary.LeftBehind, n)
	case f.Ended.Status != reports.Complete && f.Ended.Reason == "":
		return fmt.Errorf("it is %s, and does not say by what", f.Ended.Status)
	}
	return nil
}

// violates holds the violations of a result to what was seen. That only what failed has
// some is seen to by who reads a report.
func violates(run *reports.Run, r *reports.Result) error {
	for _, v := range r.Violations {
		if v.Kind != "" && !slices.Contains(judge.Kinds(), v.Kind) {
			return fmt.Errorf("no kind of violation is called %q", v.Kind)
		}
		outcome, means := map[judge.Kind]target.Outcome{judge.WronglyAllowed: target.Allowed, judge.WronglyRefused: target.Refused, judge.Rejected: target.Rejected}[v.Kind]
		if seen := run.Seen(r); means && len(seen) > 0 && !slices.ContainsFunc(seen, func(s reports.Seen) bool { return answered(s, outcome) }) {
			return fmt.Errorf("it is %s, and no reply %s it", v.Kind, outcome)
		}
	}
	return nil
}

func answered(s reports.Seen, outcome target.Outcome) bool {
	return slices.ContainsFunc(s.Replies, func(r reports.SeenReply) bool { return r.Outcome == string(outcome) })
}

// asked holds a refusal for a dead credential to a call: nothing else can tell that it
// is dead, where no live verdict is kept and nobody asked about the value before.
func asked(h reports.Header, s *scenarios.Scenario, seen []reports.Seen) error {
	step := &s.Steps[0]
	if len(s.Steps) > 1 || step.Stage != scenarios.Create || step.AtOnce != 1 || step.Expect.Upstream != scenarios.OneProbe || step.Expect.Code != string(gate.InvalidCredential) ||
		!strings.HasPrefix(step.Expect.Probed, "workspace/") || h.Target.LivenessCache != "" || !slices.Contains(h.Claims, "create-liveness") || !slices.Contains(s.Needs, "create-liveness") {
		return nil
	}
	for _, c := range seen[0].Calls {
		if len(c.Credentials) > 0 {
			return nil
		}
	}
	return errors.New("it passed, and no call was made that could tell that the credential is dead")
}
