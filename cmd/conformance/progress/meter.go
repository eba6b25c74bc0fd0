package progress

import (
	"fmt"
	"strings"
	"time"

	"github.com/mattn/go-runewidth"

	"github.com/molecule-ai/byok-conformance/internal/spelled"
)

// A meter counts, and says in words what it has counted.
type meter struct {
	phase, things string
	// counting: in this phase things end; otherwise it is before or after that.
	counting bool
	// since is when the phase began.
	since time.Time
	// done includes failed and notAsked.
	total, done, failed, notAsked int
	gauge                         Gauge
	// began is when the first of total could end.
	began time.Time
	// end is when the last one should end, as foretold at the last step; zero where
	// it is too early to say.
	end time.Time
	// samples are the requests counted at earlier times, oldest first.
	samples []sample
}

type sample struct {
	at       time.Time
	requests int
}

const (
	// rateOver is the time over which requests a second are averaged.
	rateOver = 5 * time.Second
	// settled is how long a run goes on before its time left is foretold.
	settled = 2 * time.Second
)

func (m *meter) enter(phase string, now time.Time) { m.phase, m.since, m.counting = phase, now, false }

func (m *meter) begin(phase string, total int, things string, now time.Time) {
	m.enter(phase, now)
	m.counting, m.things, m.total, m.began = true, things, total, now
	m.done, m.failed, m.notAsked, m.end = 0, 0, 0, time.Time{}
}

func (m *meter) step(how Step, now time.Time) {
	m.done++
	switch how {
	case Failed:
		m.failed++
	case NotAsked:
		m.notAsked++
		return
	}
	m.foretell(now)
}

// foretell expects the rest to go on as it went so far.
func (m *meter) foretell(now time.Time) {
	if took, asked := now.Sub(m.began), m.done-m.notAsked; asked > 0 && took >= settled {
		m.end = now.Add(time.Duration(float64(took) / float64(asked) * float64(m.total-m.done)))
	}
}

// fields are the parts of the line, the most important first.
func (m *meter) fields(now time.Time) []string {
	out := []string{m.phase}
	counts := fmt.Sprintf("%s of %s %s", spelled.Number(m.done), spelled.Number(m.total), m.things)
	switch took := now.Sub(m.since); {
	case m.counting:
		out = []string{m.phase + " " + counts, spelled.Number(m.failed) + " failed"}
	case m.total > 0:
		out = append(out, counts, spelled.Number(m.failed)+" failed")
	case took >= time.Second:
		out = append(out, Span(took))
	}
	if m.gauge.Held != nil {
		if held := m.gauge.Held(); held > 0 {
			return append(out, fmt.Sprintf("waiting %s for the server's rate limit", Span(held)))
		}
	}
	if rate, ok := m.rate(now); ok {
		out = append(out, spelled.Number(rate)+" requests/s")
	}
	if left, ok := m.left(now); ok {
		out = append(out, Span(left)+" left")
	}
	return out
}

// rate is how many requests a second the target was sent lately.
func (m *meter) rate(now time.Time) (int, bool) {
	if m.gauge.Requests == nil {
		return 0, false
	}
	m.samples = append(m.samples, sample{now, m.gauge.Requests()})
	for len(m.samples) > 2 && now.Sub(m.samples[1].at) >= rateOver {
		m.samples = m.samples[1:]
	}
	first, last := m.samples[0], m.samples[len(m.samples)-1]
	took := last.at.Sub(first.at).Seconds()
	if took <= 0 {
		return 0, false
	}
	return int(float64(last.requests-first.requests)/took + 0.5), true
}

// left is how long the rest takes. Results come in batches, so between two steps
// it counts down, and is foretold anew once it is over.
func (m *meter) left(now time.Time) (time.Duration, bool) {
	if m.end.IsZero() || m.done == m.total {
		return 0, false
	}
	if !m.end.After(now) {
		m.foretell(now)
	}
	return m.end.Sub(now), true
}

// Span spells a duration as coarsely as one plans with it; never "0 s".
func Span(d time.Duration) string {
	s := int((d + time.Second - 1) / time.Second)
	switch {
	case s < 60:
		return fmt.Sprintf("%d s", max(s, 1))
	case s < 3600:
		return fmt.Sprintf("%d min %d s", s/60, s%60)
	}
	return fmt.Sprintf("%d h %d min", s/3600, s%3600/60)
}

// fit joins the fields in at most width columns: the last ones are left out
// where they do not fit, and what is first is cut.
func fit(fields []string, width int) string {
	for n := len(fields); n > 1; n-- {
		if line := strings.Join(fields[:n], " · "); runewidth.StringWidth(line) <= width {
			return line
		}
	}
	return runewidth.Truncate(fields[0], width, "…")
}
