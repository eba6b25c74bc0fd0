package view

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestFormats(t *testing.T) {
	if diff := cmp.Diff([]string{"html", "intoto", "json", "junit", "markdown"}, Formats()); diff != "" {
		t.Error(diff)
	}
	for _, format := range Formats() {
		t.Run(format, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "report")
			f := create(t, format, path)
			if err := Replay(sample(), f); err != nil {
				t.Fatal(err)
			}
			if _, err := os.Stat(path); err == nil {
				t.Error("the report is in its place before it is closed")
			}
			if err := f.Close(); err != nil {
				t.Fatal(err)
			}
			if err := f.Close(); err != nil {
				t.Errorf("the second Close says %v", err)
			}
			if text := read(t, path); !strings.Contains(text, "mismatched/anthropic-api") {
				t.Errorf("the file holds %.100q", text)
			}
			alone(t, path)
		})
	}
}

func TestAnOlderReportStaysUntilTheNewOneIsWhole(t *testing.T) {
	path := filepath.Join(t.TempDir(), "report.json")
	if err := os.WriteFile(path, []byte("older"), 0o644); err != nil {
		t.Fatal(err)
	}
	f := create(t, "json", path)
	if err := f.Begin(sampleHeader()); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err == nil || !strings.Contains(err.Error(), "did not end") {
		t.Errorf("closed before its end, it says %v", err)
	}
	if got := read(t, path); got != "older" {
		t.Errorf("the older report became %q", got)
	}
	alone(t, path)

	f = create(t, "json", path)
	if err := Replay(sample(), f); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if got := read(t, path); got != write(t, sortedSample(), asJSON) {
		t.Errorf("the report is %.100q", got)
	}
	alone(t, path)
}

func TestALinkKeepsItsPlace(t *testing.T) {
	folder := t.TempDir()
	target, link := filepath.Join(folder, "target"), filepath.Join(folder, "link")
	if err := os.WriteFile(target, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(target, link); err != nil {
		t.Fatal(err)
	}
	f := create(t, "json", link)
	if err := Replay(sample(), f); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if got := read(t, target); got != write(t, sortedSample(), asJSON) {
		t.Errorf("the link's target holds %.100q", got)
	}
}

// Renaming over a device would replace it.
func TestADeviceIsWrittenDirectly(t *testing.T) {
	f := create(t, "json", os.DevNull)
	defer f.Close()
	if f.temp != "" {
		t.Fatalf("it would be replaced by %s", f.temp)
	}
	if err := Replay(sample(), f); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
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
	f := create(t, "json", "-")
	if err := Replay(sample(), f); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := out.WriteString("more"); err != nil {
		t.Errorf("after Close: %v", err)
	}
	if got := read(t, path); got != write(t, sample(), asJSON)+"more" {
		t.Errorf("standard output got %.100q", got)
	}
}

// Whatever the order in which results end, a report has them in that of their
// ids; so a view of it is the same whether it is made with the run or later.
func TestResultsStandInTheOrderOfTheirIDs(t *testing.T) {
	other := sample()
	slices.Reverse(other.Results)
	for _, format := range Formats() {
		t.Run(format, func(t *testing.T) {
			want := ""
			for _, run := range []*Run{sample(), sortedSample(), other} {
				path := filepath.Join(t.TempDir(), "report")
				f := create(t, format, path)
				if err := Replay(run, f); err != nil {
					t.Fatal(err)
				}
				if err := f.Close(); err != nil {
					t.Fatal(err)
				}
				got := read(t, path)
				if want == "" {
					want = got
				}
				if got != want {
					t.Error(cmp.Diff(want, got))
				}
				alone(t, path)
			}
		})
	}
	path := filepath.Join(t.TempDir(), "report.json")
	f := create(t, "json", path)
	if err := errors.Join(Replay(other, f), f.Close()); err != nil {
		t.Fatal(err)
	}
	run, err := Read(strings.NewReader(read(t, path)))
	if err != nil || !slices.IsSortedFunc(run.Results, func(a, b Result) int { return strings.Compare(a.ID, b.ID) }) {
		t.Errorf("the JSON report is not sorted, or not read: %v", err)
	}
}

// A temporary folder that is not there is told, and not found out by silence.
func TestNowhereToKeepResults(t *testing.T) {
	path := filepath.Join(t.TempDir(), "report.xml")
	t.Setenv("TMPDIR", filepath.Join(t.TempDir(), "gone"))
	f := create(t, "junit", path)
	defer f.Close()
	if err := f.Begin(sampleHeader()); err == nil || !strings.Contains(err.Error(), "TMPDIR") {
		t.Errorf("error is %v, want one that names TMPDIR", err)
	}
}

// sortedSample is the sample in the order of its ids.
func sortedSample() *Run {
	run := sample()
	slices.SortFunc(run.Results, func(a, b Result) int { return strings.Compare(a.ID, b.ID) })
	return run
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
		if err := advise(c.err, "out"); !errors.Is(err, c.err) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("advise(%v) is %v, want %q", c.err, err, c.want)
		}
	}
	if err := advise(nil, "out"); err != nil {
		t.Errorf("advise(nil) is %v", err)
	}
}

func TestCreateRefuses(t *testing.T) {
	folder := t.TempDir()
	cases := []struct{ name, format, path, want string }{
		{"an unknown format", "yaml", folder + "/r", `"yaml"; there are html, intoto, json, junit, markdown`},
		{"no path", "json", "", "name a file"},
		{"a folder", "json", folder, "name a file inside it"},
		{"no such folder", "json", folder + "/none/r.json", "create it first"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			f, err := Create(c.format, c.path)
			if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), c.format) {
				t.Errorf("error is %v, want one with %q", err, c.want)
			}
			if f != nil {
				t.Error("there is a file all the same")
			}
		})
	}
}

func TestErrorsNameTheReport(t *testing.T) {
	path := filepath.Join(t.TempDir(), "report.json")
	f := create(t, "json", path)
	defer f.Close()
	if err := f.Result(mismatch()); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("error is %v, want one with the path", err)
	}
}

func create(t *testing.T, format, path string) *File {
	t.Helper()
	f, err := Create(format, path)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// alone fails where something besides path was left in its folder.
func alone(t *testing.T, path string) {
	t.Helper()
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(entries) != 1 {
		t.Errorf("the folder holds %v (%v), want the report alone", entries, err)
	}
}
