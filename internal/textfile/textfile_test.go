package textfile

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestReadRefuses(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	link := func(to, name string) string {
		if err := os.Symlink(to, at(name)); err != nil {
			t.Fatal(err)
		}
		return at(name)
	}
	if err := syscall.Mkfifo(at("pipe"), 0o600); err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("unix", at("socket"))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	patience = 50 * time.Millisecond
	defer func() { patience = 5 * time.Second }()
	for _, test := range []struct{ name, path, want string }{
		{"no file", at("none"), "open " + at("none") + ": no such file or directory; check the path"},
		{"no path", "", "open : no such file or directory; check the path"},
		{"a folder", dir, dir + " is a folder; name a file inside it"},
		{"a link to a folder", link(".", "to-folder"), at("to-folder") + " is a folder; name a file inside it"},
		{"a link to nothing", link("none", "to-nothing"), "no such file or directory; check the path"},
		{"a link to itself", link("circle", "circle"), "too many levels of symbolic links; the link leads back to itself"},
		{"a path through a file", filepath.Join(link("/dev/null", "null"), "x"), "not a directory"},
		{"a pipe without a writer", at("pipe"), at("pipe") + ": nothing was written to this pipe for 50ms; see what became of its writer, or write a file first"},
		{"a socket", at("socket"), "no such device or address"},
		{"a NUL byte in the path", "a\x00b", "invalid argument"},
	} {
		t.Run(test.name, func(t *testing.T) {
			data, err := Read(test.path)
			if data != nil || err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("%d bytes, error %v, want %q", len(data), err, test.want)
			}
		})
	}
}

// Whoever runs the tests may be allowed to read everything.
func TestAdviceForWhatMayNotBeRead(t *testing.T) {
	err := advised(&fs.PathError{Op: "open", Path: "f", Err: syscall.EACCES})
	if want := "open f: permission denied; change its permissions, or name another file"; err.Error() != want || !errors.Is(err, fs.ErrPermission) {
		t.Errorf("%v, want %q", err, want)
	}
}

func TestRead(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "f")
	write := func(size int) {
		if err := os.WriteFile(path, bytes.Repeat([]byte("x"), size), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, size := range []int{0, 1, MaxBytes, MaxBytes + 1} {
		write(size)
		if data, err := Read(path); err != nil || len(data) != size {
			t.Errorf("%d bytes of %d, error %v", len(data), size, err)
		}
	}
	write(2 * MaxBytes)
	if data, err := Read(path); err != nil || len(data) != MaxBytes+1 {
		t.Errorf("%d bytes, want one more than %d (%v)", len(data), MaxBytes, err)
	}
	link := filepath.Join(dir, "link")
	if err := os.Symlink("f", link); err != nil {
		t.Fatal(err)
	}
	write(3)
	if data, err := Read(link); err != nil || len(data) != 3 {
		t.Errorf("through a link: %d bytes, error %v", len(data), err)
	}
	if data, err := Read(os.DevNull); err != nil || len(data) != 0 {
		t.Errorf("a device: %d bytes, error %v", len(data), err)
	}
}

// A shell's <(…) is a pipe with a writer, and so is what mkfifo makes once
// somebody writes to it, sooner or later.
func TestReadPipes(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	wrote := make(chan error, 1)
	go func() { wrote <- os.WriteFile(path, []byte("a: 1\n"), 0) }() // opens when we have
	data, err := Read(path)
	if err := <-wrote; err != nil {
		t.Fatal(err)
	}
	if err != nil || string(data) != "a: 1\n" {
		t.Errorf("%q, error %v", data, err)
	}

	silent, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	patience = 50 * time.Millisecond
	defer func() { patience = 5 * time.Second }()
	if _, err := Read(path); err == nil || !strings.Contains(err.Error(), "nothing was written to this pipe for 50ms") {
		t.Errorf("a silent writer: %v", err)
	}
}

func TestFlaw(t *testing.T) {
	for _, test := range []struct{ name, data, want string }{
		{"nothing", "", ""},
		{"text", "a: é\r\n\tb\n", ""},
		{"a byte order mark of UTF-8", "\ufeffa: 1\n", ""},
		{"as large as may be", strings.Repeat("x", MaxBytes), ""},
		{"too large", strings.Repeat("x", MaxBytes+1), "1:1: the file is larger than 1 MiB, and none that people write is; check that this is the right one"},
		{"UTF-16, little endian", "\xff\xfea\x00", "1:1: the file is UTF-16; save it as UTF-8"},
		{"UTF-16, big endian", "\xfe\xff\x00a", "1:1: the file is UTF-16; save it as UTF-8"},
		{"UTF-16 without a mark", "a\x00:\x00", "1:2: a NUL byte stands here, so this is no text, or UTF-16; save it as UTF-8"},
		{"a NUL byte", "a: 1\nb: \x00", "2:4: a NUL byte stands here, so this is no text, or UTF-16; save it as UTF-8"},
		{"Latin-1", "a: 1\nb\n\xe9", "3:1: the byte 0xe9 is no UTF-8; save the file as UTF-8"},
		{"a directive", "# x\n%TAG ! tag:x\n", "2:1: a %TAG directive stands here; remove it, and write tags out where there are any"},
		{"what looks like a directive", "a: |\n  %TAG\nb: x%TAG\n%YAML 1.2\n", ""},
		{"an escape", "\x1b[31m", "1:1: the control character U+001B stands here; remove it"},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := ""
			if line, column, message := Flaw([]byte(test.data)); message != "" {
				got = fmt.Sprintf("%d:%d: %s", line, column, message)
			}
			if got != test.want {
				t.Errorf("%q, want %q", got, test.want)
			}
		})
	}
}
