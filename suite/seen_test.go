package suite

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/molecule-ai/byok-conformance/fakes/upstream"
	"github.com/molecule-ai/byok-conformance/scenarios"
	"github.com/molecule-ai/byok-conformance/suite/judge"
	"github.com/molecule-ai/byok-conformance/suite/secrets"
	"github.com/molecule-ai/byok-conformance/suite/target"
)

// TestSeen holds what reports keep of every scenario to what was observed: equal
// replies counted, calls in order and bounded, and nothing of a credential.
func TestSeen(t *testing.T) {
	r := secrets.NewRing()
	random := strings.Repeat("Ab3", 12)
	c := &secrets.Credential{Credential: upstream.Credential{Name: "A_KEY", Value: random, Answers: []upstream.Answer{"live"}}, Scope: "workspace", Secret: secrets.Secret{Written: random, Random: random}}
	r.Add([]*secrets.Credential{c})
	r.Hide([]string{"the-admin-token", "short"})
	allowed, refused := target.Reply{Outcome: target.Allowed, Status: 201}, target.Reply{Outcome: target.Refused, Status: 422, RawCode: "NO_" + random + "the-admin-token"}
	carried := judge.Carried{Scope: "workspace", Name: "A_KEY", Where: "url"}
	many := make([]judge.Call, maxSeenCalls+10)
	o := &judge.Observation{Steps: []judge.StepObservation{
		{
			Step: &scenarios.Step{}, Replies: []target.Reply{allowed, refused, allowed, allowed},
			Calls: []judge.Call{{Method: "GET", Host: "api." + random, Status: 401, Credentials: []judge.Carried{carried, carried}}, {Method: "GET", Host: "b"}},
		},
		{Step: &scenarios.Step{}},
		{Step: &scenarios.Step{}, Calls: many},
	}}
	got := seen(r, o)
	if n := len(got[2].Calls); n != maxSeenCalls {
		t.Errorf("%d calls are kept, want %d", n, maxSeenCalls)
	}
	const masked = "<live A_KEY of the workspace>"
	want := []Seen{
		{
			Replies: []SeenReply{{Outcome: "allowed", Status: 201, Times: 3}, {Outcome: "refused", Status: 422, Code: "NO_" + masked + "<hidden>", Times: 1}},
			Calls:   []SeenCall{{Method: "GET", Host: "api." + masked, Status: 401, Credentials: []string{"workspace/A_KEY"}}, {Method: "GET", Host: "b"}},
		},
		{},
	}
	if diff := cmp.Diff(want, got[:2]); diff != "" {
		t.Errorf("seen (-want +got):\n%s", diff)
	}
}
