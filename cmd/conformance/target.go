package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/molecule-ai/byok-conformance/fakes/gates"
	"github.com/molecule-ai/byok-conformance/gate"
	"github.com/molecule-ai/byok-conformance/gate/server"
	"github.com/molecule-ai/byok-conformance/registry"
	"github.com/molecule-ai/byok-conformance/suite"
	"github.com/molecule-ai/byok-conformance/suite/process"
	profiled "github.com/molecule-ai/byok-conformance/suite/server"
	"github.com/molecule-ai/byok-conformance/suite/target"
)

// An opened target is a gate under test, with what has to be stopped after the run.
type opened struct {
	target.Target
	providers *suite.Providers
	// handler serves the fake providers over HTTP.
	handler http.Handler
	output  *suite.Output
	claims  []string
	// profileDigest is that of the profile's file.
	profileDigest string
	budget        time.Duration
	// fault strikes whole hosts; nil where the providers do it by credential.
	fault func(host, answer string) func()
	// isForeign: the server is not ours, so it is checked before it is judged.
	isForeign bool
	// process is the command that was started; nil where none was.
	process *process.Process
	// cameToNothing is the last line of our proxy about a connection that did; nil
	// where there was none.
	cameToNothing atomic.Pointer[string]
	// points are what was asked of the server when it was reached; nil for our own.
	points []target.Point
	stop   []func()
}

// newOpened has fake providers for what the registry names, and no target yet.
func newOpened(reg *registry.Registry) *opened {
	t := &opened{providers: suite.NewProviders(reg)}
	t.handler = t.providers.Handler()
	return t
}

func (t *opened) close() {
	for _, f := range slices.Backward(t.stop) {
		f()
	}
}

// openTarget finds or starts what the flags name. From now on there is something
// to clean up, so writing to a closed pipe is an error, and not our end.
func openTarget(ctx context.Context, f *runFlags, reg *registry.Registry) (*opened, error) {
	attend()
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE) // unlike Ignore, no command that we start inherits it
	profile, err := profiled.LoadProfile(f.profile)
	if err != nil {
		return nil, err
	}
	t := newOpened(reg)
	t.budget, t.claims, t.profileDigest = f.budget, f.claims, profile.Digest
	switch {
	case len(f.command) > 0 && f.target != "":
		return nil, errors.New("both --target and a command were given; give one")
	case len(f.command) > 0:
		err = t.openCommand(ctx, profile, reg, f)
	case f.target == "":
		err = t.openOwn(ctx, profile, "reference", reg, f)
	case isDouble(f.target):
		err = t.openOwn(ctx, profile, f.target, reg, f)
	case strings.Contains(f.target, "://"):
		err = t.openURL(ctx, profile, reg, f)
	default:
		return nil, fmt.Errorf("unknown target %q; it is reference, faulty:NAME, correct:NAME, or a URL such as http://127.0.0.1:8080", f.target)
	}
	if err != nil {
		t.close()
		return nil, err
	}
	return t, nil
}

// openOwn serves one of our own gates on loopback; its probes go to the fake
// providers without a detour.
func (t *opened) openOwn(ctx context.Context, profile *profiled.Profile, name string, reg *registry.Registry, f *runFlags) error {
	double, err := findDouble(name)
	if err != nil {
		return err
	}
	if t.budget == 0 {
		t.budget = ownBudget
	}
	t.output = suite.NewOutput()
	s, err := serveDouble(double, reg, gate.Options{Transport: t.providers.RoundTripper(), Budget: t.budget, Env: t.providers.Decoy}, t.output, "127.0.0.1:0", "")
	if err != nil {
		return err
	}
	t.stop = append(t.stop, s.close)
	own, err := profiled.New(profile, s.url, profiled.Options{
		Kind: double.Name, Env: func(name string) (string, bool) { return s.token, name == "ADMIN_TOKEN" },
	})
	if err != nil {
		return err
	}
	t.Target = own
	if f.check {
		t.points = own.Prepare(ctx, false)
	}
	if t.claims == nil {
		t.claims = slices.Clone(profile.Claims)
		if f.level == "extended" {
			t.claims = append(t.claims, "provision-liveness")
		}
	}
	return nil
}

// openURL reaches a server that somebody else has started. Its output cannot be
// read, so that area is not claimed.
func (t *opened) openURL(ctx context.Context, profile *profiled.Profile, reg *registry.Registry, f *runFlags) error {
	t.foreign(profile, f, []string{"secrecy-logs"})
	if f.upstream != "" {
		if err := t.attach(ctx, f.upstream); err != nil {
			return err
		}
	}
	if err := t.standIn(reg); err != nil {
		return err
	}
	srv, err := profiled.New(profile, f.target, profiled.Options{Kind: "url", Timeout: f.timeout})
	if err != nil {
		return err
	}
	t.Target = srv
	return t.prepare(ctx, srv, f)
}

// prepare holds the server to what a run needs. With --check what is wrong is
// told there, beside what is not.
func (t *opened) prepare(ctx context.Context, srv *profiled.Target, f *runFlags) error {
	t.points = srv.Prepare(ctx, f.resetGlobal)
	if f.check {
		return nil
	}
	return target.FirstWrong(t.points)
}

// served is a gate behind the workspace server's API, on a listener of ours.
type served struct {
	url, token string
	server     *server.Server
	http       *http.Server
}

func serveDouble(d *gates.Double, reg *registry.Registry, o gate.Options, log io.Writer, addr, token string) (*served, error) {
	s := &served{token: cmp.Or(token, randomHex()+randomHex())}
	cfg := server.Config{Gate: d.Build(reg, o), AdminToken: s.token, Log: log}
	if d.Server != nil {
		d.Server(&cfg)
	}
	var err error
	if s.server, err = server.New(cfg); err != nil {
		return nil, fmt.Errorf("starting the workspace server: %w", err)
	}
	var handler http.Handler = s.server
	if d.Wrap != nil {
		handler = d.Wrap(handler)
	}
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("listening on %s: %w; choose another address with --addr", addr, err)
	}
	s.url = "http://" + l.Addr().String()
	s.http = &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = s.http.Serve(l) }() // ends with ErrServerClosed at close
	return s, nil
}

func (s *served) close() {
	_ = s.http.Close()
	s.server.Close()
}
