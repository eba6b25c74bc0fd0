// Package process runs the command under test: it picks a loopback port, starts
// the command in a process group of its own, waits until it is healthy, watches
// it, keeps its last words, and leaves no process of the group behind.
//
// What to ask a healthy server, and what its output means, do not live here:
// this package knows nothing of scenarios, profiles or credentials, and masks
// nothing. Callers that show its errors mask them as they mask other output.
//
// On Linux the command dies with us even when we are killed: the kernel sends
// it SIGKILL. That reaches the command alone, not its children. A process that
// leaves the group (setsid, a container engine) is not followed; Stop reports it
// when it still listens on the address.
package process

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync"
	"sync/atomic"
	"time"
)

// ErrStopped is wrapped by Err when the command ended because Stop was called.
var ErrStopped = errors.New("stopped by the harness")

const (
	defaultWithin = 30 * time.Second
	defaultGrace  = 5 * time.Second
)

// Config says what to start and how to tell that it is up.
type Config struct {
	// Args is the command and its arguments. In each, {addr} becomes host:port,
	// {host} the host, {port} the port that the command must listen on, and
	// {instance} the number of the copy.
	Args []string
	// Instance is the number of this copy of the command; zero is 1.
	Instance int
	// Env holds NAME=value entries added to the environment that we inherited;
	// of one name the later wins. PORT and BIND_ADDR are set after it.
	Env []string
	// Unset names inherited variables that the command must not see.
	Unset []string
	// Dir is the working directory; empty means ours.
	Dir string
	// Output gets stdout and stderr as they come, from one goroutine; nil
	// discards them. A Write that blocks blocks the command, too.
	Output io.Writer
	// Ready is one health attempt at the server, whose URL it gets because the
	// port is only known once Start has picked it. It is repeated until it returns
	// nil, and must heed its context, which ends when the command dies. A nil
	// Ready means: the address accepts a connection.
	Ready func(ctx context.Context, url string) error
	// Within bounds the wait for Ready; zero means 30 s.
	Within time.Duration
	// Grace is the time between SIGTERM and SIGKILL; zero means 5 s.
	Grace time.Duration
}

// Process is a command that was started. Its methods may be called from any
// goroutine.
type Process struct {
	name   string
	addr   string
	grace  time.Duration
	cmd    *exec.Cmd
	output *tail

	stop     chan struct{} // closed by the first Stop
	stopOnce sync.Once
	asked    atomic.Bool   // Stop came before the command's end
	exited   chan struct{} // the command was waited for; waitErr and orphans are set
	waitErr  error
	orphans  bool
	done     chan struct{} // err is set
	err      error
	gone     chan struct{} // the whole group is gone; stopErr and taken are set
	stopErr  error
	taken    bool // something outside the group listens on addr
}

// Start starts the command and returns once it is ready. The context bounds the
// start only: cancelling it later stops nothing, so that an interrupted run can
// still clean up at the server before it calls Stop.
//
// An error leaves nothing running. It says what was started, what was wrong and
// what to do, with the command's last lines, and wraps what the operating system,
// Ready or the context reported.
func Start(ctx context.Context, cfg Config) (*Process, error) {
	if err := cfg.complete(); err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("start %s: interrupted before it began: %w", display(cfg.Args), err)
	}
	port, release, err := reserve()
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", display(cfg.Args), err)
	}
	p, err := launch(&cfg, port, release)
	if err != nil {
		release()
		return nil, err
	}
	up := false
	// Deferred, because Ready is the caller's code and may panic.
	defer func() {
		if !up {
			p.Stop()
		}
	}()
	if err := p.awaitReady(ctx, &cfg); err != nil {
		return nil, err
	}
	up = true
	return p, nil
}

// launch starts the command without waiting for it to be healthy. The port is
// released when the whole group is gone.
func launch(cfg *Config, port string, release func()) (*Process, error) {
	cmd := command(cfg, port)
	p := &Process{
		name:   display(cmd.Args),
		addr:   loopback + ":" + port,
		grace:  cfg.Grace,
		cmd:    cmd,
		output: &tail{to: cfg.Output},
		stop:   make(chan struct{}),
		exited: make(chan struct{}),
		done:   make(chan struct{}),
		gone:   make(chan struct{}),
	}
	// The pipe is ours rather than exec's, so that Wait returns when the command
	// ends and what its children still write is kept until they are gone.
	r, w, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("start %s: open a pipe for its output: %w", p.name, err)
	}
	cmd.Stdout, cmd.Stderr = w, w
	started := make(chan error)
	go p.run(started, w)
	if err := <-started; err != nil {
		r.Close()
		return nil, explainLaunch(cmd, err)
	}
	go p.supervise(r, release)
	return p, nil
}

// Addr is the host:port that the command was told to listen on.
func (p *Process) Addr() string { return p.addr }

// URL is the address as the base of HTTP requests, without a trailing slash.
func (p *Process) URL() string { return "http://" + p.addr }

// Pid is the command's process id, and on Unix the id of its group.
func (p *Process) Pid() int { return p.cmd.Process.Pid }

// Done is closed when the command has ended, by itself or by Stop.
func (p *Process) Done() <-chan struct{} { return p.done }

// Err is nil while the command runs. After Done it is never nil: it says how the
// command ended, exit status 0 included, and shows its last lines. It wraps
// ErrStopped after Stop, and *exec.ExitError unless the exit status was 0.
func (p *Process) Err() error {
	select {
	case <-p.done:
		return p.err
	default:
		return nil
	}
}

// Brief is Err in one line, without the command's last lines. It is for the many
// places that the end of one command shows in. It does not wait for those lines
// as Err does, and waits up to within for the command's end: a connection breaks
// a moment before the operating system tells us why.
func (p *Process) Brief(within time.Duration) error {
	if !wait(p.exited, within) {
		return nil
	}
	how := exitOf(p.waitErr)
	if p.asked.Load() {
		return fmt.Errorf("%s (pid %d): %w: %w", p.name, p.Pid(), ErrStopped, how)
	}
	return fmt.Errorf("%s (pid %d) ended by itself: %w", p.name, p.Pid(), how)
}

// LastWords is what the command printed last, several lines.
func (p *Process) LastWords() string { return p.output.String() }
