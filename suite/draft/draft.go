package draft

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/molecule-ai/byok-conformance/registry"
)

// A Config says what is asked, and what is known of it. Server, Registry and
// Providers are required.
type Config struct {
	// Server is the running server's base URL, such as http://127.0.0.1:8080.
	Server string
	// Registry is the one from which the server derives providers.
	Registry *registry.Registry
	// Providers stand in for the providers. Intercepted says that the server's
	// probes reach them: without it only providers are named that no server can
	// probe, so that none is sent a credential.
	Providers   *Providers
	Intercepted bool
	// Output says that the server's output can be read (claim secrecy-logs).
	Output bool
	// Name is the profile's name; empty means one made of the server's API.
	Name string
	// Answers are what a person knows already; nil means nothing.
	Answers Answers
	// OpenAPI adds guesses; nil means that there is no document.
	OpenAPI *OpenAPI
	// Ask asks a person; nil means that nobody is there, and what is not found
	// stays out of the profile. An empty answer means: not known.
	Ask func(Question) (string, error)
	// Note is told what was found, in a sentence; may be nil.
	Note func(string)
	// Env looks up ${env:NAME}; nil means os.LookupEnv.
	Env func(string) (string, bool)
	// Transport carries the requests; nil means http.DefaultTransport without a proxy.
	Transport http.RoundTripper
	// Timeout bounds one request; zero means 15 s. Settle is how long a
	// provisioning is waited for that shows no change; zero means 3 s.
	Timeout, Settle time.Duration
}

// A Draft is a profile with where each of its lines comes from.
type Draft struct {
	// YAML is the profile.
	YAML []byte
	// Claims are the areas that the profile claims.
	Claims []string
	// Unknown are things that were not found, each a sentence with what to do.
	Unknown []string
	// Left names what could not be removed from the server.
	Left []string
	// Requests counts what was sent.
	Requests int
}

// drafting is a draft under way.
type drafting struct {
	Config
	base    string
	client  *http.Client
	headers map[string]string

	authorised, limited bool
	requests            int
	// catchAll: a POST to a path that nobody has is answered as if it were there.
	catchAll bool
	// route is the runtime and model that are asked for; credential, the first
	// name that its provider accepts.
	route      registry.Route
	credential string

	health  request
	create  createFacts
	rows    rowFacts
	again   provisionFacts
	own     secretFacts
	tenant  secretFacts
	unknown []string
	// refused are the requests to set secrets that the server does not take.
	// absent counts the bodies that a path has answered 404 to.
	refused map[string]bool
	absent  map[string]int
	// made are the workspaces that were made and not removed yet.
	made []made
}

// A made workspace is known by its reply, as long as its id is not known.
type made struct {
	name  string
	reply *reply
}

// Make drafts a profile. An error means that no workspace could be created, so
// that there is no profile; it says what to tell by an answer.
func Make(ctx context.Context, c Config) (out *Draft, err error) {
	d, err := begin(c)
	if err != nil {
		return nil, err
	}
	defer func() {
		left := d.cleanUp(context.WithoutCancel(ctx))
		if out != nil {
			out.Left = left
		} else if len(left) > 0 {
			err = errors.Join(err, fmt.Errorf("delete what is left at the server: %s", few(left)))
		}
	}()
	for _, step := range []func(context.Context) error{
		d.findHealth, d.findCreate, d.findRefusals, d.findOptional, d.findTenantSecrets, d.findProvisioning,
	} {
		if err := step(ctx); err != nil {
			return nil, err
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
	}
	out = &Draft{Claims: d.claims(), Unknown: d.unknown, Requests: d.requests}
	out.YAML = d.render(out.Claims)
	return out, nil
}

// few shows the first three of a list, and how many more there are.
func few(list []string) string {
	if more := len(list) - 3; more > 0 {
		list = append(list[:3:3], fmt.Sprintf("and %d more", more))
	}
	return strings.Join(list, ", ")
}

func begin(c Config) (*drafting, error) {
	if c.Env == nil {
		c.Env = os.LookupEnv
	}
	if c.Transport == nil {
		transport := http.DefaultTransport.(*http.Transport).Clone()
		transport.Proxy = nil
		c.Transport = transport
	}
	if c.Timeout == 0 {
		c.Timeout = 15 * time.Second
	}
	if c.Settle == 0 {
		c.Settle = 3 * time.Second
	}
	d := &drafting{
		Config: c, base: strings.TrimSuffix(c.Server, "/"), headers: map[string]string{}, refused: map[string]bool{}, absent: map[string]int{},
		client: &http.Client{Transport: c.Transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }},
	}
	if d.OpenAPI != nil {
		maps.Copy(d.headers, d.OpenAPI.headers(d.Env))
	}
	for key, value := range c.Answers {
		if name, ok := strings.CutPrefix(key, "headers."); ok {
			d.headers[name] = value
		}
	}
	d.authorised = len(d.headers) > 0
	return d, d.chooseRoute()
}

// chooseRoute picks the runtime and the model that are asked for: those of the
// answers, or else a provider that can be probed where its probe reaches us, and
// one that cannot where it would reach the provider itself.
func (d *drafting) chooseRoute() error {
	runtime, model := d.Answers["runtime"], d.Answers["model"]
	for _, r := range d.Registry.Routes() {
		if r.Provider.IsPlatform() || len(r.Needs) > 0 || r.By != registry.Verbatim {
			continue
		}
		if runtime != "" && r.Runtime != runtime || model != "" && r.Model != model {
			continue
		}
		if runtime != "" || model != "" || (r.Provider.ProbeBase() != "") == d.Intercepted {
			d.route, d.credential = r, r.Provider.AuthEnv[0]
			return nil
		}
	}
	if runtime != "" || model != "" {
		return fmt.Errorf("the registry lists no model %q of a runtime %q whose provider wants a credential; see conformance registry derive", model, runtime)
	}
	return errors.New("the registry lists no model to ask for; name one with --set runtime=… and --set model=…")
}

// findHealth looks for a path that says that the server is up.
func (d *drafting) findHealth(ctx context.Context) error {
	guesses := d.OpenAPI.health()
	for _, p := range healthPaths {
		guesses = append(guesses, request{method: "GET", path: p})
	}
	for _, r := range d.answered("health.request", guesses) {
		if d.try(ctx, r, variables{}).ok() {
			d.health = r
			d.note("up: %s answers 2xx", r)
			return nil
		}
	}
	d.miss("health", "No path says that the server is up. A run then waits until its port accepts connections.")
	return nil
}

// claims are the areas for which the profile has what they need, and at which
// the server was seen to do what they are about.
func (d *drafting) claims() []string {
	out := []string{"create-presence"}
	add := func(claim string, holds bool) {
		if holds {
			out = append(out, claim)
		}
	}
	add("create-liveness", d.create.probed)
	add("global-scope", d.tenant.complete())
	add("provision-presence", d.again.proved)
	add("provision-liveness", d.again.proved && d.again.probes)
	add("secrecy-logs", d.Output)
	add("atomicity", d.rows.list.set())
	return out
}

func (d *drafting) note(format string, args ...any) {
	if d.Note != nil {
		d.Note(d.Providers.mask(fmt.Sprintf(format, args...)))
	}
}

// miss keeps what was not found, for the end.
func (d *drafting) miss(what, sentence string) {
	d.unknown = append(d.unknown, what+": "+sentence)
}

func (d *drafting) expand(header string) string {
	return os.Expand(header, func(name string) string {
		if variable, ok := strings.CutPrefix(name, "env:"); ok {
			value, _ := d.Env(variable)
			return value
		}
		return ""
	})
}

func (d *drafting) pause(ctx context.Context, wait time.Duration) error {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
