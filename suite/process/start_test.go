//go:build unix

package process_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/molecule-ai/byok-conformance/suite/process"
)

func TestStartWaitsUntilReady(t *testing.T) {
	env, release := gate(t)
	var out sink
	cfg := config("late", &out)
	cfg.Env = append(cfg.Env, env)
	attempts := 0
	cfg.Ready = func(ctx context.Context, url string) error {
		if attempts++; attempts == 3 {
			release()
		}
		return healthy(ctx, url)
	}
	p := start(t, cfg)
	if attempts < 3 {
		t.Errorf("ready after %d attempts, before the server could listen", attempts)
	}
	if got, want := p.URL(), "http://"+p.Addr(); got != want {
		t.Errorf("URL is %s, want %s", got, want)
	}
	if err := p.Err(); err != nil {
		t.Errorf("Err of a running command: %v", err)
	}
}

func TestStartWithoutReadyWaitsForTheAddress(t *testing.T) {
	var out sink
	cfg := config("serve", &out)
	cfg.Ready = nil
	p := start(t, cfg)
	if err := healthy(t.Context(), p.URL()); err != nil {
		t.Error(err)
	}
}

func TestCommandSeesItsAddressAndEnvironment(t *testing.T) {
	t.Setenv("INHERITED", "kept")
	t.Setenv("DROPPED", "inherited")
	t.Setenv("TWICE", "inherited")
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	var out sink
	cfg := config("env", &out)
	cfg.Args = append(cfg.Args, "--listen={addr}", "{host}", "{port}", "{other}", "{host}:{port}")
	cfg.Env = append(cfg.Env, "ADDED=a=b", "TWICE=first", "TWICE=second", "PORT=1")
	cfg.Unset = []string{"DROPPED"}
	cfg.Dir = dir
	p := start(t, cfg)
	host, port, err := net.SplitHostPort(p.Addr())
	if err != nil {
		t.Fatal(err)
	}
	want := fmt.Sprintf(`--listen=%[1]s:%[2]s %[1]s %[2]s {other} %[1]s:%[2]s
PORT=%[2]q,true
BIND_ADDR=%[1]q,true
ADDED="a=b",true
TWICE="second",true
INHERITED="kept",true
DROPPED="",false
dir=%[3]s
`, host, port, dir)
	p.Stop()
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("the command saw (-want +got):\n%s", diff)
	}
}

func TestStartErrors(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string, mode os.FileMode) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), mode); err != nil {
			t.Fatal(err)
		}
		return path
	}
	plain := write("plain", "text", 0o644)
	script := write("script", "#!/no/such/interpreter\n", 0o755)
	junk := write("junk", "\x00\x01\x02", 0o755)
	self := []string{os.Args[0]}
	for _, tt := range []struct {
		name string
		cfg  process.Config
		want []string
	}{
		{"no command", process.Config{}, []string{"no command given"}},
		{"not in PATH", process.Config{Args: []string{"no-such-program-here"}}, []string{`no program "no-such-program-here" in PATH`, "./no-such-program-here"}},
		{"no such file", process.Config{Args: []string{dir + "/absent", "-v"}}, []string{"absent -v", "there is no " + dir + "/absent"}},
		{"relative to the working directory", process.Config{Args: []string{"./absent"}, Dir: dir}, []string{"there is no " + dir + "/absent"}},
		{"not executable", process.Config{Args: []string{plain}}, []string{plain + " may not be executed", "chmod +x"}},
		{"a directory", process.Config{Args: []string{dir}}, []string{dir + " is a directory"}},
		{"no interpreter", process.Config{Args: []string{script}}, []string{script + " exists, but the interpreter"}},
		{"not a program", process.Config{Args: []string{junk}}, []string{junk + " is not a program for this system"}},
		{"no working directory", process.Config{Args: self, Dir: dir + "/absent"}, []string{"working directory", dir + "/absent"}},
		{"a file as working directory", process.Config{Args: self, Dir: plain}, []string{plain + " is not a directory"}},
		{"bad environment", process.Config{Args: self, Env: []string{"NAME"}}, []string{`"NAME" is not NAME=value`}},
		{"negative time", process.Config{Args: self, Grace: -1}, []string{"cannot be negative"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p, err := process.Start(t.Context(), tt.cfg)
			if p != nil {
				p.Stop()
				t.Error("got a process")
			}
			says(t, err, tt.want...)
		})
	}
}

func TestCommandsThatNeverGetReady(t *testing.T) {
	never := func(context.Context, string) error { return errors.New("503 migrating") }
	for _, tt := range []struct {
		name, mode string
		args       []string
		ready      func(context.Context, string) error
		within     time.Duration
		want       []string
	}{
		{"dies", "dies", nil, healthy, patience, []string{"died before it was ready", "exit status 3", "\n    cannot reach the database"}},
		{"ends well", "ends", nil, healthy, patience, []string{"died before it was ready", "exit status 0", "it printed nothing"}},
		{"last line without an end", "unended", nil, healthy, patience, []string{"exit status 1", "\n    first\n    no newline"}},
		{"listens elsewhere", "elsewhere", nil, healthy, time.Second, []string{"not ready in time (1s)", "connection refused", "it did not listen on the address given by PORT or {port}", "put {addr} or {port} into its arguments"}},
		{"listens elsewhere though told", "elsewhere", []string{"{port}"}, healthy, time.Second, []string{"it did not listen on the address given by PORT or {port}"}},
		{"unhealthy", "serve", nil, never, 3 * time.Second, []string{"503 migrating", "it listens on 127.0.0.1:"}},
		{"hangs", "serve", nil, func(ctx context.Context, _ string) error { <-ctx.Done(); return ctx.Err() }, time.Second, []string{"context deadline exceeded"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var out sink
			cfg := config(tt.mode, &out)
			cfg.Args = append(cfg.Args, tt.args...)
			cfg.Ready, cfg.Within = tt.ready, tt.within
			_, err := process.Start(t.Context(), cfg)
			says(t, err, append(tt.want, filepath.Base(os.Args[0]))...)
			if len(tt.args) > 0 && strings.Contains(err.Error(), "into its arguments") {
				t.Errorf("advises what was done already:\n%v", err)
			}
		})
	}
}

func TestStartWrapsTheExitStatus(t *testing.T) {
	_, err := process.Start(t.Context(), config("dies", &sink{}))
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != 3 {
		t.Errorf("no exit status 3 in: %v", err)
	}
}

func TestInterruptedStartLeavesNothing(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	var out sink
	cfg := config("stubborn", &out)
	cfg.Grace = time.Millisecond
	var addr string
	cfg.Ready = func(ctx context.Context, url string) error {
		addr = url
		if err := healthy(ctx, url); err != nil {
			return err
		}
		cancel()
		return errors.New("not yet")
	}
	_, err := process.Start(ctx, cfg)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("not the context's error: %v", err)
	}
	says(t, err, "interrupted")
	if healthy(t.Context(), addr) == nil {
		t.Error("the command still serves")
	}
	if _, err := process.Start(ctx, cfg); !errors.Is(err, context.Canceled) {
		t.Errorf("started although the context had ended: %v", err)
	}
}

func TestPanicOfReadyStopsTheCommand(t *testing.T) {
	cfg := config("serve", &sink{})
	var addr string
	cfg.Ready = func(ctx context.Context, url string) error {
		addr = url
		if err := healthy(ctx, url); err != nil {
			return err
		}
		panic("health check")
	}
	func() {
		defer func() {
			if got := recover(); got != "health check" {
				t.Errorf("recovered %v", got)
			}
		}()
		process.Start(t.Context(), cfg)
	}()
	if healthy(t.Context(), addr) == nil {
		t.Error("the command still serves")
	}
}

func TestPortTakenByAnother(t *testing.T) {
	env, release := gate(t)
	var out sink
	cfg := config("bind-late", &out)
	cfg.Env = append(cfg.Env, env)
	var thief net.Listener
	cfg.Ready = func(context.Context, string) error {
		if port := out.number("port"); port != 0 && thief == nil {
			l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
			if err != nil {
				t.Error(err)
			} else {
				thief = l
			}
			release()
		}
		return errors.New("not ready")
	}
	_, err := process.Start(t.Context(), cfg)
	if thief == nil {
		t.Fatal("the port was never taken")
	}
	defer thief.Close()
	says(t, err, "exit status 1", "another process listens on "+thief.Addr().String(), "run it again", "address already in use")
}

func TestCommandThatGoesToTheBackground(t *testing.T) {
	env, release := gate(t)
	var out sink
	cfg := config("abandons", &out)
	cfg.Env = append(cfg.Env, env)
	cfg.Grace = time.Millisecond
	cfg.Ready = func(context.Context, string) error {
		if out.number("child") != 0 {
			release()
		}
		return errors.New("not ready")
	}
	_, err := process.Start(t.Context(), cfg)
	says(t, err, "exit status 0", "give the command that stays in the foreground")
	if pid := out.number("child"); pid == 0 || runs(pid) {
		t.Errorf("child %d was left running", pid)
	}
}

func TestManyStartsAtOnceGetPortsOfTheirOwn(t *testing.T) {
	var wg sync.WaitGroup
	var seen sync.Map
	for range 4 {
		wg.Go(func() {
			p, err := process.Start(t.Context(), config("serve", &sink{}))
			if err != nil {
				t.Error(err)
				return
			}
			if _, twice := seen.LoadOrStore(p.Addr(), p.Pid()); twice {
				t.Errorf("%s was given twice", p.Addr())
			}
			if err := healthy(t.Context(), p.URL()); err != nil {
				t.Error(err)
			}
			t.Cleanup(func() { p.Stop() })
		})
	}
	wg.Wait()
}
