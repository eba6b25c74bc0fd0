package suite

import (
	"sync"
	"time"
)

const (
	// doubted is how long a workspace that runs, where it must not, is looked at
	// again: the state may be the one from before, which the server has not changed yet.
	doubted = 100 * time.Millisecond
	// doubtedLess is the same for a server that let doubtsInVain of them run, and
	// never once changed a state while it was looked at again.
	doubtedLess  = 10 * time.Millisecond
	doubtsInVain = 100
)

// doubts are what came of looking again. A server that lets everything through
// would otherwise cost the wait for every one of thousands of scenarios.
type doubts struct {
	mu          sync.Mutex
	vain, right int
}

// worthIt is false where looking again has shown nothing so often, and never anything.
func (d *doubts) worthIt() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.vain < doubtsInVain || d.right > 0
}

// long is how long a workspace is looked at again.
func (d *doubts) long() time.Duration {
	if d.worthIt() {
		return doubted
	}
	return doubtedLess
}

// inVain: the workspace went on running.
func (d *doubts) inVain() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.vain++
}

// proved: the state changed after all.
func (d *doubts) proved() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.right++
}
