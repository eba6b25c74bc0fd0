package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/molecule-ai/byok-conformance/cmd/conformance/progress"
	"github.com/molecule-ai/byok-conformance/internal/spelled"
	"github.com/molecule-ai/byok-conformance/reports"
	"github.com/molecule-ai/byok-conformance/reports/proof"
	"github.com/molecule-ai/byok-conformance/scenarios"
	"github.com/molecule-ai/byok-conformance/suite"
	"github.com/molecule-ai/byok-conformance/suite/server"
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
			f.command = args
			f.level, f.rules = string(scenarios.Core), []string{mismatchRule}
			return f.prove(cmd)
		},
	}
	cmd.Flags().SortFlags = false
	f.registerTarget(cmd, listed(proof.Formats()))
	completeReports(cmd, proof.Formats)
	f.registerMatrix(cmd)
	return cmd
}

// mismatchRule is what every scenario of the matrix exercises.
const mismatchRule = "PRE-2"

// A proving is a proof in the making.
type proving struct {
	*prepared
	profile *server.Profile
	cases   []proof.Case
	header  reports.Header
	strays  []string
	files   []*proof.File
}

func (f *runFlags) prove(cmd *cobra.Command) (err error) {
	prep, err := f.prepare()
	if err != nil {
		return err
	}
	p := &proving{prepared: prep}
	if p.profile, err = server.LoadProfile(f.profile); err != nil {
		return err
	}
	if p.files, err = proof.CreateAll(f.reports); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, proof.CloseAll(p.files)) }()
	evidence, err := p.gather(cmd)
	if errors.Is(err, errInterrupted) || cmd.Context().Err() != nil {
		fmt.Fprintln(cmd.OutOrStdout(), "interrupted: nothing is proved")
		return errInterrupted
	}
	if err != nil {
		return err
	}
	proved := proof.New(evidence)
	for _, file := range p.files {
		if err := file.Write(proved); err != nil {
			return err
		}
	}
	if err := proof.Print(cmd.OutOrStdout(), proved, f.quiet); err != nil {
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

// gather replays the matrix at the target, and then at the control gates.
func (p *proving) gather(cmd *cobra.Command) (proof.Evidence, error) {
	evidence := proof.Evidence{Accepts: p.accepts, Curl: p.curl}
	ctx := cmd.Context()
	shown := progress.New(cmd.ErrOrStderr(), p.flags.quiet)
	defer shown.End()
	defer interruptible(ctx, shown)()
	shown.Phase("starting the server")
	var err error
	if p.target, err = openTarget(ctx, p.flags, p.registry); err != nil {
		return evidence, err
	}
	incomplete, err := p.replayTarget(ctx, cmd, shown)
	evidence.Seen = p.target.providers.Seen()
	p.target.close()
	switch {
	case err != nil:
		return evidence, err
	case cmd.Context().Err() != nil:
		return evidence, errInterrupted
	}
	evidence.Header, evidence.Cases, evidence.Strays, evidence.Incomplete = p.header, p.cases, p.strays, incomplete
	if len(p.claimed()) == 0 {
		return evidence, nil // nothing was asked, so there is nothing to control
	}
	evidence.Control, err = p.control(ctx, shown)
	return evidence, err
}

// replayTarget replays the matrix, and says why it is incomplete where it is.
func (p *proving) replayTarget(ctx context.Context, cmd *cobra.Command, shown progress.Display) (incomplete string, err error) {
	ctx, cancel := p.target.watch(ctx)
	defer cancel()
	shown.Phase("checking the server")
	if err := p.check(ctx, cmd, shown); err != nil {
		return "", err
	}
	cfg := p.config(nil)
	cfg.Waive = nil // a proof knows no excuse
	cfg.Handle = func(e suite.Event) {
		switch e := e.(type) {
		case suite.Planned:
			p.header = p.prepared.header(e.Total)
			begin(shown, p.target, e.Total)
		case suite.Finished:
			step(shown, e)
			p.cases = append(p.cases, proof.Case{Scenario: e.Result.Scenario, Kind: kindOf(&e.Result), Result: p.result(e.Result)})
		}
	}
	s, err := suite.Run(ctx, cfg)
	if err != nil {
		return "", err
	}
	for _, left := range s.Leftovers {
		fmt.Fprintf(shown.Above(cmd.ErrOrStderr()), "conformance: left at the target: %s\n", left)
	}
	for _, x := range s.Strays {
		p.strays = append(p.strays, x.Method+" "+x.URL)
	}
	switch {
	case p.target.died() != nil:
		return fmt.Sprintf("the server died in the middle of the matrix: %v", p.target.died()), nil
	case s.Ended() != s.Planned:
		return fmt.Sprintf("%d scenarios were planned and %d have ended", s.Planned, s.Ended()), nil
	}
	return "", nil
}

// kindOf says what a result means for the proof.
func kindOf(r *suite.Result) proof.Kind {
	switch {
	case r.Outcome == suite.Passed:
		return proof.KindRefused
	case r.Outcome == suite.NotClaimed:
		return proof.KindNotClaimed
	case r.Outcome == suite.Errored:
		return proof.KindUnjudged
	case r.LetThrough():
		return proof.KindOpen
	case r.Unproven():
		return proof.KindUnproven
	}
	return proof.KindViolating
}

func (p *proving) accepts(provider, name string) bool {
	owner := p.registry.Provider(provider)
	return owner != nil && owner.Accepts(name)
}

// curl shows a scenario by hand. A profile that cannot say it is no reason to
// lose the proof.
func (p *proving) curl(s *scenarios.Scenario) string {
	text, err := p.profile.Curl(s)
	if err != nil {
		return fmt.Sprintf("# the profile does not say it: %v\n", err)
	}
	server := "http://127.0.0.1:8080"
	if strings.Contains(p.flags.target, "://") {
		server = p.flags.target
	}
	return "SERVER=" + spelled.Shell(server) + "  # where the server listens\n" + text
}

// proofBudget bounds the probe of control gates that are processes of their own.
const proofBudget = time.Second
