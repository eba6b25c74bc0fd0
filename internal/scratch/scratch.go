// Package scratch holds what a process makes on the machine for as long as it runs:
// temporary folders, half-written files, and whatever else has to be undone where it
// ends at once, such as at a second Ctrl-C.
//
// A process that was killed can undo nothing. Its folders are found and removed by
// the next process that makes one: a living process holds a lock in each of its own.
package scratch

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"
)

var (
	mu   sync.Mutex
	ends []*func()
)

// Until registers what has to be done where the process ends at once. The function
// that it returns takes that back, once it has been done otherwise.
func Until(end func()) (done func()) {
	mu.Lock()
	defer mu.Unlock()
	p := &end
	ends = append(ends, p)
	return func() {
		mu.Lock()
		defer mu.Unlock()
		ends = slices.DeleteFunc(ends, func(q *func()) bool { return q == p })
	}
}

// End does all that is registered, the last first. It is for a process that is
// about to end.
func End() {
	mu.Lock()
	list := ends
	ends = nil
	mu.Unlock()
	for _, end := range slices.Backward(list) {
		(*end)()
	}
}

const (
	// prefix begins the names of our folders.
	prefix = "conformance-"
	// lockName is the file in each that its process holds a lock on.
	lockName = ".lock"
	// young is how old a folder is at the least that may be removed: one whose lock
	// is about to be taken looks like one whose process is gone.
	young = time.Minute
)

// Dir makes a folder for this process alone, and removes those that dead processes
// left. what is a word for it, such as "ca". Errors say which folder, and what to do.
func Dir(what string) (path string, remove func(), err error) {
	sweep(os.TempDir(), time.Now())
	path, err = os.MkdirTemp("", prefix+what+"-")
	if err != nil {
		return "", nil, fmt.Errorf("making a folder in the temporary folder %s: %w; free some space there, or set TMPDIR to another folder", os.TempDir(), err)
	}
	unlock, err := lock(filepath.Join(path, lockName))
	if err != nil {
		_ = os.RemoveAll(path) // the error is told
		return "", nil, fmt.Errorf("marking the folder %s as in use: %w; free some space there, or set TMPDIR to another folder", path, err)
	}
	clear := func() { _ = os.RemoveAll(path); unlock() }
	done := Until(clear)
	return path, sync.OnceFunc(func() { done(); clear() }), nil
}

// sweep removes our folders whose process is gone. What it cannot remove, such as
// somebody else's, it leaves.
func sweep(dir string, now time.Time) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return
	}
	for _, e := range entries {
		if !e.IsDir() || !strings.HasPrefix(e.Name(), prefix) {
			continue
		}
		path := filepath.Join(dir, e.Name())
		info, err := os.Lstat(filepath.Join(path, lockName))
		if err != nil || !info.Mode().IsRegular() || now.Sub(info.ModTime()) < young {
			continue
		}
		if unlock, err := lock(filepath.Join(path, lockName)); err == nil {
			_ = os.RemoveAll(path)
			unlock()
		}
	}
}
