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
	if !p.target.isForeign && !p.flags.check {
		return nil
	}
	points := p.target.points
	if target.FirstWrong(points) == nil {
		cfg := p.config(nil)
		// One scenario is enough, and which ones were selected does not matter.
		valid, err := p.corpus.Select(p.registry, &scenarios.Selection{Level: scenarios.Core, Classes: []string{"valid"}})
		if err != nil {
			return fmt.Errorf("selecting a scenario to check the target with: %w", err)
		}
		cfg.Scenarios = valid.Scenarios
		began := time.Now()
		more, err := suite.Check(ctx, cfg)
		switch {
		case p.target.died() != nil:
			return fmt.Errorf("the server died while it was checked: %w", p.target.died())
		case cmd.Context().Err() != nil:
			return errInterrupted
		case err != nil:
			return err
		}
		points = append(points, p.target.explained(more)...)
		if target.FirstWrong(points) == nil {
			p.forecast(shown.Above(cmd.ErrOrStderr()), time.Since(began), p.target.sent())
		}
	}
	if !p.flags.check {
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

// explained adds to a probe that did not arrive what became of it at our proxy:
// a server that does not trust the run's certificates, or whose clock is far
// off, comes that far.
func (t *opened) explained(points []target.Point) []target.Point {
	line := t.cameToNothing.Load()
	for i := range points {
		if p := &points[i]; p.Asked == "probe" && p.State == target.NotMet && line != nil {
			p.Seen += "; at our proxy this came to nothing: " + *line
		}
	}
	return points
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
