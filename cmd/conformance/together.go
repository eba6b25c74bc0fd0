package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/molecule-ai/byok-conformance/suite/open"
)

// An idle pair of flags: the first does nothing beside the second. A flag that is
// ignored would let somebody believe that it took effect, so it is an error.
type idle struct {
	// flag is the one that would be ignored, and where is beside what.
	flag, where string
	// there: that other thing is there.
	there bool
	// instead says what to do.
	instead string
}

// refuseIdle fails on the first flag that would be ignored.
func refuseIdle(cmd *cobra.Command, list []idle) error {
	for _, i := range list {
		if i.there && cmd.Flags().Changed(i.flag) {
			return fmt.Errorf("--%s has no effect %s; %s", i.flag, i.where, i.instead)
		}
	}
	return nil
}

// idleTarget are the flags of a target that do nothing at some kinds of it.
func (f *runFlags) idleTarget() []idle {
	started := len(f.Command) > 0
	own := !started && (f.Target == "" || open.IsDouble(f.Target))
	return []idle{
		{"upstream", "with a command, which is started behind a proxy of this run", started, "drop it, or start the server yourself and give its URL as --target"},
		{"upstream", "at our own gates, which dial nobody", own, "give the server's URL as --target"},
		{"no-decoys", "without a command, whose environment they would stand in", !started, "drop it; conformance upstream has a flag of that name"},
		{"reset-global", "at our own gates, which hold no secrets yet", own, "drop it"},
	}
}

// idleRun are the flags of run that do nothing beside others.
func (f *runFlags) idleRun() []idle {
	list := f.idleTarget()
	for _, flag := range []string{"report", "waivers", "write-waivers", "max-failures", "stop-after", "failed", "trace", "verbose"} {
		list = append(list, idle{flag, "with --check, which judges nothing", f.Check, "drop one of the two"})
	}
	return append(list,
		idle{"verbose", "with --quiet", f.quiet, "give one of the two"},
		idle{"max-failures", "with --quiet", f.quiet, "give one of the two"},
		idle{"trace", "without a report, which would keep the exchanges", len(f.reports) == 0, "add --report json=FILE"},
	)
}

// together checks how the flags of run go together, and their ranges.
func (f *runFlags) together(cmd *cobra.Command) error {
	if f.maxFailures < 0 || f.stopAfter < 0 {
		return errors.New("--max-failures and --stop-after must not be less than zero")
	}
	return refuseIdle(cmd, f.idleRun())
}
