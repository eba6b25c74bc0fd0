package progress

import (
	"strings"
	"testing"
	"time"
)

// TestFields reads the line at every stage of a run.
func TestFields(t *testing.T) {
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	requests, held := 0, time.Duration(0)
	var m meter
	at := func(after time.Duration, want string) {
		t.Helper()
		if got := strings.Join(m.fields(start.Add(after)), " · "); got != want {
			t.Errorf("after %s:\n got %s\nwant %s", after, got, want)
		}
	}
	step := func(n int, how Step, after time.Duration) {
		for range n {
			m.step(how, start.Add(after))
		}
	}
	m.enter("starting the server", start)
	at(100*time.Millisecond, "starting the server")
	at(3*time.Second, "starting the server · 3 s")

	m.gauge = Gauge{Requests: func() int { return requests }, Held: func() time.Duration { return held }}
	m.begin("replaying", 4000, "scenarios", start.Add(4*time.Second))
	at(4*time.Second, "replaying 0 of 4,000 scenarios · 0 failed")
	step(1000, NotAsked, 4*time.Second)
	requests = 2000
	at(5*time.Second, "replaying 1,000 of 4,000 scenarios · 0 failed · 2,000 requests/s")
	step(999, Passed, 14*time.Second)
	step(1, Failed, 14*time.Second)
	requests = 3000
	// 1,000 took 10 s, 2,000 are left: what was not asked does not count.
	at(14*time.Second, "replaying 2,000 of 4,000 scenarios · 1 failed · 111 requests/s · 20 s left")
	at(19*time.Second, "replaying 2,000 of 4,000 scenarios · 1 failed · 0 requests/s · 15 s left")
	held = 41 * time.Second
	at(20*time.Second, "replaying 2,000 of 4,000 scenarios · 1 failed · waiting 41 s for the server's rate limit")
	held = 0
	step(2000, Passed, 30*time.Second)
	m.enter("cleaning up", start.Add(30*time.Second))
	at(31*time.Second, "cleaning up · 4,000 of 4,000 scenarios · 1 failed · 0 requests/s")
}

// TestLeftIsForetoldAnew holds the time left to go on when the last prediction
// is over and no result has come since.
func TestLeftIsForetoldAnew(t *testing.T) {
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	var m meter
	m.begin("replaying", 3, "scenarios", start)
	m.step(Passed, start.Add(time.Second))
	if _, ok := m.left(start.Add(time.Second)); ok {
		t.Error("a time left was foretold after a second")
	}
	m.step(Passed, start.Add(4*time.Second))
	for after, want := range map[time.Duration]time.Duration{5 * time.Second: time.Second, 10 * time.Second: 5 * time.Second} {
		m := m
		if got, _ := m.left(start.Add(after)); got != want {
			t.Errorf("after %s: %s left, want %s", after, got, want)
		}
	}
}

func TestSpan(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "1 s", 400 * time.Millisecond: "1 s", 41 * time.Second: "41 s", 59*time.Second + time.Millisecond: "1 min 0 s",
		130 * time.Second: "2 min 10 s", 65 * time.Minute: "1 h 5 min",
	} {
		if got := Span(d); got != want {
			t.Errorf("%s is %q, want %q", d, got, want)
		}
	}
}

func TestFit(t *testing.T) {
	fields := []string{"replaying 12 of 99 scenarios", "3 failed", "9 s left"}
	for width, want := range map[int]string{
		200: "replaying 12 of 99 scenarios · 3 failed · 9 s left",
		50:  "replaying 12 of 99 scenarios · 3 failed · 9 s left",
		49:  "replaying 12 of 99 scenarios · 3 failed",
		28:  "replaying 12 of 99 scenarios",
		10:  "replaying…",
	} {
		if got := fit(fields, width); got != want {
			t.Errorf("%d columns: %q, want %q", width, got, want)
		}
	}
}
