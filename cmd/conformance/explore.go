package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/molecule-ai/byok-conformance/cmd/conformance/progress"
	"github.com/molecule-ai/byok-conformance/internal/spelled"
	"github.com/molecule-ai/byok-conformance/reports"
	"github.com/molecule-ai/byok-conformance/suite"
	"github.com/molecule-ai/byok-conformance/suite/explore"
	"github.com/molecule-ai/byok-conformance/suite/open"
	"github.com/molecule-ai/byok-conformance/suite/server"
)

// exploreFlags are the flags of explore.
type exploreFlags struct {
	runFlags
	lasts        time.Duration
	until, write string
	class        string
}

func newExploreCommand() *cobra.Command {
	var f exploreFlags
	cmd := &cobra.Command{
		Use:   "explore [flags] [-- COMMAND ARGS…]",
		Short: "Try requests that no table lists, at random, and show the few steps that go wrong",
		Long: "explore draws walks of a few steps at random (creates, restarts, deletes, secrets that change, keys that die), replays them\n" +
			"at the target, and judges them as run does. A walk that violates a rule is shrunk to the steps that matter, and shown as a\n" +
			"person would do them, and as a scenario. --write keeps it; run --corpus replays it.\n\n" +
			"Exit status: 0 nothing found, 1 something found, 2 could not run, 130 interrupted.",
		Example: "  conformance explore --for 20s\n  conformance explore --target faulty:second-try-allowed --write regressions\n  conformance explore --profile profile.yaml -- ./server --port {port}",
		RunE: func(cmd *cobra.Command, args []string) error {
			if at := cmd.ArgsLenAtDash(); at > 0 || at < 0 && len(args) > 0 {
				return fmt.Errorf("explore takes no argument %q; a command to start stands behind --", args[0])
			}
			f.Command = args
			return f.explore(cmd)
		},
	}
	fl := cmd.Flags()
	fl.SortFlags = false
	fl.DurationVar(&f.lasts, "for", time.Minute, "go on for so long, where nothing is found")
	fl.StringVar(&f.until, "until", "", "go on until `WHAT` is reached instead: pairs=100%, every pair of values of two dimensions")
	fl.StringVar(&f.write, "write", "", "keep what is found in this `DIR`, for run --corpus DIR")
	fl.StringVar(&f.class, "class", "explored", "the `CLASS` of what is kept: its ids begin with it; give all files of a directory one class")
	fl.StringVar((*string)(&f.Level), "level", "core", "`LEVEL` of the rules: core, or extended for both")
	f.registerTarget(cmd, "none")
	for _, name := range []string{"report", "deadline", "instances"} {
		_ = fl.MarkHidden(name) // it is there
	}
	return cmd
}

// checkFlags finds what explore cannot do.
func (f *exploreFlags) checkFlags(cmd *cobra.Command) error {
	switch {
	case f.until != "" && f.until != "pairs=100%":
		return fmt.Errorf("unknown --until %q; it is pairs=100%%", f.until)
	case f.until != "" && cmd.Flags().Changed("for"):
		return errors.New("--for and --until were both given; give one")
	case f.lasts <= 0:
		return errors.New("--for must be greater than zero")
	case cmd.Flags().Changed("report"):
		return errors.New("explore writes no reports; keep what is found with --write DIR, and have run --corpus DIR --report report on it")
	case cmd.Flags().Changed("instances"):
		return errors.New("explore takes no --instances; a walk goes from step to step at one server")
	case cmd.Flags().Changed("deadline"):
		return errors.New("explore takes no --deadline; --for says how long it goes on")
	}
	return refuseIdle(cmd, f.idleTarget())
}

func (f *exploreFlags) explore(cmd *cobra.Command) error {
	if err := f.checkFlags(cmd); err != nil {
		return err
	}
	p, err := f.read()
	if err != nil {
		return err
	}
	shown := progress.New(cmd.ErrOrStderr(), f.quiet)
	defer shown.End()
	ctx := cmd.Context()
	defer interruptible(ctx, shown)()
	attend()
	shown.Phase("starting the server")
	target := &exploredTarget{flags: f, prepared: p, cmd: cmd, shown: shown}
	out, err := explore.Explore(ctx, explore.Options{
		Registry: p.registry, Level: f.Level, Seed: f.seed, For: f.lasts, Pairs: f.until != "", Open: target.open,
		Progress: func(t explore.Tried) {
			shown.Phase(fmt.Sprintf("%s steps, %s creates, %d %% of all pairs", spelled.Number(t.Steps), spelled.Number(t.Creates), percent(t.Pairs, t.PairsOf)))
		},
		Shrinking: func(steps int) { shown.Phase(fmt.Sprintf("a rule is violated; shrinking %d steps", steps)) },
	})
	shown.End()
	if err != nil {
		return err
	}
	return f.tell(cmd, out)
}

// An exploredTarget opens what the flags name.
type exploredTarget struct {
	flags    *exploreFlags
	prepared *prepared
	cmd      *cobra.Command
	shown    progress.Display
	opened   *open.Opened
}

func (t *exploredTarget) open(ctx context.Context) (*explore.Session, error) {
	s := &explore.Session{Close: t.close}
	if err := t.begin(ctx, s); err != nil {
		return nil, err
	}
	t.prepared.target = t.opened
	if err := t.prepared.check(ctx, t.cmd, t.shown); err != nil {
		t.close()
		return nil, err
	}
	if !t.opened.Foreign {
		s.Again = func() error {
			t.close()
			return t.begin(ctx, s)
		}
	}
	t.shown.Phase("exploring")
	return s, nil
}

// begin opens the target and says what the engine has to know of it.
func (t *exploredTarget) begin(ctx context.Context, s *explore.Session) (err error) {
	one := t.flags.Options
	one.Instances = 1
	if t.opened, err = open.Target(ctx, t.prepared.registry, one); err != nil {
		return err
	}
	s.Config = suite.Config{LivenessCache: t.prepared.cache, Timeout: t.flags.Timeout, Parallel: int(t.flags.parallel), RunID: reports.RunID(t.flags.seed)}
	t.opened.Fill(&s.Config)
	return nil
}

func (t *exploredTarget) close() {
	if t.opened != nil {
		t.opened.Close()
		t.opened = nil
	}
}

// tell prints what came of it, and turns it into the command's error.
func (f *exploreFlags) tell(cmd *cobra.Command, out *explore.Outcome) error {
	w := cmd.OutOrStdout()
	if found := out.Found; found != nil {
		if err := f.tellFound(cmd, found); err != nil {
			return err
		}
	}
	t := out.Tried
	fmt.Fprintf(w, "tried: %s, %s and %s in %s; %s of %s pairs of values (%d %%), seed %s\n",
		spelled.Counted(t.Walks, "walk"), spelled.Counted(t.Steps, "step"), spelled.Counted(t.Creates, "create"), t.Took.Round(100*time.Millisecond),
		spelled.Number(t.Pairs), spelled.Number(t.PairsOf), percent(t.Pairs, t.PairsOf), f.seed)
	if out.Unjudged > 0 {
		fmt.Fprintf(w, "not judged: %s; the first one: %s\n", spelled.Counted(out.Unjudged, "walk"), spelled.Line(out.Why))
	}
	for _, left := range out.Leftovers {
		fmt.Fprintf(cmd.ErrOrStderr(), "conformance: left at the target: %s\n", spelled.Line(left))
	}
	switch {
	case out.Found != nil:
		return errNotConformant
	case out.Interrupted:
		fmt.Fprintln(w, "interrupted: nothing was found until then")
		return errInterrupted
	case t.Walks == out.Unjudged:
		return errors.New("no walk could be judged, so nothing is known of the target")
	}
	fmt.Fprintln(w, "nothing found. That is what was tried and no more: whether a gate is conformant, conformance run says")
	return nil
}

func percent(part, whole int) int { return 100 * part / max(1, whole) }

// tellFound prints a walk that violates a rule.
func (f *exploreFlags) tellFound(cmd *cobra.Command, found *explore.Found) error {
	w := cmd.OutOrStdout()
	v := found.Violation()
	fmt.Fprintf(w, "FOUND  %s\n  rule  %s\n  want  %s\n  got   %s\n", v.Kind.Title(), v.Rule, spelled.Line(v.Want), spelled.Line(v.Got))
	if found.Context {
		fmt.Fprint(w, "  It showed itself behind other walks only, and not again by itself: the server remembers something.\n  The steps are those of the walk as it was found.\n")
	}
	fmt.Fprintf(w, "\nThe steps (%d, shrunk from %d):\n", len(found.Scenario.Steps), found.Steps)
	for i, text := range explore.Steps(found.Scenario) {
		mark := " "
		if i == v.Step {
			mark = ">"
		}
		fmt.Fprintf(w, "%s %d. %s\n", mark, i+1, spelled.Line(text))
	}
	profile, err := server.LoadProfile(f.Profile)
	if err != nil {
		return err
	}
	if curl, err := profile.Curl(found.Scenario); err == nil {
		fmt.Fprintf(w, "\nBy hand:\n%s", indented(curl))
	}
	fmt.Fprintf(w, "\nAs a scenario:\n%s\n", indented(string(found.YAML(f.class))))
	return f.keep(w, found)
}

func indented(text string) string {
	return "  " + strings.ReplaceAll(strings.TrimRight(text, "\n"), "\n", "\n  ") + "\n"
}

// keep writes what was found.
func (f *exploreFlags) keep(w io.Writer, found *explore.Found) error {
	if f.write == "" {
		return nil
	}
	_, id, _ := strings.Cut(found.ID(f.class), "/")
	path := filepath.Join(f.write, id+".yaml")
	if err := os.MkdirAll(f.write, 0o755); err != nil {
		return fmt.Errorf("making the directory of --write: %w", err)
	}
	if err := os.WriteFile(path, found.YAML(f.class), 0o644); err != nil {
		return fmt.Errorf("keeping what was found: %w", err)
	}
	fmt.Fprintf(w, "kept in %s; replay it with: conformance run --corpus %s --class %s\n", path, spelled.Shell(f.write), f.class)
	return nil
}
