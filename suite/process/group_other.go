//go:build !unix

package process

import (
	"errors"
	"os"
	"syscall"
)

// Without process groups only the command itself is stopped, and at once:
// there is no signal that asks.

func ownGroup() *syscall.SysProcAttr { return nil }

func groupAlive(*os.Process) bool { return false }

func terminate(leader *os.Process) error { return kill(leader) }

func kill(leader *os.Process) error {
	if err := leader.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	return nil
}
