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

// The kernel's signal follows the thread that started the command, so threads
// that end must not take the command along.
func TestCommandOutlivesThreads(t *testing.T) {
	p := start(t, config("serve", &sink{}))
	var wg sync.WaitGroup
	for range 32 {
		wg.Go(func() { runtime.LockOSThread() }) // ends the thread
	}
	wg.Wait()
	if err := healthy(t.Context(), p.URL()); err != nil {
		t.Error(err)
	}
	if err := p.Err(); err != nil {
		t.Error(err)
	}
}
