package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/molecule-ai/byok-conformance/reports"
	"github.com/molecule-ai/byok-conformance/reports/verify"
)

func newVerifyCommand() *cobra.Command {
	var registryFile, profile string
	cmd := &cobra.Command{
		Use:   "verify EVIDENCE [RUN.json]",
		Short: "Recompute what a report or an in-toto statement says, and say what it relies on",
		Long: "verify takes a JSON report, or an in-toto statement (bare or in a DSSE envelope) and the JSON report beside it. It\n" +
			"recomputes the digests of corpus, registry, profile and program, which scenarios a selection has, what each of them\n" +
			"gives and expects, and the counts; and it says of what it cannot recompute that it relies on it. Signatures are for the\n" +
			"tool that made them. Exit status: 0 nothing contradicts, 1 something does, 2 a file could not be read.",
		Example: "  conformance verify run.json\n  conformance verify run.intoto.json run.json",
		Args:    cobra.RangeArgs(1, 2),
		RunE: func(cmd *cobra.Command, args []string) error {
			var files []verify.File
			for _, path := range args {
				file, err := reports.OpenInput(path, cmd.InOrStdin())
				if err != nil {
					return fmt.Errorf("reading the evidence: %w", err)
				}
				defer file.Close()
				files = append(files, verify.File{Name: path, ReaderAt: file, Size: file.Size})
			}
			holds, err := verify.Evidence(cmd.OutOrStdout(), files, verify.Options{Registry: registryFile, Profile: profile})
			if err == nil && !holds {
				return errNotConformant
			}
			return err
		},
	}
	fl := cmd.Flags()
	fl.SortFlags = false
	fl.StringVar(&registryFile, "registry", "", "the registry file of the run, where it is not where the run read it")
	fl.StringVar(&profile, "profile", "", "the profile's file, where it is not where the run read it")
	return cmd
}
