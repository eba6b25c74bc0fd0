package progress

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/molecule-ai/byok-conformance/internal/spelled"
)

// every is the time between two plain lines.
const every = 10 * time.Second

// plain prints a line from time to time, for a log.
type plain struct {
	w     io.Writer
	mu    sync.Mutex
	meter meter
	stop  chan struct{}
	done  chan struct{}
	once  sync.Once
}

func newPlain(w io.Writer) *plain {
	p := &plain{w: w, stop: make(chan struct{}), done: make(chan struct{})}
	go p.tick()
	return p
}

func (p *plain) tick() {
	defer close(p.done)
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			p.locked(func() {
				if p.meter.phase != "" {
					fmt.Fprintln(p.w, strings.Join(p.meter.fields(time.Now()), ", "))
				}
			})
		case <-p.stop:
			return
		}
	}
}

func (p *plain) locked(f func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	f()
}

func (p *plain) Phase(name string) { p.locked(func() { p.meter.enter(name, time.Now()) }) }

func (p *plain) Begin(phase string, total int, things string) {
	p.locked(func() {
		p.meter.begin(phase, total, things, time.Now())
		p.meter.rate(time.Now()) // where the first ten seconds are counted from
		fmt.Fprintf(p.w, "%s %s %s\n", phase, spelled.Number(total), things)
	})
}

func (p *plain) Step(how Step) { p.locked(func() { p.meter.step(how, time.Now()) }) }
func (p *plain) Watch(g Gauge) { p.locked(func() { p.meter.gauge = g }) }

func (p *plain) End() {
	p.once.Do(func() { close(p.stop) })
	<-p.done
}

// Above keeps w's lines and ours apart: both may end in one stream.
func (p *plain) Above(w io.Writer) io.Writer { return &between{p, w} }

type between struct {
	p *plain
	w io.Writer
}

func (b *between) Write(text []byte) (n int, err error) {
	b.p.locked(func() { n, err = b.w.Write(text) })
	return n, err
}
