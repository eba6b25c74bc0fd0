package conform

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"os"
	"slices"

	"github.com/molecule-ai/byok-conformance/gate"
	"github.com/molecule-ai/byok-conformance/suite"
	"github.com/molecule-ai/byok-conformance/suite/govalue"
	"github.com/molecule-ai/byok-conformance/suite/server"
	"github.com/molecule-ai/byok-conformance/suite/target"
)

// profile is nil for a gate that is a Go value.
func (o *Options) profile() (*server.Profile, error) {
	if o.Gate != nil {
		return nil, nil
	}
	if o.Profile == "" {
		o.Profile = "workspace-server"
	}
	return server.LoadProfile(o.Profile)
}

// ownClaims are what the target claims where the caller names nothing.
func (o *Options) ownClaims(p *server.Profile) []string {
	if p == nil {
		return (&govalue.Target{}).Traits().Claims
	}
	return slices.DeleteFunc(slices.Clone(p.Claims), func(area string) bool { return area == "secrecy-logs" && o.Output == nil })
}

// env looks up ${env:NAME} of a profile.
func (o *Options) env(name string) (string, bool) {
	if v, ok := o.Env[name]; ok {
		return v, true
	}
	return os.LookupEnv(name)
}

// An opened is the gate under test once it has been built; err says why it
// could not be, and is as final.
type opened struct {
	providers *suite.Providers
	gate      *govalue.Target
	handler   http.Handler
	base      string
	profile   *server.Profile
	// checked: the server has been found to be one that can be driven.
	checked bool
	err     error
}

func (s *Session) open() *opened {
	if s.opened != nil {
		return s.opened
	}
	s.opened = &opened{providers: suite.NewProviders(s.options.Registry)}
	s.opened.err = s.opened.build(&s.options)
	return s.opened
}

func (t *opened) build(o *Options) (err error) {
	providers := t.providers.RoundTripper()
	if t.profile, err = o.profile(); err != nil {
		return err
	}
	if o.Decoys != nil {
		o.Decoys(maps.Clone(t.providers.Decoys()))
	}
	switch {
	case o.Gate != nil:
		g := o.Gate(providers)
		if g == nil {
			return errors.New("Options.Gate returned no gate")
		}
		t.gate = govalue.New(func(http.RoundTripper) gate.Gate { return g }, providers)
	case o.Handler != nil:
		if t.handler, err = o.Handler(providers); err != nil {
			return fmt.Errorf("building the server under test: %w", err)
		}
		if t.handler == nil {
			return errors.New("Options.Handler returned no handler")
		}
	default:
		if t.base, err = o.URL(providers); err != nil {
			return fmt.Errorf("starting the server under test: %w", err)
		}
	}
	return nil
}

// run replays at the target. A server is checked once before it is judged, so
// that a wrong profile is told from a wrong gate.
func (s *Session) run(ctx context.Context, cfg suite.Config) (suite.Summary, error) {
	t := s.open()
	if t.err != nil {
		return suite.Summary{}, t.err
	}
	cfg.Providers = t.providers
	if t.gate != nil {
		cfg.Target = t.gate
		return suite.Run(ctx, cfg)
	}
	options := server.Options{Kind: "url", Env: s.options.env}
	base := t.base
	if t.handler != nil {
		server := serve(t.handler)
		defer server.close()
		options.Kind, options.Transport, base = "handler", server.transport, "http://server.test"
	}
	srv, err := server.New(t.profile, base, options)
	if err != nil {
		return suite.Summary{}, err
	}
	defer srv.CloseIdle()
	cfg.Target = srv
	if err := s.check(ctx, t, srv, cfg); err != nil {
		return suite.Summary{}, err
	}
	return suite.Run(ctx, cfg)
}

// check finds out, once, that the server can be driven and dials our providers.
func (s *Session) check(ctx context.Context, t *opened, srv *server.Target, cfg suite.Config) error {
	if t.checked {
		return nil
	}
	if err := target.FirstWrong(srv.Prepare(ctx, false)); err != nil {
		return err
	}
	cfg.Scenarios = s.All
	points, err := suite.Check(ctx, cfg, false)
	for i := range points {
		if points[i].Asked == "probe" { // there is no command line here
			points[i].Advice = "send its outbound calls through the http.RoundTripper that it is built with; if it has no liveness check, leave create-liveness out of Options.Claims"
		}
	}
	if err == nil {
		err = target.FirstWrong(points)
	}
	for _, p := range points {
		if p.State == target.NotMet {
			s.hints = append(s.hints, p.Seen+"; "+p.Advice)
		}
	}
	t.checked = err == nil
	return err
}
