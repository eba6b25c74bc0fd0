package timing

import (
	"sync"
	"time"
)

const (
	// Doubted is how long a workspace that runs, where it must not, is looked at
	// again: the state may be the one from before, which the server has not changed yet.
	Doubted = 100 * time.Millisecond
	// doubtedLess is the same for a server that let doubtsInVain of them run, and
	// never once changed a state while it was looked at again.
	doubtedLess  = 10 * time.Millisecond
	doubtsInVain = 100
)

// Doubts are what came of looking again. A server that lets everything through
// would otherwise cost the wait for every one of thousands of scenarios.
type Doubts struct {
	mu          sync.Mutex
	vain, right int
}

// WorthIt is false where looking again has shown nothing so often, and never anything.
func (d *Doubts) WorthIt() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.vain < doubtsInVain || d.right > 0
}

// Long is how long a workspace is looked at again.
func (d *Doubts) Long() time.Duration {
	if d.WorthIt() {
		return Doubted
	}
	return doubtedLess
}

// inVain: the workspace went on running.
func (d *Doubts) InVain() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.vain++
}

// proved: the state changed after all.
func (d *Doubts) Proved() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.right++
}
