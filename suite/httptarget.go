package suite

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/molecule-ai/byok-conformance/gate"
)

// HTTPTarget drives a server through a profile.
type HTTPTarget struct {
	// secrets are the profile's environment variables and the URL's password.
	secrets []string
	profile *Profile
	base    string
	client  *http.Client
	headers map[string]string
	kind    string
	died    func() error

	// pause is until when the server's rate limit holds everybody back.
	mu    sync.Mutex
	pause time.Time
	// globals are the names that we have set.
	globals map[string]bool
	// show is told of every reply but those to creates; nil until Inspect.
	show func(where string, r Shown)
}

var (
	_ Target    = (*HTTPTarget)(nil)
	_ Inspected = (*HTTPTarget)(nil)
	_ Looker    = (*HTTPTarget)(nil)
)

// Inspect has every reply shown from now on.
func (t *HTTPTarget) Inspect(show func(where string, r Shown)) { t.show = show }

// HTTPOptions change how a server is reached. The zero value dials its URL.
type HTTPOptions struct {
	// Transport carries the requests; nil means one of our own that keeps
	// connections and never uses a proxy.
	Transport http.RoundTripper
	// Env looks up ${env:NAME}; nil means os.LookupEnv.
	Env func(string) (string, bool)
	// Died says how the server ended; nil while it runs. May be nil.
	Died func() error
	// Kind describes the target in reports, such as "url" or "command".
	Kind string
}

// NewHTTPTarget returns a target for the server at base, such as
// http://127.0.0.1:8080. It fails where base is no URL, or where the profile
// wants an environment variable that is not set.
func NewHTTPTarget(p *Profile, base string, o HTTPOptions) (*HTTPTarget, error) {
	u, err := url.Parse(base)
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		return nil, fmt.Errorf("target %q is no URL; write it like http://127.0.0.1:8080", base)
	}
	if o.Env == nil {
		o.Env = os.LookupEnv
	}
	t := &HTTPTarget{profile: p, base: strings.TrimSuffix(base, "/"), kind: o.Kind, globals: map[string]bool{}}
	if t.died = o.Died; t.died == nil {
		t.died = func() error { return nil }
	}
	if t.kind == "" {
		t.kind = "url"
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

// newTransport keeps many connections to one server, and bounds what a hostile
// one can make us read.
func newTransport() *http.Transport {
	return &http.Transport{
		DialContext:            (&net.Dialer{Timeout: 10 * time.Second}).DialContext,
		MaxIdleConnsPerHost:    512,
		IdleConnTimeout:        30 * time.Second,
		MaxResponseHeaderBytes: 1 << 20,
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

// Traits come from the profile.
func (t *HTTPTarget) Traits() Traits {
	return Traits{
		SharedGlobals: true, HTTP: true, Claims: t.profile.Claims, RefusesUnlisted: t.profile.RefusesUnlisted(),
		Unreadable: t.profile.workspace.unreadable.set, Loud: t.profile.loud,
		Kind: t.kind, Profile: t.profile.Name, Address: t.base, Secrets: t.secrets,
	}
}

// maxReply bounds what is read of a reply, in bytes. The largest lawful one,
// to an external create, is some 30 KB; a list of workspaces may be larger.
const maxReply = 8 << 20

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

// readable is the text of the body (see the function of that name), which is
// parsed once.
func (r *httpReply) readable() string {
	body := r.input()["body"]
	if !r.isJSON {
		return string(r.body)
	}
	var b strings.Builder
	flatten(&b, body)
	return b.String()
}

// ask runs an expression; nil where there is none, or where it has no result.
func (r *httpReply) ask(code *expression, variables ...any) any {
	if code == nil {
		return nil
	}
	return code.run(r.input(), variables...)
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

// placeholders are what a path and a header of a profile may hold.
type placeholders map[string]string

func (p placeholders) fill(s string, escape func(string) string) string {
	for k, v := range p {
		s = strings.ReplaceAll(s, "${"+k+"}", escape(v))
	}
	return s
}

// do sends one request of the profile and reads the reply. The server's rate
// limit is waited out. patience bounds one attempt; zero means the caller's ctx only.
func (t *HTTPTarget) do(ctx context.Context, c *call, p placeholders, requestID string, variables []any, patience time.Duration) (*httpReply, error) {
	r, err := t.send(ctx, c, p, requestID, variables, patience, plain)
	if err == nil && t.show != nil {
		t.show(c.method+" "+c.path, Shown{r.line, r.header, r.body})
	}
	return r, err
}

// send is do for a request whose payload may be spoilt, and whose reply is
// looked at by the caller.
func (t *HTTPTarget) send(ctx context.Context, c *call, p placeholders, requestID string, variables []any, patience time.Duration, spoil spoil) (*httpReply, error) {
	var payload []byte
	if c.body != nil {
		v, err := c.body.build(variables)
		if err != nil {
			return nil, fmt.Errorf("building the body of %s %s from the profile: %w", c.method, c.path, err)
		}
		if payload, err = json.Marshal(v); err != nil {
			return nil, fmt.Errorf("building the body of %s %s from the profile: %w", c.method, c.path, err)
		}
	}
	payload, contentType, err := spoil(payload)
	if err != nil {
		return nil, err
	}
	for waited := time.Duration(0); ; {
		if err := t.paused(ctx); err != nil {
			return nil, err
		}
		r, err := t.attempt(ctx, c, p, requestID, payload, contentType, patience)
		if err != nil {
			return nil, err
		}
		wait := t.limited(r)
		if wait == 0 {
			return r, nil
		}
		if waited += wait; waited > 5*t.profile.rate.longest {
			return nil, fmt.Errorf("the server's rate limit (status %d) held us for %s; raise it for the run, or thin the matrix with --matrix pairwise", r.status, waited)
		}
		t.mu.Lock()
		t.pause = time.Now().Add(wait)
		t.mu.Unlock()
	}
}

// limited returns how long the server's rate limit wants us to wait; 0 where
// the reply is none.
func (t *HTTPTarget) limited(r *httpReply) time.Duration {
	l := t.profile.rate
	if l.status == 0 || r.status != l.status {
		return 0
	}
	seconds, err := strconv.ParseFloat(r.header.Get(l.wait), 64)
	switch {
	case err != nil || !(seconds > 0): // a date, or nonsense such as NaN
		seconds = 1
	case seconds > l.longest.Seconds():
		return l.longest
	}
	return time.Duration(seconds * float64(time.Second))
}

func (t *HTTPTarget) paused(ctx context.Context) error {
	t.mu.Lock()
	wait := time.Until(t.pause)
	t.mu.Unlock()
	if wait <= 0 {
		return nil
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

var (
	errLate = errors.New("no answer in time")
	errGone = errors.New("the server is gone")
)

func (t *HTTPTarget) attempt(ctx context.Context, c *call, p placeholders, requestID string, payload []byte, contentType string, patience time.Duration) (*httpReply, error) {
	if patience > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, patience, errLate)
		defer cancel()
	}
	req, err := http.NewRequestWithContext(ctx, c.method, t.base+p.fill(c.path, url.PathEscape), bytes.NewReader(payload))
	if err != nil {
		return nil, fmt.Errorf("asking the target: %w", err)
	}
	for name, v := range t.headers {
		req.Header.Set(name, v)
	}
	for name, v := range c.headers {
		req.Header.Set(name, p.fill(v, func(s string) string { return s }))
	}
	setType(req, payload, contentType)
	if requestID != "" {
		req.Header.Set("X-Request-ID", requestID)
	}
	r := &httpReply{sent: req, sentRaw: string(payload), at: time.Now()}
	resp, err := t.client.Do(req)
	if err != nil {
		if died := t.died(); died != nil {
			return nil, fmt.Errorf("%w: %w", errGone, died)
		}
		return nil, cause(ctx, err)
	}
	defer resp.Body.Close()
	r.body, err = io.ReadAll(io.LimitReader(resp.Body, maxReply))
	r.took, r.status, r.line, r.header = time.Since(r.at), resp.StatusCode, resp.Status, resp.Header
	if err != nil {
		return nil, fmt.Errorf("reading the reply (status %d): %w", resp.StatusCode, cause(ctx, err))
	}
	return r, nil
}

func cause(ctx context.Context, err error) error {
	if c := context.Cause(ctx); errors.Is(c, errLate) {
		return c
	}
	return err
}

// exchange is the request and the reply for a report.
func (r *httpReply) exchange(stage string) Exchange {
	return Exchange{
		Direction: "target", Method: r.sent.Method, URL: r.sent.URL.String(), Status: r.status, RequestHeaders: r.sent.Header,
		RequestBody: r.sentRaw, ResponseHeaders: r.header, ResponseBody: clip(string(r.body), 2*maxShown), At: r.at, Took: r.took, Stage: stage,
	}
}

// values are secrets as JSON has them.
func values(secrets map[string]gate.Secret) map[string]any {
	out := make(map[string]any, len(secrets))
	for name, s := range secrets {
		out[name] = s.Value
	}
	return out
}
