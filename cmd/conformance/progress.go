package main

import (
	"fmt"
	"io"
	"slices"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"

	"github.com/molecule-ai/byok-conformance/scenarios"
	"github.com/molecule-ai/byok-conformance/suite"
)

// progress shows how far a run is.
type progress interface {
	begin(total int)
	step(outcome suite.ResultOutcome)
	end()
	// above returns a writer whose lines do not tear the display.
	above(io.Writer) io.Writer
}

// newProgress draws a bar at a terminal and prints plain lines elsewhere.
func newProgress(w io.Writer, quiet bool) progress {
	switch {
	case quiet:
		return silence{}
	case isTerminal(w):
		return &bar{progress: mpb.New(mpb.WithOutput(w), mpb.WithWidth(40))}
	}
	return &lines{w: w}
}

type silence struct{}

func (silence) begin(int)                   {}
func (silence) step(suite.ResultOutcome)    {}
func (silence) end()                        {}
func (silence) above(w io.Writer) io.Writer { return w }

type bar struct {
	progress *mpb.Progress
	bar      *mpb.Bar
	failed   int
}

func (b *bar) begin(total int) {
	b.bar = b.progress.AddBar(int64(total), mpb.BarRemoveOnComplete(),
		mpb.PrependDecorators(decor.CountersNoUnit("%d/%d scenarios ")),
		mpb.AppendDecorators(decor.Any(func(decor.Statistics) string { return fmt.Sprintf(" %d failed", b.failed) })))
}

func (b *bar) step(o suite.ResultOutcome) {
	if o == suite.Failed || o == suite.Errored {
		b.failed++
	}
	b.bar.Increment()
}

func (b *bar) end() {
	b.bar.Abort(true)
	b.progress.Wait()
}

// above prints through the bar's own output while both go to the terminal.
func (b *bar) above(w io.Writer) io.Writer {
	if isTerminal(w) {
		return b.progress
	}
	return w
}

// lines prints one line for each tenth of the run.
type lines struct {
	w                   io.Writer
	total, done, failed int
}

func (l *lines) begin(total int) {
	l.total = total
	fmt.Fprintf(l.w, "replaying %d scenarios\n", total)
}

func (l *lines) step(o suite.ResultOutcome) {
	l.done++
	if o == suite.Failed || o == suite.Errored {
		l.failed++
	}
	if l.total >= 100 && l.done*10/l.total != (l.done-1)*10/l.total {
		fmt.Fprintf(l.w, "%d of %d scenarios, %d failed\n", l.done, l.total, l.failed)
	}
}

func (l *lines) end()                        {}
func (l *lines) above(w io.Writer) io.Writer { return w }

func allClaims() []string { return slices.Clone(scenarios.Claims) }
