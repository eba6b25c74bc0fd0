// Package open starts or reaches what a run tests, as its options name it: one of
// our own gates, a server's URL, or a command behind the intercepting proxy. With
// it comes what the server needs beside it: the fake providers, the proxy, the
// output that is read, the fakes where a registry points at this machine.
//
// What happens to an open target lives elsewhere: replaying in suite, the proof
// in suite/prove, our own doubles' test in suite/selftest, a new server's profile
// in suite/draft.
package open

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/signal"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/molecule-ai/byok-conformance/fakes/proxy"
	"github.com/molecule-ai/byok-conformance/gate"
	"github.com/molecule-ai/byok-conformance/internal/spelled"
	"github.com/molecule-ai/byok-conformance/registry"
	"github.com/molecule-ai/byok-conformance/scenarios"
	"github.com/molecule-ai/byok-conformance/suite"
	"github.com/molecule-ai/byok-conformance/suite/server"
	"github.com/molecule-ai/byok-conformance/suite/target"
)

// Options say what is opened, and how.
type Options struct {
	// Target is reference, faulty:NAME, correct:NAME or a server's URL; empty is
	// the reference, where there is no Command.
	Target string
	// Command, if not empty, is started as the target.
	Command []string
	// Profile is a built-in profile's name or a file.
	Profile string
	// Registry is the file that {registry} in Command is made from; empty is ours.
	Registry string
	// Claims, if not nil, count instead of the profile's.
	Claims []string
	Level  scenarios.Level
	// Budget is the bound of the target's probe; 0 is 6 s, and 500 ms for our own gates.
	Budget time.Duration
	// Timeout bounds the wait for a reply that no probe can delay; 0 is the adapter's own.
	Timeout time.Duration
	// Upstream is the control address of a proxy that runs apart, for a URL.
	Upstream string
	// Instances is how many copies of the target are started, each with a state of its
	// own; 0 is 1, and ownInstances for our own gates. More need a Command or a gate of ours.
	Instances int
	// NoDecoys keeps an operator's credentials out of Command's environment.
	NoDecoys bool
	// ResetGlobal deletes the global secrets that the server holds.
	ResetGlobal bool
	// Check: what is wrong with the server is told by Points, and is no error.
	Check bool
}

// OwnBudget is the probe's bound for gates of our own, whose providers are in
// the same process; the corpus is then over in seconds.
const OwnBudget = 500 * time.Millisecond

// An Opened target is a gate under test, with what has to be stopped after the run.
type Opened struct {
	target.Target
	Providers *suite.Providers
	// Output is what the target prints; nil where it cannot be read.
	Output *suite.Output
	Claims []string
	// ProfileDigest is that of the profile's file.
	ProfileDigest string
	Budget        time.Duration
	// Fault strikes whole hosts; nil where the providers do it by credential.
	Fault func(host, answer string) func()
	// Foreign: the server is not ours, so it is checked before it is judged.
	Foreign bool
	// Points are what was asked of the server when it was reached; nil for our own.
	Points []target.Point

	// copies are what was opened for the further copies of the target.
	copies []*Opened
	// instance is the number of this copy, from 1.
	instance int
	// handler serves the fake providers over HTTP.
	handler http.Handler
	// command is the one that was started; nil where none was.
	command *command
	// restart starts the target again; nil where it is not ours to start.
	restart func(context.Context) error
	// cameToNothing is the last line of our proxy about a connection that did; nil
	// where there was none.
	cameToNothing atomic.Pointer[string]
	stop          []func()
}

// Close stops and removes what was made for the target.
func (t *Opened) Close() {
	for _, f := range slices.Backward(t.stop) {
		f()
	}
}

// Fill tells the engine of the target, and of what was opened with it.
func (t *Opened) Fill(c *suite.Config) {
	c.Target, c.Providers, c.Claims, c.Budget, c.Output, c.Fault, c.Restart = t.Target, t.Providers, t.Claims, t.Budget, t.Output, t.Fault, t.restart
	c.Copies = nil
	for _, o := range t.copies {
		c.Copies = append(c.Copies, suite.Copy{Target: o.Target, Providers: o.Providers, Fault: o.Fault, Restart: o.restart, Output: o.Output})
	}
}

// Target finds or starts what the options name; its providers are those of a
// registry. From now on there is something to clean up, so writing to a closed
// pipe is an error, and not our end.
func Target(ctx context.Context, reg *registry.Registry, o Options) (*Opened, error) {
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE) // unlike Ignore, no command that we start inherits it
	profile, err := server.LoadProfile(o.Profile)
	if err != nil {
		return nil, err
	}
	instances, err := o.instances()
	if err != nil {
		return nil, err
	}
	t := newOpened(suite.NewProviders(reg), profile, o, 1)
	if err := t.open(ctx, profile, reg, o); err != nil {
		t.Close()
		return nil, err
	}
	if err := t.openCopies(ctx, profile, reg, o, instances); err != nil {
		t.Close()
		return nil, err
	}
	return t, nil
}

func newOpened(p *suite.Providers, profile *server.Profile, o Options, instance int) *Opened {
	return &Opened{Providers: p, Budget: o.Budget, Claims: o.Claims, ProfileDigest: profile.Digest, handler: p.Handler(), instance: instance}
}

// open opens one copy of what the options name.
func (t *Opened) open(ctx context.Context, profile *server.Profile, reg *registry.Registry, o Options) error {
	switch {
	case len(o.Command) > 0 && o.Target != "":
		return errors.New("both --target and a command were given; give one")
	case len(o.Command) > 0:
		return t.openCommand(ctx, profile, reg, o)
	case o.Target == "":
		return t.openOwn(ctx, profile, "reference", reg, o)
	case IsDouble(o.Target):
		return t.openOwn(ctx, profile, o.Target, reg, o)
	case strings.Contains(o.Target, "://"):
		return t.openURL(ctx, profile, reg, o)
	}
	return fmt.Errorf("unknown target %q; it is reference, faulty:NAME, correct:NAME, or a URL such as http://127.0.0.1:8080", o.Target)
}

// openOwn serves one of our own gates on loopback; its probes go to the fake
// providers without a detour.
func (t *Opened) openOwn(ctx context.Context, profile *server.Profile, name string, reg *registry.Registry, o Options) error {
	double, err := FindDouble(name)
	if err != nil {
		return err
	}
	if t.Budget == 0 {
		t.Budget = OwnBudget
	}
	t.Output = suite.NewOutput()
	serve := func(token string) (*Served, error) {
		return Serve(double, reg, gate.Options{Transport: t.Providers.RoundTripper(), Budget: t.Budget, Env: t.Providers.Decoy}, t.Output, "127.0.0.1:0", token)
	}
	s, err := serve("")
	if err != nil {
		return err
	}
	t.stop = append(t.stop, func() { s.Close() })
	own, err := server.New(profile, s.URL, server.Options{
		Kind: double.Name, Env: func(name string) (string, bool) { return s.Token, name == "ADMIN_TOKEN" }, Timeout: o.Timeout,
	})
	if err != nil {
		return err
	}
	t.Target = own
	t.restart = func(context.Context) error {
		s.Close()
		again, err := serve(s.Token)
		if err == nil {
			s = again
			own.Move(s.URL)
		}
		return err
	}
	if o.Check {
		t.Points = own.Prepare(ctx, false)
	}
	if t.Claims == nil {
		t.Claims = slices.Clone(profile.Claims)
		if o.Level == scenarios.Extended {
			t.Claims = append(t.Claims, "provision-liveness")
		}
	}
	return nil
}

// openURL reaches a server that somebody else has started. Its output cannot be
// read, so that area is not claimed.
func (t *Opened) openURL(ctx context.Context, profile *server.Profile, reg *registry.Registry, o Options) error {
	t.foreign(profile, []string{"secrecy-logs"})
	if err := t.attach(ctx, o.Upstream); err != nil {
		return err
	}
	if err := t.standIn(reg); err != nil {
		return err
	}
	srv, err := server.New(profile, o.Target, server.Options{Kind: "url", Timeout: o.Timeout, Resetting: resetting})
	if err != nil {
		return err
	}
	t.Target = srv
	return t.prepare(ctx, srv, o)
}

// attach serves this run's providers to a proxy that runs elsewhere, if there is one.
func (t *Opened) attach(ctx context.Context, control string) error {
	if control == "" {
		return nil
	}
	a, err := proxy.Attach(ctx, control, t.handler)
	if err != nil {
		return err
	}
	t.stop, t.Fault = append(t.stop, a.Close), a.Strike
	if a.Decoys != "" && t.Providers != nil {
		t.Providers.DecoysFrom(a.Decoys)
	}
	return nil
}

// resetting says what --reset-global is about to delete.
func resetting(names []string) {
	fmt.Fprintf(os.Stderr, "conformance: --reset-global deletes these global secrets of the server, and nothing else: %s\n", spelled.Line(strings.Join(names, ", ")))
}

// prepare holds the server to what a run needs. With Check what is wrong is told
// by Points, beside what is not.
func (t *Opened) prepare(ctx context.Context, srv *server.Target, o Options) error {
	t.Points = srv.Prepare(ctx, o.ResetGlobal)
	if o.Check {
		return nil
	}
	return target.FirstWrong(t.Points)
}
