package main

import (
	"encoding/json"
	"fmt"
	"io"
	"runtime"
	"strings"

	"github.com/spf13/cobra"

	"github.com/molecule-ai/byok-conformance/scenarios"
	"github.com/molecule-ai/byok-conformance/suite/selftest"
)

func newSelftestCommand() *cobra.Command {
	var st selftest.Options
	var matrix string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "selftest",
		Short: "Hold the corpus to our own faulty and correct gates",
		Long: "selftest replays the corpus at every faulty gate and at every correct variant. A faulty gate that passes, or that\n" +
			"fails for another reason than its own, is a survivor; a variant that fails is a false alarm. Exit 1 on either.\n\n" +
			"The door command serves each gate by a process of its own behind the intercepting proxy, as a server of yours would\n" +
			"be, and compares scenario by scenario with the cheapest door: one that both doors judged, and that ended differently,\n" +
			"is a finding.",
		Example: "  conformance selftest --gate any-known-credential\n  conformance selftest --door cheapest,command --matrix pairwise --shards 8",
		Args:    noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			st.Matrix = scenarios.Matrix(matrix)
			return runSelftest(cmd, st, asJSON)
		},
	}
	cmd.Flags().StringSliceVar(&st.Doors, "door", []string{"process", "http"}, "the `DOORS`: process, http, cheapest (in process, and over HTTP what shows itself there only), or command (a process behind the proxy)")
	complete(cmd, "door", func() []string { return selftest.Doors })
	cmd.Flags().StringVar(&st.Only, "gate", "*", "only gates whose name matches `GLOB`; * stands for any text, ? for one character, as for --id")
	cmd.Flags().StringVar(&matrix, "matrix", string(scenarios.FullMatrix), "full, or pairwise to thin the matrix")
	cmd.Flags().IntVar(&st.Shards, "shards", 1, "into how many parts the door command cuts the corpus; each gate gets one, in turn, and what found it out; correct variants get a quarter as many at the other doors")
	cmd.Flags().IntVar(&st.Jobs, "jobs", runtime.NumCPU(), "how many gates to test at once")
	cmd.Flags().BoolVar(&st.OwnRules, "own-rules", false, "replay faulty gates only at scenarios that exercise the rules which they break")
	cmd.Flags().BoolVar(&st.FirstKill, "first-kill", false, "end a faulty gate's replay once a scenario has found it out, and replay that one alone through the other doors")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON object a line")
	return cmd
}

// runSelftest tests our gates, and prints what came of each.
func runSelftest(cmd *cobra.Command, o selftest.Options, asJSON bool) error {
	attend()
	out := cmd.OutOrStdout()
	sum, err := selftest.Run(cmd.Context(), o, func(k selftest.Kill) error {
		if asJSON {
			return json.NewEncoder(out).Encode(k)
		}
		_, err := io.WriteString(out, k.Text())
		return err
	})
	switch {
	case cmd.Context().Err() != nil:
		return errInterrupted
	case err != nil:
		return err
	}
	fmt.Fprintf(cmd.ErrOrStderr(), "%d runs, %d survivors, false alarms or differences\n", sum.Runs, sum.Bad)
	if len(sum.Unnoticed) > 0 {
		fmt.Fprintf(cmd.ErrOrStderr(), "no faulty gate was found out under %s; write one, or the scenario that notices it\n", strings.Join(sum.Unnoticed, ", "))
	}
	if sum.Bad > 0 || len(sum.Unnoticed) > 0 {
		return errNotConformant
	}
	return nil
}
