//go:build unix

package hostile

import (
	"flag"
	"fmt"
	"net"
	"os"
	"runtime"
	"testing"
	"time"
)

// TestMain fails where the tests leave a goroutine or a file open behind them:
// every test closes its servers and its targets, so what is left is the engine's.
func TestMain(m *testing.M) {
	// Most of these tests wait, however few cores there are.
	if err := flag.Set("test.parallel", "16"); err != nil {
		panic(err)
	}
	files, err := filesBefore()
	before := runtime.NumGoroutine()
	status := m.Run()
	if err == nil && status == 0 {
		err = nothingLeft(before, files)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		status = 1
	}
	os.Exit(status)
}

// nothingLeft waits until there is no more open than before; what is being
// closed needs a moment.
func nothingLeft(goroutines, files int) error {
	for deadline := time.Now().Add(20 * time.Second); ; runtime.Gosched() {
		open, err := openFiles()
		if err != nil {
			return err
		}
		if runtime.NumGoroutine() <= goroutines && open <= files {
			return nil
		}
		if time.Now().After(deadline) {
			stacks := make([]byte, 1<<20)
			return fmt.Errorf("%d goroutines and %d files are open, %d and %d were before:\n%s",
				runtime.NumGoroutine(), open, goroutines, files, stacks[:runtime.Stack(stacks, true)])
		}
	}
}

// filesBefore counts our open files once the runtime has opened its own, for the
// network.
func filesBefore() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, fmt.Errorf("listening on loopback: %w", err)
	}
	l.Close()
	return openFiles()
}

// openFiles counts our file descriptors.
func openFiles() (int, error) {
	entries, err := os.ReadDir("/dev/fd")
	if err != nil {
		return 0, fmt.Errorf("counting our open files: %w", err)
	}
	return len(entries), nil
}
