package open

import (
	"context"
	"errors"

	"github.com/molecule-ai/byok-conformance/suite/target"
)

// Watch ends the run's context when the command under test dies.
func (t *Opened) Watch(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	if t.command != nil {
		go func() {
			t.command.gone(ctx)
			cancel()
		}()
	}
	return ctx, cancel
}

// Died says how the command under test ended, with its last lines; nil while it
// runs, and where there is none. It is masked like a report.
func (t *Opened) Died() error {
	if t.command == nil || t.command.process().Err() == nil {
		return nil
	}
	return errors.New(t.Providers.Mask(t.command.process().Err().Error()))
}

// Death is Died as a report's reason: one line, and what was printed last below it.
func (t *Opened) Death() string {
	p := t.command.process()
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
