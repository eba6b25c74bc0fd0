package main

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/molecule-ai/byok-conformance/reports/view"

	"github.com/spf13/cobra"

	"github.com/molecule-ai/byok-conformance/internal/spelled"
	"github.com/molecule-ai/byok-conformance/internal/strict"
	"github.com/molecule-ai/byok-conformance/registry"
	"github.com/molecule-ai/byok-conformance/reports"
	"github.com/molecule-ai/byok-conformance/scenarios"
	"github.com/molecule-ai/byok-conformance/suite"
	"github.com/molecule-ai/byok-conformance/suite/open"
	"github.com/molecule-ai/byok-conformance/suite/server"
	"github.com/molecule-ai/byok-conformance/suite/timing"
)

// runFlags are the flags of run.
type runFlags struct {
	open.Options
	matrix                 string
	classes, rules, ids    []string
	reports, waivers       []string
	writeWaivers           string
	parallel               width
	deadline               time.Duration
	shard, seed            string
	corpusVersion          string
	quiet, verbose, trace  bool
	maxFailures, stopAfter int
	failed                 string
	own                    string
}

func newRunCommand() *cobra.Command {
	var f runFlags
	cmd := &cobra.Command{
		Use:   "run [flags] [-- COMMAND ARGS…]",
		Short: "Replay the corpus at a target and say which rules it violates",
		Long: "run replays scenarios at a target and prints a verdict. Without a target it serves the reference gate on\n" +
			"loopback. A COMMAND is started behind a proxy that stands in for every provider; in its arguments {addr}, {host} and\n" +
			"{port} say where to listen, {instance} is the number of the copy (--instances), and {registry} is a registry file whose base URLs lead to the fakes without a proxy.\n\n" +
			"Exit status: 0 conformant, 1 not, 2 could not run, 130 interrupted.",
		Example: "  conformance run\n  conformance run --target faulty:any-known-credential\n  conformance run --target http://127.0.0.1:8080 --profile workspace-server\n  conformance run --rule PRE-2 --report json=report.json",
		RunE: func(cmd *cobra.Command, args []string) error {
			if at := cmd.ArgsLenAtDash(); at > 0 || at < 0 && len(args) > 0 {
				return fmt.Errorf("run takes no argument %q; a command to start stands behind --", args[0])
			}
			f.Command = args
			if err := f.together(cmd); err != nil {
				return err
			}
			return f.run(cmd)
		},
	}
	cmd.Flags().SortFlags = false
	f.registerTarget(cmd, reportFormats())
	completeReports(cmd, view.Formats)
	f.registerSelection(cmd)
	return cmd
}

// registerTarget adds the flags of every command that drives a target.
func (f *runFlags) registerTarget(cmd *cobra.Command, formats string) {
	fl := cmd.Flags()
	fl.StringVar(&f.Target, "target", "", "the `TARGET`: reference, faulty:NAME or correct:NAME (conformance list --faulty, --correct), or the URL of a server (default reference)")
	fl.StringVar(&f.Profile, "profile", "workspace-server", "how to ask the server: a built-in profile ("+listed(server.ProfileNames())+") or a `FILE`")
	fl.StringVar(&f.Registry, "registry", "", "the server's own registry, a `FILE`; the matrix follows it (default built in)")
	fl.StringSliceVar(&f.Claims, "claim", nil, "hold the target to these `AREAS` instead of its profile's claims: "+listed(scenarios.Claims))
	fl.Var(&f.parallel, "parallel", "replay `N` scenarios at once; auto finds out how many the server takes, from 8 to 64")
	fl.IntVar(&f.Instances, "instances", 0, "start `N` copies of the command, each with a state of its own, and share the scenarios out among them; {instance} in its arguments is a copy's number (default 1; 2 for our own gates)")
	fl.DurationVar(&f.Budget, "probe-budget", 0, "the bound of the target's probe (default 6s; 500ms for our own gates)")
	fl.DurationVar(&f.Timeout, "timeout", 30*time.Second, "how long to wait for an answer that no probe can delay")
	fl.DurationVar(&f.deadline, "deadline", 0, "end the run after so much time, such as 10m; what is not judged by then is an error (default none)")
	fl.StringVar(&f.seed, "seed", "", "make the credential values from this `TEXT`, so that the next run has the same (default random)")
	fl.StringVar(&f.Upstream, "upstream", "", "the control `ADDRESS` that conformance upstream printed, for a server that dials through it")
	fl.BoolVar(&f.NoDecoys, "no-decoys", false, "do not put an operator's credentials into the command's environment (PRE-8), for one that needs its own")
	fl.BoolVar(&f.ResetGlobal, "reset-global", false, "delete the global secrets that the server holds before the run")
	fl.StringArrayVar(&f.reports, "report", nil, "write a report, `FORMAT=PATH`; may be given several times; formats: "+formats)
	fl.BoolVarP(&f.quiet, "quiet", "q", false, "print the verdict only")
}

// registerSelection adds the flags that say what run replays, and how much of it is told.
func (f *runFlags) registerSelection(cmd *cobra.Command) {
	fl := cmd.Flags()
	fl.StringVar((*string)(&f.Level), "level", "core", "`LEVEL` of the rules: core, or extended for both")
	f.registerMatrix(cmd)
	fl.StringSliceVar(&f.classes, "class", nil, "only scenarios of these `CLASSES`: "+listed(scenarios.Classes))
	fl.StringSliceVar(&f.rules, "rule", nil, "only scenarios that exercise one of these `RULES`, such as PRE-2 (conformance list --rules)")
	fl.StringArrayVar(&f.ids, "id", nil, "only scenarios whose id matches `GLOB`; * and ? are wildcards; may be given several times")
	f.registerOwn(cmd)
	fl.StringVar(&f.shard, "shard", "", "replay only one part of the selection, `I/N`: part I of N")
	fl.StringArrayVar(&f.waivers, "waivers", nil, "a `FILE` that says which failures are known; may be given several times")
	fl.StringVar(&f.writeWaivers, "write-waivers", "", "draft such a `FILE` from the failures of this run")
	fl.StringVar(&f.corpusVersion, "corpus-version", "", "refuse to run another corpus than this `VERSION` or digest (conformance version prints both)")
	fl.BoolVar(&f.Check, "check", false, "only check that the target can be driven; nothing is judged and nothing stays")
	fl.BoolVarP(&f.verbose, "verbose", "v", false, "print every scenario, every failure in full, and every rule")
	fl.IntVar(&f.maxFailures, "max-failures", 0, "print so many failures in full as they come; with -v at most so many")
	fl.IntVar(&f.stopAfter, "stop-after", 0, "end the run after so many failures; what it says is then partial")
	fl.StringVar(&f.failed, "failed", "", "replay just what failed in the run of this JSON report, and say of each finding whether it is FIXED")
	fl.BoolVar(&f.trace, "trace", false, "keep the exchanges of scenarios that pass in the reports, too")
}

// registerOwn adds --corpus, which every command that reads scenarios takes.
func (f *runFlags) registerOwn(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.own, "corpus", "", "scenarios of your own, the .yaml files of a `DIR`, beside the built-in ones; see conformance explore --write")
}

// scenarios are the built-in ones, and those of --corpus.
func (f *runFlags) scenarios() (*scenarios.Corpus, error) {
	corpus, err := scenarios.Embedded()
	if err != nil {
		return nil, fmt.Errorf("reading the corpus: %w", err)
	}
	if f.own == "" {
		return corpus, nil
	}
	if corpus, err = corpus.With(os.DirFS(f.own), f.own); err != nil {
		return nil, fmt.Errorf("reading --corpus: %w", err)
	}
	return corpus, nil
}

// registerMatrix adds --matrix, which every command that selects scenarios takes.
func (f *runFlags) registerMatrix(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.matrix, "matrix", string(scenarios.FullMatrix), "`MATRIX`: full, every combination; or pairwise, for slow or rate-limited servers: fewer combinations, in which every two values still meet; reports say what is left out")
}

// prepared is a run that is ready to begin.
type prepared struct {
	flags    *runFlags
	corpus   *scenarios.Corpus
	registry *registry.Registry
	// cache is how long the target says that it keeps a live verdict.
	cache     time.Duration
	selection scenarios.Selection
	selected  scenarios.Selected
	// size is the number of scenarios in the whole corpus; 0 where no report needs it.
	size    int
	waiving *waiving
	target  *open.Opened
	// again is nil unless what failed in an earlier run is replayed.
	again *again
	// stop ends the run; failures counts until then, and stopped says that it did.
	stop     func()
	failures int
	stopped  bool
	// began is when the first scenario could be replayed.
	began time.Time
	// invocation is the command line, for the reports.
	invocation []string
}

func (f *runFlags) run(cmd *cobra.Command) (err error) {
	again, err := f.readAgain(cmd.Flags().Changed("level"))
	if err != nil {
		return err
	}
	p, err := f.prepare()
	if err != nil {
		return err
	}
	if p.again = again; again != nil {
		if p.selected, err = again.narrow(p.selected); err != nil {
			return err
		}
	}
	out, err := openReports(cmd, p)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, out.close()) }()
	ctx := cmd.Context()
	ctx, late := f.until(ctx)
	defer late()
	defer interruptible(ctx, out.progress)()
	out.progress.Phase("starting the server")
	attend()
	if p.target, err = open.Target(ctx, p.registry, f.Options); err != nil {
		return err
	}
	defer p.target.Close()
	ctx, cancel := p.target.Watch(ctx)
	defer cancel()
	ctx, enough := context.WithCancelCause(ctx)
	p.stop = func() { enough(suite.ErrEnough) }
	defer p.stop()
	out.progress.Phase("checking the server")
	if err := p.check(ctx, cmd, out.progress); err != nil || f.Check {
		return err
	}
	summary, err := suite.Run(ctx, p.config(out))
	if err != nil {
		return err
	}
	ended := p.end(summary) // also where a report could not be written
	if out.err != nil {
		return out.err
	}
	return ended
}

// notes prints what stands before the verdict: what was left at the target, and
// what there is to know about the run.
func (p *prepared) notes(stderr io.Writer, s suite.Summary) error {
	for _, left := range s.Leftovers {
		fmt.Fprintf(stderr, "conformance: left at the target: %s\n", left)
	}
	switch {
	case len(s.LeftBehind) > 0:
		fmt.Fprintf(stderr, "conformance: %s left behind; delete them with: %s\n", spelled.Counted(len(s.LeftBehind), "workspace"), p.cleaning())
	case len(s.Leftovers) == 0 && p.target.Foreign:
		fmt.Fprintln(stderr, "conformance: nothing left behind")
	}
	if text := spentText(time.Since(p.began), s.Spent); p.target.Foreign && text != "" {
		fmt.Fprintf(stderr, "conformance: %s\n", text)
	}
	if s.Restarts > 0 {
		fmt.Fprintf(stderr, "conformance: restarts: %d; the server stopped answering, and was started again to judge the rest\n", s.Restarts)
	}
	if p.flags.parallel == 0 && s.AtOnce > timing.StartWidth && s.AtOnce <= s.Planned && !p.flags.quiet {
		fmt.Fprintf(stderr, "conformance: up to %d scenarios were replayed at once (--parallel auto)\n", s.AtOnce)
	}
	if s.ReplayedAgain > 0 {
		fmt.Fprintf(stderr, "conformance: %s of the scenarios failed while this machine kept the harness from running, or the server still called for an earlier one, or so many others were under way that it answered late; they were replayed again by themselves, and that result counts\n", spelled.Number(s.ReplayedAgain))
	}
	for _, stale := range p.waiving.set.Stale() {
		fmt.Fprintf(stderr, "conformance: %s\n", stale)
	}
	return p.waiving.write(stderr, s.Interrupted)
}

// end turns the summary into the command's error.
func (p *prepared) end(s suite.Summary) error {
	switch {
	case p.target.Died() != nil:
		return errNotConformant
	case s.Interrupted && p.stopped:
		return errNotConformant
	case s.Late && s.Failed > 0:
		return errNotConformant
	case s.Late:
		return fmt.Errorf("%s passed before all scenarios were judged, so there is no verdict; allow more time, or replay less", p.flags.deadlineText())
	case s.Interrupted:
		return errInterrupted
	case s.Ended() != s.Planned:
		return fmt.Errorf("%d scenarios were planned and %d have ended; this is a defect of the harness, and no verdict", s.Planned, s.Ended())
	case s.Passed+s.Failed+s.Waived == 0 && s.Errors > 0:
		return fmt.Errorf("none of %d scenarios could be judged; the reasons stand above", s.Errors)
	case s.Passed+s.Failed+s.Waived == 0:
		return fmt.Errorf("none of the %d selected scenarios is claimed by the target, so there is no verdict; see --claim and the profile's claims", s.Planned)
	case !s.Conformant(), p.waiving.reason() != "":
		return errNotConformant
	}
	return nil
}

// count ends the run where enough has failed.
func (p *prepared) count(o suite.ResultOutcome) {
	if o != suite.Failed {
		return
	}
	if p.failures++; p.failures == p.flags.stopAfter && p.stop != nil {
		p.stopped = true
		p.stop()
	}
}

// prepare reads everything that can be wrong before anything is started.
func (f *runFlags) prepare() (*prepared, error) {
	// What is read here stays until the end, so that to look for garbage among
	// it is half of the time that it takes.
	defer debug.SetGCPercent(debug.SetGCPercent(400))
	p, err := f.read()
	if err != nil {
		return nil, err
	}
	if p.selected, err = p.corpus.Select(p.registry, &p.selection); err != nil {
		return nil, fmt.Errorf("selecting from the corpus: %w", err)
	}
	if len(p.selected.Scenarios) == 0 {
		return nil, noneSelected(p.selected.LeftOut)
	}
	if p.waiving, err = openWaivers(p, f.waivers, f.writeWaivers); err != nil {
		return nil, err
	}
	return p, nil
}

// read checks the flags, and reads the registry and the corpus that they name.
func (f *runFlags) read() (*prepared, error) {
	p := &prepared{flags: f}
	if !slices.Contains(levels, string(f.Level)) {
		return nil, fmt.Errorf("unknown level %q; it is core or extended", f.Level)
	}
	for _, c := range f.Claims {
		if !slices.Contains(scenarios.Claims, c) {
			return nil, fmt.Errorf("unknown claim %q%s; the claims are %s", c, strict.DidYouMean(c, scenarios.Claims), strings.Join(scenarios.Claims, ", "))
		}
	}
	if f.deadline < 0 {
		return nil, errors.New("--deadline must be greater than zero")
	}
	if f.Budget < 0 || f.Timeout <= 0 {
		return nil, errors.New("--probe-budget and --timeout must be greater than zero")
	}
	if f.seed == "" {
		f.seed = randomHex()
	}
	if f.corpusVersion != "" {
		if err := scenarios.Pinned(f.corpusVersion); err != nil {
			return nil, fmt.Errorf("--corpus-version: %w", err)
		}
	}
	var err error
	if p.registry, err = loadRegistry(f.Registry); err != nil {
		return nil, err
	}
	if err := p.readOwnWays(); err != nil {
		return nil, err
	}
	if p.corpus, err = f.scenarios(); err != nil {
		return nil, err
	}
	p.selection = scenarios.Selection{Level: f.Level, Classes: f.classes, Rules: f.rules, IDs: f.ids, Matrix: scenarios.Matrix(f.matrix)}
	if err := p.selection.ParseShard(f.shard); err != nil {
		return nil, err
	}
	f.matrix = string(p.selection.MatrixOver(p.registry))
	return p, nil
}

// readOwnWays reads in which order the target tries names, and how long it keeps a
// live verdict: its profile says so, or one of our doubles does.
func (p *prepared) readOwnWays() error {
	if p.flags.Profile == "" {
		return nil // list names no target
	}
	profile, err := server.LoadProfile(p.flags.Profile)
	if err != nil {
		return err
	}
	p.cache = profile.LivenessCache()
	if p.registry, err = profile.Registry(p.registry); err != nil {
		return err
	}
	if !open.IsDouble(p.flags.Target) {
		return nil
	}
	double, err := open.FindDouble(p.flags.Target)
	if err != nil {
		return err
	}
	if double.LivenessCache > 0 {
		p.cache = double.LivenessCache
	}
	if len(double.Precedence) > 0 {
		p.registry, err = p.registry.WithPrecedence(double.Precedence)
	}
	return err
}

func noneSelected(leftOut int) error {
	if leftOut > 0 {
		return fmt.Errorf("no scenario is selected: --matrix pairwise leaves out all %d; drop it", leftOut)
	}
	return errors.New("no scenario is selected; loosen --level, --class, --rule, --id or --shard")
}

func loadRegistry(path string) (*registry.Registry, error) {
	if path == "" {
		return registry.Embedded(), nil
	}
	return registry.LoadFile(path)
}

func randomHex() string {
	var b [8]byte
	_, _ = rand.Read(b[:]) // never fails since Go 1.24
	return hex.EncodeToString(b[:])
}

// config is the run as the engine has it; its target is open, or comes later.
func (p *prepared) config(out *output) suite.Config {
	c := suite.Config{
		Registry: p.registry, Scenarios: p.selected.Scenarios, Companions: p.selected.Companions, Level: p.selection.Level, LivenessCache: p.cache,
		Timeout: p.flags.Timeout, Parallel: int(p.flags.parallel), Seed: p.flags.seed, RunID: reports.RunID(p.flags.seed), Trace: p.flags.trace, Waive: p.waiving.apply,
	}
	if out != nil {
		c.Handle = out.handle
	}
	if p.target != nil {
		p.target.Fill(&c)
	}
	return c
}
