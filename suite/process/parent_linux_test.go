package process_test

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"sync"
	"syscall"
	"testing"

	"github.com/molecule-ai/byok-conformance/suite/process"
)

func init() {
	// A harness of its own, which starts a server and never stops it.
	modes["harness"] = func() {
		p, err := process.Start(context.Background(), process.Config{
			Args:  []string{os.Args[0]},
			Env:   []string{modeVar + "=serve"},
			Ready: healthy,
		})
		if err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		fmt.Printf("server=%d\n", p.Pid())
		serve()
	}
}

func TestCommandDiesWithTheHarness(t *testing.T) {
	var out sink
	p := start(t, config("harness", &out))
	server := out.number("server")
	if server == 0 || !runs(server) {
		t.Fatalf("server %d does not run", server)
	}
	if err := syscall.Kill(p.Pid(), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the server ends with the harness that was killed", func() bool { return !runs(server) })
}

// The kernel's signal follows the thread that started the command, so the end of
// the thread that called Start must not take the command along.
func TestCommandOutlivesTheThreadThatCalledStart(t *testing.T) {
	var p *process.Process
	var err error
	var tid int
	onThreadThatEnds(func() {
		tid = syscall.Gettid()
		p, err = process.Start(t.Context(), config("serve", &sink{}))
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Stop() })
	eventually(t, "the thread ends", func() bool {
		_, err := os.Stat(fmt.Sprintf("/proc/self/task/%d", tid))
		return os.IsNotExist(err)
	})
	if err := healthy(t.Context(), p.URL()); err != nil {
		t.Error(err)
	}
	if err := p.Err(); err != nil {
		t.Error(err)
	}
}

// onThreadThatEnds calls f on a thread that has ended, or is about to, when it
// returns. The runtime never ends the main thread, so two threads are taken: one
// of them is another.
func onThreadThatEnds(f func()) {
	var both, finished sync.WaitGroup
	var once sync.Once
	both.Add(2)
	for range 2 {
		finished.Go(func() {
			runtime.LockOSThread() // never unlocked: the thread ends with the goroutine
			both.Done()
			both.Wait()
			if syscall.Gettid() != os.Getpid() {
				once.Do(f)
			}
		})
	}
	finished.Wait()
}
