package main

import (
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/molecule-ai/byok-conformance/gate"
	"github.com/molecule-ai/byok-conformance/suite/open"
)

func newServeCommand() *cobra.Command {
	var name, addr, registryFile string
	var budget time.Duration
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Serve a gate behind the workspace server's HTTP API",
		Long: "serve runs the reference gate, a faulty one or a correct variant behind the workspace server's HTTP API until it is stopped.\n" +
			"Its probes dial the real hosts through HTTPS_PROXY, as a real server's do. The admin token is ADMIN_TOKEN\n" +
			"from the environment, or is made and printed; the address is --addr, or PORT from the environment.",
		Example: "  conformance serve\n  conformance serve --gate faulty:any-known-credential --addr 127.0.0.1:8080",
		Args:    noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			double, err := open.FindDouble(name)
			if err != nil {
				return err
			}
			reg, err := loadRegistry(registryFile)
			if err != nil {
				return err
			}
			if budget < 0 {
				return errors.New("--probe-budget must be greater than zero")
			}
			if !cmd.Flags().Changed("addr") && os.Getenv("PORT") != "" {
				addr = "127.0.0.1:" + os.Getenv("PORT")
			}
			s, err := open.Serve(double, reg, gate.Options{Budget: budget, Env: os.Getenv}, cmd.ErrOrStderr(), addr, os.Getenv("ADMIN_TOKEN"))
			if err != nil {
				return err
			}
			defer s.Close()
			fmt.Fprintf(cmd.OutOrStdout(), "serving %s on %s\n", name, s.URL)
			if os.Getenv("ADMIN_TOKEN") == "" {
				fmt.Fprintf(cmd.OutOrStdout(), "ADMIN_TOKEN=%s\n", s.Token)
			}
			attend()
			<-cmd.Context().Done()
			return nil
		},
	}
	cmd.Flags().StringVar(&name, "gate", "reference", "the `GATE`: reference, faulty:NAME or correct:NAME (conformance list --faulty, --correct)")
	complete(cmd, "gate", gateNames)
	cmd.Flags().StringVar(&addr, "addr", "127.0.0.1:0", "address to listen on")
	cmd.Flags().StringVar(&registryFile, "registry", "", "registry file (default built in)")
	cmd.Flags().DurationVar(&budget, "probe-budget", 0, "bound of the gate's probe (default 6s)")
	return cmd
}
