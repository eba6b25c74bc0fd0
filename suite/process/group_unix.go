//go:build unix

package process

import (
	"errors"
	"os"
	"syscall"
)

func terminate(leader *os.Process) error { return signal(leader, syscall.SIGTERM) }

func kill(leader *os.Process) error { return signal(leader, syscall.SIGKILL) }

// signal reaches the whole group. While a member is left the kernel gives the
// group's number to nobody else, so it is safe after the leader has ended; nobody
// left is no error.
func signal(leader *os.Process, s syscall.Signal) error {
	if err := syscall.Kill(-leader.Pid, s); err != nil && !errors.Is(err, syscall.ESRCH) {
		return os.NewSyscallError("kill "+s.String(), err)
	}
	return nil
}
