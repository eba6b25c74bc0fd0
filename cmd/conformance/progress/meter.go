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
	phase               string
	total, done, failed int
	gauge               Gauge
	// began is when the first scenario could end; zero before Begin.
	began time.Time
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

func (m *meter) begin(total int, now time.Time) {
	m.phase, m.total, m.began = "replaying", total, now
}

func (m *meter) step(failed bool) {
	m.done++
	if failed {
		m.failed++
	}
	if m.done == m.total {
		m.phase = "cleaning up"
	}
}

// fields are the parts of the line, the most important first.
func (m *meter) fields(now time.Time) []string {
	out := []string{m.phase}
	if m.total > 0 {
		out = append(out, fmt.Sprintf("%s of %s scenarios", spelled.Number(m.done), spelled.Number(m.total)), spelled.Number(m.failed)+" failed")
	}
	if m.gauge.Held != nil {
		if held := m.gauge.Held(); held > 0 {
			return append(out, fmt.Sprintf("waiting %s for the server's rate limit", span(held)))
		}
	}
	if rate, ok := m.rate(now); ok {
		out = append(out, spelled.Number(rate)+" requests/s")
	}
	if left, ok := m.left(now); ok {
		out = append(out, span(left)+" left")
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

// left foretells how long the rest takes if it goes on as it went so far.
func (m *meter) left(now time.Time) (time.Duration, bool) {
	took := now.Sub(m.began)
	if m.done == 0 || m.done == m.total || took < settled {
		return 0, false
	}
	return time.Duration(float64(took) / float64(m.done) * float64(m.total-m.done)), true
}

// span spells a duration as coarsely as one plans with it; never "0 s".
func span(d time.Duration) string {
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
