package suite

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/molecule-ai/byok-conformance/internal/spelled"
	"github.com/molecule-ai/byok-conformance/scenarios"
)

// A Point is one thing that a server and its profile are held to before a gate
// is judged.
type Point struct {
	// Asked names it, such as "create".
	Asked string
	// State: what came of it.
	State PointState
	// Seen is what was seen, in words.
	Seen string
	// Fault says where the mistake is, and Advice what to do about it; both are
	// empty unless State is Wrong.
	Fault, Advice string
}

// A PointState is what came of a point.
type PointState string

// The states of a point.
const (
	Right    PointState = "ok"
	Wrong    PointState = "wrong"
	NotAsked PointState = "not asked"
)

const (
	inProfile = "the profile is wrong"
	inServer  = "the server's set-up is wrong"
)

// Err is the point as an error, or nil where nothing is wrong with it.
func (p Point) Err() error {
	if p.State != Wrong {
		return nil
	}
	return fmt.Errorf("%s: %s; %s, and not the gate: %s", p.Asked, p.Seen, p.Fault, p.Advice)
}

// wrongPoint is a point that is wrong.
func wrongPoint(asked, seen, fault, advice string) Point {
	return Point{Asked: asked, State: Wrong, Seen: seen, Fault: fault, Advice: advice}
}

// Check replays the plainest scenario that must be allowed, and says of each
// thing that a run needs whether it is so: the workspace is made and deleted,
// and, where liveness is claimed, the probe reaches our providers. Nothing of
// what it makes stays. An error means that it could not be carried out.
func Check(ctx context.Context, cfg Config) ([]Point, error) {
	s := plainest(cfg)
	if s == nil {
		return nil, fmt.Errorf("the corpus has no scenario for this registry that must be allowed with a probe; the registry may have no provider with a base URL")
	}
	seen := &witness{Target: cfg.Target}
	cfg.Target = seen
	cfg.Scenarios, cfg.Companions = []*scenarios.Scenario{s}, nil
	cfg.Seed, cfg.RunID, cfg.Handle = cfg.Seed+" check", cfg.RunID+"c", nil
	cfg.Claims = slices.DeleteFunc(slices.Clone(cfg.Claims), func(c string) bool { return c == "atomicity" })
	summary, err := Run(ctx, cfg)
	switch {
	case err != nil:
		return nil, err
	case summary.Interrupted:
		return nil, ctx.Err()
	}
	if seen.created.Outcome == OutcomeFailed {
		seen.removeByName(ctx, cfg.RunID)
	}
	created := createPoint(seen.created)
	points := []Point{created, deletePoint(created, seen), proxyPoint(cfg, seen.created)}
	for i := range points {
		// They quote replies, and a reply may hold anything.
		points[i].Seen, points[i].Advice = cfg.Providers.Mask(points[i].Seen), cfg.Providers.Mask(points[i].Advice)
	}
	return points, nil
}

// FirstWrong is the first point that is wrong, as an error; nil where none is.
func FirstWrong(points []Point) error {
	for _, p := range points {
		if err := p.Err(); err != nil {
			return err
		}
	}
	return nil
}

// A witness keeps what a target answered.
type witness struct {
	Target
	created Reply
	// removal is what the last delete came to; removed counts them.
	removal error
	removed int
}

func (w *witness) Create(ctx context.Context, req CreateRequest) Reply {
	w.created = w.Target.Create(ctx, req)
	return w.created
}

func (w *witness) Remove(ctx context.Context, ws Workspace) error {
	w.removed++
	w.removal = w.Target.Remove(ctx, ws)
	return w.removal
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

func createPoint(r Reply) Point {
	p := Point{Asked: "create", State: Wrong, Seen: r.String(), Fault: inProfile}
	switch {
	case r.Outcome == OutcomeAllowed:
		return Point{Asked: "create", State: Right, Seen: "a workspace with a live credential was " + r.String()}
	case r.Outcome == OutcomeRefused && known(r.Code):
		return Point{Asked: "create", State: Right, Seen: "a live credential was " + r.String() + ", which the corpus will judge"}
	case r.Outcome == OutcomeNone || r.Outcome == OutcomeLate:
		p.Seen, p.Fault, p.Advice = fmt.Sprintf("no reply: %v", r.Err), inServer, "see what it printed, and whether it is up; raise --timeout if it is only slow"
	case r.Status == 401 || r.Status == 403:
		p.Fault, p.Advice = inServer, "give it and the profile's headers the same token"
	case r.Status == 404 || r.Status == 405:
		p.Advice = "correct create.request, its method and path"
	case r.Status >= 500:
		p.Fault, p.Advice = inServer, "see what it printed"
	case r.Outcome == OutcomeFailed && r.Err != nil:
		p.Seen, p.Advice = r.Err.Error(), "correct create.id"
	case r.Status < 300:
		p.Advice = "correct create.allowed, which does not hold for this reply: " + spelled.Line(spelled.Short(string(r.Body), 200))
	default:
		p.Advice = "correct create.request.body, or create.code if this is a refusal of the gate: " + spelled.Line(spelled.Short(string(r.Body), 200))
	}
	return p
}

func deletePoint(created Point, w *witness) Point {
	p := Point{Asked: "delete", State: Right, Seen: "the workspace was deleted"}
	switch {
	case w.removed == 0 && w.created.Outcome == OutcomeFailed && created.Fault == inProfile:
		return wrongPoint("delete", "a workspace may have been left behind, since its id is not known", inProfile, "correct create.id, or say with workspaces.list how to find it")
	case w.removed == 0:
		return Point{Asked: "delete", State: NotAsked, Seen: "no workspace was made"}
	case w.removal != nil:
		return wrongPoint("delete", fmt.Sprintf("the workspace was left behind: %v", w.removal), inProfile, "correct workspaces.remove, its request or what removed looks at")
	}
	return p
}

func proxyPoint(cfg Config, created Reply) Point {
	p := Point{Asked: "probe", State: NotAsked}
	switch {
	case !slices.Contains(cfg.Claims, "create-liveness"):
		p.Seen = "create-liveness is not claimed"
	case cfg.Providers.Seen():
		p.State, p.Seen = Right, "our providers were asked about the credential"
	case created.Outcome != OutcomeAllowed:
		p.Seen = "no workspace was made"
	default:
		return wrongPoint("probe", "a live credential was allowed, and our providers were not asked about it, so probes go elsewhere or are not made", inServer,
			"start it with `-- COMMAND`, or behind `conformance upstream` with `run --upstream ADDR`, and let its HTTP client honour HTTPS_PROXY; if it has no liveness check, leave create-liveness out of --claim")
	}
	return p
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
