package judge

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/molecule-ai/byok-conformance/gate"
	"github.com/molecule-ai/byok-conformance/scenarios"
	"github.com/molecule-ai/byok-conformance/suite/target"
	"github.com/molecule-ai/byok-conformance/suite/timing"
)

// TestViolations holds each violation that the judge can report to its words:
// they are what the person who repairs the server reads.
func TestViolations(t *testing.T) {
	const (
		probe   = "GET https://api.anthropic.com/v1/models"
		carried = " with ANTHROPIC_API_KEY of the workspace in header x-api-key"
		leaked  = "no credential value, nor 8 consecutive characters of one"
	)
	allowed := target.Reply{Outcome: target.Allowed, Status: 201}
	refused := func(s int, code string) target.Reply {
		return target.Reply{Outcome: target.Refused, Status: s, RawCode: code, Code: gate.Code(code), Object: true}
	}
	dead := alive()
	dead.Verdict, dead.Code = scenarios.Refused, "BYOK_CREDENTIAL_INVALID"
	either := missing()
	either.Verdict = scenarios.Either
	untouched := scenarios.Expect{Verdict: scenarios.Untouched, Upstream: scenarios.NoCall}
	loud := alive()
	loud.Loud = true
	unread := loud
	unread.Upstream = scenarios.NoCall
	with := func(o *Observation, change func(*Observation)) *Observation { change(o); return o }
	rules := func(list ...string) func(*Observation) { return func(o *Observation) { o.Scenario.Rules = list } }
	two := func(o *Observation, second StepObservation) *Observation {
		o.Steps = append(o.Steps, second)
		return o
	}
	ended401 := made(func(c *Call) { c.Status, c.Answer, c.InCreate = http.StatusUnauthorized, "dead", false })
	restarted := func(calls ...Call) StepObservation {
		return StepObservation{Step: &scenarios.Step{Stage: scenarios.Provision, AtOnce: 1, Expect: alive()}, Replies: []target.Reply{allowed}, Calls: calls}
	}
	deadRefusal := refusal(func(r *target.Reply) {
		r.Code, r.RawCode, r.Text = gate.InvalidCredential, string(gate.InvalidCredential), "anthropic-api does not take it"
	})
	tests := []struct {
		name string
		o    *Observation
		want []Violation
	}{
		// The verdict.
		{"allowed", observed(missing(), allowed), []Violation{{WronglyAllowed, "PRE-2", 0, "a workspace that must be refused was allowed", "create refused with MISSING_BYOK_CREDENTIAL", "allowed (status 201)"}}},
		{"refused", observed(alive(), refused(422, "MISSING_BYOK_CREDENTIAL"), made(nil)), []Violation{{WronglyRefused, "PRE-2", 0, "a workspace that must be allowed was refused", "create allowed", "refused with MISSING_BYOK_CREDENTIAL (status 422)"}}},
		{"rejected where it must be allowed", observed(alive(), target.Reply{Outcome: target.Rejected, Status: 400}, made(nil)), []Violation{{Rejected, "PRE-2", 0, "a workspace that must be allowed was refused", "create allowed", "refused by another rule (status 400)"}}},
		{"rejected where either is lawful", with(observed(alive(), target.Reply{Outcome: target.Rejected, Status: 400}), func(o *Observation) { o.Steps[0].Step.Expect.OrRejected = true }), nil},
		{"refused where only a rejection is lawful", with(observed(alive(), refused(422, "MISSING_BYOK_CREDENTIAL"), made(nil)), func(o *Observation) { o.Steps[0].Step.Expect.OrRejected = true }), []Violation{{WronglyRefused, "PRE-2", 0, "a workspace that must be allowed was refused", "create allowed, or the request rejected by another rule", "refused with MISSING_BYOK_CREDENTIAL (status 422)"}}},
		{"the wrong code", observed(missing(), refusal(func(r *target.Reply) { r.Code, r.RawCode = gate.InvalidCredential, "INVALID_BYOK_CREDENTIAL" })), []Violation{{WrongCode, "PRE-2", 0, "refused for the wrong reason", "create refused with MISSING_BYOK_CREDENTIAL", "refused with INVALID_BYOK_CREDENTIAL (status 422)"}}},
		{"another rule", observed(missing(), target.Reply{Outcome: target.Rejected, Status: 400}), []Violation{{Rejected, "PRE-2", 0, "the request was refused by another rule of the server, so the gate was not seen to refuse it", "create refused with MISSING_BYOK_CREDENTIAL", "refused by another rule (status 400)"}}},
		{"another rule where that is lawful", with(observed(missing(), target.Reply{Outcome: target.Rejected, Status: 400}), func(o *Observation) { o.Steps[0].Step.Expect.OrRejected = true }), nil},
		{"not the gate's business", observed(untouched, refused(422, "MISSING_BYOK_CREDENTIAL")), []Violation{{Meddled, "PRE-2", 0, "the gate must stay out, but it refused", "create not refused by this gate", "refused with MISSING_BYOK_CREDENTIAL (status 422)"}}},
		{"not the gate's business, and another rule's", observed(untouched, target.Reply{Outcome: target.Rejected, Status: 422}), nil},
		{"not the gate's business, allowed", observed(untouched, allowed), nil},
		{"neither of two lawful answers", observed(either, refusal(func(r *target.Reply) { r.Code, r.RawCode = gate.InvalidCredential, "BYOK_CREDENTIAL_INVALID" })), []Violation{{WrongCode, "PRE-2", 0, "the answer is neither an allow nor the refusal that is lawful here", "create allowed, or refused with MISSING_BYOK_CREDENTIAL", "refused with BYOK_CREDENTIAL_INVALID (status 422)"}}},
		{"one of two lawful answers", observed(either, refusal(nil)), nil},
		{"the other of two lawful answers", observed(either, allowed), nil},
		{"a fault", observed(missing(), target.Reply{Outcome: target.Failed, Status: 500}), []Violation{{Fault, "PRE-2", 0, "the target had a fault of its own where a verdict was due", "create refused with MISSING_BYOK_CREDENTIAL", "fault (status 500)"}}},
		{"late", observed(alive(), target.Reply{Outcome: target.Late, Err: timing.ErrLate}, made(nil)), []Violation{{Deadline, "LIV-6", 0, "the target did not answer in time", "create allowed", "no answer in time: no answer in time"}}},

		{"refused for want of a credential, where liveness is asked", with(observed(alive(), refused(422, "MISSING_BYOK_CREDENTIAL"), made(nil)), rules("LIV-2")), []Violation{{WronglyRefused, "PRE-4", 0, "a workspace that must be allowed was refused", "create allowed", "refused with MISSING_BYOK_CREDENTIAL (status 422)"}}},
		{"refused for want of a credential at provision", with(with(observed(alive(), refused(0, "MISSING_BYOK_CREDENTIAL"), made(nil)), rules("LIV-4")), func(o *Observation) { o.Steps[0].Step.Stage = scenarios.Provision }), []Violation{{WronglyRefused, "PRV-2", 0, "a workspace that must be allowed was refused", "provision allowed", "refused with MISSING_BYOK_CREDENTIAL"}}},
		{"refused by a probe", with(observed(alive(), refused(422, "BYOK_CREDENTIAL_INVALID"), made(nil)), rules("LIV-2")), []Violation{{WronglyRefused, "LIV-2", 0, "a workspace that must be allowed was refused", "create allowed", "refused with BYOK_CREDENTIAL_INVALID (status 422)"}}},
		{"a workspace that another create made", observed(missing(), target.Reply{Outcome: target.Rejected, Status: 400, NotMade: true, Workspace: target.Workspace{ID: "7"}}), []Violation{
			{Rejected, "PRE-2", 0, "the request was refused by another rule of the server, so the gate was not seen to refuse it", "create refused with MISSING_BYOK_CREDENTIAL", "refused by another rule (status 400)"},
			{NotMade, "ROB-3", 0, "the reply names a workspace that this create did not make", "an id of its own", "the id 7, which was there before, or which another create was answered with"},
		}},
		{"refused afterwards", with(observed(missing(), allowed), func(o *Observation) { later := refusal(nil); o.Steps[0].Later = &later }), []Violation{
			{WronglyAllowed, "PRE-2", 0, "a workspace that must be refused was allowed", "create refused with MISSING_BYOK_CREDENTIAL", "allowed (status 201)"},
			{LateRefusal, "REF-4", 0, "the create was answered as if it were allowed, and the refusal came afterwards", "the refusal is the answer to the create", "allowed (status 201), then refused with MISSING_BYOK_CREDENTIAL (status 422)"},
		}},
		{"failed afterwards for another reason", with(observed(missing(), allowed), func(o *Observation) { o.Steps[0].Later = &target.Reply{Outcome: target.Allowed} }), []Violation{
			{WronglyAllowed, "PRE-2", 0, "a workspace that must be refused was allowed", "create refused with MISSING_BYOK_CREDENTIAL", "allowed (status 201)"},
		}},

		// The refusal.
		{"no code", observed(missing(), refusal(func(r *target.Reply) { r.Code, r.RawCode = "", "" })), []Violation{{UnknownCode, "REF-1", 0, "the refusal has no code that this gate may give", "code MISSING_BYOK_CREDENTIAL", "code (none)"}}},
		{"a code of its own", observed(missing(), refusal(func(r *target.Reply) { r.Code, r.RawCode = "", "NO_KEY" })), []Violation{{UnknownCode, "REF-1", 0, "the refusal has no code that this gate may give", "code MISSING_BYOK_CREDENTIAL", `code "NO_KEY"`}}},
		{"status", observed(missing(), refusal(func(r *target.Reply) { r.Status = 403 })), []Violation{{WrongStatus, "REF-1", 0, "the refusal has another status", "status 422", "status 403"}}},
		{"no object", observed(missing(), refusal(func(r *target.Reply) { r.Object, r.Body = false, []byte("no key") })), []Violation{{NotJSON, "REF-1", 0, "the refusal's body is not a JSON object", "a JSON object", "no key"}}},
		{"no status in process", with(observed(missing(), refusal(func(r *target.Reply) { r.Status, r.Object = 0, false })), func(o *Observation) { o.HTTP = false }), nil},
		{"another provider in the field", observed(missing(), refusal(func(r *target.Reply) { r.Provider = "groq" })), []Violation{{WrongProvider, "REF-2", 0, "the refusal does not name the derived provider", "anthropic-api", `provider "groq"`}}},
		{"no provider", observed(missing(), refusal(func(r *target.Reply) { r.Text = "set ANTHROPIC_API_KEY" })), []Violation{{ProviderUnnamed, "REF-2", 0, "the refusal does not name the derived provider", "anthropic-api", "set ANTHROPIC_API_KEY"}}},
		{"no name", observed(missing(), refusal(func(r *target.Reply) { r.Text = "anthropic-api wants a key" })), []Violation{{AcceptedUnnamed, "REF-2", 0, "the refusal names no credential that would be accepted", "one of ANTHROPIC_API_KEY, ANTHROPIC_AUTH_TOKEN", "anthropic-api wants a key"}}},
		{"a name in a list", observed(missing(), refusal(func(r *target.Reply) { r.Text, r.Names = "anthropic-api wants a key", []string{"ANTHROPIC_AUTH_TOKEN"} })), nil},
		{"a dead one without its name, core", observed(dead, deadRefusal, made(nil)), nil},
		{"a dead one without its name, extended", with(observed(dead, deadRefusal, made(nil)), func(o *Observation) { o.Level = scenarios.Extended }), []Violation{{DeadUnnamed, "REF-2", 0, "the refusal does not name the credential that is dead", "ANTHROPIC_API_KEY", "anthropic-api does not take it"}}},

		// Agreement.
		{"at once", with(observed(missing(), refusal(nil)), func(o *Observation) { o.Steps[0].Replies = append(o.Steps[0].Replies, allowed) }), []Violation{
			{WronglyAllowed, "PRE-2", 0, "a workspace that must be refused was allowed", "create refused with MISSING_BYOK_CREDENTIAL", "allowed (status 201)"},
			{Unstable, "ROB-3", 0, "2 requests at once got different verdicts", "refused with MISSING_BYOK_CREDENTIAL (status 422)", "allowed (status 201)"},
		}},
		{"create and provision", two(observed(either, allowed), StepObservation{Step: &scenarios.Step{Stage: scenarios.Provision, Expect: either}, Replies: []target.Reply{refused(0, "MISSING_BYOK_CREDENTIAL")}}), []Violation{
			{StagesDisagree, "PRV-2", 1, "create and provision disagree about the same scope", "as at create: allowed (status 201)", "refused with MISSING_BYOK_CREDENTIAL"},
		}},
		{"what the provider says has changed by then", with(two(observed(either, allowed), StepObservation{Step: &scenarios.Step{Stage: scenarios.Provision, Expect: either}, Replies: []target.Reply{refused(0, "MISSING_BYOK_CREDENTIAL")}}), func(o *Observation) {
			changing := scenarios.Secrets{Workspace: map[string]scenarios.Value{"K": {Answers: []string{"live"}, Then: []string{"dead"}}}}
			o.Steps[0].Step.Secrets, o.Steps[1].Step.Secrets = changing, changing
		}), nil},
		{"create and provision agree", two(observed(either, allowed), StepObservation{Step: &scenarios.Step{Stage: scenarios.Provision, Expect: either}, Replies: []target.Reply{allowed}}), nil},

		// Calls.
		{"a call at a refusal", observed(missing(), refusal(nil), made(nil)), []Violation{{NeedlessCall, "PRE-7", 0, "a call was made where none may be", "no outbound call", probe + carried}}},
		{"a foreign one at a refusal", observed(missing(), refusal(nil), made(func(c *Call) {
			c.Host, c.URL, c.Credentials = "api.openai.com", "https://api.openai.com/v1/models", []Carried{{Scope: "global", Name: "OPENAI_API_KEY", Where: "header authorization", Read: true}}
		})), []Violation{
			{NeedlessCall, "PRE-7", 0, "a call was made where none may be", "no outbound call", "GET https://api.openai.com/v1/models with OPENAI_API_KEY of the global in header authorization"},
			{ForeignHost, "SEC-3", 0, "a credential left the server for a host that is not the derived provider's", "no credential", "GET https://api.openai.com/v1/models with OPENAI_API_KEY of the global in header authorization"},
		}},
		{"a call of the platform's", with(observed(untouched, allowed, made(nil)), rules("DER-4", "SEC-3")), []Violation{
			{NeedlessCall, "DER-4", 0, "a call was made where none may be", "no outbound call", probe + carried},
			{ForeignHost, "SEC-3", 0, "a credential left the server for a host that is not the derived provider's", "no credential", probe + carried},
		}},
		{"a call of a subscription's", with(observed(untouched, allowed, made(func(c *Call) { c.Credentials = nil })), rules("PRE-4", "LIV-7")), []Violation{{NeedlessCall, "LIV-7", 0, "a call was made where none may be", "no outbound call", probe}}},
		{"a call where nothing else is said", with(observed(untouched, allowed, made(func(c *Call) { c.Credentials = nil })), rules("ROB-2")), []Violation{{NeedlessCall, "SEC-3", 0, "a call was made where none may be", "no outbound call", probe}}},
		{"no call", observed(alive(), allowed), []Violation{{Unasked, "LIV-9", 0, "the provider was not asked about the credential that decides", "one GET with workspace/ANTHROPIC_API_KEY", "no such call"}}},
		{"no call, but liveness is not claimed", with(observed(alive(), allowed), func(o *Observation) { o.Claims = []string{"create-presence"} }), nil},
		{"no call that could be seen", with(observed(alive(), allowed), func(o *Observation) { o.Steps[0].Struck = true }), nil},
		{"no call, where one is optional", with(observed(alive(), allowed), func(o *Observation) { o.Steps[0].Step.Expect.Upstream = scenarios.AnyProbe }), nil},
		{"no GET", observed(alive(), allowed, made(func(c *Call) { c.Method = http.MethodHead })), []Violation{{WrongMethod, "LIV-9", 0, "the probe is no GET", "GET", "HEAD https://api.anthropic.com/v1/models" + carried}}},
		{"a retry after 401", observed(dead, refusal(func(r *target.Reply) { r.Code = gate.InvalidCredential }), made(func(c *Call) { c.Status = 401 }), made(nil)), []Violation{{CalledAgain, "LIV-9", 0, "the provider was called again after it had answered 401", "no retry", "2 calls"}}},
		{"a retry after a 401 that broke off", observed(dead, refusal(func(r *target.Reply) { r.Code = gate.InvalidCredential }), made(func(c *Call) { c.Answer, c.Status = "dead-truncated", 401 }), made(nil)), nil},
		{"two retries after a 401 that broke off", observed(dead, refusal(func(r *target.Reply) { r.Code = gate.InvalidCredential }), made(func(c *Call) { c.Answer, c.Status = "dead-truncated", 401 }), made(nil), made(nil)), []Violation{{CalledTooOften, "LIV-9", 0, "the provider was called more than once and one retry", "at most 2 calls", "3 calls"}}},
		{"a restart that began late, and asked in the time of the next", two(two(observed(alive(), allowed, made(nil)), restarted()), restarted(ended401, ended401)), nil},
		{"a restart that asked in its own time, and the next twice", two(two(observed(alive(), allowed, made(nil)), restarted(ended401)), restarted(ended401, ended401)), []Violation{{CalledAgain, "LIV-9", 2, "the provider was called again after it had answered 401", "no retry", "2 calls"}}},
		{"two at once, each created and provisioned with a retry", with(observed(alive(), allowed, many(8)...), atOnce), nil},
		{"two at once, and a call too many", with(observed(alive(), allowed, many(9)...), atOnce), []Violation{{CalledTooOften, "LIV-9", 0, "2 requests at once brought the provider more than one call and one retry for each create and each provisioning", "at most 8 calls", "9 calls"}}},
		{"two retries", observed(alive(), allowed, made(nil), made(nil), made(nil)), []Violation{{CalledTooOften, "LIV-9", 0, "the provider was called more than once and one retry", "at most 2 calls", "3 calls"}}},
		{"in the URL", observed(alive(), allowed, made(func(c *Call) { c.Credentials[0].Where, c.Credentials[0].Read = "url", false })), []Violation{{CredentialInURL, "LIV-5", 0, "the credential travels where the provider does not read it", "header x-api-key", "url"}}},
		{"no version", observed(alive(), allowed, made(func(c *Call) { c.HasVersion = false })), []Violation{{NoVersion, "LIV-5", 0, "the probe of Anthropic's own API has no anthropic-version header", "anthropic-version", probe + carried}}},
		{"another name", observed(alive(), allowed, made(nil), made(func(c *Call) { c.Credentials[0].Name = "ANTHROPIC_AUTH_TOKEN" })), []Violation{{WrongCredential, "LIV-8", 0, "the provider was asked about another credential than the one that decides", "workspace/ANTHROPIC_API_KEY", probe + " with ANTHROPIC_AUTH_TOKEN of the workspace in header x-api-key"}}},
		{"another scope", observed(alive(), allowed, made(nil), made(func(c *Call) { c.Credentials[0].Scope = "global" })), []Violation{{WrongScope, "PRE-5", 0, "the provider was asked about another credential than the one that decides", "workspace/ANTHROPIC_API_KEY", probe + " with ANTHROPIC_API_KEY of the global in header x-api-key"}}},
		{"a name that it does not accept", observed(alive(), allowed, made(nil), made(func(c *Call) { c.Credentials[0].Name = "OPENAI_API_KEY" })), []Violation{{StrayCredential, "SEC-3", 0, "the provider was asked about another credential than the one that decides", "workspace/ANTHROPIC_API_KEY", probe + " with OPENAI_API_KEY of the workspace in header x-api-key"}}},
		{"a moved probe", with(observed(alive(), allowed, made(nil), made(func(c *Call) { c.Host, c.URL, c.Known = "elsewhere.invalid", "https://elsewhere.invalid/", false })), rules("LIV-4")), []Violation{{ProbeMoved, "LIV-4", 0, "something in the request moved the probe", "a probe of api.anthropic.com", "GET https://elsewhere.invalid/" + carried}}},
		{"a foreign host", observed(alive(), allowed, made(nil), made(func(c *Call) { c.Host, c.URL = "api.kimi.com", "https://api.kimi.com/" })), []Violation{{ForeignHost, "SEC-3", 0, "a credential reached a host that is not the derived provider's", "api.anthropic.com", "GET https://api.kimi.com/" + carried}}},
		{"a redirect to plain HTTP", observed(alive(), allowed, made(func(c *Call) { c.Answer, c.Status = "redirect-http", 307 }), made(func(c *Call) { c.Scheme, c.URL = "http", "http://api.anthropic.com/" })), []Violation{{RedirectFollowed, "SEC-4", 0, "the credential was forwarded over a redirect", "the redirect is not followed with it", "GET http://api.anthropic.com/" + carried}}},
		{"a redirect followed without the credential", observed(alive(), allowed, made(func(c *Call) { c.Answer, c.Status = "redirect-other-host", 307 }), Call{Method: "GET", Host: "elsewhere.invalid"}), nil},

		// The bound and the trace.
		{"too slow", observed(alive(), target.Reply{Outcome: target.Allowed, Took: 3001 * time.Millisecond}, made(nil)), []Violation{{Deadline, "LIV-6", 0, "the create outlasted the probe's bound", "an answer within 3s", "an answer after 3.001s"}}},
		{"no trace", with(observed(loud, allowed, made(nil)), func(o *Observation) { o.Steps[0].Traces = []string{"a line"} }), []Violation{{SilentAllow, "LIV-11", 0, "the workspace was allowed without proof of life, and nothing says so", "a line of output or a field of the reply with anthropic-api and ANTHROPIC_API_KEY", "1 lines of output and a reply without them"}}},
		{"no trace of an answer that proves nothing in its dialect", with(with(observed(loud, allowed, made(nil)), rules("DIA-3", "LIV-11")), func(o *Observation) { o.Steps[0].Traces = []string{"a line"} }), []Violation{{SilentAllow, "DIA-3", 0, "the workspace was allowed without proof of life, and nothing says so", "a line of output or a field of the reply with anthropic-api and ANTHROPIC_API_KEY", "1 lines of output and a reply without them"}}},
		{"no trace, and no liveness claimed", with(observed(loud, allowed), func(o *Observation) { o.Claims = []string{"secrecy-logs"} }), nil},
		{"no trace, nothing asked", observed(unread, allowed), []Violation{{SilentAllow, "LIV-11", 0, "the workspace was allowed without proof of life, and nothing says so", "a line of output or a field of the reply with anthropic-api and ANTHROPIC_API_KEY", "0 lines of output and a reply without them"}}},
		{"no trace, but the output is not claimed", with(observed(loud, allowed, made(nil)), func(o *Observation) { o.Claims = []string{"create-liveness"} }), nil},
		{"a line of output", with(observed(loud, allowed, made(nil)), func(o *Observation) { o.Steps[0].Traces = []string{"WARN Anthropic API: ANTHROPIC_API_KEY unproven"} }), nil},
		{"a notice", with(observed(loud, target.Reply{Outcome: target.Allowed, Notices: []gate.Notice{{Provider: "anthropic-api", Credential: "ANTHROPIC_API_KEY"}}}, made(nil)), func(o *Observation) { o.HTTP, o.Claims = false, nil }), nil},
		{"no notice", with(observed(loud, target.Reply{Outcome: target.Allowed}, made(nil)), func(o *Observation) { o.HTTP, o.Claims = false, nil }), []Violation{{SilentAllow, "LIV-11", 0, "the workspace was allowed without proof of life, and nothing says so", "a line of output or a field of the reply with anthropic-api and ANTHROPIC_API_KEY", "0 lines of output and a reply without them"}}},

		// Secrecy and what is left behind.
		{"a leak", with(observed(missing(), refusal(nil)), func(o *Observation) {
			o.Leaks = []Leak{{"SEC-1", "the reply's body", "workspace/OPENAI_API_KEY"}, {"SEC-2", "a line of output", "global/OPENAI_API_KEY"}}
		}), []Violation{
			{LeakReply, "SEC-1", 0, "a piece of the credential workspace/OPENAI_API_KEY stands in the reply's body", leaked, "at least 8 characters of it"},
			{LeakLog, "SEC-2", 0, "a piece of the credential global/OPENAI_API_KEY stands in a line of output", leaked, "at least 8 characters of it"},
		}},
		{"passed on", observed(dead, refusal(func(r *target.Reply) {
			r.Code, r.Body = gate.InvalidCredential, []byte(`{"error":"it said `+strings.Repeat("x", 70)+`"}`)
		}), made(func(c *Call) { c.Reply = []byte(strings.Repeat("x", 64)) })), []Violation{{PassedOn, "SEC-5", 0, "the reply holds the provider's own answer", "the server's own words", strings.Repeat("x", 64)}}},
		{"passed on, escaped", observed(dead, refusal(func(r *target.Reply) {
			r.Code, r.Body = gate.InvalidCredential, []byte(`{"error":"{\"type\":\"error\",\"error\":{\"type\":\"authentication_error\",\"message\":\"no\"}}"}`)
		}), made(func(c *Call) {
			c.Reply = []byte(`{"type":"error","error":{"type":"authentication_error","message":"no"}}`)
		})), []Violation{{PassedOn, "SEC-5", 0, "the reply holds the provider's own answer", "the server's own words", `{"type":"error","error":{"type":"authentication_error","message"`}}},
		{"a few words that the provider has, too", observed(dead, refusal(func(r *target.Reply) {
			r.Code, r.Body = gate.InvalidCredential, []byte(`{"error":"invalid x-api-key"}`)
		}), made(func(c *Call) {
			c.Reply = []byte(`{"type":"error","error":{"type":"authentication_error","message":"invalid x-api-key"}}`)
		})), nil},
		{"a row", with(observed(missing(), refusal(nil)), func(o *Observation) { o.Rows = []string{"byok-run-1-1-0"} }), []Violation{{RowLeft, "REF-3", 0, "the refused create left something behind", "no workspace, no stored secret", "byok-run-1-1-0"}}},
		{"a row where nobody answered", with(observed(alive(), target.Reply{Outcome: target.Late, Err: timing.ErrLate}, made(nil)), func(o *Observation) { o.Rows = []string{"byok-run-1-1-0"} }), []Violation{{Deadline, "LIV-6", 0, "the target did not answer in time", "create allowed", "no answer in time: no answer in time"}}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, Judge(test.o)); diff != "" {
				t.Errorf("violations (-want +got):\n%s", diff)
			}
		})
	}
}
