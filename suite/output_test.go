package suite

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/molecule-ai/byok-conformance/suite/judge"
	"github.com/molecule-ai/byok-conformance/suite/timing"
)

// write writes pieces and fails the test where that does.
func writeAll(t *testing.T, o *Output, pieces ...string) {
	t.Helper()
	for _, p := range pieces {
		if n, err := io.WriteString(o, p); n != len(p) || err != nil {
			t.Fatalf("wrote %d of %d bytes: %v", n, len(p), err)
		}
	}
}

func TestOutputLines(t *testing.T) {
	tests := []struct {
		name   string
		pieces []string
		want   []string
	}{
		{"nothing", nil, nil},
		{"two lines at once", []string{"a\nb\n"}, []string{"a", "b"}},
		{"a line in pieces", []string{"a", "b", "c\nd\n"}, []string{"abc", "d"}},
		{"the end of a line by itself", []string{"a", "\n", "\n"}, []string{"a", ""}},
		{"a line that has not ended", []string{"a\nb"}, []string{"a", "b"}},
		{"bytes that are no text", []string{"a\xff\n"}, []string{"a\ufffd"}},
		{"a letter in two writes", []string{"\xc3", "\xa9\n"}, []string{"é"}},
		{"a line that never ends is cut", []string{strings.Repeat("x", maxLine+1), "y\n"}, []string{strings.Repeat("x", maxLine+1), "y"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			o := NewOutput()
			writeAll(t, o, test.pieces...)
			if diff := cmp.Diff(test.want, o.Last(10)); diff != "" && len(test.want)+len(o.Last(10)) > 0 {
				t.Errorf("lines (-want +got):\n%s", diff)
			}
		})
	}
}

func TestOutputKeepsTheLastLines(t *testing.T) {
	o := NewOutput()
	early := o.mark()
	for i := range keptLines + 10 {
		writeAll(t, o, fmt.Sprintf("%d\n", i))
	}
	if diff := cmp.Diff([]string{fmt.Sprint(keptLines + 8), fmt.Sprint(keptLines + 9)}, o.Last(2)); diff != "" {
		t.Errorf("last lines (-want +got):\n%s", diff)
	}
	if got := o.Last(2 * keptLines); len(got) != keptLines || got[0] != "10" {
		t.Errorf("%d lines are kept, from %q on", len(got), got[0])
	}
	if got := o.wait((*timing.Pulse)(nil).Stretch(), early, time.Nanosecond, func(string) bool { return true }); len(got) != keptLines {
		t.Errorf("since a mark that is gone: %d lines", len(got))
	}
	writeAll(t, o, "part")
	if diff := cmp.Diff([]string{fmt.Sprint(keptLines + 9), "part"}, o.Last(2)); diff != "" {
		t.Errorf("with a line that has not ended (-want +got):\n%s", diff)
	}
}

// TestOutputWait holds the wait for a line to end as soon as the line is there.
func TestOutputWait(t *testing.T) {
	is := func(want string) func(string) bool { return func(line string) bool { return line == want } }
	tests := []struct {
		name string
		// before and after are written before the wait begins and one second into it.
		before, after string
		want          []string
		took          time.Duration
	}{
		{"there already", "a\nhit\n", "", []string{"a", "hit"}, 0},
		{"comes later", "a\n", "b\nhit\n", []string{"a", "b", "hit"}, time.Second},
		{"never comes", "a\n", "b\n", []string{"a", "b"}, 5 * time.Second},
		{"has not ended", "hit", "", nil, 5 * time.Second},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				o := NewOutput()
				writeAll(t, o, "hit\n") // before the mark: another step's
				mark := o.mark()
				writeAll(t, o, test.before)
				timer := time.AfterFunc(time.Second, func() { writeAll(t, o, test.after) })
				defer timer.Stop()
				start := time.Now()
				got := o.wait((*timing.Pulse)(nil).Stretch(), mark, 5*time.Second, is("hit"))
				if took := time.Since(start); took != test.took {
					t.Errorf("it took %s, want %s", took, test.took)
				}
				if diff := cmp.Diff(test.want, got); diff != "" && len(test.want)+len(got) > 0 {
					t.Errorf("lines (-want +got):\n%s", diff)
				}
				if got == nil {
					t.Error("no lines are nil, which says that the output cannot be read")
				}
			})
		})
	}
}

// TestOutputFindsLeaks holds SEC-2 to lines however they are cut into writes,
// and to the scenario or the set of global secrets whose credential it is.
func TestOutputFindsLeaks(t *testing.T) {
	tests := []struct {
		name  string
		write func(value string) []string
		want  bool
	}{
		{"a line", func(v string) []string { return []string{"key=" + v + "\n"} }, true},
		{"one byte at a time", func(v string) []string { return strings.Split("key="+v+"\n", "") }, true},
		{"a line that never ends", func(v string) []string { return []string{"key=", v} }, true},
		{"in pieces on a line that never ends", func(v string) []string { return []string{"key=" + v[:len(v)-20], v[len(v)-20:]} }, true},
		{"where a long line is cut", func(v string) []string {
			return []string{strings.Repeat(".", maxLine-10), v[:len(v)-18], v[len(v)-18:] + "\n"}
		}, true},
		{"eight characters", func(v string) []string { return []string{"…" + v[len(v)-8:] + "\n"} }, true},
		{"seven characters", func(v string) []string { return []string{"…" + v[len(v)-7:] + "\n"} }, false},
		{"the vendor's prefix", func(v string) []string { return []string{v[:len("gsk_")] + "***\n"} }, false},
		{"cut by the end of a line", func(v string) []string { return []string{v[len(v)-14:len(v)-7] + "\n" + v[len(v)-7:] + "\n"} }, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			own, shared := credentialOf(t, "own", "workspace", "GROQ_API_KEY", "live"), credentialOf(t, "shared", "global", "GROQ_API_KEY", "live")
			r, bystander := &replay{attempt: &attempt{}}, &replay{attempt: &attempt{}}
			set := &globalSet{replays: []*replay{r, bystander}}
			own.Owner, shared.Owner = r, set
			o := NewOutput()
			o.watch(keyring(own, shared))
			writeAll(t, o, test.write(own.Value)...)
			want := []judge.Leak(nil)
			if test.want {
				want = []judge.Leak{{Rule: "SEC-2", Where: "a line of output", Credential: "workspace/GROQ_API_KEY"}}
			}
			if diff := cmp.Diff(want, r.leaks); diff != "" {
				t.Errorf("leaks (-want +got):\n%s", diff)
			}
			if len(bystander.leaks) != 0 {
				t.Errorf("another scenario has leaks: %v", bystander.leaks)
			}
			writeAll(t, o, "\nglobal "+shared.Value+"\n")
			if len(bystander.leaks) != 1 || bystander.leaks[0].Credential != "global/GROQ_API_KEY" {
				t.Errorf("a global credential leaked: %v", bystander.leaks)
			}
		})
	}
}

func TestOutputFromManyGoroutines(t *testing.T) {
	o := NewOutput()
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 100 {
				if _, err := io.WriteString(o, "a whole line\n"); err != nil {
					t.Error(err)
				}
				o.Last(1)
				o.wait((*timing.Pulse)(nil).Stretch(), o.mark(), time.Nanosecond, func(string) bool { return false })
			}
		})
	}
	wg.Wait()
	for _, line := range o.Last(keptLines) {
		if line != "a whole line" {
			t.Fatalf("a line was torn: %q", line)
		}
	}
}
