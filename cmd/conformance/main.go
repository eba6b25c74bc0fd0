// Command conformance holds a server's BYOK credential gate to its rules: it
// replays the corpus at a target, with every provider faked, and says which
// rules are violated, with the proof.
//
// What lives here is the command line: flags, printing, exit status. A target is
// opened in suite/open, a proof made in suite/prove, our own doubles tested in
// suite/selftest; replaying and judging live in suite, the formats of reports in
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
	root.AddCommand(newRunCommand(), newExploreCommand(), newInitCommand(), newListCommand(), newShowCommand(), newLintCommand(), newSchemaCommand(), newServeCommand(), newUpstreamCommand(), newSelftestCommand(), newProveCommand(), newCleanCommand(), newRegistryCommand(), newVersionCommand())
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

// An outlet is standard output, and remembers that it could not be written to:
// commands print line by line, and none is a success whose lines are lost.
type outlet struct {
	file *os.File
	err  error
}

func (o *outlet) Write(b []byte) (int, error) {
	n, err := o.file.Write(b)
	if o.err == nil {
		o.err = err
	}
	return n, err
}

// Fd lets others see whether it is a terminal.
func (o *outlet) Fd() uintptr { return o.file.Fd() }

// held is a command's error, or what was lost where the command knows nothing of it.
func (o *outlet) held(err error) error {
	if o.err == nil || err != nil && !errors.Is(err, errNotConformant) && !errors.Is(err, errUnderivable) {
		return err
	}
	return fmt.Errorf("printing: %w", o.err)
}
