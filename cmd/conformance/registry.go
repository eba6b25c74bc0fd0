package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/spf13/cobra"

	"github.com/molecule-ai/byok-conformance/internal/spelled"
	"github.com/molecule-ai/byok-conformance/internal/textfile"
	"github.com/molecule-ai/byok-conformance/registry"
	"github.com/molecule-ai/byok-conformance/scenarios"
)

// errUnderivable ends a derive that found no provider and has said why.
var errUnderivable = errors.New("no provider can be derived")

func newRegistryCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "registry",
		Short: "Say which provider owns a model, check registry files, and write one from a server",
		Args:  noArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newDeriveCommand(), newCheckCommand(), newFromServerCommand())
	return cmd
}

// deriveFlags are the flags of registry derive.
type deriveFlags struct {
	runtime, model  string
	env             []string
	registry, batch string
	json            bool
}

func newDeriveCommand() *cobra.Command {
	f := new(deriveFlags)
	cmd := &cobra.Command{
		Use:   "derive (--runtime NAME --model ID [--env NAME,…] [--json] | --batch FILE)",
		Short: "Derives the provider of one pair, or of many (rules DER-1 and DER-2)",
		Long: `Derives the provider of a (runtime, model) pair by rules DER-1 and DER-2, and
says how. A pair that has none is answered with the reason and exit status 1.

With --batch, reads lines of {"runtime":…,"model":…,"env":["NAME",…]} and writes
for each, in order, {"provider":"name"} or {"provider":null,"reason":"…"}.`,
		Example: `  conformance registry derive --runtime codex --model gpt-5.5 --env OPENAI_API_KEY
  conformance registry derive --batch pairs.jsonl`,
		DisableFlagsInUseLine: true,
		Args:                  noArgs,
		RunE:                  func(cmd *cobra.Command, _ []string) error { return f.run(cmd) },
	}
	flags := cmd.Flags()
	flags.StringVar(&f.runtime, "runtime", "", "the runtime's `name`")
	flags.StringVar(&f.model, "model", "", "the model's `id`")
	flags.StringSliceVar(&f.env, "env", nil, "the credential `names` in scope, separated by commas")
	flags.StringVar(&f.registry, "registry", "", "the registry `file` to derive by (default: our own)")
	flags.StringVar(&f.batch, "batch", "", "a `file` of pairs, one JSON object a line; - is standard input")
	flags.BoolVar(&f.json, "json", false, "answer as --batch does")
	cmd.MarkFlagsOneRequired("runtime", "batch")
	cmd.MarkFlagsRequiredTogether("runtime", "model")
	for _, single := range []string{"runtime", "model", "env", "json"} {
		cmd.MarkFlagsMutuallyExclusive("batch", single)
	}
	return cmd
}

func (f *deriveFlags) run(cmd *cobra.Command) error {
	r, err := loadRegistry(f.registry)
	if err != nil {
		return err
	}
	if cmd.Flags().Changed("batch") {
		return deriveBatch(r, f.batch, cmd.InOrStdin(), cmd.OutOrStdout())
	}
	d := r.Derive(f.runtime, f.model, func(name string) bool { return slices.Contains(f.env, name) })
	if err := f.print(cmd.OutOrStdout(), d); err != nil {
		return fmt.Errorf("writing the answer: %w", err)
	}
	if d.Provider == nil {
		return errUnderivable
	}
	return nil
}

func (f *deriveFlags) print(w io.Writer, d registry.Derivation) error {
	if f.json {
		return json.NewEncoder(w).Encode(d)
	}
	if d.Provider == nil {
		_, err := fmt.Fprintf(w, "%s: %s\n", d.Reason, d.Explain())
		return err
	}
	_, err := fmt.Fprintf(w, "%s (%s, %s)\n", d.Provider.Name, d.By, d.Runtime)
	return err
}

func deriveBatch(r *registry.Registry, path string, stdin io.Reader, out io.Writer) error {
	in, name := stdin, "standard input"
	if path != "-" {
		file, err := textfile.Open(path)
		if err != nil {
			return fmt.Errorf("reading a batch: %w", err)
		}
		defer file.Close()
		in, name = file, path
	}
	if err := r.DeriveBatch(in, out); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

func newCheckCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "check FILE…",
		Short: "Checks registry files",
		Long: `Checks registry files. What makes one unusable goes to standard error, what is
only worth knowing to standard output, both with file, line and column.`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, paths []string) error {
			unusable := 0
			for _, path := range paths {
				if !check(path, cmd.OutOrStdout(), cmd.ErrOrStderr()) {
					unusable++
				}
			}
			if unusable > 0 {
				return fmt.Errorf("%d of %d registry files cannot be used", unusable, len(paths))
			}
			return nil
		},
	}
}

// check prints what there is to say about one file, and reports whether it can
// be used.
func check(path string, out, problems io.Writer) bool {
	r, err := registry.LoadFile(path)
	if err != nil {
		fmt.Fprintln(problems, err)
		return false
	}
	for _, finding := range r.Findings() {
		fmt.Fprintf(out, "%s:%d:%d: %s: %s\n", path, finding.Line, finding.Column, finding.Path, finding.Message)
	}
	fmt.Fprintf(out, "%s: %d providers, %d runtimes, %s\n", path, len(r.Providers), len(r.Runtimes), r.Digest())
	made, err := scenariosOf(r)
	if err != nil {
		fmt.Fprintf(problems, "%s: %v\n", path, err)
		return false
	}
	fmt.Fprintf(out, "%s: %s\n", path, made)
	return true
}

// scenariosOf says how many scenarios the corpus makes of a registry.
func scenariosOf(r *registry.Registry) (string, error) {
	corpus, err := scenarios.Embedded()
	if err != nil {
		return "", fmt.Errorf("reading the corpus: %w", err)
	}
	var n [2]int
	for i, level := range []scenarios.Level{scenarios.Core, scenarios.Extended} {
		selected, err := corpus.Select(r, &scenarios.Selection{Level: level})
		if err != nil {
			return "", fmt.Errorf("making the scenarios: %w", err)
		}
		n[i] = len(selected.Scenarios)
	}
	made := fmt.Sprintf("it makes %s, %s of them core", spelled.Counted(n[1], "scenario"), spelled.Number(n[0]))
	if bounded := scenarios.Bounded(r); bounded != "" {
		made += "; " + bounded
	}
	return made, nil
}
