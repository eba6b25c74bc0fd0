package main

import (
	"fmt"
	"io"
	"net"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/molecule-ai/byok-conformance/fakes/proxy"
	"github.com/molecule-ai/byok-conformance/internal/scratch"
	"github.com/molecule-ai/byok-conformance/internal/spelled"
	"github.com/molecule-ai/byok-conformance/suite"
	"github.com/molecule-ai/byok-conformance/suite/open"
)

func newUpstreamCommand() *cobra.Command {
	var addr, control, registryFile, caDir, format string
	var noDecoys bool
	cmd := &cobra.Command{
		Use:   "upstream",
		Short: "Run the proxy alone, for a server that somebody else starts",
		Long: "upstream listens for a server under test and prints the environment that leads it here. It answers nothing by\n" +
			"itself: `conformance run --upstream CONTROL-ADDRESS` brings the fake providers. The certificate's key never\n" +
			"leaves the process.",
		Example: "  conformance upstream --addr 127.0.0.1:8899 --control 127.0.0.1:8898",
		Args:    noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := proxy.CheckControl(control); err != nil {
				return fmt.Errorf("--control %w", err)
			}
			reg, err := loadRegistry(registryFile)
			if err != nil {
				return err
			}
			if caDir == "" {
				dir, remove, err := scratch.Dir("ca")
				if err != nil {
					return fmt.Errorf("making a folder for the certificate: %w", err)
				}
				defer remove()
				caDir = dir
			}
			if caDir, err = filepath.Abs(caDir); err != nil {
				return err
			}
			seed, env := "", []string{}
			if !noDecoys {
				decoys := suite.NewProviders(reg)
				seed, env = decoys.DecoySeed(), decoys.DecoyEnv()
			}
			relay := proxy.NewRelay(seed)
			p, err := open.Proxy(relay, reg, addr, nil)
			if err != nil {
				return err
			}
			defer p.Close()
			ca, err := p.WriteCA(caDir)
			if err != nil {
				return fmt.Errorf("writing the certificate: %w", err)
			}
			l, err := net.Listen("tcp", control)
			if err != nil {
				return fmt.Errorf("listening for the run: %w; choose another address with --control", err)
			}
			defer l.Close()
			go func() { _ = relay.Serve(p, l) }() // ends when l is closed
			if err := printEnv(cmd.OutOrStdout(), format, append(p.Env(ca), env...), l.Addr().String()); err != nil {
				return err
			}
			attend()
			<-cmd.Context().Done()
			return nil
		},
	}
	cmd.Flags().StringVar(&addr, "addr", "127.0.0.1:0", "address of the proxy")
	cmd.Flags().StringVar(&control, "control", "127.0.0.1:0", "loopback address that run --upstream connects to")
	cmd.Flags().StringVar(&registryFile, "registry", "", "registry file whose hosts are intercepted (default built in)")
	cmd.Flags().StringVar(&caDir, "ca-dir", "", "folder for the certificate (default a temporary one)")
	cmd.Flags().BoolVar(&noDecoys, "no-decoys", false, "do not print an operator's credentials (PRE-8), for a server that needs its own")
	cmd.Flags().StringVar(&format, "format", "sh", "how to print the environment: sh, compose or github")
	complete(cmd, "format", func() []string { return []string{"sh", "compose", "github"} })
	return cmd
}

// printEnv prints the environment to set for the server, and how to run.
func printEnv(w io.Writer, format string, env []string, control string) error {
	var b strings.Builder
	switch format {
	case "sh":
		for _, e := range env {
			name, value, _ := strings.Cut(e, "=")
			fmt.Fprintf(&b, "export %s=%s\n", name, spelled.Shell(value))
		}
	case "compose":
		b.WriteString("environment:\n")
		for _, e := range env {
			name, value, _ := strings.Cut(e, "=")
			fmt.Fprintf(&b, "  %s: %q\n", name, value)
		}
	case "github":
		for _, e := range env {
			fmt.Fprintf(&b, "echo %s >> \"$GITHUB_ENV\"\n", spelled.Shell(e))
		}
	default:
		return fmt.Errorf("unknown format %q; it is sh, compose or github", format)
	}
	fmt.Fprintf(&b, "# then: conformance run --upstream %s --target URL\n", control)
	_, err := io.WriteString(w, b.String())
	return err
}
