package open

import (
	"context"
	"sync"

	"github.com/molecule-ai/byok-conformance/internal/scratch"
	"github.com/molecule-ai/byok-conformance/suite/process"
	"github.com/molecule-ai/byok-conformance/suite/server"
)

// A command is the server under test that this process has started, and starts
// again once it has stopped answering.
type command struct {
	cfg process.Config

	mu sync.Mutex
	// current is the last one; starting is held meanwhile.
	current  *process.Process
	starting sync.Mutex
	// stopped takes back that it is killed where our own process ends at once.
	stopped func()
}

func startCommand(ctx context.Context, cfg process.Config) (*command, error) {
	p, err := process.Start(ctx, cfg)
	if err != nil {
		return nil, err
	}
	c := &command{cfg: cfg, current: p}
	c.stopped = scratch.Until(func() { c.process().Kill() })
	return c, nil
}

func (c *command) process() *process.Process {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.current
}

// restart stops the command and starts it again, and leads the target there.
func (c *command) restart(ctx context.Context, t *server.Target) error {
	c.starting.Lock()
	defer c.starting.Unlock()
	if err := c.process().Stop(); err != nil {
		return err
	}
	p, err := process.Start(ctx, c.cfg)
	if err != nil {
		return err
	}
	c.mu.Lock()
	c.current = p
	c.mu.Unlock()
	t.Move(p.URL())
	return nil
}

func (c *command) stop() error {
	c.starting.Lock()
	defer c.starting.Unlock()
	defer c.stopped()
	return c.process().Stop()
}

// gone returns once the command has ended and is not started again, or ctx has ended.
func (c *command) gone(ctx context.Context) {
	for {
		p := c.process()
		select {
		case <-p.Done():
		case <-ctx.Done():
			return
		}
		c.starting.Lock()
		again := c.process() != p
		c.starting.Unlock()
		if !again {
			return
		}
	}
}
