package suite

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/molecule-ai/byok-conformance/scenarios"
	"github.com/molecule-ai/byok-conformance/suite/server"
	"github.com/molecule-ai/byok-conformance/suite/target"
	"github.com/molecule-ai/byok-conformance/suite/timing"
)

// A provisioned is what came of a workspace that was provisioned again.
type provisioned struct {
	request target.ProvisionRequest
	reply   target.Reply
	// names are those of the workspace's secrets, as the target lists them; listed
	// is false where it cannot.
	names  []string
	listed bool
	err    error
}

// Provision keeps what came of it, and reads the names of the workspace's secrets.
func (w *witness) Provision(ctx context.Context, req target.ProvisionRequest) target.Reply {
	p := provisioned{request: req, reply: w.Target.Provision(ctx, req)}
	if l, ok := w.Target.(target.SecretsLister); ok && p.reply.Err == nil {
		p.names, p.listed, p.err = l.SecretNames(ctx, req.Workspace)
	}
	w.provisions = append(w.provisions, p)
	return p.reply
}

// provisionPoints has workspaces provisioned again: one whose secret is replaced
// by another, which the gate has to stop, and one that is left as it is. The list
// of the workspace's secrets and the outcomes have to show it.
func provisionPoints(ctx context.Context, cfg Config, t target.Target) ([]target.Point, error) {
	if !slices.Contains(cfg.Claims, "provision-presence") && !slices.Contains(cfg.Claims, "provision-liveness") {
		return nil, nil
	}
	swap, kept := swapped(cfg)
	if swap == nil {
		return []target.Point{{Asked: "provision", State: target.NotAsked, Seen: "the corpus has no scenario for this registry that replaces a workspace's secret"}}, nil
	}
	one := func(s *scenarios.Scenario) (*provisioned, error) {
		w, err := replayedAt(ctx, cfg, t, s)
		if err != nil || len(w.provisions) == 0 {
			return nil, err
		}
		return &w.provisions[0], nil
	}
	first, err := one(swap)
	switch {
	case err != nil:
		return nil, err
	case first == nil:
		return []target.Point{{Asked: "provision", State: target.NotAsked, Seen: "no workspace was made"}}, nil
	}
	secret := secretPoint(first)
	points := []target.Point{secret}
	if secret.State != target.Right {
		return append(points, target.Point{Asked: "provision", State: target.NotAsked, Seen: "the workspace's secret could not be replaced"}), nil
	}
	again, err := one(kept)
	if err != nil {
		return nil, err
	}
	points = append(points, outcomePoint(first, again))
	if spoilt := unreadable(cfg); spoilt != nil {
		p, err := one(spoilt)
		if err != nil {
			return nil, err
		}
		points = append(points, unreadablePoint(p))
	}
	return points, nil
}

// unreadable is the first scenario that plants an unreadable secret at a workspace;
// nil where that is not claimed.
func unreadable(cfg Config) *scenarios.Scenario {
	if !slices.Contains(cfg.Claims, "unreadable-secrets") {
		return nil
	}
	i := slices.IndexFunc(cfg.Scenarios, func(s *scenarios.Scenario) bool {
		return len(s.Steps) == 2 && s.Steps[1].Stage == scenarios.Provision && s.NotApplicable == "" && len(s.Steps[0].Secrets.Global)+len(s.Steps[1].Secrets.Global) == 0 &&
			slices.ContainsFunc(slices.Collect(maps.Values(s.Steps[1].Secrets.Workspace)), func(v scenarios.Value) bool { return v.Shape == scenarios.Unreadable })
	})
	if i < 0 {
		return nil
	}
	return cfg.Scenarios[i]
}

func unreadablePoint(p *provisioned) target.Point {
	const asked = "unreadable"
	switch {
	case p == nil:
		return target.Point{Asked: asked, State: target.NotAsked, Seen: "no workspace was made"}
	case p.reply.Err != nil:
		return target.WrongPoint(asked, p.reply.Err.Error(), target.InProfile, "correct secrets.workspace.unreadable")
	}
	return target.Point{Asked: asked, State: target.Right, Seen: "a secret that cannot be read was planted: " + p.reply.String()}
}

// replayedAt replays one scenario, and returns what the target answered.
func replayedAt(ctx context.Context, cfg Config, t target.Target, s *scenarios.Scenario) (*witness, error) {
	w := &witness{Target: t}
	cfg.Target, cfg.Copies, cfg.Scenarios, cfg.Companions, cfg.Handle = w, nil, []*scenarios.Scenario{s}, nil, nil
	cfg.RunID, cfg.Seed = cfg.RunID+ofProvisions, cfg.Seed+" "+s.ID // names are used once
	summary, err := Run(ctx, cfg)
	if err == nil && summary.Interrupted {
		err = ctx.Err()
	}
	return w, err
}

// swapped are the first scenario that replaces a workspace's only secret by one
// that does not count, and its twin, which changes nothing.
func swapped(cfg Config) (swap, kept *scenarios.Scenario) {
	byID := map[string]*scenarios.Scenario{}
	for _, s := range cfg.Scenarios {
		byID[s.ID] = s
	}
	for _, s := range cfg.Scenarios {
		if len(s.Steps) != 2 || s.Steps[1].Stage != scenarios.Provision || s.Steps[1].Expect.Verdict != scenarios.Refused || s.NotApplicable != "" || byID[s.Twin] == nil {
			continue
		}
		before, after := s.Steps[0].Secrets, s.Steps[1].Secrets
		if len(before.Global)+len(after.Global) == 0 && len(before.Workspace) == 1 && len(after.Workspace) == 1 && !maps.Equal(keysOf(before.Workspace), keysOf(after.Workspace)) {
			return s, byID[s.Twin]
		}
	}
	return nil, nil
}

func keysOf(values map[string]scenarios.Value) map[string]bool {
	out := map[string]bool{}
	for name := range values {
		out[name] = true
	}
	return out
}

// secretPoint says whether a secret of the workspace was set and another removed.
func secretPoint(p *provisioned) target.Point {
	const asked = "workspace secret"
	set := slices.Sorted(maps.Keys(p.request.Secrets))[0]
	removed := slices.Sorted(maps.Keys(p.request.Workspace.Secrets))[0]
	wrong := func(seen, advice string) target.Point {
		return target.WrongPoint(asked, seen, target.InProfile, advice)
	}
	var not *server.NotDoneError
	switch {
	case errors.As(p.reply.Err, &not):
		return wrong(p.reply.Err.Error(), "correct that request, or say with done when it is done, and with then what follows a reply that is not")
	case p.reply.Err != nil:
		return target.Point{Asked: asked, State: target.Right, Seen: set + " was set and " + removed + " was removed"}
	case p.err != nil:
		return wrong(p.err.Error(), "correct secrets.workspace.list, its request or its names")
	case !p.listed:
		return target.Point{Asked: asked, State: target.Right, Seen: set + " was set and " + removed + " removed; the profile has no secrets.workspace.list to see it in"}
	case !slices.Contains(p.names, set):
		return wrong(set+" was set, and the list does not name it", "correct secrets.workspace.set, or names of secrets.workspace.list")
	case slices.Contains(p.names, removed):
		return wrong("the removal of "+removed+" was answered as done, and the list still names it", "correct secrets.workspace.remove, or repair the server")
	}
	return target.Point{Asked: asked, State: target.Right, Seen: set + " was set and " + removed + " removed, as the list shows"}
}

// outcomePoint says whether it can be seen what comes of a provisioning. first is
// the one that has to be stopped; again, which has not, is nil where it was not asked.
func outcomePoint(first, again *provisioned) target.Point {
	const asked = "provision"
	for _, p := range []*provisioned{first, again} {
		switch {
		case p == nil:
			return target.Point{Asked: asked, State: target.NotAsked, Seen: "the workspace that keeps its secret was not made"}
		case errors.Is(p.reply.Err, timing.ErrLate):
			return target.WrongPoint(asked, "no outcome was seen: "+p.reply.Err.Error(), target.InProfile,
				"correct provision.state, what pending and running look at, and provision.failures, or raise provision.within")
		case p.reply.Err != nil:
			return target.WrongPoint(asked, p.reply.Err.Error(), target.InProfile, "correct provision.again, provision.state or provision.failures")
		}
	}
	if first.reply.Outcome == target.Allowed {
		point := target.Point{Asked: asked, State: target.NotMet, Seen: "the only secret that counts was replaced, and the workspace still starts",
			Advice: "the gate does not decide at provisioning, and PRV-1 fails"}
		if !first.listed {
			point.Seen += ": the gate does not decide at provisioning, or secrets.workspace.remove removes nothing"
			point.Advice = "to tell them apart, name secrets.workspace.list in the profile and check again"
		}
		return point
	}
	return target.Point{Asked: asked, State: target.Right, Seen: fmt.Sprintf("without its secret: %s; with it: %s", first.reply.String(), again.reply.String())}
}
