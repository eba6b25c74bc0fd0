//go:build !unix

package scratch

import "os"

// lock opens a file, which cannot be removed while it is open; so what a dead
// process left is removed, and nothing else.
func lock(path string) (unlock func(), err error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	return func() { _ = f.Close() }, nil
}
