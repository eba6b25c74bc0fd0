package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/molecule-ai/byok-conformance/internal/spelled"
	"github.com/molecule-ai/byok-conformance/registry"
	"github.com/molecule-ai/byok-conformance/suite/draft"
	"github.com/molecule-ai/byok-conformance/suite/server"
)

// fromServerFlags are the flags of registry from-server.
type fromServerFlags struct {
	reach    reachFlags
	known    string
	runtimes []string
	out      string
	force    bool
}

func newFromServerCommand() *cobra.Command {
	var f fromServerFlags
	cmd := &cobra.Command{
		Use:   "from-server [flags] (--target URL | -- COMMAND ARGS…)",
		Short: "Write a registry file from the models that a server lists",
		Long: "from-server asks a server which models it offers for each runtime, as `offered` of its profile says, and writes a registry\n" +
			"file. A list of models does not tell all that a registry holds: base URLs, patterns and second providers of a model are\n" +
			"taken from the registry that is known (--registry, or ours), or marked FILL IN. The server's own file is better, where you\n" +
			"have it.\n\n" +
			"Exit status: 0 the file can be used as it is, 2 something must be filled in first, or none could be written.",
		Example: "  conformance registry from-server --out theirs.yaml -- ./server\n" +
			"  conformance registry from-server --target http://127.0.0.1:8080 --runtime claude-code,codex",
		RunE: func(cmd *cobra.Command, args []string) error { return f.run(cmd, args) },
	}
	f.reach.register(cmd)
	fl := cmd.Flags()
	fl.StringVar(&f.known, "registry", "", "the `FILE` for what the server does not list (default built in)")
	fl.StringSliceVar(&f.runtimes, "runtime", nil, "ask for these `RUNTIMES`, too; those of the registry are asked for anyway")
	fl.StringVar(&f.out, "out", "registry.yaml", "the `FILE` to write")
	fl.BoolVar(&f.force, "force", false, "write over a file that is there already")
	return cmd
}

func (f *fromServerFlags) run(cmd *cobra.Command, args []string) error {
	if err := f.reach.check(cmd, args); err != nil {
		return err
	}
	if _, err := os.Stat(f.out); err == nil && !f.force {
		return fmt.Errorf("%s is there already; choose another --out, or write over it with --force", f.out)
	} else if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("looking for the file to write: %w", err)
	}
	known, err := loadRegistry(f.known)
	if err != nil {
		return err
	}
	t, closing, err := f.reach.open(cmd.Context(), args)
	if err != nil {
		return err
	}
	defer closing()
	if !t.Offers() {
		return fmt.Errorf("profile %s does not say how the server lists what it offers; add `offered` (docs/targets.md)", f.reach.profile)
	}
	offered, unknown, err := f.ask(cmd.Context(), t, known)
	switch {
	case err != nil:
		return err
	case len(offered) == 0:
		return fmt.Errorf("the server lists no models for %s; correct `offered` of the profile, or name its runtimes with --runtime", strings.Join(unknown, ", "))
	}
	made := draft.Registry(offered, known, fmt.Sprintf("Written by `conformance registry from-server` on %s.", time.Now().UTC().Format(time.DateOnly)))
	if err := os.WriteFile(f.out, made.YAML, 0o644); err != nil {
		return fmt.Errorf("writing the registry: %w", err)
	}
	return f.tell(cmd, made, unknown)
}

// ask asks for what the server offers, runtime by runtime; unknown are those that
// it does not know or lists nothing for.
func (f *fromServerFlags) ask(ctx context.Context, t *server.Target, known *registry.Registry) (offered []draft.Offered, unknown []string, err error) {
	var names []string
	for _, r := range known.Runtimes {
		names = append(names, r.Name)
	}
	for _, name := range f.runtimes {
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	for _, name := range names {
		models, there, err := t.Offered(ctx, name)
		switch {
		case err != nil:
			return nil, nil, err
		case !there, len(models) == 0:
			unknown = append(unknown, name)
		default:
			offered = append(offered, draft.Offered{Runtime: name, Models: models})
		}
	}
	return offered, unknown, nil
}

// tell says what was written, and whether it can be used.
func (f *fromServerFlags) tell(cmd *cobra.Command, made *draft.DraftRegistry, unknown []string) error {
	out := cmd.OutOrStdout()
	fmt.Fprintf(out, "wrote %s: %s, %s, %s\n", f.out, spelled.Counted(made.Providers, "provider"), spelled.Counted(made.Runtimes, "runtime"), spelled.Counted(made.Models, "model"))
	if len(unknown) > 0 {
		fmt.Fprintf(out, "left out, as the server lists nothing for them: %s\n", spelled.Line(strings.Join(unknown, ", ")))
	}
	for _, what := range made.FillIn {
		fmt.Fprintf(out, "fill in: %s\n", spelled.Line(what))
	}
	if _, err := registry.Load(f.out, made.YAML); err != nil {
		return fmt.Errorf("%s is written, and cannot be used yet:\n%w", f.out, err)
	}
	fmt.Fprintf(out, "next: compare it with the server's own file, then conformance run --registry %s\n", spelled.Shell(f.out))
	return nil
}
