package server

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/molecule-ai/byok-conformance/gate"
	"github.com/molecule-ai/byok-conformance/internal/spelled"
	"github.com/molecule-ai/byok-conformance/registry"
	"github.com/molecule-ai/byok-conformance/suite/secrets"
	"github.com/molecule-ai/byok-conformance/suite/target"
	"github.com/molecule-ai/byok-conformance/suite/timing"
)

// Target drives a server through a profile.
type Target struct {
	// secrets are the profile's environment variables and the URL's password.
	secrets []string
	profile *Profile
	// base is where the server is; it moves where it is started again.
	base    atomic.Pointer[string]
	client  *http.Client
	headers map[string]string
	kind    string
	died    func() error
	doubts  timing.Doubts
	// late are the waits for events of failures that a status told first.
	late timing.Doubts
	// timeout bounds a request that has no patience of its own.
	timeout time.Duration

	// pause is until when the server's rate limit holds everybody back.
	mu    sync.Mutex
	pause time.Time
	// answered: a reply came that was not the rate limit's.
	answered atomic.Bool
	// sent counts the requests.
	sent atomic.Int64
	// globals are the names that we have set.
	globals map[string]bool
	// resetting is the option of that name.
	resetting func(names []string)
	// show is told of every reply but those to creates; nil until Inspect.
	show func(where string, r target.Shown)
	// pulse and ledger are the run's; nil until then.
	pulse  *timing.Pulse
	ledger *timing.Ledger
	// stated is the rate limit as the last reply stated it.
	stated atomic.Pointer[Rate]
	// endless is the first expression that went beyond its bounds; nil until then.
	// From then on nothing is asked any more.
	endless atomic.Pointer[error]
}

// overrun is the error of an expression that went beyond its bounds; nil where none did.
func (t *Target) overrun() error {
	if err := t.endless.Load(); err != nil {
		return *err
	}
	return nil
}

var (
	_ target.Target    = (*Target)(nil)
	_ target.Inspected = (*Target)(nil)
	_ target.Looker    = (*Target)(nil)
)

// Inspect has every reply shown from now on.
func (t *Target) Inspect(show func(where string, r target.Shown)) { t.show = show }

func (t *Target) Pace(p *timing.Pulse) { t.pulse = p }

// Account has the time of every request added up from now on.
func (t *Target) Account(l *timing.Ledger) { t.ledger = l }

// Options change how a server is reached. The zero value dials its URL.
type Options struct {
	// Transport carries the requests; nil means one of our own that keeps
	// connections and never uses a proxy.
	Transport http.RoundTripper
	// Env looks up ${env:NAME}; nil means os.LookupEnv.
	Env func(string) (string, bool)
	// Died says how the server ended; nil while it runs. It is asked where a
	// connection breaks, and may wait some milliseconds. May be nil.
	Died func() error
	// Resetting is told the names of global secrets before Prepare deletes them; may be nil.
	Resetting func(names []string)
	// Kind describes the target in reports, such as "url" or "command".
	Kind string
	// Timeout is how long one answer is waited for where nothing else bounds it,
	// such as that to a delete; zero means 30 s.
	Timeout time.Duration
}

// New returns a target for the server at base, such as
// http://127.0.0.1:8080. It fails where base is no URL, or where the profile
// wants an environment variable that is not set. It keeps connections to the
// server; whoever is done with it before the process ends calls CloseIdle.
func New(p *Profile, base string, o Options) (*Target, error) {
	u, err := ParseBase(base)
	if err != nil {
		return nil, err
	}
	if o.Env == nil {
		o.Env = os.LookupEnv
	}
	t := &Target{profile: p, kind: o.Kind, resetting: o.Resetting, globals: map[string]bool{}}
	t.Move(base)
	if t.died = o.Died; t.died == nil {
		t.died = func() error { return nil }
	}
	if t.kind == "" {
		t.kind = "url"
	}
	if t.timeout = o.Timeout; t.timeout == 0 {
		t.timeout = defaultTimeout
	}
	if password, ok := u.User.Password(); ok {
		t.secrets = append(t.secrets, password)
	}
	env := func(name string) (string, bool) {
		v, ok := o.Env(name)
		t.secrets = append(t.secrets, v)
		return v, ok
	}
	if t.headers, err = p.expandHeaders(env); err != nil {
		return nil, err
	}
	if o.Transport == nil {
		o.Transport = newTransport()
	}
	t.client = &http.Client{
		Transport:     o.Transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return t, nil
}

// ParseBase reads the URL of a server. Errors do not show a password in it.
func ParseBase(base string) (*url.URL, error) {
	u, err := url.Parse(base)
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		shown := base
		if i := strings.LastIndexByte(base, '@'); i >= 0 {
			shown = "…" + base[i:]
		}
		return nil, fmt.Errorf("target %q is no URL; write it like http://127.0.0.1:8080", shown)
	}
	if err := registry.PortError(u); err != nil {
		return nil, fmt.Errorf("target %q: %w", u.Redacted(), err)
	}
	return u, nil
}

// idle is how long a connection is kept without a request. A server may close an
// idle one at any time, some do after 2 s, and a request that meets that would look
// like a server that hangs up. To repeat such a request would hide one that crashes.
const idle = 20 * time.Millisecond

// newTransport keeps many connections to one server, and bounds what a hostile
// one can make us read.
func newTransport() *http.Transport {
	return &http.Transport{
		DialContext:            (&net.Dialer{Timeout: 10 * time.Second}).DialContext,
		MaxIdleConnsPerHost:    512,
		IdleConnTimeout:        idle,
		MaxResponseHeaderBytes: maxHeader,
		DisableCompression:     true,
	}
}

var envReference = regexp.MustCompile(`\$\{env:([A-Za-z_][A-Za-z0-9_]*)\}`)

// expandHeaders fills ${env:NAME} in the headers; an error names every variable
// that is not set.
func (p *Profile) expandHeaders(env func(string) (string, bool)) (map[string]string, error) {
	out := make(map[string]string, len(p.headers))
	var missing []string
	for _, header := range slices.Sorted(maps.Keys(p.headers)) {
		out[header] = envReference.ReplaceAllStringFunc(p.headers[header], func(ref string) string {
			name := envReference.FindStringSubmatch(ref)[1]
			v, ok := env(name)
			if !ok && !slices.Contains(missing, name) {
				missing = append(missing, name)
			}
			return v
		})
	}
	switch len(missing) {
	case 0:
		return out, nil
	case 1:
		return nil, fmt.Errorf("profile %s: environment variable %s is not set; set it to what the server wants", p.Name, missing[0])
	}
	return nil, fmt.Errorf("profile %s: environment variables %s are not set; set them to what the server wants", p.Name, strings.Join(missing, ", "))
}

// Move says that the server is at another URL now, such as after it was started again.
func (t *Target) Move(base string) {
	base = strings.TrimSuffix(base, "/")
	t.base.Store(&base)
}

// CloseIdle closes the connections that are kept for the next request.
func (t *Target) CloseIdle() { t.client.CloseIdleConnections() }

// Traits come from the profile.
func (t *Target) Traits() target.Traits {
	return target.Traits{
		SharedGlobals: true, HTTP: true, Claims: t.profile.Claims, RefusesUnlisted: t.profile.RefusesUnlisted(), NoExternal: t.profile.NoExternal(), RestartsItself: t.profile.global.restarts || t.profile.workspace.restarts,
		Unreadable: t.profile.workspace.unreadable.set, Loud: t.profile.loud, LivenessCache: t.profile.cache,
		Kind: t.kind, Profile: t.profile.Name, Address: *t.base.Load(), Secrets: t.secrets,
	}
}

// defaultTimeout is how long an answer is waited for where nobody says otherwise.
const defaultTimeout = 30 * time.Second

// What is read of a reply, in bytes; a longer one is a fault of the target. The
// largest lawful one to a create, an external one, is some 30 KB, and hundreds are
// kept until they are judged; a list of workspaces may be larger. Servers and
// their proxies mostly take no more than 16 KiB of headers.
const (
	maxHeader  = 64 << 10
	maxCreated = 256 << 10
	maxReply   = 8 << 20
)

// An httpReply is a reply as a profile's expressions see it.
type httpReply struct {
	status  int
	line    string
	header  http.Header
	body    []byte
	took    time.Duration
	sent    *http.Request
	sentRaw string
	at      time.Time

	// parsed is the value; object and isJSON say what its body is.
	parsed         map[string]any
	object, isJSON bool
	// stopped is told of an expression that went beyond its bounds; may be nil.
	stopped func(error)
	// hide is a secret of the server that no report may show; empty where there is none.
	hide string
	// carries is the name of the secret that the request sets; empty where it sets none.
	carries string
}

// input is the value that expressions are run on; it is made once.
func (r *httpReply) input() map[string]any {
	if r.parsed != nil {
		return r.parsed
	}
	headers := make(map[string]any, len(r.header))
	for name, v := range r.header {
		headers[strings.ToLower(name)] = v[0]
	}
	var body any
	if r.isJSON = json.Unmarshal(r.body, &body) == nil; !r.isJSON {
		body = nil
	}
	_, r.object = body.(map[string]any)
	r.parsed = map[string]any{"status": r.status, "headers": headers, "body": body, "text": string(r.body)}
	return r.parsed
}

// notJSON says why a body that begins as JSON, or is said to be JSON, is none; nil
// where it is some, or was never meant to be.
func (r *httpReply) notJSON() error {
	text := bytes.TrimSpace(r.body)
	if len(text) == 0 || !strings.Contains(r.header.Get("Content-Type"), "json") && text[0] != '{' && text[0] != '[' {
		return nil
	}
	var v any
	return json.Unmarshal(r.body, &v)
}

// readable is the text of the body (see the function of that name), which is
// parsed once.
func (r *httpReply) readable() string {
	body := r.input()["body"]
	if !r.isJSON {
		return string(r.body)
	}
	var b strings.Builder
	target.Flatten(&b, body)
	return b.String()
}

// ask runs an expression; nil where there is none, or where it has no result.
func (r *httpReply) ask(code *expression, variables ...any) any {
	if code == nil {
		return nil
	}
	value, err := code.run(r.input(), variables...)
	if err != nil && r.stopped != nil {
		r.stopped(err)
	}
	return value
}

func (r *httpReply) str(code *expression, variables ...any) string {
	s, _ := r.ask(code, variables...).(string)
	return s
}

// strings is the list of strings that an expression finds; nil where it finds none.
func (r *httpReply) strings(code *expression) []string {
	list, _ := r.ask(code).([]any)
	var out []string
	for _, v := range list {
		if s, ok := v.(string); ok {
			out = append(out, s)
		}
	}
	return out
}

func (r *httpReply) is(code *expression) bool {
	b, _ := r.ask(code).(bool)
	return b
}

// exchange is the request and the reply for a report.
func (r *httpReply) exchange() target.Exchange {
	x := target.Exchange{
		Direction: target.ToTarget, Method: r.sent.Method, URL: r.sent.URL.String(), Status: r.status, RequestHeaders: r.sent.Header,
		RequestBody: r.sentRaw, ResponseHeaders: r.header, ResponseBody: spelled.Short(string(r.body), 2*secrets.MaxShown), At: r.at, DurationMS: target.Milliseconds(r.took), Credential: r.carries,
	}
	if r.hide != "" {
		hide := func(s string) string { return strings.ReplaceAll(s, r.hide, secrets.HiddenText) }
		x.URL, x.RequestBody, x.ResponseBody = hide(x.URL), hide(x.RequestBody), hide(x.ResponseBody)
		x.RequestHeaders, x.ResponseHeaders = secrets.WithoutText(x.RequestHeaders, r.hide), secrets.WithoutText(x.ResponseHeaders, r.hide)
	}
	return x
}

// values are secrets as JSON has them.
func values(secrets map[string]gate.Secret) map[string]any {
	out := make(map[string]any, len(secrets))
	for name, s := range secrets {
		out[name] = s.Value
	}
	return out
}
