package process

import (
	"bytes"
	"errors"
	"os"
	"strconv"
	"syscall"
)

// ownGroup makes the command the leader of a group that ends with us.
func ownGroup() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}

// groupAlive reports whether a process of the group still runs. Zombies do not
// count: in a container whose first process reaps nobody, orphans stay zombies
// for ever.
func groupAlive(leader *os.Process) bool {
	if err := syscall.Kill(-leader.Pid, 0); errors.Is(err, syscall.ESRCH) {
		return false
	} else if err != nil {
		return true
	}
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return true
	}
	for _, e := range entries {
		if _, err := strconv.Atoi(e.Name()); err != nil {
			continue
		}
		stat, err := os.ReadFile("/proc/" + e.Name() + "/stat")
		if err != nil {
			continue // it ended while we looked
		}
		if group, state := parseStat(stat); group == leader.Pid && state != "Z" && state != "X" {
			return true
		}
	}
	return false
}

// parseStat reads proc_pid_stat(5): "pid (name) state ppid pgrp …", where the
// name may hold blanks and parentheses.
func parseStat(stat []byte) (group int, state string) {
	fields := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:])
	if len(fields) < 3 {
		return 0, ""
	}
	group, _ = strconv.Atoi(string(fields[2]))
	return group, string(fields[0])
}
