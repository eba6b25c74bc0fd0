package main

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/itchyny/gojq"
	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"conformance": func() { os.Exit(Main()) }})
}

func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits":    exits,
			"jsonhas":  jsonHas,
			"sameruns": sameRuns,
		},
	})
}

// exits runs a command and holds it to its exit status: exits STATUS COMMAND…
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits STATUS COMMAND ARGS…")
	}
	err := ts.Exec(args[1], args[2:]...)
	got := "0"
	if err != nil {
		got = strings.TrimPrefix(err.Error(), "exit status ")
	}
	if got != args[0] {
		ts.Fatalf("exit status %s, want %s", got, args[0])
	}
}

// jsonHas holds a JSON file to a jq expression that must be true.
func jsonHas(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: jsonhas FILE EXPRESSION")
	}
	query, err := gojq.Parse(args[1])
	ts.Check(err)
	var v any
	ts.Check(json.Unmarshal([]byte(ts.ReadFile(args[0])), &v))
	if got, ok := query.Run(v).Next(); !ok || got != true {
		ts.Fatalf("%s: %s is %v", args[0], args[1], got)
	}
}

// sameRuns holds two JSON reports to the same content, but for times and addresses.
func sameRuns(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: sameruns A B")
	}
	query, err := gojq.Parse(`del(.started, .ended.finished, .target.address) | .results |= map(del(.duration_ms, .exchanges))`)
	ts.Check(err)
	var texts [2]string
	for i, file := range args {
		var v any
		ts.Check(json.Unmarshal([]byte(ts.ReadFile(file)), &v))
		got, _ := query.Run(v).Next()
		if err, failed := got.(error); failed {
			ts.Check(err)
		}
		data, err := json.Marshal(got)
		ts.Check(err)
		texts[i] = string(data)
	}
	if texts[0] != texts[1] {
		ts.Fatalf("%s and %s differ:\n%s\n%s", args[0], args[1], texts[0], texts[1])
	}
}
