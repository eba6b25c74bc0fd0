package view

import (
	"bytes"
	"compress/gzip"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/molecule-ai/byok-conformance/reports"
	"github.com/molecule-ai/byok-conformance/reports/reportstest"
)

func TestFormats(t *testing.T) {
	if diff := cmp.Diff([]string{"html", "intoto", "json", "junit", "markdown"}, Formats()); diff != "" {
		t.Error(diff)
	}
	for _, format := range Formats() {
		t.Run(format, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "report")
			f := create(t, format, path)
			if _, err := os.Stat(path); err == nil {
				t.Error("the report is in its place before it is written")
			}
			if err := f.Write(reportstest.Sample().Run()); err != nil {
				t.Fatal(err)
			}
			if err := f.Close(); err != nil {
				t.Errorf("Close after Write says %v", err)
			}
			if text := read(t, path); !strings.Contains(text, "mismatched/anthropic-api") {
				t.Errorf("the file holds %.100q", text)
			}
			alone(t, path)
		})
	}
}

// A path that ends in .gz is compressed, whatever the format.
func TestCompressed(t *testing.T) {
	path := filepath.Join(t.TempDir(), "report.json.gz")
	run := reportstest.Sample()
	if err := create(t, "json", path).Write(run.Run()); err != nil {
		t.Fatal(err)
	}
	z, err := gzip.NewReader(strings.NewReader(read(t, path)))
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(z)
	if err != nil || string(text) != write(t, run, reports.WriteJSON) {
		t.Errorf("the report is %.100q (%v)", text, err)
	}
}

// A run that was cut off is shown as one that did not end.
func TestAPartialRunIsShownAsOne(t *testing.T) {
	run := reportstest.Sample()
	run.Footer = reports.Footer{}
	for _, format := range Formats() {
		var b bytes.Buffer
		if err := Write(format, &b, run.Run()); err != nil {
			t.Fatal(err)
		}
		if text := b.String(); !strings.Contains(text, "cut off after 7 of 7 results") && !strings.Contains(text, "aborted") {
			t.Errorf("%s does not say that the report was cut off", format)
		}
	}
}

func TestCreateAllRefuses(t *testing.T) {
	folder := t.TempDir()
	link := filepath.Join(folder, "link")
	if err := os.Symlink(folder, link); err != nil {
		t.Fatal(err)
	}
	cases := []struct {
		name  string
		specs []string
		want  string
	}{
		{"no path", []string{"json"}, "not of the form FORMAT=PATH"},
		{"an unknown format", []string{"yaml=" + folder + "/r"}, `"yaml"`},
		{"a folder", []string{"json=" + folder}, "name a file inside it"},
		{"no such folder", []string{"json=" + folder + "/none/r.json"}, "create it first"},
		{"one path twice", []string{"json=" + folder + "/r", "html=" + folder + "/r"}, "go to one place"},
		{"one path by two names", []string{"json=" + folder + "/r", "html=" + folder + "/./r"}, "go to one place"},
		{"one path over a link", []string{"json=" + folder + "/r", "html=" + link + "/r"}, "go to one place"},
		{"standard output twice", []string{"json=-", "html=-"}, "go to one place"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			files, err := CreateAll(c.specs)
			if err == nil || !strings.Contains(err.Error(), c.want) || files != nil {
				t.Errorf("error is %v, want one with %q", err, c.want)
			}
			left, err := filepath.Glob(filepath.Join(folder, "*.partial-*"))
			if err != nil || len(left) > 0 {
				t.Errorf("left behind: %v", left)
			}
		})
	}
}

// A report that could not be written to its end leaves the older one.
func TestAFailedWriteLeavesTheOlderReport(t *testing.T) {
	path := filepath.Join(t.TempDir(), "report.json")
	if err := os.WriteFile(path, []byte("older"), 0o644); err != nil {
		t.Fatal(err)
	}
	rec, err := reports.NewRecorder(reportstest.Header())
	if err != nil {
		t.Fatal(err)
	}
	r := reportstest.Mismatch()
	if err := rec.Result(&r); err != nil {
		t.Fatal(err)
	}
	run, err := rec.End(rec.Tally().Footer(reports.Ended{Status: reports.Interrupted}, nil, nil, nil))
	if err != nil {
		t.Fatal(err)
	}
	f := create(t, "html", path)
	if err := run.Close(); err != nil { // its results are gone now
		t.Fatal(err)
	}
	if err := f.Write(run); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("error is %v, want one with the path", err)
	}
	if got := read(t, path); got != "older" {
		t.Errorf("the older report became %.40q", got)
	}
	alone(t, path)
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
