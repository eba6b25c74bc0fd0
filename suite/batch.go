package suite

import (
	"sync"
)

// A batch collects replays as they end and judges them, so many at a time,
// while others are replayed. It bounds what a run keeps in memory: where the
// judge falls behind, whoever adds waits.
type batch struct {
	full chan []*replay
	done sync.WaitGroup

	mu   sync.Mutex
	list []*replay
	// size is how many come next: twice as many each time, so that the first failures
	// are told soon.
	size int
}

const (
	// batchSize is how many replays are judged together, at most: the target's
	// workspaces are listed once for all of them.
	batchSize  = 512
	firstBatch = 16
)

func newBatch(judge func([]*replay)) *batch {
	b := &batch{full: make(chan []*replay, 1), size: firstBatch}
	b.done.Go(func() {
		for list := range b.full {
			judge(list)
		}
	})
	return b
}

func (b *batch) add(r *replay) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.list = append(b.list, r); len(b.list) >= b.size {
		b.full <- b.list
		b.list, b.size = nil, min(batchSize, 2*b.size)
	}
}

// close judges the rest; nothing may be added any more.
func (b *batch) close() {
	if len(b.list) > 0 {
		b.full <- b.list
	}
	close(b.full)
	b.done.Wait()
}
