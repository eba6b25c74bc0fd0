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
}

// batchSize is how many replays are judged together: the target's workspaces are
// listed once for all of them.
const batchSize = 512

func newBatch(judge func([]*replay)) *batch {
	b := &batch{full: make(chan []*replay, 1)}
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
	if b.list = append(b.list, r); len(b.list) == batchSize {
		b.full <- b.list
		b.list = nil
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
