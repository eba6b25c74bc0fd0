package judge

import (
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/molecule-ai/byok-conformance/gate"
	"github.com/molecule-ai/byok-conformance/registry"
	"github.com/molecule-ai/byok-conformance/scenarios"
	"github.com/molecule-ai/byok-conformance/suite/target"
)

// observed is one step of an Anthropic workspace, as a correct server shows it.
func observed(x scenarios.Expect, r target.Reply, calls ...Call) *Observation {
	step := &scenarios.Step{Stage: scenarios.Create, Runtime: "claude-code", Model: "claude-opus-4-7", AtOnce: 1, Expect: x}
	return &Observation{
		Scenario: &scenarios.Scenario{Rules: []string{"PRE-2", "PRE-7"}, Steps: []scenarios.Step{*step}},
		Registry: registry.Embedded(), Claims: scenarios.Claims, Level: scenarios.Core, Budget: time.Second, HTTP: true,
		Steps: []StepObservation{{Step: step, Replies: []target.Reply{r}, Calls: calls}},
	}
}

func missing() scenarios.Expect {
	return scenarios.Expect{Verdict: scenarios.Refused, Code: "MISSING_BYOK_CREDENTIAL", Providers: []string{"anthropic-api"}, Upstream: scenarios.NoCall}
}

func alive() scenarios.Expect {
	return scenarios.Expect{Verdict: scenarios.Allowed, Providers: []string{"anthropic-api"}, Upstream: scenarios.OneProbe, Probed: "workspace/ANTHROPIC_API_KEY"}
}

func refusal(change func(*target.Reply)) target.Reply {
	r := target.Reply{
		Outcome: target.Refused, Code: gate.MissingCredential, RawCode: string(gate.MissingCredential), Status: 422, Object: true,
		Text: `model "claude-opus-4-7" resolves to BYOK provider "anthropic-api" but none of ANTHROPIC_API_KEY, ANTHROPIC_AUTH_TOKEN is set`,
	}
	if change != nil {
		change(&r)
	}
	return r
}

func made(change func(*Call)) Call {
	c := Call{
		Method: http.MethodGet, Scheme: "https", Host: "api.anthropic.com", URL: "https://api.anthropic.com/v1/models", Known: true, InCreate: true,
		Status: 200, Answer: "live", HasVersion: true, Credentials: []Carried{{Scope: "workspace", Name: "ANTHROPIC_API_KEY", Where: "header x-api-key", Read: true}},
	}
	if change != nil {
		change(&c)
	}
	return c
}

func TestJudge(t *testing.T) {
	allowed := target.Reply{Outcome: target.Allowed, Status: 201}
	loud := alive()
	loud.Loud = true
	type test struct {
		name string
		o    *Observation
		want []string // violated rules
	}
	tests := []test{
		{"a proper refusal", observed(missing(), refusal(nil)), nil},
		{"the bypass", observed(missing(), allowed), []string{"PRE-2"}},
		{"refused for another reason of the gate", observed(missing(), refusal(func(r *target.Reply) { r.Code, r.RawCode = gate.InvalidCredential, string(gate.InvalidCredential) })), []string{"PRE-2"}},
		{"refused by another rule", observed(missing(), target.Reply{Outcome: target.Rejected, Status: 422, RawCode: "MODEL_REQUIRED"}), []string{"PRE-2"}},
		{"a fault of the server", observed(missing(), target.Reply{Outcome: target.Failed, Status: 500}), []string{"PRE-2"}},
		{"no answer in time", observed(alive(), target.Reply{Outcome: target.Late}), []string{"LIV-6"}},
		{"a code of its own", observed(missing(), refusal(func(r *target.Reply) { r.Code, r.RawCode = "", "NO_KEY" })), []string{"REF-1"}},
		{"another status", observed(missing(), refusal(func(r *target.Reply) { r.Status = 400 })), []string{"REF-1"}},
		{"no JSON object", observed(missing(), refusal(func(r *target.Reply) { r.Object, r.Body = false, []byte("no") })), []string{"REF-1"}},
		{"provider in its own field", observed(missing(), refusal(func(r *target.Reply) { r.Provider, r.Text = "anthropic-api", "set ANTHROPIC_AUTH_TOKEN" })), nil},
		{"provider by display name", observed(missing(), refusal(func(r *target.Reply) { r.Text = "the Anthropic API wants ANTHROPIC_API_KEY" })), nil},
		{"wrong provider in its field", observed(missing(), refusal(func(r *target.Reply) { r.Provider = "openai-api" })), []string{"REF-2"}},
		{"provider not named", observed(missing(), refusal(func(r *target.Reply) { r.Text = "set ANTHROPIC_API_KEY" })), []string{"REF-2"}},
		{"provider only as part of another name", observed(missing(), refusal(func(r *target.Reply) { r.Text = "byok-anthropic-api2 wants ANTHROPIC_API_KEY" })), []string{"REF-2"}},
		{"no accepted name", observed(missing(), refusal(func(r *target.Reply) { r.Text = "anthropic-api wants MY_ANTHROPIC_API_KEY" })), []string{"REF-2"}},
		{"a call before the refusal", observed(missing(), refusal(nil), made(nil)), []string{"PRE-7"}},
		{"a foreign host before the refusal", observed(missing(), refusal(nil), made(func(c *Call) { c.Host = "api.openai.com" })), []string{"PRE-7", "SEC-3"}},
		{"telemetry where nothing may be called", observed(missing(), refusal(nil), Call{Host: "telemetry.invalid"}), []string{"PRE-7"}},
		{"telemetry beside a probe", observed(alive(), allowed, made(nil), Call{Host: "telemetry.invalid"}), nil},
		{"one probe", observed(alive(), allowed, made(nil)), nil},
		{"no probe", observed(alive(), allowed), []string{"LIV-9"}},
		{"one retry after 500", observed(alive(), allowed, made(func(c *Call) { c.Status = 500 }), made(nil)), nil},
		{"two retries", observed(alive(), allowed, made(nil), made(nil), made(nil)), []string{"LIV-9"}},
		{"a probe at create and one at provisioning", observed(alive(), allowed, made(func(c *Call) { c.Status = 429 }), made(func(c *Call) { c.InCreate = false })), nil},
		{"provisionings after secrets were changed", observed(alive(), allowed, made(nil), made(func(c *Call) { c.InCreate, c.Changed = false, true }), made(func(c *Call) { c.InCreate, c.Changed = false, true }), made(func(c *Call) { c.InCreate, c.Changed = false, true })), nil},
		{"a POST after secrets were changed", observed(alive(), allowed, made(nil), made(func(c *Call) { c.InCreate, c.Changed, c.Method = false, true, http.MethodPost })), []string{"LIV-9"}},
		{"a retry after 429", observed(alive(), allowed, made(func(c *Call) { c.Status = 429 }), made(nil)), []string{"LIV-9"}},
		{"a client that resends on a connection that stands for none", observed(alive(), allowed, made(func(c *Call) { c.Answer, c.AsReset = "nxdomain", true }), made(func(c *Call) { c.Answer, c.AsReset = "nxdomain", true }), made(func(c *Call) { c.Answer, c.AsReset = "nxdomain", true })), nil},
		{"a client that resends on a broken connection", observed(alive(), allowed, made(func(c *Call) { c.Answer = "reset" }), made(func(c *Call) { c.Answer = "reset" }), made(func(c *Call) { c.Answer = "reset" })), nil},
		{"POST", observed(alive(), allowed, made(func(c *Call) { c.Method = http.MethodPost })), []string{"LIV-9"}},
		{"another path of the same host", observed(alive(), allowed, made(func(c *Call) { c.URL = "https://api.anthropic.com/v1/me" })), nil},
		{"in the URL", observed(alive(), allowed, made(func(c *Call) { c.Credentials[0].Where, c.Credentials[0].Read = "url", false })), []string{"LIV-5"}},
		{"without the version", observed(alive(), allowed, made(func(c *Call) { c.HasVersion = false })), []string{"LIV-5"}},
		{"to another host", observed(alive(), allowed, made(nil), made(func(c *Call) { c.Host = "api.kimi.com" })), []string{"SEC-3"}},
		{"over a redirect", observed(alive(), allowed, made(func(c *Call) { c.Answer, c.Status = "redirect-sibling", 307 }), made(func(c *Call) { c.Host = "api.kimi.com" })), []string{"SEC-4"}},
		{"the tenant's value for the workspace's", observed(alive(), allowed, made(nil), made(func(c *Call) { c.Credentials[0].Scope = "global" })), []string{"PRE-5"}},
		{"another accepted name", observed(alive(), allowed, made(nil), made(func(c *Call) { c.Credentials[0].Name = "ANTHROPIC_AUTH_TOKEN" })), []string{"LIV-8"}},
		{"too slow", observed(alive(), target.Reply{Outcome: target.Allowed, Took: 3*time.Second + 1}, made(nil)), []string{"LIV-6"}},
		{"slow, within the slack", observed(alive(), target.Reply{Outcome: target.Allowed, Took: 3 * time.Second}, made(nil)), nil},
		{"silent allow", observed(loud, allowed, made(nil)), []string{"LIV-11"}},
		{"loud in a header", observed(loud, target.Reply{Outcome: target.Allowed, Header: http.Header{"Warning": {"anthropic-api ANTHROPIC_API_KEY unproven"}}}, made(nil)), nil},
		{"loud in a field", observed(loud, target.Reply{Outcome: target.Allowed, Body: []byte(`{"warnings":[{"provider":"anthropic-api","credential":"ANTHROPIC_API_KEY"}]}`)}, made(nil)), nil},
		{"names in different fields are no trace", observed(loud, target.Reply{Outcome: target.Allowed, Body: []byte(`{"provider":"anthropic-api","secrets":["ANTHROPIC_API_KEY"]}`)}, made(nil)), []string{"LIV-11"}},
		{"the provider's answer passed on", observed(missing(), refusal(func(r *target.Reply) { r.Body = []byte(`{"error":"upstream said req_0123456789abcdef"}`) }), Call{Own: http.Header{"Request-Id": {"req_0123456789abcdef"}}}), []string{"PRE-7", "SEC-5"}},
	}
	step := func(o *Observation, change func(*StepObservation)) *Observation {
		change(&o.Steps[0])
		return o
	}
	plain, down := target.Reply{Outcome: target.Refused, Status: 409}, target.Reply{Outcome: target.Failed, Status: 503}
	tests = append(tests, []test{
		{"a name that is reserved", step(observed(alive(), plain), func(s *StepObservation) { s.NamedBefore = true }), []string{"REF-3"}},
		{"a conflict about a new name", observed(alive(), plain), []string{"LIV-9", "PRE-2"}},
		{"unavailable, and never a verdict", observed(alive(), down), []string{"PRE-2"}},
		{"unavailable after verdicts", step(observed(alive(), down), func(s *StepObservation) { s.AnsweredBefore = true }), []string{"ROB-3"}},
		{"unavailable once the provider was asked", step(observed(alive(), down, made(nil)), func(s *StepObservation) { s.AnsweredBefore = true }), []string{"PRE-2"}},
		{"the provider's header passed on", observed(missing(), refusal(func(r *target.Reply) { r.Header = http.Header{"Openai-Version": {"2020-10-01"}} }),
			Call{Own: OwnHeaders(http.Header{"Openai-Version": {"2020-10-01"}})}), []string{"PRE-7", "SEC-5"}},
		{"the provider's id under another name", observed(missing(), refusal(func(r *target.Reply) { r.Header = http.Header{"X-Upstream": {"id=req_0123456789abcdef"}} }),
			Call{Own: OwnHeaders(http.Header{"Request-Id": {"req_0123456789abcdef"}})}), []string{"PRE-7", "SEC-5"}},
		{"headers of its own that are alike", observed(missing(), refusal(func(r *target.Reply) {
			r.Header = http.Header{"X-Ratelimit-Remaining": {"0"}, "Server": {"nginx"}, "Retry-After": {"30"}, "Content-Type": {"application/json"}}
		}), Call{Own: OwnHeaders(http.Header{"X-Ratelimit-Remaining": {"0"}, "Server": {"nginx"}, "Retry-After": {"30"}, "Content-Type": {"application/json"}})}), []string{"PRE-7"}},
		{"a code that stands twice", observed(missing(), refusal(func(r *target.Reply) {
			r.Body, r.Object = []byte(`{"code":"OTHER","code":"MISSING_BYOK_CREDENTIAL"}`), true
		})), []string{"REF-1"}},
		{"a field twice, in two objects", observed(missing(), refusal(func(r *target.Reply) { r.Body, r.Object = []byte(`{"code":"A","error":{"code":"A"}}`), true })), nil},
		{"hung up on", observed(alive(), target.Reply{Outcome: target.HungUp}), nil},
	}...)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var got []string
			for _, v := range Judge(tt.o) {
				if !slices.Contains(got, v.Rule) {
					got = append(got, v.Rule)
				}
				if v.Message == "" || v.Want == "" || v.Got == "" {
					t.Errorf("a violation does not say what is wrong: %+v", v)
				}
			}
			slices.Sort(got)
			if !slices.Equal(got, tt.want) {
				t.Errorf("violated %q, want %q", got, tt.want)
			}
		})
	}
}

// many are n calls that nothing is wrong with.
func many(n int) []Call { return slices.Repeat([]Call{made(nil)}, n) }

// atOnce makes the only request of an observation two, answered alike.
func atOnce(o *Observation) {
	o.Steps[0].Step.AtOnce = 2
	o.Steps[0].Replies = append(o.Steps[0].Replies, o.Steps[0].Replies[0])
}
