package scratch

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

// Folders of dead processes go; those of living ones, and whatever only looks like
// one of ours, stay.
func TestDeadFoldersGo(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	old := time.Now().Add(-time.Hour)
	folder := func(name string, locked bool) string {
		path := filepath.Join(os.TempDir(), name)
		if err := os.Mkdir(path, 0o700); err != nil {
			t.Fatal(err)
		}
		if locked {
			if err := os.WriteFile(filepath.Join(path, lockName), nil, 0o600); err != nil {
				t.Fatal(err)
			}
			if err := os.Chtimes(filepath.Join(path, lockName), old, old); err != nil {
				t.Fatal(err)
			}
		}
		return path
	}
	dead, unmarked, others := folder("conformance-ca-1", true), folder("conformance-ca-2", false), folder("other-ca", true)
	outside := t.TempDir()
	if err := os.Symlink(outside, filepath.Join(os.TempDir(), "conformance-link")); err != nil {
		t.Fatal(err)
	}
	living := folder("conformance-ca-3", true)
	unlock, err := lock(filepath.Join(living, lockName))
	if err != nil {
		t.Fatal(err)
	}
	defer unlock()
	mine, remove, err := Dir("ca")
	if err != nil {
		t.Fatal(err)
	}
	if exists(dead) {
		t.Error("the folder of a dead process is still there")
	}
	for _, path := range []string{unmarked, others, outside, living, mine} {
		if !exists(path) {
			t.Errorf("%s was removed", path)
		}
	}
	remove()
	remove()
	if exists(mine) {
		t.Error("a folder is still there after it was removed")
	}
}

// What is registered is done at the end, the last first, and only once.
func TestEnd(t *testing.T) {
	var did []int
	Until(func() { did = append(did, 1) })
	done := Until(func() { did = append(did, 2) })
	Until(func() { did = append(did, 3) })
	done()
	End()
	End()
	if len(did) != 2 || did[0] != 3 || did[1] != 1 {
		t.Errorf("done: %v, want 3 and 1", did)
	}
}
