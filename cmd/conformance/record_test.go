package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"
)

// The command line that a report holds is that of the run, without what the
// parts of a run differ in and without passwords.
func TestInvocation(t *testing.T) {
	for args, want := range map[string]string{
		"":                                    "run",
		"--target http://me:secret@h:1 -q":    "run --target http://hidden@h:1",
		"--class dead,valid --rule LIV-1":     "run --class dead --class valid --rule LIV-1",
		"--shard 1/2 --report json=a --trace": "run --trace=true",
		"--seed 7 -- ./server --flag":         "run --seed 7 -- ./server --flag",
	} {
		t.Run(args, func(t *testing.T) {
			var got []string
			root := newRoot()
			cmd, _, err := root.Find([]string{"run"})
			if err != nil {
				t.Fatal(err)
			}
			cmd.RunE = func(cmd *cobra.Command, command []string) error {
				got = invocation(cmd, command)
				return nil
			}
			root.SetArgs(append([]string{"run"}, strings.Fields(args)...))
			if err := root.Execute(); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff("conformance "+want, strings.Join(got, " ")); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// The files of a command are the program and the arguments that are files.
func TestPrograms(t *testing.T) {
	script := filepath.Join(t.TempDir(), "server.js")
	if err := os.WriteFile(script, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	got := programs([]string{"sh", script, "--port", "{port}", filepath.Dir(script)})
	if len(got) != 2 || !filepath.IsAbs(got[0].Path) || got[1].Path != script {
		t.Fatalf("programs are %v", got)
	}
	if want := "sha256:2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881"; got[1].Digest != want {
		t.Errorf("digest is %s, want %s", got[1].Digest, want)
	}
	if got := programs([]string{"no-such-program-anywhere"}); got != nil {
		t.Errorf("programs of a command that is not there are %v", got)
	}
}
