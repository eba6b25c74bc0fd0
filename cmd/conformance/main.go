// Command conformance holds a server's BYOK credential gate to its rules: it
// replays the corpus at a target, with every provider faked, and says which
// rules are violated, with the proof.
//
// What lives here is the command line: flags, targets by name, progress, exit
// status. Replaying and judging live in suite, the formats of reports in
// reports.
package main

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/molecule-ai/byok-conformance/internal/strict"
)

// The exit statuses of every command.
const (
	exitConformant    = 0
	exitNotConformant = 1
	exitCouldNotRun   = 2
	exitInterrupted   = 130
)

// errNotConformant ends a command that has said all there is to say.
var errNotConformant = errors.New("not conformant")

// errInterrupted ends a run that was cut short and has reported what was done.
var errInterrupted = errors.New("interrupted")

// errUnproved ends a proof that has said why nothing follows from it.
var errUnproved = errors.New("unproved")

func main() { os.Exit(Main()) }

// Main runs the command line and returns its exit status.
func Main() int {
	ctx, stop := interrupted()
	defer stop()
	root, out := newRoot(), &outlet{file: os.Stdout}
	root.SetOut(out)
	got := status(out.held(root.ExecuteContext(ctx)), root.ErrOrStderr())
	if got == exitCouldNotRun && ctx.Err() != nil {
		fmt.Fprintln(root.ErrOrStderr(), "conformance: interrupted")
		return exitInterrupted // what could not be done was cut short
	}
	return got
}

// status maps the error of a command to its exit status, and prints it where
// the command has not said it already.
func status(err error, w io.Writer) int {
	switch {
	case err == nil:
		return exitConformant
	case errors.Is(err, errInterrupted):
		return exitInterrupted
	case errors.Is(err, errNotConformant), errors.Is(err, errUnderivable):
		return exitNotConformant
	case errors.Is(err, errUnproved):
		return exitCouldNotRun
	}
	fmt.Fprintf(w, "conformance: %v\n", err)
	return exitCouldNotRun
}

func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:           "conformance",
		Short:         "Holds a server's BYOK credential gate to its rules",
		Long:          "conformance replays a corpus of scenarios at a server that gates workspaces by the tenant's own\nLLM credential, with every provider faked, and says which rules are violated, with the proof.",
		SilenceUsage:  true,
		SilenceErrors: true,
		Args:          noArgs,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return fmt.Errorf("%w; %s --help lists the flags", err, cmd.CommandPath())
	})
	root.AddCommand(newRunCommand(), newInitCommand(), newListCommand(), newShowCommand(), newLintCommand(), newSchemaCommand(), newServeCommand(), newUpstreamCommand(), newSelftestCommand(), newProveCommand(), newCleanCommand(), newRegistryCommand(), newVersionCommand())
	root.AddCommand(newReportCommand(), newExplainCommand(), newDiffCommand(), newMergeCommand(), newVerifyCommand())
	completeFlags(root)
	wrapHelp(root)
	return root
}

// noArgs refuses arguments, and commands that there are not.
func noArgs(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	if !cmd.HasSubCommands() {
		return fmt.Errorf("%s takes no argument %q; %[1]s --help says what it takes", cmd.CommandPath(), args[0])
	}
	var names []string
	for _, c := range cmd.Commands() {
		names = append(names, c.Name())
	}
	return fmt.Errorf("unknown command %q%s; %s --help lists them", args[0], strict.DidYouMean(args[0], names), cmd.CommandPath())
}
