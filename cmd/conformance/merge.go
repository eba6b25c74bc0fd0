package main

import (
	"fmt"

	"github.com/molecule-ai/byok-conformance/reports/view"

	"github.com/spf13/cobra"

	"github.com/molecule-ai/byok-conformance/reports"
	"github.com/molecule-ai/byok-conformance/reports/merge"
)

func newMergeCommand() *cobra.Command {
	var output string
	var specs []string
	cmd := &cobra.Command{
		Use:   "merge SHARD.json… [-o RUN.json] [--report FORMAT=PATH]…",
		Short: "Put the shards of one run together",
		Long: "merge makes one report of the JSON reports of all shards of a run, the same that one run would have written but for\n" +
			"times and addresses. Shards that overlap, that are missing or that did not end are refused, and so are runs with another\n" +
			"corpus, registry, seed, level, selection or target. Exit status: that of the merged run, 2 where there is none.",
		Example: "  conformance merge shard1.json shard2.json -o run.json\n  conformance merge shard*.json --report junit=run.xml",
		Args:    cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if output != "" {
				specs = append(specs, "json="+output)
			}
			var runs []*reports.Run
			for _, path := range args {
				run, err := reports.ReadFile(path, cmd.InOrStdin())
				if run != nil {
					defer run.Close()
				}
				if err != nil {
					return err
				}
				runs = append(runs, run)
			}
			merged, err := merge.Shards(runs, args)
			if err != nil {
				return err
			}
			defer merged.Close()
			if err := merge.Explain(merged, cmd.ErrOrStderr()); err != nil {
				return err
			}
			if err := writeReports(merged, specs); err != nil {
				return err
			}
			if _, err := fmt.Fprintln(cmd.ErrOrStderr(), reports.SummaryLine(merged.Header, merged.Footer)); err != nil {
				return err
			}
			if !merged.Footer.Summary.Conformant {
				return errNotConformant
			}
			return nil
		},
	}
	fl := cmd.Flags()
	fl.SortFlags = false
	fl.StringVarP(&output, "output", "o", "", "write the merged JSON report here; - is standard output")
	fl.StringArrayVar(&specs, "report", nil, "write a report of the merged run, `FORMAT=PATH`; may be given several times; formats: "+reportFormats())
	completeReports(cmd, view.Formats)
	cmd.MarkFlagsOneRequired("output", "report")
	return cmd
}
