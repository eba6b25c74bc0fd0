package selftest

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"slices"
	"time"

	"github.com/molecule-ai/byok-conformance/gate"
	"github.com/molecule-ai/byok-conformance/registry"
	"github.com/molecule-ai/byok-conformance/scenarios"
	"github.com/molecule-ai/byok-conformance/suite"
	"github.com/molecule-ai/byok-conformance/suite/govalue"
	"github.com/molecule-ai/byok-conformance/suite/open"
	"github.com/molecule-ai/byok-conformance/suite/server"
)

const (
	// budget is the probe's bound for doubles: what waits, waits for it, and a
	// busy machine must still answer within it.
	budget = time.Second
	// commandBudget is the bound behind the proxy, where a probe begins with two
	// handshakes while every core is busy with other doubles.
	commandBudget = 2 * time.Second
)

// try replays the corpus at one double through one door. base is what the
// cheapest door found, once it is known.
func (st *run) try(ctx context.Context, s *subject, door string, base Kill) (Kill, error) {
	k := Kill{Name: s.Name, Kind: s.kind, Door: door, Breaks: s.Rules, Violated: map[string]int{}, Remembers: s.Remembers, Hurried: s.Hurried, ends: map[string]ending{}}
	selected, err := st.selected(s, door, base)
	if err != nil {
		return k, err
	}
	reg, err := registry.Embedded().WithPrecedence(s.Precedence)
	if err != nil {
		return k, err
	}
	cfg := suite.Config{
		Registry: reg, LivenessCache: s.LivenessCache, Scenarios: selected.Scenarios, Companions: selected.Companions, Level: st.level(s), Budget: budget,
		Seed: "selftest " + s.Name, RunID: "selftest", Parallel: 8, Timeout: s.Patience, Handle: k.handle,
	}
	opener := map[string]func(context.Context, *subject, *suite.Config) (func(), error){
		processDoor: openInProcess, httpDoor: openHTTP, commandDoor: openProcess,
	}[door]
	stop, err := opener(ctx, s, &cfg)
	if err != nil {
		return k, err
	}
	defer stop()
	if !s.CoreOnly {
		cfg.Claims = append(slices.Clone(cfg.Claims), "provision-liveness")
	}
	replay, enough := context.WithCancel(ctx)
	defer enough()
	if st.ends(s) {
		k.enough = enough
	}
	summary, err := suite.Run(replay, cfg)
	if err != nil {
		return k, err
	}
	if ctx.Err() != nil || summary.Interrupted && k.First == "" {
		return k, fmt.Errorf("interrupted: %w", context.Cause(ctx))
	}
	k.Scenarios, k.unreached = summary.Planned, !cfg.Providers.Seen()
	k.OK = k.First != ""
	if !k.OK && door != processDoor && k.cannotShow(base) {
		k.OK, k.Note = true, base.First+", which found it out, is not claimed here"
	}
	if s.kind == open.Correct {
		k.OK = summary.Conformant()
	}
	if door == commandDoor && !s.Remembers && !s.Hurried && !st.ends(s) {
		k.compare(base)
	}
	return k, nil
}

// ends: the replay ends with the first scenario that finds the double out. What
// remembers shows itself after many, and is replayed whole.
func (st *run) ends(s *subject) bool { return st.FirstKill && s.kind == open.Faulty && !s.Remembers }

func (st *run) level(s *subject) scenarios.Level {
	if s.CoreOnly {
		return scenarios.Core
	}
	return scenarios.Extended
}

// parts is into how many parts the corpus is cut for one double and door: a
// faulty gate is to be found out by the cheapest one, so there it sees all; the
// correct variants differ in little, and together see all several times over.
func (st *run) parts(s *subject, door string) int {
	switch {
	case door == commandDoor && (s.Remembers || st.ends(s)): // it needs others to show itself
		return max(1, st.Shards/16)
	case door == commandDoor:
		return st.Shards
	case s.kind == open.Faulty || s.Name == "reference":
		return 1
	}
	return max(1, st.Shards/4)
}

// selected are the scenarios for one double: through the command door one
// shard, another for each double, and the scenario that found the double out.
func (st *run) selected(s *subject, door string, base Kill) (scenarios.Selected, error) {
	sel := scenarios.Selection{Level: st.level(s), Matrix: st.Matrix}
	if st.OwnRules && s.kind == open.Faulty {
		sel.Rules = s.Rules
	}
	all := st.all
	if len(s.Precedence) > 0 { // its own registry has names in another order
		reg, err := registry.Embedded().WithPrecedence(s.Precedence)
		if err != nil {
			return scenarios.Selected{}, err
		}
		if all, err = st.corpus.Expand(reg); err != nil {
			return scenarios.Selected{}, err
		}
	}
	parts := st.parts(s, door)
	if st.ends(s) && base.First != "" {
		sel = scenarios.Selection{Level: sel.Level, IDs: []string{base.First}}
	} else {
		sel.Shard, sel.Shards = s.place%parts+1, parts
	}
	if door != commandDoor {
		return sel.Select(all, st.corpus.Rules)
	}
	selected, err := sel.Select(all, st.corpus.Rules)
	if err != nil || base.First == "" || st.ends(s) {
		return selected, err
	}
	found, err := (&scenarios.Selection{Level: sel.Level, IDs: []string{base.First}}).Select(all, st.corpus.Rules)
	for _, f := range found.Scenarios {
		if !slices.Contains(selected.Scenarios, f) {
			selected.Scenarios = append(selected.Scenarios, f)
		}
	}
	return selected, err
}

func openInProcess(_ context.Context, s *subject, cfg *suite.Config) (func(), error) {
	cfg.Providers = suite.NewProviders(cfg.Registry)
	opts := gate.Options{Transport: cfg.Providers.RoundTripper(), Budget: cfg.Budget, Env: cfg.Providers.Decoy}
	cfg.Target = govalue.New(func(http.RoundTripper) gate.Gate { return s.Build(cfg.Registry, opts) }, opts.Transport)
	cfg.Claims = cfg.Target.Traits().Claims
	return func() {}, nil
}

func openHTTP(_ context.Context, s *subject, cfg *suite.Config) (func(), error) {
	profile, err := server.LoadProfile("workspace-server")
	if err != nil {
		return nil, err
	}
	cfg.Providers, cfg.Output = suite.NewProviders(cfg.Registry), suite.NewOutput()
	opts := gate.Options{Transport: cfg.Providers.RoundTripper(), Budget: cfg.Budget, Env: cfg.Providers.Decoy}
	served, err := open.Serve(&s.Double, cfg.Registry, opts, cfg.Output, "127.0.0.1:0", "")
	if err != nil {
		return nil, err
	}
	cfg.Claims = profile.Claims
	cfg.Target, err = server.New(profile, served.URL, server.Options{
		Kind: s.Name, Env: func(string) (string, bool) { return served.Token, true }, Timeout: s.Patience,
	})
	return served.Close, err
}

// openProcess has this program serve the double in a process of its own, and
// reaches it as it reaches any command.
func openProcess(ctx context.Context, s *subject, cfg *suite.Config) (func(), error) {
	program, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("finding this program, to start it again: %w", err)
	}
	name := "reference"
	if s.Name != name {
		name = s.kind + ":" + s.Name
	}
	t, err := open.Target(ctx, cfg.Registry, open.Options{
		Command: []string{program, "serve", "--gate", name, "--probe-budget", commandBudget.String()},
		Profile: "workspace-server", Budget: commandBudget, Timeout: s.Patience,
	})
	if err != nil {
		return nil, err
	}
	t.Fill(cfg)
	return t.Close, nil
}
