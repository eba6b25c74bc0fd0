package suite

import (
	"context"
	"fmt"
	"slices"

	"github.com/molecule-ai/byok-conformance/scenarios"
)

// ErrNotSeen means that a target was asked to probe a provider and that our
// providers saw nothing of it.
type ErrNotSeen struct{ Scenario string }

func (e *ErrNotSeen) Error() string {
	return fmt.Sprintf("the target created a workspace with a live credential (%s) and our providers were not asked about it, so its probes go elsewhere or are not made; "+
		"start it with `-- COMMAND`, or behind `conformance upstream` with `run --upstream ADDR`; if it has no liveness check, leave create-liveness out of --claim", e.Scenario)
}

// Check replays the plainest scenario that must be allowed, and reports whether
// the target can be driven at all: the workspace is made and deleted, and, where
// liveness is claimed, the probe reaches our providers. It changes nothing that
// stays. An error says what is wrong, and not with the gate.
func Check(ctx context.Context, cfg Config) error {
	s := plainest(cfg)
	if s == nil {
		return fmt.Errorf("the corpus has no scenario for this registry that must be allowed with a probe; the registry may have no provider with a base URL")
	}
	var result Result
	cfg.Scenarios, cfg.Companions = []*scenarios.Scenario{s}, nil
	cfg.Seed, cfg.RunID, cfg.Trace = cfg.Seed+" check", cfg.RunID+"c", true
	cfg.Claims = slices.DeleteFunc(slices.Clone(cfg.Claims), func(c string) bool { return c == "atomicity" })
	cfg.Handle = func(e Event) {
		if f, ok := e.(Finished); ok {
			result = f.Result
		}
	}
	summary, err := Run(ctx, cfg)
	switch {
	case err != nil:
		return err
	case summary.Interrupted:
		return ctx.Err()
	case result.Outcome == Errored:
		return fmt.Errorf("the profile or the server is wrong, and not the gate: %s", result.Reason)
	case len(summary.Leftovers) > 0:
		return fmt.Errorf("the profile or the server is wrong, and not the gate: could not delete %s", summary.Leftovers[0])
	case slices.Contains(cfg.Claims, "create-liveness") && allowed(result) && !cfg.Providers.Seen():
		return &ErrNotSeen{s.ID}
	}
	return nil
}

// allowed reports whether the create of the check went through; a gate that
// refuses it is for the corpus to judge.
func allowed(r Result) bool {
	return !slices.ContainsFunc(r.Violations, func(v Violation) bool { return v.Rule == r.Scenario.Rules[0] })
}

func plainest(cfg Config) *scenarios.Scenario {
	for _, s := range cfg.Scenarios {
		if s.Class == "valid" && len(s.Steps) == 1 && s.Steps[0].Expect.Upstream == scenarios.OneProbe && s.Steps[0].Expect.Verdict == scenarios.Allowed &&
			len(s.Steps[0].Secrets.Global) == 0 && s.NotApplicable == "" {
			return s
		}
	}
	return nil
}
