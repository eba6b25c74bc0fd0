package main

import (
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"

	"github.com/spf13/cobra"

	"github.com/molecule-ai/byok-conformance/internal/spelled"
	"github.com/molecule-ai/byok-conformance/reports"
	"github.com/molecule-ai/byok-conformance/reports/view"
)

// unexplained is how many failures are shown of a report without findings: of an
// older version, or cut off.
const unexplained = 20

func newReportCommand() *cobra.Command {
	var from string
	var specs []string
	var quiet, verbose bool
	cmd := &cobra.Command{
		Use:   "report --from RUN.json [--report FORMAT=PATH]…",
		Short: "Show a run again, in any format, from its JSON report",
		Long: "report makes every view of a run from the JSON that the run wrote; without --report it prints what the run printed.\n" +
			"A report that was cut off is shown as far as it goes, in every view as a run that did not end, and the exit status is\n" +
			"then 2. Otherwise it is 0, whatever the verdict.",
		Example: "  conformance report --from run.json\n  conformance report --from run.json --report html=run.html --report junit=run.xml",
		Args:    noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := refuseIdle(cmd, []idle{
				{"quiet", "with --report, which prints nothing", len(specs) > 0, "give one of the two"},
				{"verbose", "with --report, which prints nothing", len(specs) > 0, "give one of the two"},
				{"verbose", "with --quiet", quiet, "give one of the two"},
			}); err != nil {
				return err
			}
			run, err := reports.ReadFile(from, cmd.InOrStdin())
			if run == nil {
				return err
			}
			defer run.Close()
			if len(specs) > 0 {
				return errors.Join(writeReports(run, specs), err)
			}
			out := cmd.OutOrStdout()
			options := view.ConsoleOptions{Colour: colourful(out), Quiet: quiet, Verbose: verbose, Explain: "conformance explain " + spelled.Shell(from)}
			if len(run.Footer.Findings) == 0 && !verbose {
				options.Failures = unexplained
			}
			if shown := view.WriteConsole(out, run, options); shown != nil {
				return errors.Join(fmt.Errorf("showing %s: %w", from, shown), err)
			}
			return err
		},
	}
	fl := cmd.Flags()
	fl.SortFlags = false
	fl.StringVar(&from, "from", "", "the JSON report of a run; - is standard input")
	fl.StringArrayVar(&specs, "report", nil, "write a view of it, `FORMAT=PATH`; may be given several times; formats: "+reportFormats())
	completeReports(cmd, view.Formats)
	fl.BoolVarP(&quiet, "quiet", "q", false, "print the verdict only")
	fl.BoolVarP(&verbose, "verbose", "v", false, "print every scenario, and every rule")
	_ = cmd.MarkFlagRequired("from") // the flag is there
	return cmd
}

// writeReports shows a run in each of the reports that the arguments name.
func writeReports(run *reports.Run, specs []string) error {
	files, err := view.CreateAll(specs)
	if err != nil {
		return err
	}
	if err := showIn(files, run); err != nil {
		return fmt.Errorf("writing a report: %w", err)
	}
	return nil
}

// showIn writes a run into files that were begun, and puts them in their places.
// Views are made side by side, since each goes through the run by itself.
func showIn(files []*view.File, run *reports.Run) error {
	errs := make([]error, len(files))
	var wg sync.WaitGroup
	slots := make(chan struct{}, max(1, runtime.GOMAXPROCS(0)))
	for i, f := range files {
		wg.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			errs[i] = f.Write(run)
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}

// onStandardOutput reports whether one of the files is standard output.
func onStandardOutput(files []*view.File) bool {
	return slices.ContainsFunc(files, func(f *view.File) bool { return f.Path() == "-" })
}
