package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"sync/atomic"
	"syscall"

	"github.com/molecule-ai/byok-conformance/internal/scratch"
)

// attended: the command at work ends by itself when its context does, and leaves a
// server as it was. Any other is ended at once.
var attended atomic.Bool

// attend has the first signal end the context of the command only. It is called
// before anything is made at a server.
func attend() { attended.Store(true) }

// interrupted returns a context that the first SIGINT, SIGTERM or SIGHUP ends.
// A second one ends the process at once, and so does the first where no command
// attends to it. Under nohup a SIGHUP stays ignored.
func interrupted() (ctx context.Context, stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM) // also behind a shell's &, which ignores the first
	if !signal.Ignored(syscall.SIGHUP) {
		signal.Notify(signals, syscall.SIGHUP)
	}
	go func() {
		for range signals {
			again := ctx.Err() != nil
			cancel()
			if again || !attended.Load() {
				scratch.End()
				fmt.Fprintln(os.Stderr, "conformance: interrupted")
				os.Exit(exitInterrupted)
			}
		}
	}()
	return ctx, func() {
		signal.Stop(signals)
		close(signals)
		cancel()
	}
}
