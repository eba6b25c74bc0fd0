package suite

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/molecule-ai/byok-conformance/internal/spelled"
	"github.com/molecule-ai/byok-conformance/scenarios"
	"github.com/molecule-ai/byok-conformance/suite/judge"
	"github.com/molecule-ai/byok-conformance/suite/target"
)

// Check replays the plainest scenario that must be allowed, and says of each
// thing that a run needs whether it is so: the workspace is made and deleted,
// and, where liveness is claimed, the probe reaches our providers. Nothing of
// what it makes stays. With thorough, every other request that the claims need is
// done once, too. An error means that it could not be carried out.
func Check(ctx context.Context, cfg Config, thorough bool) ([]target.Point, error) {
	s := plainest(cfg)
	if s == nil {
		return nil, fmt.Errorf("the corpus has no scenario for this registry that must be allowed with a probe; the registry may have no provider with a base URL")
	}
	seen := &witness{Target: cfg.Target, lists: thorough}
	all := cfg.Scenarios
	cfg.Target, cfg.Copies = seen, nil
	cfg.Scenarios, cfg.Companions = []*scenarios.Scenario{s}, nil
	cfg.Seed, cfg.RunID, cfg.Handle = cfg.Seed+" check", cfg.RunID+ofCheck, nil
	cfg.Claims = slices.DeleteFunc(slices.Clone(cfg.Claims), func(c string) bool { return c == "atomicity" })
	if err := seen.replay(ctx, cfg); err != nil {
		return nil, err
	}
	probe := proxyPoint(cfg, seen.created)
	if probe.State == target.NotMet && !waitedInVain(cfg, seen.created) {
		// A client's first TLS connection may outlast its time limit: a JVM takes seconds.
		if err := seen.replay(ctx, cfg); err != nil {
			return nil, err
		}
		probe = proxyPoint(cfg, seen.created)
	}
	created := createPoint(seen.created)
	points := []target.Point{created, deletePoint(created, seen), probe}
	if seen.list != nil {
		points = append(points, *seen.list)
	}
	if p := globalPoint(ctx, seen.Target, cfg, s); p != nil {
		points = append(points, *p)
	}
	if thorough && created.State == target.Right && points[1].State == target.Right {
		cfg.Scenarios = all
		more, err := provisionPoints(ctx, cfg, seen.Target)
		if err != nil {
			return nil, err
		}
		points = append(points, more...)
	}
	for i := range points {
		// They quote replies, and a reply may hold anything.
		points[i].Seen, points[i].Advice = cfg.Providers.Mask(points[i].Seen), cfg.Providers.Mask(points[i].Advice)
	}
	return points, nil
}

// A witness keeps what a target answered.
type witness struct {
	target.Target
	created target.Reply
	// lists has the list of workspaces read once one was made, and list is what came
	// of it; nil where the target has none.
	lists bool
	list  *target.Point
	// provisions are what came of those that were asked for.
	provisions []provisioned
	// removal is what the last delete came to; removed counts them, and stays those
	// workspaces that were still listed in the end.
	removal        error
	removed, stays int
}

func (w *witness) Create(ctx context.Context, req target.CreateRequest) target.Reply {
	w.created = w.Target.Create(ctx, req)
	if w.lists && w.created.Outcome == target.Allowed {
		w.list = listPoint(ctx, w.Target, w.created.Workspace)
	}
	return w.created
}

func (w *witness) Remove(ctx context.Context, ws target.Workspace) error {
	w.removed++
	w.removal = w.Target.Remove(ctx, ws)
	return w.removal
}

// replay replays the one scenario that cfg has at the witness.
func (w *witness) replay(ctx context.Context, cfg Config) error {
	summary, err := Run(ctx, cfg)
	switch {
	case err != nil:
		return err
	case summary.Interrupted:
		return ctx.Err()
	}
	w.stays += len(summary.LeftBehind)
	if w.created.Outcome == target.Failed {
		w.removeByName(ctx, cfg.RunID)
	}
	return nil
}

// removeByName deletes what a create made whose reply could not be read, where
// the profile says how to list workspaces.
func (w *witness) removeByName(ctx context.Context, runID string) {
	rows, err := w.Rows(ctx)
	if err != nil {
		return
	}
	for _, row := range rows {
		if strings.HasPrefix(row.Name, "byok-"+runID+"-") {
			_ = w.Remove(ctx, row) // removal holds it
		}
	}
}

func createPoint(r target.Reply) target.Point {
	p := target.Point{Asked: "create", State: target.Wrong, Seen: r.String(), Fault: target.InProfile}
	var broken target.BrokenReplyError
	switch {
	case errors.As(r.Err, &broken):
		p.Seen, p.Fault, p.Advice = fmt.Sprintf("the reply cannot be read: %v", r.Err), target.InServer, "see what it printed, and what it sends: curl -v shows it"
	case r.Outcome == target.Allowed:
		return target.Point{Asked: "create", State: target.Right, Seen: "a workspace with a live credential was " + r.String()}
	case r.Outcome == target.Refused && judge.Known(r.Code):
		return target.Point{Asked: "create", State: target.Right, Seen: "a live credential was " + r.String() + ", which the corpus will judge"}
	case r.Outcome == target.NoReply || r.Outcome == target.Late:
		p.Seen, p.Fault, p.Advice = fmt.Sprintf("no reply: %v", r.Err), target.InServer, "see what it printed, and whether it is up; raise --timeout if it is only slow"
	case r.Status == 401 || r.Status == 403:
		p.Fault, p.Advice = target.InServer, "give it and the profile's headers the same token"
	case r.Status == 404 || r.Status == 405:
		p.Advice = "correct create.request, its method and path"
	case r.Status >= 500:
		p.Fault, p.Advice = target.InServer, "see what it printed"
	case r.Outcome == target.Failed && r.Err != nil:
		p.Seen, p.Advice = r.Err.Error(), "correct create.id"
	case r.Outcome == target.Rejected:
		p.Advice = "where the server does not offer this runtime and model, give its own registry with --registry FILE; otherwise correct create.request.body, or create.code if this is a refusal of the gate: " + spelled.Line(spelled.Short(string(r.Body), 200))
	case r.Status < 300:
		p.Advice = "correct create.allowed, which does not hold for this reply: " + spelled.Line(spelled.Short(string(r.Body), 200))
	default:
		p.Advice = "correct create.request.body, or create.code if this is a refusal of the gate: " + spelled.Line(spelled.Short(string(r.Body), 200))
	}
	return p
}

func deletePoint(created target.Point, w *witness) target.Point {
	p := target.Point{Asked: "delete", State: target.Right, Seen: "the workspace was deleted"}
	switch {
	case w.removed == 0 && w.created.Outcome == target.Failed && created.Fault == target.InProfile:
		return target.WrongPoint("delete", "a workspace may have been left behind, since its id is not known", target.InProfile, "correct create.id, or say with workspaces.list how to find it")
	case w.removed == 0:
		return target.Point{Asked: "delete", State: target.NotAsked, Seen: "no workspace was made"}
	case w.removal != nil:
		return target.WrongPoint("delete", fmt.Sprintf("the workspace was left behind: %v", w.removal), target.InProfile,
			"correct workspaces.remove, its request or what removed looks at")
	case w.stays > 0:
		return target.WrongPoint("delete", "the delete was answered as done, and the list still names the workspace", target.InProfile,
			"correct workspaces.remove, or repair the server; delete by hand what begins with byok-")
	}
	return p
}

func proxyPoint(cfg Config, created target.Reply) target.Point {
	p := target.Point{Asked: "probe", State: target.NotAsked}
	switch {
	case !slices.Contains(cfg.Claims, "create-liveness"):
		p.Seen = "create-liveness is not claimed"
	case cfg.Providers.Seen():
		p.State, p.Seen = target.Right, "our providers were asked about the credential"
	case created.Outcome != target.Allowed:
		p.Seen = "no workspace was made"
	default:
		p.State, p.Seen = target.NotMet, "create-liveness is claimed, and no authenticated call reached us: the server has no probe, or its HTTP client does not go through our proxy"
		p.Advice = "if it has a probe, start it with `-- COMMAND`, or behind `conformance upstream` with `run --upstream ADDR`, and let its HTTP client use HTTPS_PROXY. " +
			"Java and PHP do not by themselves; docs/targets.md says what to do in each language. If it has none, LIV-1 and LIV-9 fail; leave create-liveness out of --claim to judge the rest alone"
		if waitedInVain(cfg, created) {
			p.Seen = fmt.Sprintf("create-liveness is claimed, and no authenticated call reached us; but the create took %s, which is as long as a probe may take (--probe-budget): "+
				"the server waits for a provider that it tries to reach without our proxy", created.Took.Round(10*time.Millisecond))
			p.Advice = "let its HTTP client send everything through HTTPS_PROXY, host names included: one that looks names up first, or ignores the proxy, never comes to us. " +
				"docs/targets.md says what to do in each language"
		}
	}
	return p
}

// waitedInVain reports whether a create took about as long as a probe may. One
// that calls nobody takes milliseconds.
func waitedInVain(cfg Config, created target.Reply) bool {
	return created.Took-created.Stalled >= cmp.Or(cfg.Budget, defaultBudget)*9/10
}

// plainest is the first scenario that must be allowed with a probe and needs
// nothing of the tenant's.
func plainest(cfg Config) *scenarios.Scenario {
	for _, s := range cfg.Scenarios {
		if s.Class == "valid" && len(s.Steps) == 1 && s.Steps[0].Expect.Upstream == scenarios.OneProbe && s.Steps[0].Expect.Verdict == scenarios.Allowed &&
			len(s.Steps[0].Secrets.Global) == 0 && s.NotApplicable == "" {
			return s
		}
	}
	return nil
}
