//go:build unix && !linux

package process

import (
	"errors"
	"os"
	"syscall"
)

// ownGroup makes the command the leader of a group. It outlives us when we are
// killed: only Linux can tie it to our death.
func ownGroup() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }

// groupAlive reports whether a process of the group is left.
func groupAlive(leader *os.Process) bool {
	return !errors.Is(syscall.Kill(-leader.Pid, 0), syscall.ESRCH)
}
