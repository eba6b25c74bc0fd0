package progress

import (
	"bytes"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// TestPlainLines holds a log to one line every ten seconds.
func TestPlainLines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		var requests atomic.Int64
		p := newPlain(&out)
		p.Watch(Gauge{Requests: func() int { return int(requests.Load()) }})
		p.Begin("replaying", 1000, "scenarios")
		for range 40 {
			time.Sleep(time.Second - time.Millisecond)
			p.Step(Passed)
			requests.Add(5)
		}
		p.Step(Failed)
		p.End()
		time.Sleep(time.Minute)
		want := []string{
			"replaying 1,000 scenarios",
			"replaying 10 of 1,000 scenarios, 0 failed, 5 requests/s, 16 min 29 s left",
			"replaying 20 of 1,000 scenarios, 0 failed, 5 requests/s, 16 min 19 s left",
			"replaying 30 of 1,000 scenarios, 0 failed, 5 requests/s, 16 min 9 s left",
			"",
		}
		if got := out.String(); got != strings.Join(want, "\n") {
			t.Errorf("printed\n%s\nwant\n%s", got, strings.Join(want, "\n"))
		}
	})
}

// A screen notes each write to it, and when it came.
type screen struct {
	writes []string
	at     []time.Time
}

func (s *screen) Write(b []byte) (int, error) {
	s.writes, s.at = append(s.writes, string(b)), append(s.at, time.Now())
	return len(b), nil
}

var drawn = regexp.MustCompile(`replaying \d+ of 1,000 scenarios · 0 failed( · \d s left)?\r$`)

// TestMovingLine holds the line to ten drawings a second, to one write for each,
// and to its end.
func TestMovingLine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out screen
		l := newLine(&out, func() int { return 60 })
		over := &above{l, &out}
		l.Begin("replaying", 1000, "scenarios")
		for i := range 500 {
			time.Sleep(7 * time.Millisecond)
			l.Step(Passed)
			if i%100 == 50 {
				if _, err := over.Write([]byte("FAIL\n")); err != nil {
					t.Fatal(err)
				}
			}
		}
		_, _ = over.Write([]byte("last\n"))
		l.End()
		l.End() // does nothing
		if len(out.writes) < 30 || len(out.writes) > 37 {
			t.Errorf("%d writes in 3.5 s", len(out.writes))
		}
		for i, w := range out.writes {
			last := i == len(out.writes)-1
			if !strings.HasPrefix(w, clear) || strings.Count(w, clear) != 1 || !last && !drawn.MatchString(w) {
				t.Errorf("write %d: %q", i, w)
			}
			if i > 0 && !last && out.at[i].Sub(out.at[i-1]) < frame {
				t.Errorf("write %d came %s after the one before", i, out.at[i].Sub(out.at[i-1]))
			}
		}
		if got := strings.Join(out.writes, ""); strings.Count(got, "FAIL\n") != 5 || !strings.HasSuffix(got, clear+"last\n") {
			t.Errorf("it ends %q", got[max(0, len(got)-60):])
		}
		before := len(out.writes)
		l.Step(Passed)
		time.Sleep(time.Second)
		_, _ = over.Write([]byte("verdict\n"))
		if got := out.writes[before:]; len(got) != 1 || got[0] != "verdict\n" {
			t.Errorf("after the end: %q", got)
		}
	})
}
