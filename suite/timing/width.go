package timing

import (
	"sync"
	"time"
)

// StartWidth is how many scenarios are replayed at once to begin with, and never less.
const StartWidth = 8

// rungs are the widths.
var rungs = []int{StartWidth, 12, 16, 24, 32, 48, 64}

// MostWidth is never exceeded.
var MostWidth = rungs[len(rungs)-1]

const (
	// stretched is the least time over which answers are compared.
	stretched = 250 * time.Millisecond
	// gained is by how much more has to be answered in the same time before more are
	// replayed at once, and slowed how many times as long as at first answers may take.
	gained, slowed = 1.1, 2.0
	// Where an answer takes more than this part of the bound, it may not have slowed
	// down by more than that.
	endangered, burdened = 4, 1.25
	// calm is for how many stretches nothing is tried after a step back; each step
	// back in a row doubles it, up to longCalm.
	calm, longCalm = 4, 64
)

// A Width decides how many scenarios are replayed at once. It grows while more is
// answered in the same time and answers do not slow down, and shrinks when they do
// or when one fails to come. How long an answer takes depends on what is asked:
// only answers to the same kind of request are compared. It knows no clock, and is
// told when each answer came.
type Width struct {
	// bound is what a probe may take: an answer that comes near it because so many
	// are asked for at once must not be held against the target.
	bound time.Duration

	mu sync.Mutex
	// rung is that of the width, most the highest until now.
	rung, most int
	// trying: the last growth is on trial.
	trying bool
	// wait is for how many stretches nothing is tried; calm is the next such wait.
	wait, calm int
	// seen are the answers of this stretch; last those of the one before the last
	// growth, first those of the first stretch of all.
	seen, last, first pace
	from              time.Time
}

// A pace is how long answers took, by kind.
type pace map[string]span

type span struct {
	n   int
	sum time.Duration
}

// NewWidth returns a width for a target whose probes are bounded.
func NewWidth(bound time.Duration) *Width {
	return &Width{bound: bound, calm: calm, seen: pace{}}
}

// Now is how many to replay at once, and Most the most until now.
func (w *Width) Now() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return rungs[w.rung]
}

func (w *Width) Most() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return rungs[w.most]
}

// Answered notes an answer to a kind of request that came at a time, while as many
// as possible were replayed, and returns the width from now on.
func (w *Width) Answered(kind string, took time.Duration, at time.Time) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.from.IsZero() {
		w.from = at.Add(-took)
	}
	s := w.seen[kind]
	w.seen[kind] = span{s.n + 1, s.sum + took}
	if w.seen.answers() >= 2*rungs[w.rung] && at.Sub(w.from) >= stretched {
		w.turn(at)
	}
	return rungs[w.rung]
}

// Failed notes that an answer did not come, and returns the width from now on.
func (w *Width) Failed(at time.Time) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	by := 2
	if w.trying {
		by = 1
	}
	w.back(by, at)
	return rungs[w.rung]
}

// turn ends a stretch.
func (w *Width) turn(at time.Time) {
	since, known := w.seen.over(w.first)
	switch {
	case w.first == nil:
		w.first = w.seen
		w.grow(at)
	case w.trying:
		longer, comparable := w.seen.over(w.last)
		if !comparable {
			return // the stretch goes on until something can be compared
		}
		more := float64(rungs[w.rung]) / float64(rungs[w.rung-1]) / longer
		if more < gained || known && w.tooSlow(since) {
			w.back(1, at)
			return
		}
		if w.rung == w.most {
			w.calm = calm
		}
		w.grow(at)
	case known && w.rung > 0 && w.tooSlow(since):
		w.back(1, at)
	case w.wait > 0:
		w.wait--
		w.begin(at)
	default:
		w.grow(at)
	}
}

func (w *Width) tooSlow(times float64) bool {
	return times > slowed || times > burdened && w.seen.mean() > w.bound/endangered
}

func (w *Width) grow(at time.Time) {
	if w.trying = w.rung < len(rungs)-1; w.trying {
		w.last = w.seen
		w.rung++
		w.most = max(w.most, w.rung)
	}
	w.begin(at)
}

func (w *Width) back(by int, at time.Time) {
	w.rung, w.trying, w.wait = max(0, w.rung-by), false, w.calm
	w.calm = min(longCalm, 2*w.calm)
	w.begin(at)
}

func (w *Width) begin(at time.Time) { w.seen, w.from = pace{}, at }

func (p pace) answers() (n int) {
	for _, s := range p {
		n += s.n
	}
	return n
}

func (p pace) mean() time.Duration {
	var all span
	for _, s := range p {
		all.n, all.sum = all.n+s.n, all.sum+s.sum
	}
	return all.sum / time.Duration(max(all.n, 1))
}

// over is how many times as long as in another pace answers to the same requests
// take; false where there are none.
func (p pace) over(other pace) (times float64, known bool) {
	var took, would float64
	for kind, s := range p {
		if o := other[kind]; o.n > 0 && o.sum > 0 {
			took += float64(s.sum)
			would += float64(s.n) * float64(o.sum) / float64(o.n)
		}
	}
	if would == 0 {
		return 1, false
	}
	return took / would, true
}
