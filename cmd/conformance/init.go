package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/molecule-ai/byok-conformance/cmd/conformance/progress"
	"github.com/molecule-ai/byok-conformance/internal/spelled"
	"github.com/molecule-ai/byok-conformance/internal/textfile"
	"github.com/molecule-ai/byok-conformance/suite/draft"
	"github.com/molecule-ai/byok-conformance/suite/open"
	"github.com/molecule-ai/byok-conformance/suite/server"
)

// initFlags are the flags of init.
type initFlags struct {
	url, openapi, out, registry, upstream string
	name, answers                         string
	set, headers                          []string
	yes, force                            bool
	timeout                               time.Duration
	command                               []string
}

func newInitCommand() *cobra.Command {
	var f initFlags
	cmd := &cobra.Command{
		Use:   "init [flags] [-- COMMAND ARGS…]",
		Short: "Write a profile for a server that was never tested before",
		Long: "init finds out how a server is asked and writes a profile for it. It tries paths, fields and headers at the running\n" +
			"server and keeps what the server's behaviour proves. At a terminal it asks for what it cannot find; elsewhere, say it with\n" +
			"--set or --answers. Every workspace and secret that it makes it removes again. It ends with `run --check` of the profile.\n\n" +
			"Give a COMMAND, which is started behind a proxy that stands in for every provider, or the --url of a server that runs.\n" +
			"Keys for --set: headers.NAME, fields.NAME (a further field of a create),\n  " + strings.Join(draft.Keys(), ",\n  ") + ".\n" +
			"Exit status: 0 the profile drives the server, 2 it does not yet, or none could be written.",
		Example: "  conformance init --out profile.yaml -- python3 server.py\n" +
			"  conformance init --url http://127.0.0.1:8080 --openapi openapi.yaml\n" +
			"  conformance init --set create.request='POST /v1/agents' --set headers.X-Token='${env:ADMIN_TOKEN}' -- ./server",
		RunE: func(cmd *cobra.Command, args []string) error {
			if at := cmd.ArgsLenAtDash(); at > 0 || at < 0 && len(args) > 0 {
				return fmt.Errorf("init takes no argument %q; a command to start stands behind --", args[0])
			}
			f.command = args
			return f.run(cmd)
		},
	}
	fl := cmd.Flags()
	fl.SortFlags = false
	fl.StringVar(&f.url, "url", "", "the `URL` of a server that runs already, such as http://127.0.0.1:8080")
	fl.StringVar(&f.upstream, "upstream", "", "with --url: the control `ADDR` that conformance upstream printed, if the server dials through it")
	fl.StringVar(&f.openapi, "openapi", "", "an OpenAPI document of the server (`FILE`), as YAML or JSON: its paths and fields are tried first")
	fl.StringVar(&f.out, "out", "profile.yaml", "the `FILE` to write the profile to")
	fl.StringVar(&f.name, "name", "", "the profile's name (default made of the server's paths)")
	fl.StringVar(&f.registry, "registry", "", "the server's own registry `FILE` (default built in)")
	fl.StringArrayVar(&f.set, "set", nil, "what you know already, as `KEY=VALUE`: create.request='POST /v1/agents'; may be given several times")
	fl.StringArrayVar(&f.headers, "header", nil, "a header that the server wants, as `NAME: VALUE`; ${env:NAME} is read from the environment")
	fl.StringVar(&f.answers, "answers", "", "a `FILE` with what you know already: a part of a profile")
	fl.BoolVar(&f.yes, "yes", false, "ask nothing, also at a terminal")
	fl.BoolVar(&f.force, "force", false, "write over a file that is there already")
	fl.DurationVar(&f.timeout, "timeout", 15*time.Second, "how long to wait for one reply")
	return cmd
}

func (f *initFlags) run(cmd *cobra.Command) error {
	config, err := f.config(cmd)
	if err != nil {
		return err
	}
	made, err := f.draft(cmd.Context(), config)
	switch {
	case cmd.Context().Err() != nil:
		return errors.Join(errInterrupted, err)
	case err != nil:
		return err
	}
	if _, err := server.ParseProfile(f.out, made.YAML); err != nil {
		return fmt.Errorf("the profile that was made cannot be read, which is a mistake of init: %w", err)
	}
	if err := os.WriteFile(f.out, made.YAML, 0o644); err != nil {
		return fmt.Errorf("writing the profile: %w", err)
	}
	out := cmd.OutOrStdout()
	fmt.Fprintf(out, "wrote %s after %d requests; it claims %s\n", f.out, made.Requests, strings.Join(made.Claims, ", "))
	for _, u := range made.Unknown {
		fmt.Fprintf(out, "not found: %s\n", u)
	}
	for _, l := range made.Left {
		fmt.Fprintf(out, "left at the server: %s\n", l)
	}
	fmt.Fprintf(out, "\nchecking it:\n")
	if err := f.check(cmd); err != nil {
		return fmt.Errorf("%s is written, and does not drive the server yet: %w", f.out, err)
	}
	fmt.Fprintf(out, "\nnext: conformance run --matrix pairwise %s\n", strings.Join(f.runArguments(spelled.Shell), " "))
	if f.registry == "" {
		fmt.Fprintf(out, "If your server derives providers from a registry of its own, add --registry FILE: the scenarios follow it.\n")
	}
	return nil
}

// config reads everything that can be wrong before anything is started.
func (f *initFlags) config(cmd *cobra.Command) (*draft.Config, error) {
	if (f.url == "") == (len(f.command) == 0) {
		return nil, errors.New("give either the --url of a server that runs, or a command to start behind --")
	}
	if f.upstream != "" && f.url == "" {
		return nil, errors.New("--upstream goes with --url; a command is started behind a proxy anyway")
	}
	if _, err := os.Stat(f.out); err == nil && !f.force {
		return nil, fmt.Errorf("%s is there already; choose another --out, or write over it with --force", f.out)
	} else if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("looking for %s: %w", f.out, err)
	}
	reg, err := loadRegistry(f.registry)
	if err != nil {
		return nil, err
	}
	notes := cmd.ErrOrStderr()
	config := &draft.Config{
		Registry: reg, Providers: draft.NewProviders(reg), Answers: draft.Answers{}, Name: f.name, Timeout: f.timeout,
		Note: func(s string) { fmt.Fprintln(notes, s) },
	}
	if err := f.readAnswers(config.Answers); err != nil {
		return nil, err
	}
	if f.openapi != "" {
		data, err := textfile.Read(f.openapi)
		if err != nil {
			return nil, fmt.Errorf("reading the OpenAPI document: %w", err)
		}
		if config.OpenAPI, err = draft.ParseOpenAPI(f.openapi, data); err != nil {
			return nil, err
		}
	}
	if !f.yes && progress.IsTerminal(os.Stdin) {
		config.Ask = asker(os.Stdin, notes)
	}
	return config, nil
}

func (f *initFlags) readAnswers(into draft.Answers) error {
	if f.answers != "" {
		data, err := textfile.Read(f.answers)
		if err != nil {
			return fmt.Errorf("reading the answers: %w", err)
		}
		if err := into.ParseFile(f.answers, data); err != nil {
			return err
		}
	}
	for _, s := range f.set {
		if err := into.ParseAnswer(s); err != nil {
			return fmt.Errorf("--set: %w", err)
		}
	}
	for _, h := range f.headers {
		name, value, ok := strings.Cut(h, ":")
		if !ok || strings.TrimSpace(value) == "" {
			return fmt.Errorf("--header %q is not NAME: VALUE, such as 'X-Token: ${env:ADMIN_TOKEN}'", h)
		}
		into["headers."+strings.TrimSpace(name)] = strings.TrimSpace(value)
	}
	return nil
}

// asker asks at a terminal.
func asker(in io.Reader, out io.Writer) func(draft.Question) (string, error) {
	lines := bufio.NewScanner(in)
	return func(q draft.Question) (string, error) {
		if q.Seen != "" {
			fmt.Fprintf(out, "  seen: %s\n", q.Seen)
		}
		fmt.Fprintf(out, "%s\n  for example: %s\n  (empty: not known)> ", q.Text, q.Example)
		if !lines.Scan() {
			fmt.Fprintln(out)
			return "", lines.Err()
		}
		return strings.TrimSpace(lines.Text()), nil
	}
}

// draft starts the server, or reaches it, and drafts its profile.
func (f *initFlags) draft(ctx context.Context, config *draft.Config) (*draft.Draft, error) {
	attend()
	s, err := open.Unprofiled(ctx, config.Registry, open.Options{Target: f.url, Command: f.command, Registry: f.registry, Upstream: f.upstream}, config.Providers.Handler())
	if err != nil {
		return nil, err
	}
	defer s.Close()
	started := len(f.command) > 0
	config.Server, config.Env, config.Intercepted, config.Output = s.URL, s.Env, started || f.upstream != "", started
	made, err := draft.Make(ctx, *config)
	if died := s.Died(); err != nil && died != nil {
		return nil, fmt.Errorf("the server died while it was asked: %w", died)
	}
	return made, err
}

// check runs `run --check` with the profile.
func (f *initFlags) check(cmd *cobra.Command) error {
	run := newRunCommand()
	run.SilenceUsage, run.SilenceErrors = true, true
	run.SetOut(cmd.OutOrStdout())
	run.SetErr(cmd.ErrOrStderr())
	run.SetArgs(append([]string{"--check"}, f.runArguments(func(s string) string { return s })...))
	return run.ExecuteContext(cmd.Context())
}

// runArguments are those of run for this server and its new profile.
func (f *initFlags) runArguments(quoted func(string) string) []string {
	args := []string{"--profile", quoted(f.out)}
	if f.registry != "" {
		args = append(args, "--registry", quoted(f.registry))
	}
	if f.upstream != "" {
		args = append(args, "--upstream", quoted(f.upstream))
	}
	if f.url != "" {
		return append(args, "--target", quoted(f.url))
	}
	args = append(args, "--")
	for _, a := range f.command {
		args = append(args, quoted(a))
	}
	return args
}
