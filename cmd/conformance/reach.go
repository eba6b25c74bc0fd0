package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/molecule-ai/byok-conformance/registry"
	"github.com/molecule-ai/byok-conformance/suite"
	"github.com/molecule-ai/byok-conformance/suite/open"
	"github.com/molecule-ai/byok-conformance/suite/server"
)

// reachFlags are the flags of the commands that ask a server and judge nothing.
type reachFlags struct {
	url, profile string
	timeout      time.Duration
}

func (f *reachFlags) register(cmd *cobra.Command) {
	fl := cmd.Flags()
	fl.StringVar(&f.url, "target", "", "the `URL` of the server")
	fl.StringVar(&f.profile, "profile", "workspace-server", "how to ask the server: a built-in profile ("+listed(server.ProfileNames())+") or a `FILE`")
	fl.DurationVar(&f.timeout, "timeout", 30*time.Second, "how long to wait for one answer")
}

// check refuses what names no server, or two.
func (f *reachFlags) check(cmd *cobra.Command, args []string) error {
	if at := cmd.ArgsLenAtDash(); at > 0 || at < 0 && len(args) > 0 {
		return fmt.Errorf("%s takes no argument %q; a command to start stands behind --", cmd.Name(), args[0])
	}
	if (f.url == "") == (len(args) == 0) {
		return errors.New(cmd.Name() + " needs --target, the URL of the server, or the command that starts it behind --")
	}
	return nil
}

// open reaches the server, or starts it; closing ends what was started.
func (f *reachFlags) open(ctx context.Context, args []string) (t *server.Target, closing func(), err error) {
	p, err := server.LoadProfile(f.profile)
	if err != nil {
		return nil, nil, err
	}
	attend()
	reached, err := open.Unprofiled(ctx, registry.Embedded(), open.Options{Target: f.url, Command: args}, suite.NewProviders(registry.Embedded()).Handler())
	if err != nil {
		return nil, nil, err
	}
	t, err = server.New(p, reached.URL, server.Options{Kind: "url", Timeout: f.timeout, Env: reached.Env, Died: reached.Died})
	if err != nil {
		reached.Close()
		return nil, nil, err
	}
	return t, func() { t.CloseIdle(); reached.Close() }, nil
}
