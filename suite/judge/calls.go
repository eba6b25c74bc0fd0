package judge

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/molecule-ai/byok-conformance/fakes/upstream"
	"github.com/molecule-ai/byok-conformance/gate"
	"github.com/molecule-ai/byok-conformance/registry"
	"github.com/molecule-ai/byok-conformance/scenarios"
	"github.com/molecule-ai/byok-conformance/suite/target"
)

// checkCalls holds what reached the providers to what the step may call.
func checkCalls(o *Observation, s *StepObservation) []Violation {
	if s.Step.Expect.Upstream == scenarios.NoCall {
		return uncalled(o, s)
	}
	out := append(placed(o, s), counted(o, s)...)
	for j := range s.Calls {
		out = append(out, carried(o, s, &s.Calls[j])...)
	}
	return out
}

// staysOut are the rules under which nobody is called, most telling first.
var staysOut = []string{"PRE-7", "DER-3", "DER-4", "DER-5", "LIV-7", "LIV-10", "SEC-6"}

// uncalled reports calls where none may be made, under the rule that forbids
// them here, and credentials that left although none had to (SEC-3).
func uncalled(o *Observation, s *StepObservation) []Violation {
	var out []Violation
	for i := range s.Calls {
		c := &s.Calls[i]
		if c.isForeign() && !RefusesAbsence(s.Step) || c.operators() {
			continue // checkOperator tells of those
		}
		rule := "PRE-7"
		if s.Step.Expect.Verdict != scenarios.Refused {
			rule = "SEC-3"
			for _, r := range staysOut {
				if slices.Contains(o.Scenario.Rules, r) {
					rule = r
					break
				}
			}
		}
		out = append(out, Violation{NeedlessCall, rule, 0, "a call was made where none may be", "no outbound call", c.describe()})
		if foreign(o, s, c) {
			out = append(out, Violation{ForeignHost, "SEC-3", 0, "a credential left the server for a host that is not the derived provider's", "no credential", c.describe()})
		}
	}
	return out
}

// isForeign reports whether a call went to no provider and took no credential
// along, which is a gate's business only where it refuses for absence (PRE-7).
func (c *Call) isForeign() bool { return !c.Known && len(c.Credentials) == 0 }

// RefusesAbsence reports whether a step is a create to be refused for absence.
func RefusesAbsence(s *scenarios.Step) bool {
	return s.Stage == scenarios.Create && s.Expect.Verdict == scenarios.Refused && s.Expect.Code == string(gate.MissingCredential)
}

// foreign reports whether a call took a credential to a host that is not the
// derived provider's.
func foreign(o *Observation, s *StepObservation, c *Call) bool {
	return len(c.Credentials) > 0 && !slices.Contains(o.hosts(s), c.Host)
}

func (o *Observation) hosts(s *StepObservation) []string {
	return HostsOf(o.Registry, s.Step.Expect.Providers)
}

// HostsOf lists the hosts of providers by their names. It is not to be modified.
func HostsOf(reg *registry.Registry, providers []string) []string {
	if len(providers) == 1 {
		if p := reg.Provider(providers[0]); p != nil {
			return upstream.Hosts(p)
		}
		return nil
	}
	var out []string
	for _, name := range providers {
		if p := reg.Provider(name); p != nil {
			out = append(out, upstream.Hosts(p)...)
		}
	}
	return out
}

func (c *Call) describe() string {
	text := c.Method + " " + c.URL
	for _, k := range c.Credentials {
		text += fmt.Sprintf(" with %s of the %s in %s", k.Name, k.Scope, k.Where)
	}
	return text
}

// placed reports credentials that went elsewhere: over a redirect (SEC-4), to
// where the request wanted it (LIV-4), or just to the wrong host (SEC-3).
func placed(o *Observation, s *StepObservation) []Violation {
	var out []Violation
	for i := range s.Calls {
		c := &s.Calls[i]
		if len(c.Credentials) == 0 {
			continue
		}
		redirected := i > 0 && strings.HasPrefix(s.Calls[i-1].Answer, "redirect-")
		switch {
		case redirected && (foreign(o, s, c) || c.Scheme == "http" && s.Calls[i-1].Scheme == "https"):
			out = append(out, Violation{RedirectFollowed, "SEC-4", 0, "the credential was forwarded over a redirect", "the redirect is not followed with it", c.describe()})
		case foreign(o, s, c) && slices.Contains(o.Scenario.Rules, "LIV-4"):
			out = append(out, Violation{ProbeMoved, "LIV-4", 0, "something in the request moved the probe", "a probe of " + strings.Join(o.hosts(s), " or "), c.describe()})
		case foreign(o, s, c):
			out = append(out, Violation{ForeignHost, "SEC-3", 0, "a credential reached a host that is not the derived provider's", strings.Join(o.hosts(s), " or "), c.describe()})
		}
	}
	return out
}

// MaxCalls is one GET and one retry (LIV-9).
const MaxCalls = 2

// Final are the answers after which a retry is unlawful (LIV-9).
var final = []int{http.StatusUnauthorized, http.StatusForbidden, http.StatusTooManyRequests}

// counted holds the number and the methods of calls to LIV-9, for the create
// and for what the target does after it separately.
func counted(o *Observation, s *StepObservation) []Violation {
	var out []Violation
	var stages [2][]*Call // the create's calls, and those after it
	for i := range s.Calls {
		c := &s.Calls[i]
		if len(c.Credentials) == 0 || c.Unheard() {
			continue
		}
		if c.Method != http.MethodGet {
			out = append(out, Violation{WrongMethod, "LIV-9", 0, "the probe is no GET", "GET", c.describe()})
		}
		if c.Changed {
			continue
		}
		after := map[bool]int{true: 0, false: 1}[c.InCreate]
		stages[after] = append(stages[after], c)
	}
	if len(s.Replies) > 1 {
		out = append(out, countedTogether(s, len(stages[0])+len(stages[1]))...)
	} else {
		for _, calls := range stages {
			out = append(out, countedStage(withoutOverdue(o, s, calls))...)
		}
	}
	if o.claims("create-liveness") && (!o.Unreached || slices.Contains(o.Scenario.Needs, "create-liveness")) && s.Step.Stage == scenarios.Create && s.Step.Expect.Upstream == scenarios.OneProbe && !s.Struck && !s.AskedBefore && !s.Kept && probes(s) == 0 {
		if r := &s.Replies[0]; r.Outcome == target.Allowed || r.Outcome == target.Refused && (Known(r.Code) || !s.NamedBefore) {
			out = append(out, Violation{Unasked, "LIV-9", 0, "the provider was not asked about the credential that decides", "one GET with " + s.Step.Expect.Probed, "no such call"})
		}
	}
	return out
}

// Unheard reports whether a provider hung up before it said a word. HTTP
// clients send such a request again by themselves where they had kept the
// connection, Go's any number of times, so these calls are no retries of the
// gate's.
func (c *Call) Unheard() bool { return c.Answer == "reset" || c.Answer == "closed" || c.AsReset }

// Final reports whether no retry may follow the call. Where the body broke off or
// never ended, whoever reads whole answers only has a network failure, after which
// LIV-9 leaves one (LIV-2, ROB-1).
func (c *Call) Final() bool {
	return slices.Contains(final, c.Status) && c.Answer != "dead-truncated" && c.Answer != "dead-drip"
}

// withoutOverdue takes the calls of one provisioning out of a restart's, where the
// restart before it had none: a target may answer first and begin a moment later,
// and then both ask in the time of the second.
func withoutOverdue(o *Observation, s *StepObservation, calls []*Call) []*Call {
	i := slices.IndexFunc(o.Steps, func(other StepObservation) bool { return other.Step == s.Step })
	if i < 1 || s.Step.Stage != scenarios.Provision || o.Steps[i-1].Step.Stage != scenarios.Provision || len(o.Steps[i-1].Calls) > 0 {
		return calls
	}
	n := min(MaxCalls, len(calls))
	if final := slices.IndexFunc(calls, (*Call).Final); final >= 0 {
		n = min(n, final+1)
	}
	return calls[n:]
}

// countedTogether bounds the calls of several requests at once. Those that were
// allowed may be provisioned while others are still being created, so that nobody
// can tell a stage by the time.
func countedTogether(s *StepObservation, calls int) []Violation {
	most := MaxCalls * len(s.Replies)
	for i := range s.Replies {
		if s.Replies[i].Outcome == target.Allowed {
			most += MaxCalls
		}
	}
	if calls <= most {
		return nil
	}
	return []Violation{{CalledTooOften, "LIV-9", 0, fmt.Sprintf("%d requests at once brought the provider more than one call and one retry for each create and each provisioning", len(s.Replies)), fmt.Sprintf("at most %d calls", most), fmt.Sprintf("%d calls", calls)}}
}

// countedStage bounds the calls of one create, or of one provisioning.
func countedStage(calls []*Call) []Violation {
	stop := slices.IndexFunc(calls, (*Call).Final)
	switch {
	case stop >= 0 && len(calls) > stop+1:
		return []Violation{{CalledAgain, "LIV-9", 0, fmt.Sprintf("the provider was called again after it had answered %d", calls[stop].Status), "no retry", fmt.Sprintf("%d calls", len(calls))}}
	case len(calls) > MaxCalls:
		return []Violation{{CalledTooOften, "LIV-9", 0, "the provider was called more than once and one retry", "at most 2 calls", fmt.Sprintf("%d calls", len(calls))}}
	}
	return nil
}

// probes counts the calls that carried the credential that decides.
func probes(s *StepObservation) int {
	n := 0
	for i := range s.Calls {
		if slices.ContainsFunc(s.Calls[i].Credentials, func(k Carried) bool { return k.Key() == s.Step.Expect.Probed }) {
			n++
		}
	}
	return n
}

// carried holds how a call carries its credential to LIV-5, and which one it
// carries to LIV-8, PRE-5 and SEC-3.
func carried(o *Observation, s *StepObservation, c *Call) []Violation {
	if foreign(o, s, c) || c.operators() {
		return nil
	}
	var out []Violation
	for _, k := range c.Credentials {
		if v, bad := wrongPlace(c, k); bad {
			out = append(out, v)
		}
		if v, bad := wrongCredential(o, s, c, k); bad {
			out = append(out, v)
		}
	}
	if len(c.Credentials) > 0 && upstream.NeedsVersion(c.Host) && !c.HasVersion {
		out = append(out, Violation{NoVersion, "LIV-5", 0, "the probe of Anthropic's own API has no anthropic-version header", "anthropic-version", c.describe()})
	}
	return out
}

func wrongPlace(c *Call, k Carried) (Violation, bool) {
	want := "header " + strings.Join(upstream.Reads(c.Host, pathOf(c.URL), k.Name), " or ")
	kind := WrongHeader
	switch k.Where {
	case "url", "host":
		kind = CredentialInURL
	case "body":
		kind = CredentialInBody
	}
	return Violation{kind, "LIV-5", 0, "the credential travels where the provider does not read it", want, k.Where}, !k.Read
}

// pathOf is the path of a call's URL.
func pathOf(url string) string {
	_, rest, _ := strings.Cut(url, "://")
	_, path, _ := strings.Cut(rest, "/")
	return "/" + path
}

func wrongCredential(o *Observation, s *StepObservation, c *Call, k Carried) (Violation, bool) {
	want := s.Step.Expect.Probed
	if want == "" || k.Key() == want {
		return Violation{}, false
	}
	v := Violation{WrongCredential, "LIV-8", 0, "the provider was asked about another credential than the one that decides", want, c.describe()}
	_, name, _ := strings.Cut(want, "/")
	if k.Name == name {
		v.Kind, v.Rule = WrongScope, "PRE-5"
	} else if !slices.Contains(AcceptedBy(o.Registry, s.Step.Expect.Providers), k.Name) {
		v.Kind, v.Rule = StrayCredential, "SEC-3"
	}
	return v, true
}
