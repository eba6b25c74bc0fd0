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

// Explained says of a probe that did not arrive what became of its connection,
// where our proxy saw one.
func (t *Opened) Explained(points []target.Point) []target.Point {
	line := t.cameToNothing.Load()
	for i := range points {
		if p := &points[i]; p.Asked == "probe" && p.State == target.NotMet && line != nil {
			p.Seen = "create-liveness is claimed, and no authenticated call reached us: the server's connection to our proxy came to nothing: " + *line
			p.Advice = "let its HTTP client trust the certificate in SSL_CERT_FILE; docs/targets.md says how in each language (Java and PHP need options). " +
				"If it sent nothing, its time limit was over first: a JVM takes seconds for its first TLS connection on a busy machine"
		}
	}
	return points
}
