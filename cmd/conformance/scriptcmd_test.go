package main

import (
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"

	"github.com/google/go-cmp/cmp"
	"github.com/itchyny/gojq"
	"github.com/rogpeppe/go-internal/testscript"
)

// exits STATUS COMMAND… runs a command that must end with exactly that status.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	plain(ts, neg, len(args) >= 2, "exits STATUS COMMAND…")
	if got := exitStatus(ts, ts.Exec(args[1], args[2:]...)); strconv.Itoa(got) != args[0] {
		ts.Fatalf("exit status %d, want %s", got, args[0])
	}
}

// refuses PATTERN ARGS… runs conformance with arguments that it must refuse:
// with exit status 2, nothing on standard output that may be taken for a
// verdict, and a message in which the pattern says what is wrong and what to do.
func refuses(ts *testscript.TestScript, neg bool, args []string) {
	plain(ts, neg, len(args) >= 2, "refuses PATTERN ARGS…")
	exits(ts, false, append([]string{"2", "conformance"}, args[1:]...))
	if out := ts.ReadFile("stdout"); out != "" {
		ts.Fatalf("standard output is %q, want nothing", out)
	}
	stderr := ts.ReadFile("stderr")
	if !strings.HasPrefix(stderr, "conformance: ") || !regexp.MustCompile(args[0]).MatchString(stderr) {
		ts.Fatalf("standard error is %q, want it to begin with %q and to match %q", stderr, "conformance: ", args[0])
	}
}

// jsonhas FILE EXPR… holds a JSON file to jq expressions that must all be true.
func jsonHas(ts *testscript.TestScript, neg bool, args []string) {
	plain(ts, neg, len(args) >= 2, "jsonhas FILE EXPR…")
	for _, expr := range args[1:] {
		if got := query(ts, args[0], expr); got != true {
			ts.Fatalf("%s: %s is %v, want true", args[0], expr, got)
		}
	}
}

// junithas FILE TESTS FAILURES holds a JUnit report to its counts, which must
// be those of the cases that stand in it.
func junitHas(ts *testscript.TestScript, neg bool, args []string) {
	plain(ts, neg, len(args) == 3, "junithas FILE TESTS FAILURES")
	type suite struct {
		Tests    int `xml:"tests,attr"`
		Failures int `xml:"failures,attr"`
		Cases    []struct {
			Name     string    `xml:"name,attr"`
			Failures []xmlText `xml:"failure"`
		} `xml:"testcase"`
	}
	var report struct {
		XMLName  xml.Name `xml:"testsuites"`
		Tests    int      `xml:"tests,attr"`
		Failures int      `xml:"failures,attr"`
		Suites   []suite  `xml:"testsuite"`
	}
	ts.Check(xml.Unmarshal([]byte(ts.ReadFile(args[0])), &report))
	var tests, failures, cases, failed int
	for _, s := range report.Suites {
		tests, failures, cases = tests+s.Tests, failures+s.Failures, cases+len(s.Cases)
		for _, c := range s.Cases {
			failed += min(1, len(c.Failures))
		}
	}
	want := args[1] + " tests, " + args[2] + " failures"
	for what, n := range map[string][2]int{"the report": {report.Tests, report.Failures}, "its suites": {tests, failures}, "its cases": {cases, failed}} {
		if got := strconv.Itoa(n[0]) + " tests, " + strconv.Itoa(n[1]) + " failures"; got != want {
			ts.Fatalf("%s: %s, want %s", what, got, want)
		}
	}
}

type xmlText struct {
	Text string `xml:",chardata"`
}

// unvarying drops what differs between two runs with the same seed: times, the
// address, how often a busy machine was in the way, and the exchanges, which hold
// what the server under test made up. Who was called with which credential is the
// same; how often, and whether an answer still came, is not: a server provisions
// in the background, and is interrupted in it when its workspace is removed.
const unvarying = `.seen as $seen | del(.started, .ended.finished, .ended.replayed_again, .target.address, .seen)
	| .results[] |= (if .seen then .records = [$seen[.seen][] | {seen: .}] | del(.seen) else . end
		| del(.duration_ms, .exchanges) | .records[]?.seen.calls |= (. // [] | map(del(.status)) | unique))
	| (.findings // [])[] |= del(.example.exchanges, .example.curl, .looks_like)`

// sameruns A B holds two JSON reports to the same content, in the same order,
// but for what may vary; negated, they must differ.
func sameRuns(ts *testscript.TestScript, neg bool, args []string) {
	plain(ts, false, len(args) == 2, "[!] sameruns A B")
	a, b := query(ts, args[0], unvarying), query(ts, args[1], unvarying)
	if diff := cmp.Diff(a, b); (diff != "") == !neg {
		ts.Fatalf("%s and %s (-first +second):\n%s", args[0], args[1], diff)
	}
}

// cut FROM TO copies the first two thirds of a file, as if its writer had died.
func cut(ts *testscript.TestScript, neg bool, args []string) {
	plain(ts, neg, len(args) == 2, "cut FROM TO")
	text := ts.ReadFile(args[0])
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), []byte(text[:len(text)*2/3]), 0o666))
}

// edit FROM TO OLD NEW copies a file with every OLD in it made NEW; there has
// to be one.
func edit(ts *testscript.TestScript, neg bool, args []string) {
	plain(ts, neg, len(args) == 4, "edit FROM TO OLD NEW")
	text := ts.ReadFile(args[0])
	if !strings.Contains(text, args[2]) {
		ts.Fatalf("%s holds no %q", args[0], args[2])
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), []byte(strings.ReplaceAll(text, args[2], args[3])), 0o777))
}

// query is the first result of a jq expression on a JSON file.
func query(ts *testscript.TestScript, file, expr string) any {
	var v any
	ts.Check(json.Unmarshal([]byte(ts.ReadFile(file)), &v))
	q, err := gojq.Parse(expr)
	ts.Check(err)
	got, _ := q.Run(v).Next()
	if err, failed := got.(error); failed {
		ts.Check(fmt.Errorf("%s: %s: %w", file, expr, err))
	}
	return got
}

// replay STATUS runs the one command that standard output says replays a
// failure; it must end with that status.
func replay(ts *testscript.TestScript, neg bool, args []string) {
	plain(ts, neg, len(args) == 1, "replay STATUS")
	found := regexp.MustCompile(`(?m)^ *replay:? +(.+)$`).FindAllStringSubmatch(ts.ReadFile("stdout"), -1)
	if len(found) != 1 {
		ts.Fatalf("standard output has %d lines that say how to replay, want 1", len(found))
	}
	exits(ts, false, []string{args[0], "sh", "-c", found[0][1]})
}

// occupied VAR sets VAR to a loopback address that somebody listens on.
func occupied(ts *testscript.TestScript, neg bool, args []string) {
	plain(ts, neg, len(args) == 1, "occupied VAR")
	l, err := net.Listen("tcp", "127.0.0.1:0")
	ts.Check(err)
	ts.Defer(func() { _ = l.Close() })
	ts.Setenv(args[0], l.Addr().String())
}

// freePorts sets each variable to a port that nothing listens on.
func freePorts(ts *testscript.TestScript, neg bool, args []string) {
	plain(ts, neg, len(args) > 0, "freeports VAR…")
	for _, name := range args {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		ts.Check(err)
		defer l.Close() // all at the end, so that no port is given twice
		ts.Setenv(name, strconv.Itoa(l.Addr().(*net.TCPAddr).Port))
	}
}

// fill replaces $VAR in files.
func fill(ts *testscript.TestScript, neg bool, args []string) {
	plain(ts, neg, len(args) > 0, "fill FILE…")
	for _, file := range args {
		text := os.Expand(ts.ReadFile(file), ts.Getenv)
		ts.Check(os.WriteFile(ts.MkAbs(file), []byte(text), 0o600))
	}
}

// plain ends the script where a command is negated or misused.
func plain(ts *testscript.TestScript, neg, ok bool, usage string) {
	if neg || !ok {
		ts.Fatalf("usage: %s", usage)
	}
}

// exitStatus is the exit status behind the error of a command that was run.
func exitStatus(ts *testscript.TestScript, err error) int {
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		ts.Check(err)
	}
	if exit == nil {
		return 0
	}
	return exit.ExitCode()
}
