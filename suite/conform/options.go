package conform

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/molecule-ai/byok-conformance/gate"
	"github.com/molecule-ai/byok-conformance/internal/strict"
	"github.com/molecule-ai/byok-conformance/registry"
	"github.com/molecule-ai/byok-conformance/scenarios"
	"github.com/molecule-ai/byok-conformance/suite"
)

// Options say what is held to which part of the corpus. Exactly one of Gate,
// Handler and URL is required; everything else may be left out.
type Options struct {
	// Gate builds the gate under test. Its outbound calls must all go through
	// providers: the fakes answer there. It is called once, when the first
	// scenario is replayed, and so are Handler and URL.
	Gate func(providers http.RoundTripper) gate.Gate
	// Handler builds the server under test. It is served in process, over no
	// socket; who builds it also stops what it starts.
	Handler func(providers http.RoundTripper) (http.Handler, error)
	// URL starts the server under test, or finds one whose outbound calls go
	// through providers, and returns its base, such as http://127.0.0.1:8080.
	// The caller stops it. A server may not be shared by two runs at once,
	// because global secrets are its state.
	URL func(providers http.RoundTripper) (string, error)

	// Profile says how to ask a Handler or a URL: the name of a built-in profile
	// or a file. Empty means workspace-server.
	Profile string
	// Env answers the profile's ${env:NAME} before the process's environment does.
	Env map[string]string
	// Decoys, if not nil, is given an operator's credentials and base URLs by name
	// before Handler or URL is called: set them where your server reads its
	// environment, and PRE-8 sees that none of them is used for a tenant.
	Decoys func(env map[string]string)
	// Output is where the server under test prints; connect it to the server's
	// logger. Nil means that the output cannot be read, and secrecy-logs is not
	// claimed. One output belongs to one Options value.
	Output *suite.Output

	// Registry is the server's own; the matrix follows it. Nil means the one built in.
	// A Gate whose runtimes read names in another order says so by
	// [registry.Registry.WithPrecedence]; a profile has a field for it.
	Registry *registry.Registry
	// Level: empty means core.
	Level scenarios.Level
	// Claims are the areas that the target is held to. Nil means the profile's
	// or, for a Gate, all that a Go value can be held to but provision-liveness.
	Claims []string
	// Classes, Rules and IDs narrow the corpus as --class, --rule and --id do.
	// The twins of what they select come along.
	Classes, Rules, IDs []string
	// Waivers are files that say which failures are known (see suite/waivers);
	// paths are from the package's folder, where `go test` runs. What is waived
	// is shown, and each waiver whose scenarios are all replayed is held to its
	// cause: it fails once nothing fails any more.
	Waivers []string
	// Matrix thins what is selected, for servers that are slow or limit our rate;
	// empty means all of it. What it leaves out is counted and shown.
	Matrix scenarios.Matrix
	// LivenessCache is how long the gate keeps the verdict that a credential is alive;
	// it is held to that time (LIV-13). Zero means what the profile says, or none. Make
	// it short: a run waits that long.
	LivenessCache time.Duration
	// Budget is the bound of the server's own probe (LIV-6); zero means 6 s. A
	// short one, given to the server as well, makes the suite fast.
	Budget time.Duration
	// Timeout is how long an answer that no probe can delay is waited for; zero
	// means 30 s.
	Timeout time.Duration
	// Parallel is how many scenarios are replayed at once; zero means as many as the
	// server takes, from 8 to 64, and 8 for a Gate.
	Parallel int
	// Seed makes the credential values; empty means a random one. The Ginkgo
	// door takes Ginkgo's own seed instead.
	Seed string
}

// check finds what is wrong with the options, and fills in what they leave out.
func (o *Options) check() error {
	builders := 0
	for _, set := range []bool{o.Gate != nil, o.Handler != nil, o.URL != nil} {
		if set {
			builders++
		}
	}
	o.Level = cmp.Or(o.Level, scenarios.Core)
	switch {
	case builders == 0:
		return errors.New("Options.Gate, Handler and URL are nil; one of them must build the gate under test")
	case builders > 1:
		return errors.New("more than one of Options.Gate, Handler and URL is set; leave one")
	case o.Gate != nil && (o.Profile != "" || o.Env != nil || o.Output != nil):
		return errors.New("Options.Profile, Env and Output are for a Handler or a URL; leave them out beside Gate")
	case o.Level != scenarios.Core && o.Level != scenarios.Extended:
		return fmt.Errorf("unknown Options.Level %q; it is core or extended", o.Level)
	case o.LivenessCache < 0:
		return fmt.Errorf("Options.LivenessCache is %s; it must be greater than zero, or zero for none", o.LivenessCache)
	case o.Budget < 0:
		return fmt.Errorf("Options.Budget is %s; it must be greater than zero, or zero for 6 s", o.Budget)
	case o.Timeout < 0:
		return fmt.Errorf("Options.Timeout is %s; it must be greater than zero, or zero for 30 s", o.Timeout)
	case o.Parallel < 0:
		return fmt.Errorf("Options.Parallel is %d; it must be greater than zero, or zero for as many as the server takes", o.Parallel)
	}
	for _, c := range o.Claims {
		if !slices.Contains(scenarios.Claims, c) {
			return fmt.Errorf("unknown claim %q in Options.Claims%s; the claims are %s", c, strict.DidYouMean(c, scenarios.Claims), strings.Join(scenarios.Claims, ", "))
		}
	}
	if o.Registry == nil {
		o.Registry = registry.Embedded()
	}
	return nil
}
