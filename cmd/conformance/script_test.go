package main

import (
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

var update = flag.Bool("update", false, "rewrite what the scripts compare output with")

// TestMain makes this test binary a server that dies, for the scripts. They
// mostly wait for what the command starts, so more of them run at once than
// there are cores; -parallel still decides.
func TestMain(m *testing.M) {
	if err := flag.Set("test.parallel", "6"); err != nil {
		panic(err)
	}
	testscript.Main(m, map[string]func(){"mortal": mortal})
}

// buildCommand builds the command as users have it, without the race detector,
// which the engine's own tests run under: each script starts it many times.
func buildCommand(t *testing.T) (dir string) {
	t.Helper()
	dir = t.TempDir()
	build := exec.CommandContext(t.Context(), "go", "build", "-o", filepath.Join(dir, "conformance"), ".")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("building the command for the scripts: %v\n%s", err, out)
	}
	return dir
}

// TestScripts runs testdata/script. A script is named for the behaviour that it
// shows; the commands that testscript does not know stand in scriptcmd_test.go.
func TestScripts(t *testing.T) {
	module, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", buildCommand(t)+string(filepath.ListSeparator)+os.Getenv("PATH"))
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
			"clean":     clean,
			"cut":       cut,
			"edit":      edit,
		},
	})
}
