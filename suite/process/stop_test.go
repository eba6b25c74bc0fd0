//go:build unix

package process_test

import (
	"errors"
	"net/http"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/molecule-ai/byok-conformance/suite/process"
)

func TestStop(t *testing.T) {
	for _, tt := range []struct {
		name, mode string
		grace      time.Duration
		how        string // how the command itself ends
	}{
		{"heeds SIGTERM", "serve", patience, "signal: terminated"},
		{"ignores SIGTERM", "ignores-term", time.Millisecond, "signal: killed"},
		{"leaves a child that ignores SIGTERM", "forks", time.Millisecond, "signal: "},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var out sink
			cfg := config(tt.mode, &out)
			cfg.Grace = tt.grace
			p := start(t, cfg)
			if err := p.Stop(); err != nil {
				t.Errorf("Stop: %v", err)
			}
			ended(t, p)
			says(t, p.Err(), "stopped by the harness", tt.how)
			if !errors.Is(p.Err(), process.ErrStopped) {
				t.Errorf("Err does not wrap ErrStopped: %v", p.Err())
			}
			for _, pid := range []int{p.Pid(), out.number("child")} {
				if pid != 0 && runs(pid) {
					t.Errorf("process %d still runs", pid)
				}
			}
			if healthy(t.Context(), p.URL()) == nil {
				t.Error("it still serves")
			}
		})
	}
}

func TestStopTwiceAndAtOnce(t *testing.T) {
	p := start(t, config("serve", &sink{}))
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if err := p.Stop(); err != nil {
				t.Error(err)
			}
			if runs(p.Pid()) {
				t.Error("Stop returned while the command ran")
			}
		})
	}
	wg.Wait()
	if err := p.Stop(); err != nil {
		t.Error(err)
	}
}

func TestDeferredStopInAPanic(t *testing.T) {
	p := start(t, config("serve", &sink{}))
	func() {
		defer func() {
			if got := recover(); got != "scenario" {
				t.Errorf("recovered %v", got)
			}
		}()
		defer p.Stop()
		panic("scenario")
	}()
	if runs(p.Pid()) {
		t.Error("the command still runs")
	}
}

func TestDeathInTheMiddle(t *testing.T) {
	p := start(t, config("serve", &sink{}))
	if _, err := http.Get(p.URL() + "/die"); err == nil {
		t.Error("the request that kills was answered")
	}
	ended(t, p)
	says(t, p.Err(), "ended by itself", "exit status 4", "\n    panic: out of luck")
	var exit *exec.ExitError
	if !errors.As(p.Err(), &exit) || exit.ExitCode() != 4 {
		t.Errorf("Err does not wrap the exit status: %v", p.Err())
	}
	if errors.Is(p.Err(), process.ErrStopped) {
		t.Error("Err blames the harness")
	}
	before := p.Err()
	if err := p.Stop(); err != nil {
		t.Errorf("Stop after its death: %v", err)
	}
	if p.Err() != before {
		t.Errorf("Stop changed Err to %v", p.Err())
	}
}

func TestDeathBySignal(t *testing.T) {
	p := start(t, config("serve", &sink{}))
	if err := syscall.Kill(p.Pid(), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	ended(t, p)
	says(t, p.Err(), "ended by itself", "signal: killed")
}

func TestLeaderThatIsGoneLeavesNoChild(t *testing.T) {
	env, release := gate(t)
	var out sink
	cfg := config("abandons", &out)
	cfg.Env = append(cfg.Env, env)
	cfg.Grace = time.Millisecond
	p := start(t, cfg)
	release()
	ended(t, p)
	says(t, p.Err(), "ended by itself", "exit status 0")
	if err := p.Stop(); err != nil {
		t.Error(err)
	}
	if pid := out.number("child"); pid == 0 || runs(pid) {
		t.Errorf("child %d still runs", pid)
	}
}

func TestServerOutsideTheGroupIsReported(t *testing.T) {
	var out sink
	p := start(t, config("escapes", &out))
	pid := out.number("child")
	if pid == 0 {
		t.Fatal("no child was started")
	}
	t.Cleanup(func() { syscall.Kill(pid, syscall.SIGKILL) })
	says(t, p.Stop(), "something still listens on "+p.Addr())
	if runs(p.Pid()) {
		t.Error("the command still runs")
	}
}

func TestOutputIsKept(t *testing.T) {
	var out sink
	p := start(t, config("floods", &out))
	p.Stop()
	if got := out.String(); strings.Count(got, "x") < floodBytes*127/128 || !strings.HasSuffix(got, "flooded\n") {
		t.Errorf("kept %d bytes of output, ending %q", len(got), got[max(0, len(got)-20):])
	}
}

func TestOutputThatCannotBeKept(t *testing.T) {
	cfg := config("floods", nil)
	cfg.Output = failing{}
	p := start(t, cfg) // it gets ready, so its output was read
	err := p.Stop()
	says(t, err, "could not be kept", "disk full")
	if !errors.Is(err, errFull) {
		t.Errorf("Stop does not wrap the writer's error: %v", err)
	}
}

var errFull = errors.New("disk full")

type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, errFull }

func TestLastLinesAreLegible(t *testing.T) {
	_, err := process.Start(t.Context(), config("talks", &sink{}))
	says(t, err, "\n    line 29\n    red \ufffd yyy", "y…")
	_, lines, _ := strings.Cut(err.Error(), "its last lines:\n")
	if got := strings.Split(lines, "\n"); len(got) != 20 || got[0] != "    line 11" {
		t.Errorf("%d lines, the first is %q; want 20 from line 11", len(got), got[0])
	}
}
