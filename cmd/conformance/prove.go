package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/spf13/cobra"

	"github.com/molecule-ai/byok-conformance/cmd/conformance/progress"
	"github.com/molecule-ai/byok-conformance/internal/spelled"
	"github.com/molecule-ai/byok-conformance/reports/proof"
	"github.com/molecule-ai/byok-conformance/scenarios"
	"github.com/molecule-ai/byok-conformance/suite"
	"github.com/molecule-ai/byok-conformance/suite/open"
	"github.com/molecule-ai/byok-conformance/suite/prove"
)

func newProveCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "prove",
		Short: "Prove one thing about a target, for a reviewer",
		Args:  noArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newProveMismatchCommand())
	return cmd
}

func newProveMismatchCommand() *cobra.Command {
	var f runFlags
	cmd := &cobra.Command{
		Use:   "mismatch [flags] [-- COMMAND ARGS…]",
		Short: "Prove that a credential of another provider counts as absent, and that an open hole would be seen",
		Long: "mismatch asks the target for every combination of a provider and a foreign credential, at create and at provision, and\n" +
			"holds the same matrix to gates that have the bypass in them, over the same door. One sentence says what came of it; it stands first and again last.\n\n" +
			"Exit status: 0 closed, 1 open or otherwise violated, 2 could not be proved, 130 interrupted.",
		Example: "  conformance prove mismatch\n  conformance prove mismatch --target http://127.0.0.1:8080 --report markdown=proof.md\n  conformance prove mismatch -- ./server --port {port}",
		RunE: func(cmd *cobra.Command, args []string) error {
			if at := cmd.ArgsLenAtDash(); at > 0 || at < 0 && len(args) > 0 {
				return fmt.Errorf("mismatch takes no argument %q; a command to start stands behind --", args[0])
			}
			f.Command = args
			f.Level, f.rules = scenarios.Core, []string{prove.Rule}
			if err := refuseIdle(cmd, f.idleTarget()); err != nil {
				return err
			}
			return f.prove(cmd)
		},
	}
	cmd.Flags().SortFlags = false
	f.registerTarget(cmd, listed(proof.Formats()))
	completeReports(cmd, proof.Formats)
	f.registerMatrix(cmd)
	return cmd
}

func (f *runFlags) prove(cmd *cobra.Command) (err error) {
	p, err := f.prepare()
	if err != nil {
		return err
	}
	files, err := proof.CreateAll(f.reports)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, proof.CloseAll(files)) }()
	shown := &proofShown{Display: progress.New(cmd.ErrOrStderr(), f.quiet), stderr: cmd.ErrOrStderr()}
	defer shown.End()
	ctx, late := f.until(cmd.Context())
	defer late()
	defer interruptible(ctx, shown)()
	attend()
	evidence, err := prove.Mismatch(ctx, prove.Options{
		Open: f.Options, Config: p.config(nil), Header: p.header, Result: p.result, Shown: shown,
		Ready: func(ctx context.Context, t *open.Opened) error {
			p.target = t
			shown.Phase("checking the server")
			return p.check(ctx, cmd, shown)
		},
	})
	shown.End()
	if errors.Is(err, errInterrupted) || cmd.Context().Err() != nil {
		fmt.Fprintln(cmd.OutOrStdout(), "interrupted: nothing is proved")
		return errInterrupted
	}
	if errors.Is(context.Cause(ctx), suite.ErrDeadline) {
		return fmt.Errorf("%s passed before everything was tried, so nothing is proved; allow more time, or try less with --matrix pairwise", f.deadlineText())
	}
	if err != nil {
		return err
	}
	proved := proof.New(evidence)
	for _, file := range files {
		if err := file.Write(proved); err != nil {
			return err
		}
	}
	stdout := cmd.OutOrStdout()
	if slices.ContainsFunc(files, func(file *proof.File) bool { return file.Path() == "-" }) {
		stdout = cmd.ErrOrStderr() // a report and our own lines in one stream are neither
	}
	if err := proof.Print(stdout, proved, f.quiet); err != nil {
		return err
	}
	switch proved.Verdict {
	case proof.Closed:
		return nil
	case proof.Unproved:
		return errUnproved
	}
	return errNotConformant
}

// proofShown shows how far a proof is.
type proofShown struct {
	progress.Display
	stderr io.Writer
}

func (s *proofShown) Replaying(t *open.Opened, total int) { begin(s, t, total) }
func (s *proofShown) Finished(e suite.Finished)           { step(s, e) }

func (s *proofShown) Controlling(combinations, gates int) {
	s.Watch(progress.Gauge{})
	s.Begin(fmt.Sprintf("control: trying %s combinations at", spelled.Number(combinations)), gates, "gates of our own")
}

func (s *proofShown) Held(g proof.ControlledBy) {
	switch g.Outcome {
	case proof.ControlFailed, proof.ControlNotFoundOut:
		s.Step(progress.Failed)
	case proof.ControlNotApplicable:
		s.Step(progress.NotAsked)
	default:
		s.Step(progress.Passed)
	}
}

func (s *proofShown) Left(what string) {
	fmt.Fprintf(s.Above(s.stderr), "conformance: left at the target: %s\n", what)
}
