package reports

import (
	"github.com/molecule-ai/byok-conformance/scenarios"
	"github.com/molecule-ai/byok-conformance/suite"
	"github.com/molecule-ai/byok-conformance/suite/target"
)

// Of is what the engine says of a scenario, with what the corpus says of it. replay
// is the command line that replays it alone.
func Of(r *suite.Result, replay string) Result {
	s := r.Scenario
	out := Result{
		ID: s.ID, Title: s.Title, Class: s.Class, Level: string(s.Level), Severity: s.Severity, Rules: s.Rules,
		Outcome: r.Outcome, DurationMS: target.Milliseconds(r.Took), Reason: r.Reason, Effect: r.Effect(),
		Violations: r.Violations, Exchanges: r.Exchanges, Replay: replay, Companion: r.Companion, Records: Expected(s),
	}
	for i := range min(len(out.Records), len(r.Seen)) {
		out.Records[i].Seen = r.Seen[i]
	}
	for _, st := range s.Steps {
		if len(s.Steps) > 1 {
			out.Steps = append(out.Steps, st.Name)
		}
	}
	return out
}

// Expected are a scenario's steps as reports have them, before anything was seen.
func Expected(s *scenarios.Scenario) []Record {
	var out []Record
	for i := range s.Steps {
		st := &s.Steps[i]
		r := Record{
			Stage: string(st.Stage),
			Given: Given{
				Runtime: st.Runtime, Model: st.Model, External: st.External, URL: st.URL,
				Workspace: symbols(st.Secrets.Workspace), Global: symbols(st.Secrets.Global),
			},
			Expect: Expect{
				Verdict: string(st.Expect.Verdict), Code: st.Expect.Code, Providers: st.Expect.Providers,
				Upstream: string(st.Expect.Upstream), Probed: st.Expect.Probed,
			},
		}
		if len(s.Steps) > 1 {
			r.Step = st.Name
		}
		if st.AtOnce > 1 {
			r.Given.AtOnce = st.AtOnce
		}
		out = append(out, r)
	}
	return out
}

func symbols(values map[string]scenarios.Value) map[string]string {
	if len(values) == 0 {
		return nil
	}
	out := make(map[string]string, len(values))
	for name, v := range values {
		out[name] = v.String()
	}
	return out
}
