package main

import (
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

var update = flag.Bool("update", false, "rewrite what the scripts compare output with")

// TestMain makes this test binary the conformance command of the scripts, and a
// server that dies.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"conformance": func() { os.Exit(Main()) }, "mortal": mortal})
}

// TestScripts runs testdata/script. A script is named for the behaviour that it
// shows; the commands that testscript does not know stand in scriptcmd_test.go.
func TestScripts(t *testing.T) {
	module, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script", UpdateScripts: *update, RequireExplicitExec: true, RequireUniqueNames: true,
		Setup: func(env *testscript.Env) error {
			env.Setenv("MODULE", module)
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits":     exits,
			"refuses":   refuses,
			"jsonhas":   jsonHas,
			"junithas":  junitHas,
			"sameruns":  sameRuns,
			"replay":    replay,
			"occupied":  occupied,
			"freeports": freePorts,
			"fill":      fill,
			"start":     start,
			"signal":    sendSignal,
			"ends":      ends,
			"answers":   answers,
		},
	})
}
