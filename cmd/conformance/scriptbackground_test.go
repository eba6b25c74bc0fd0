package main

import (
	"bufio"
	"bytes"
	"io"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"

	"github.com/rogpeppe/go-internal/testscript"
)

// A background is a command that runs beside its script. Testscript has its
// own, but none that tells when the command is up, nor its exact status.
type background struct {
	cmd *exec.Cmd
	// output is standard output and error together; it is complete once read is closed.
	output bytes.Buffer
	read   chan struct{}
}

// backgrounds are those of all scripts, by script and name.
var backgrounds sync.Map

func (b *background) stop() {
	_ = b.cmd.Process.Kill()
	<-b.read
	_ = b.cmd.Wait()
}

// start NAME PATTERN COMMAND… starts a command and waits for a line of its
// output that matches; NAME is set to the match, or to its group.
func start(ts *testscript.TestScript, neg bool, args []string) {
	plain(ts, neg, len(args) >= 3, "start NAME PATTERN COMMAND…")
	pattern := regexp.MustCompile(args[1])
	b := &background{cmd: exec.Command(args[2], args[3:]...), read: make(chan struct{})}
	b.cmd.Dir, b.cmd.Env = ts.MkAbs("."), append(os.Environ(), "TMPDIR="+ts.Getenv("TMPDIR"))
	out, err := b.cmd.StdoutPipe()
	ts.Check(err)
	b.cmd.Stderr = b.cmd.Stdout
	ts.Check(b.cmd.Start())
	backgrounds.Store(ts.Name()+"/"+args[0], b)
	ts.Defer(b.stop)
	matched := make(chan []string, 1)
	go func() {
		defer close(b.read)
		defer close(matched)
		waiting := true
		for lines := bufio.NewScanner(io.TeeReader(out, &b.output)); lines.Scan(); {
			if m := pattern.FindStringSubmatch(lines.Text()); m != nil && waiting {
				matched <- m
				waiting = false
			}
		}
	}()
	m := <-matched
	if m == nil {
		b.stop()
		ts.Fatalf("%s ended without a line that matches %q; it printed\n%s", args[0], args[1], &b.output)
	}
	ts.Setenv(args[0], m[len(m)-1])
}

// signal NAME INT|TERM|HUP|KILL sends a signal to a command that was started.
func sendSignal(ts *testscript.TestScript, neg bool, args []string) {
	plain(ts, neg, len(args) == 2, "signal NAME INT|TERM|HUP|KILL")
	s, ok := map[string]os.Signal{"INT": os.Interrupt, "TERM": syscall.SIGTERM, "HUP": syscall.SIGHUP, "KILL": syscall.SIGKILL}[args[1]]
	if !ok {
		ts.Fatalf("unknown signal %q", args[1])
	}
	ts.Check(started(ts, args[0]).cmd.Process.Signal(s))
}

// ends NAME STATUS waits for a command that was started; it must end with
// exactly that status. What it printed is then standard output.
func ends(ts *testscript.TestScript, neg bool, args []string) {
	plain(ts, neg, len(args) == 2, "ends NAME STATUS")
	b := started(ts, args[0])
	<-b.read
	got := exitStatus(ts, b.cmd.Wait())
	_, err := b.output.WriteTo(ts.Stdout())
	ts.Check(err)
	if strconv.Itoa(got) != args[1] {
		ts.Fatalf("%s: exit status %d, want %s", args[0], got, args[1])
	}
}

func started(ts *testscript.TestScript, name string) *background {
	b, ok := backgrounds.Load(ts.Name() + "/" + name)
	if !ok {
		ts.Fatalf("nothing called %s was started", name)
	}
	return b.(*background)
}

// answers STATUS URL asks for a URL and holds the answer to a status.
func answers(ts *testscript.TestScript, neg bool, args []string) {
	plain(ts, neg, len(args) == 2, "answers STATUS URL")
	r, err := http.Get(args[1])
	ts.Check(err)
	defer r.Body.Close()
	if strconv.Itoa(r.StatusCode) != args[0] {
		ts.Fatalf("%s answered %d, want %s", args[1], r.StatusCode, args[0])
	}
}

// clean URL holds a workspace server, whose token is in ADMIN_TOKEN, to having
// no workspaces and no global secrets.
func clean(ts *testscript.TestScript, neg bool, args []string) {
	plain(ts, neg, len(args) == 1, "clean URL")
	for _, path := range []string{"/workspaces", "/settings/secrets"} {
		req, err := http.NewRequest(http.MethodGet, args[0]+path, nil)
		ts.Check(err)
		req.Header.Set("Authorization", "Bearer "+ts.Getenv("ADMIN_TOKEN"))
		r, err := http.DefaultClient.Do(req)
		ts.Check(err)
		body, err := io.ReadAll(r.Body)
		r.Body.Close()
		ts.Check(err)
		if text := strings.TrimSpace(string(body)); r.StatusCode != 200 || text != "[]" {
			ts.Fatalf("GET %s answered %d %.200s, want an empty list", path, r.StatusCode, text)
		}
	}
}
