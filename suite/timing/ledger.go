package timing

import (
	"sync/atomic"
	"time"
)

// A Ledger adds up where the time of a run's workers goes. Several work at once, so
// that its sums are longer than the run. A nil one adds nothing.
type Ledger struct {
	workers, answers, provisioning, waits, limit atomic.Int64
}

// Spent is what a ledger comes to.
type Spent struct {
	// Workers is all of the time of the workers; the rest is part of it.
	Workers time.Duration
	// Answers is from requests to replies; Provisioning the time between looks at
	// what the target does behind a reply.
	Answers, Provisioning time.Duration
	// Waits is what a silent provider had to be given, and what may come late.
	Waits time.Duration
	// Limit is what the target's own rate limit held us.
	Limit time.Duration
}

// And is the sum of two.
func (s Spent) And(o Spent) Spent {
	return Spent{s.Workers + o.Workers, s.Answers + o.Answers, s.Provisioning + o.Provisioning, s.Waits + o.Waits, s.Limit + o.Limit}
}

// Worked is the time of one worker with one scenario.
func (l *Ledger) Worked(d time.Duration) { l.add(func() *atomic.Int64 { return &l.workers }, d) }

// Answered is the time until a reply.
func (l *Ledger) Answered(d time.Duration) { l.add(func() *atomic.Int64 { return &l.answers }, d) }

// Provisioned is a pause while the target provisions.
func (l *Ledger) Provisioned(d time.Duration) {
	l.add(func() *atomic.Int64 { return &l.provisioning }, d)
}

// Waited is a pause of our own.
func (l *Ledger) Waited(d time.Duration) { l.add(func() *atomic.Int64 { return &l.waits }, d) }

// Silent takes the time of a reply that waited for a silent provider of ours for a
// wait of our own.
func (l *Ledger) Silent(d time.Duration) {
	l.Answered(-d)
	l.Waited(d)
}

// Limited is a pause that the target's rate limit asked for.
func (l *Ledger) Limited(d time.Duration) { l.add(func() *atomic.Int64 { return &l.limit }, d) }

func (l *Ledger) add(to func() *atomic.Int64, d time.Duration) {
	if l != nil {
		to().Add(int64(d))
	}
}

// Spent is the sum until now.
func (l *Ledger) Spent() Spent {
	if l == nil {
		return Spent{}
	}
	at := func(n *atomic.Int64) time.Duration { return time.Duration(max(n.Load(), 0)) }
	return Spent{at(&l.workers), at(&l.answers), at(&l.provisioning), at(&l.waits), at(&l.limit)}
}
