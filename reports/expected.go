package reports

import "github.com/molecule-ai/byok-conformance/scenarios"

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
