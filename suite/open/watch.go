package open

import (
	"context"
	"errors"

	"github.com/molecule-ai/byok-conformance/suite/target"
)

// commands are those that were started, one for each copy of the target.
func (t *Opened) commands() []*command {
	var out []*command
	for _, o := range append([]*Opened{t}, t.copies...) {
		if o.command != nil {
			out = append(out, o.command)
		}
	}
	return out
}

// Watch ends the run's context when a command under test dies.
func (t *Opened) Watch(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	for _, c := range t.commands() {
		go func() {
			c.gone(ctx)
			cancel()
		}()
	}
	return ctx, cancel
}

// dead is the command under test that has ended; nil while all run, and where there is none.
func (t *Opened) dead() *command {
	for _, c := range t.commands() {
		if c.process().Err() != nil {
			return c
		}
	}
	return nil
}

// Died says how the command under test ended, with its last lines; nil while it
// runs, and where there is none. It is masked like a report.
func (t *Opened) Died() error {
	c := t.dead()
	if c == nil {
		return nil
	}
	return errors.New(t.Providers.Mask(c.process().Err().Error()))
}

// Death is Died as a report's reason: one line, and what was printed last below it.
func (t *Opened) Death() string {
	c := t.dead()
	if c == nil {
		c = t.command
	}
	p := c.process()
	return t.Providers.Mask("the server died: " + p.Brief(0).Error() + "\n" + p.LastWords())
}

// Explained adds to a probe that did not arrive what became of it at our proxy:
// a server that does not trust the run's certificates, or whose clock is far
// off, comes that far.
func (t *Opened) Explained(points []target.Point) []target.Point {
	line := t.cameToNothing.Load()
	for i := range points {
		if p := &points[i]; p.Asked == "probe" && p.State == target.NotMet && line != nil {
			p.Seen += "; at our proxy this came to nothing: " + *line
		}
	}
	return points
}
