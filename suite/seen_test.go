package suite

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/molecule-ai/byok-conformance/fakes/upstream"
	"github.com/molecule-ai/byok-conformance/scenarios"
)

// TestSeen holds what reports keep of every scenario to what was observed: equal
// replies counted, calls in order and bounded, and nothing of a credential.
func TestSeen(t *testing.T) {
	r := newRing()
	random := strings.Repeat("Ab3", 12)
	c := &credential{Credential: upstream.Credential{Name: "A_KEY", Value: random, Answers: []upstream.Answer{"live"}}, scope: "workspace", secret: secret{written: random, random: random}}
	r.add([]*credential{c})
	r.hide([]string{"the-admin-token", "short"})
	allowed, refused := Reply{Outcome: OutcomeAllowed, Status: 201}, Reply{Outcome: OutcomeRefused, Status: 422, RawCode: "NO_" + random + "the-admin-token"}
	carried := Carried{Scope: "workspace", Name: "A_KEY", Where: "url"}
	many := make([]Call, maxSeenCalls+10)
	o := &Observation{Steps: []StepObservation{
		{
			Step: &scenarios.Step{}, Replies: []Reply{allowed, refused, allowed, allowed},
			Calls: []Call{{Method: "GET", Host: "api." + random, Status: 401, Credentials: []Carried{carried, carried}}, {Method: "GET", Host: "b"}},
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
