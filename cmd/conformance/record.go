package main

import (
	"net/url"
	"os"
	"os/exec"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/molecule-ai/byok-conformance/reports"
)

// unrecorded are flags that change neither what is replayed nor what comes of
// it, or that stand in the report by themselves; without them the parts of one
// run have one command line.
var unrecorded = []string{"report", "quiet", "verbose", "max-failures", "shard"}

// invocation is the command line of a run, without what is unrecorded. What a
// URL holds before its @ is a password, and no report's business.
func invocation(cmd *cobra.Command, command []string) []string {
	out := strings.Fields(cmd.CommandPath())
	cmd.Flags().Visit(func(f *pflag.Flag) {
		if slices.Contains(unrecorded, f.Name) {
			return
		}
		values := []string{f.Value.String()}
		if list, ok := f.Value.(pflag.SliceValue); ok {
			values = list.GetSlice()
		}
		for _, v := range values {
			if f.Value.Type() == "bool" {
				out = append(out, "--"+f.Name+"="+v)
			} else {
				out = append(out, "--"+f.Name, withoutPassword(v))
			}
		}
	})
	if len(command) > 0 {
		out = append(append(out, "--"), command...)
	}
	return out
}

func withoutPassword(s string) string {
	u, err := url.Parse(s)
	if err != nil || u.User == nil || u.Host == "" {
		return s
	}
	u.User = url.User("hidden")
	return u.String()
}

// programs are the files that a command line names: what it starts, and the
// arguments that are files. One that cannot be read is left out, since whoever
// starts it may be allowed more than we are.
func programs(command []string) []reports.Program {
	var out []reports.Program
	for i, arg := range command {
		path := arg
		if i == 0 {
			var err error
			if path, err = exec.LookPath(arg); err != nil {
				continue
			}
		}
		if info, err := os.Stat(path); err != nil || !info.Mode().IsRegular() {
			continue
		}
		if digest, err := reports.FileDigest(path); err == nil {
			out = append(out, reports.Program{Path: path, Digest: digest})
		}
	}
	return out
}
