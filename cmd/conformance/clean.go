package main

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/molecule-ai/byok-conformance/reports"

	"github.com/spf13/cobra"

	"github.com/molecule-ai/byok-conformance/internal/spelled"
	"github.com/molecule-ai/byok-conformance/suite"
	"github.com/molecule-ai/byok-conformance/suite/target"
)

// cleanWithin bounds the deletion of what a run left.
const cleanWithin = 5 * time.Minute

// runIDs is the form of a run's id, which names of workspaces hold.
var runIDs = regexp.MustCompile(`^[0-9a-f]{8}$`)

func newCleanCommand() *cobra.Command {
	var reach reachFlags
	var id string
	cmd := &cobra.Command{
		Use:   "clean --run ID (--target URL | -- COMMAND ARGS…)",
		Short: "Delete the workspaces that a killed run left at a server",
		Long: "clean lists the workspaces of a server and deletes those whose names begin with the run's own, byok-ID-, and nothing\n" +
			"else. A COMMAND is started for it, as run starts it. A run prints its ID when something is left, and reports hold it in `run`.\n\n" +
			"Exit status: 0 nothing is left, 2 something is.",
		Example: "  conformance clean --target http://127.0.0.1:8080 --profile workspace-server --run 1f2e3d4c",
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := reach.check(cmd, args); err != nil {
				return err
			}
			if !runIDs.MatchString(id) {
				return fmt.Errorf("--run %q is not the id of a run; it is eight digits or letters from a to f, such as 1f2e3d4c", id)
			}
			t, closing, err := reach.open(cmd.Context(), args)
			if err != nil {
				return err
			}
			defer closing()
			return cleanRun(cmd, t, id)
		},
	}
	reach.register(cmd)
	cmd.Flags().StringVar(&id, "run", "", "the run's id")
	return cmd
}

func cleanRun(cmd *cobra.Command, t target.Target, id string) error {
	attend()
	ctx, cancel := context.WithTimeout(cmd.Context(), cleanWithin)
	defer cancel()
	removed, left, err := suite.Clean(ctx, t, id)
	if err != nil {
		return fmt.Errorf("cleaning up after run %s: %w", id, err)
	}
	fmt.Fprintf(cmd.OutOrStdout(), "removed %d workspaces of run %s\n", removed, id)
	if len(left) == 0 {
		return nil
	}
	var names []string
	for _, w := range left {
		names = append(names, spelled.Line(w.Name)+" ("+spelled.Line(w.ID)+")")
	}
	return fmt.Errorf("%d workspaces are still there: %s; see what the server answers to their deletion (workspaces.remove of the profile)", len(left), strings.Join(names, ", "))
}

// cleaning is the command that deletes what a run left.
func (p *prepared) cleaning() string {
	args := []string{"conformance clean"}
	if len(p.flags.Command) == 0 {
		args = append(args, "--target", spelled.Shell(withoutPassword(p.target.Traits().Address)))
	}
	if p.flags.Profile != "workspace-server" {
		args = append(args, "--profile", spelled.Shell(p.flags.Profile))
	}
	args = append(args, "--run", reports.RunID(p.flags.seed))
	if len(p.flags.Command) > 0 {
		args = append(args, "--")
		for _, a := range p.flags.Command {
			args = append(args, spelled.Shell(a))
		}
	}
	return strings.Join(args, " ")
}
