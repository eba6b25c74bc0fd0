package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/molecule-ai/byok-conformance/cmd/conformance/progress"
	"github.com/molecule-ai/byok-conformance/scenarios"
	"github.com/molecule-ai/byok-conformance/suite"
	"github.com/molecule-ai/byok-conformance/suite/target"
)

// check holds a server that is not ours to what a run needs, and prints what
// came of it where --check asks for that. Nothing of what it makes stays.
func (p *prepared) check(ctx context.Context, cmd *cobra.Command, shown progress.Display) error {
	if !p.target.Foreign && !p.flags.Check {
		return nil
	}
	points := p.target.Points
	if target.FirstWrong(points) == nil {
		cfg := p.config(nil)
		// One scenario is enough, and which ones were selected does not matter.
		valid, err := p.corpus.Select(p.registry, &scenarios.Selection{Level: scenarios.Core, Classes: p.checked()})
		if err != nil {
			return fmt.Errorf("selecting a scenario to check the target with: %w", err)
		}
		cfg.Scenarios = valid.Scenarios
		began := time.Now()
		more, err := suite.Check(ctx, cfg, p.flags.Check)
		switch {
		case p.target.Died() != nil:
			return fmt.Errorf("the server died while it was checked: %w", p.target.Died())
		case cmd.Context().Err() != nil:
			return errInterrupted
		case err != nil:
			return err
		}
		points = append(points, p.target.Explained(more)...)
		if target.FirstWrong(points) == nil {
			if err := p.compareOffered(ctx, shown.Above(cmd.ErrOrStderr())); err != nil {
				return err
			}
			p.forecast(shown.Above(cmd.ErrOrStderr()), time.Since(began), sent(p.target.Target))
		}
	}
	if !p.flags.Check {
		for _, point := range points {
			if point.State == target.NotMet { // the run judges it; whoever reads the verdict wants to know why
				fmt.Fprintf(cmd.ErrOrStderr(), "conformance: %s: %s; %s\n", point.Asked, point.Seen, point.Advice)
			}
		}
		return target.FirstWrong(points)
	}
	shown.End()
	if err := printPoints(cmd.OutOrStdout(), points); err != nil {
		return err
	}
	if target.FirstWrong(points) != nil {
		return errors.New("the target cannot be driven yet; what is wrong stands above, and none of it is the gate's doing")
	}
	return nil
}

// checked are the classes of the scenarios that a check replays.
func (p *prepared) checked() []string {
	if p.flags.Check {
		return []string{"valid", "provision"}
	}
	return []string{"valid"}
}

func printPoints(w io.Writer, points []target.Point) error {
	return table(w, func(w io.Writer) {
		for _, p := range points {
			fmt.Fprintf(w, "%s\t%s\t%s\n", p.State, p.Asked, p.Seen)
			switch p.State {
			case target.Wrong:
				fmt.Fprintf(w, "\t\t%s: %s\n", p.Fault, p.Advice)
			case target.NotMet:
				fmt.Fprintf(w, "\t\t%s\n", p.Advice)
			}
		}
	})
}
