package reports_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/molecule-ai/byok-conformance/reports"
)

func create(t *testing.T, path string) *reports.File {
	t.Helper()
	f, err := reports.CreateFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Write([]byte("newer")); err != nil {
		t.Fatal(err)
	}
	return f
}

func holds(t *testing.T, path, want string) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil || string(text) != want {
		t.Errorf("%s holds %q (%v), want %q", path, text, err, want)
	}
	left, err := filepath.Glob(path + ".partial-*")
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v (%v)", left, err)
	}
}

func TestAnOlderReportStaysUntilTheNewOneIsWhole(t *testing.T) {
	path := filepath.Join(t.TempDir(), "report.json")
	if err := os.WriteFile(path, []byte("older"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := create(t, path).Close(); err != nil {
		t.Fatal(err)
	}
	holds(t, path, "older")
	f := create(t, path)
	if err := f.Commit(); err != nil {
		t.Fatal(err)
	}
	holds(t, path, "newer")
	if err := f.Close(); err != nil {
		t.Errorf("Close after Commit says %v", err)
	}
	if err := f.Commit(); err == nil {
		t.Error("it was committed twice")
	}
	holds(t, path, "newer")
}

func TestALinkKeepsItsPlace(t *testing.T) {
	folder := t.TempDir()
	target, link := filepath.Join(folder, "target"), filepath.Join(folder, "link")
	if err := errors.Join(os.WriteFile(target, nil, 0o644), os.Symlink(target, link)); err != nil {
		t.Fatal(err)
	}
	if err := create(t, link).Commit(); err != nil {
		t.Fatal(err)
	}
	holds(t, target, "newer")
	if real, err := os.Readlink(link); err != nil || real != target {
		t.Errorf("the link leads to %s (%v)", real, err)
	}
}

// Renaming over a device would replace it.
func TestADeviceIsWrittenDirectly(t *testing.T) {
	if err := create(t, os.DevNull).Commit(); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(os.DevNull); err != nil || info.Mode().IsRegular() {
		t.Errorf("%s is %v now (%v)", os.DevNull, info.Mode(), err)
	}
}

func TestStandardOutputStaysOpen(t *testing.T) {
	path := filepath.Join(t.TempDir(), "stdout")
	out, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	defer func(was *os.File) { os.Stdout = was }(os.Stdout)
	os.Stdout = out
	if err := create(t, "-").Commit(); err != nil {
		t.Fatal(err)
	}
	if _, err := out.WriteString(" and more"); err != nil {
		t.Errorf("after Commit: %v", err)
	}
	holds(t, path, "newer and more")
}

func TestAdvise(t *testing.T) {
	for _, c := range []struct {
		err  error
		want string
	}{
		{fs.ErrNotExist, "there is no folder out; create it first"},
		{fs.ErrPermission, "out may not be written to; choose another folder"},
		{errPipe, errPipe.Error()},
	} {
		if err := reports.Advise(c.err, "out"); !errors.Is(err, c.err) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("advise(%v) is %v, want %q", c.err, err, c.want)
		}
	}
	if err := reports.Advise(nil, "out"); err != nil {
		t.Errorf("advise(nil) is %v", err)
	}
}
