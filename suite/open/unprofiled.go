package open

import (
	"context"
	"net/http"

	"github.com/molecule-ai/byok-conformance/registry"
	"github.com/molecule-ai/byok-conformance/suite/process"
	"github.com/molecule-ai/byok-conformance/suite/server"
)

// A Stranger is a server that no profile describes yet.
type Stranger struct {
	URL string
	// Env looks up what headers may ask of the environment; nil means os.LookupEnv.
	Env func(string) (string, bool)

	opened Opened
}

// Unprofiled starts the options' Command or reaches their Target, a URL, and
// serves it the given providers. A command's port says that it is up.
func Unprofiled(ctx context.Context, reg *registry.Registry, o Options, providers http.Handler) (*Stranger, error) {
	s := &Stranger{URL: o.Target, opened: Opened{handler: providers}}
	t := &s.opened
	var err error
	if len(o.Command) > 0 {
		s.Env = environment()
		if err = t.start(ctx, reg, o, s.Env, process.Config{}); err == nil {
			s.URL = t.command.process().URL()
			t.stop = append(t.stop, func() { _ = t.command.stop() }) // it has no state that anybody reads
		}
	} else if _, err = server.ParseBase(o.Target); err != nil {
		return nil, err
	} else if err = t.attach(ctx, o.Upstream); err == nil {
		err = t.standIn(reg)
	}
	if err != nil {
		t.Close()
		return nil, err
	}
	return s, nil
}

// Died says how the command ended; nil while it runs, and where there is none.
func (s *Stranger) Died() error {
	if s.opened.command == nil {
		return nil
	}
	return s.opened.command.process().Err()
}

// Close stops and removes what was made for the server.
func (s *Stranger) Close() { s.opened.Close() }
