package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/molecule-ai/byok-conformance/cmd/conformance/progress"
	"github.com/molecule-ai/byok-conformance/suite"
	"github.com/molecule-ai/byok-conformance/suite/open"
	"github.com/molecule-ai/byok-conformance/suite/target"
)

// begin shows that the target is asked for total scenarios.
func begin(d progress.Display, t *open.Opened, total int) {
	if s, ok := t.Target.(interface {
		Sent() int
		Held() time.Duration
	}); ok {
		d.Watch(progress.Gauge{Requests: s.Sent, Held: s.Held})
	}
	d.Begin("replaying", total, "scenarios")
}

// stoppedText says that the server answers to nothing any more.
func stoppedText(e suite.Stopped) string {
	then := "it is not ours to start again, so the rest cannot be judged"
	if e.Again {
		then = "it is started again"
	}
	return fmt.Sprintf("conformance: the server stopped answering while it was asked for %s; %s", strings.Join(e.UnderWay, ", "), then)
}

// step shows that a scenario has ended.
func step(d progress.Display, e suite.Finished) {
	switch e.Result.Outcome {
	case suite.Failed, suite.Errored:
		d.Step(progress.Failed)
	case suite.NotClaimed:
		d.Step(progress.NotAsked)
	default:
		d.Step(progress.Passed)
	}
}

// interruptible says at the display what an interrupted run still does. The
// function that it returns ends that.
func interruptible(ctx context.Context, d progress.Display) (stop func() bool) {
	return context.AfterFunc(ctx, func() { d.Phase("interrupted, cleaning up (press Ctrl-C again to stop at once)") })
}

// sent is how many requests a target was sent; 0 where it gets none.
func sent(t target.Target) int {
	if m, ok := t.(interface{ Sent() int }); ok {
		return m.Sent()
	}
	return 0
}
