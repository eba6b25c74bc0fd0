package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/molecule-ai/byok-conformance/reports"
	"github.com/molecule-ai/byok-conformance/reports/view"
)

func newExplainCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "explain REPORT.json [FINDING|ID]",
		Short: "Tell what a report says of a failure, one thing at a time",
		Long: "explain tells the findings of a JSON report again. With the id of a finding it tells that one whole, with every scenario\n" +
			"behind it; with the id of a scenario it tells what was given, seen and violated there, exchanges included; an X-Request-ID\n" +
			"from the server's log stands for its scenario. A report that was cut off has no findings; its scenarios can be told.\n" +
			"Exit status: 0, or 2 where there is nothing of that id.",
		Example: "  conformance explain run.json\n  conformance explain run.json wrongly-allowed-9a21a8\n  conformance explain run.json mismatched/report",
		Args:    cobra.RangeArgs(1, 2),
		RunE: func(cmd *cobra.Command, args []string) error {
			run, err := reports.ReadFile(args[0], cmd.InOrStdin())
			if run == nil {
				return err
			}
			defer run.Close()
			if err != nil && !errors.Is(err, reports.ErrPartial) {
				return err
			}
			what := ""
			if len(args) > 1 {
				what = args[1]
			}
			text, err := view.Explain(run, what)
			if err != nil {
				return fmt.Errorf("explaining %s: %w", args[0], err)
			}
			fmt.Fprint(cmd.OutOrStdout(), text)
			return nil
		},
	}
}
