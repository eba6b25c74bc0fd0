package process

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"time"
)

const (
	// drainTime is how long we read on for the last words of a command that has
	// ended while others still hold its output open.
	drainTime = 500 * time.Millisecond
	// killTime is how long the kernel may take to end a group after SIGKILL.
	killTime = 5 * time.Second
)

// run starts the command and waits for it on one thread: Linux sends the signal
// for a parent's death when the thread that started the child ends
// (https://go.dev/issue/27505).
func (p *Process) run(started chan<- error, w *os.File) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	err := p.cmd.Start()
	w.Close()
	started <- err
	if err != nil {
		return
	}
	p.waitErr = p.cmd.Wait()
	p.orphans = groupAlive(p.cmd.Process)
	close(p.exited)
}

// supervise lives as long as the group does: it reads the output, and once the
// command has ended or Stop is called, clears the group.
func (p *Process) supervise(r *os.File, release func()) {
	drained := make(chan struct{})
	go func() {
		defer close(drained)
		// The tail takes everything; what ends this is the end of the pipe.
		_, _ = io.Copy(p.output, r)
	}()
	go p.announce(drained)
	select {
	case <-p.exited:
	case <-p.stop:
	}
	err := p.clear()
	if err == nil {
		<-p.done
	}
	wait(drained, drainTime)
	r.Close()
	wait(drained, drainTime)
	p.taken = err == nil && listening(p.addr)
	if e := p.output.failure(); e != nil {
		err = errors.Join(err, fmt.Errorf("the output of %s could not be kept: %w", p.name, e))
	}
	p.stopErr = err
	release()
	close(p.gone)
}

// announce sets err when the command has ended.
func (p *Process) announce(drained <-chan struct{}) {
	<-p.exited
	wait(drained, drainTime)
	p.err = fmt.Errorf("%w; %s", p.Brief(0), p.output)
	close(p.done)
}

// clear ends every process of the group: SIGTERM, Grace, SIGKILL.
func (p *Process) clear() error {
	if p.awaitGone(0) {
		return nil
	}
	// An error of either signal shows in who is left.
	termErr := terminate(p.cmd.Process)
	if p.awaitGone(p.grace) {
		return nil
	}
	killErr := kill(p.cmd.Process)
	if p.awaitGone(killTime) {
		return nil
	}
	err := fmt.Errorf("stop %s: processes of group %d are still there %s after SIGKILL; see them with: pgrep -l -g %d", p.name, p.Pid(), killTime, p.Pid())
	return errors.Join(err, termErr, killErr)
}

// awaitGone reports whether the command and its group are gone within d.
func (p *Process) awaitGone(d time.Duration) bool {
	deadline := time.After(d)
	if !wait(p.exited, d) {
		return false
	}
	for pause := firstPause; groupAlive(p.cmd.Process); pause = min(2*pause, longestPause) {
		select {
		case <-deadline:
			return !groupAlive(p.cmd.Process)
		case <-time.After(pause):
		}
	}
	return true
}

// wait reports whether c is closed within d.
func wait(c <-chan struct{}, d time.Duration) bool {
	select {
	case <-c:
		return true
	default:
	}
	select {
	case <-c:
		return true
	case <-time.After(d):
		return false
	}
}

// exitOf is how the command ended, as an error also for exit status 0.
func exitOf(waitErr error) error {
	var exit *exec.ExitError
	switch {
	case waitErr == nil:
		return errors.New("exit status 0")
	case errors.As(waitErr, &exit):
		return waitErr
	default:
		return fmt.Errorf("its exit status is unknown: %w", waitErr)
	}
}

// Kill ends every process of the group at once and waits for nothing. It is for a
// process of ours that ends itself at once; any other calls Stop.
func (p *Process) Kill() { _ = kill(p.cmd.Process) }

// Stop ends the command and what is left of its group: SIGTERM, Grace, SIGKILL.
// It returns when all of it is gone and Output gets nothing more. It may be
// called several times, at once, after the command has died, and deferred in a
// panic; every call returns the same result.
//
// An error says that a process could not be stopped, that something outside the
// group still listens on the address, or that a write to Output failed. How the
// command ended is told by Err.
func (p *Process) Stop() error {
	p.stopOnce.Do(func() {
		p.asked.Store(p.running())
		close(p.stop)
	})
	<-p.gone
	if p.taken {
		return withStop(fmt.Errorf("stop %s (pid %d): its processes are gone, yet something still listens on %s; if the command starts a server outside its process group (setsid, a container), stop that one yourself", p.name, p.Pid(), p.addr), p.stopErr)
	}
	return p.stopErr
}
