package draft

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/itchyny/gojq"
)

// A request is one of a profile, with its body as a jq expression.
type request struct {
	method, path string
	headers      map[string]string
	body         string
}

func (r request) set() bool { return r.method != "" }

func (r request) String() string {
	s := r.method + " " + r.path
	if r.body != "" {
		s += " " + r.body
	}
	return s
}

// variables are what the bodies and paths of a profile are built from.
type variables struct {
	name, runtime, model, url string
	external                  bool
	secrets, fields           map[string]any
	key, value, id            string
}

var variableNames = []string{"$name", "$runtime", "$model", "$external", "$url", "$secrets", "$fields", "$key", "$value", "$id"}

func (v variables) list() []any {
	object := func(m map[string]any) map[string]any {
		if m == nil {
			return map[string]any{}
		}
		return m
	}
	return []any{v.name, v.runtime, v.model, v.external, v.url, object(v.secrets), object(v.fields), v.key, v.value, v.id}
}

// fill replaces the placeholders of a path or a header.
func (v variables) fill(s string, escape func(string) string) string {
	return strings.NewReplacer("${id}", escape(v.id), "${name}", escape(v.name), "${actual-name}", escape(v.name), "${key}", escape(v.key)).Replace(s)
}

// A reply is what the server answered; json is nil where the body is none.
type reply struct {
	status int
	header http.Header
	body   []byte
	json   any
}

func (r *reply) ok() bool { return r != nil && r.status >= 200 && r.status < 300 }

func (r *reply) refused() bool { return r != nil && r.status >= 400 && r.status < 500 }

// unauthorised reports whether the server wants a token, or another one.
func (r *reply) unauthorised() bool {
	return r != nil && (r.status == http.StatusUnauthorized || r.status == http.StatusForbidden)
}

// holds reports whether the text of the reply has s in it.
func (r *reply) holds(s string) bool { return s != "" && bytes.Contains(r.body, []byte(s)) }

// maxReply bounds what is read of a reply, in bytes.
const maxReply = 4 << 20

// evaluate builds the body of a request.
func evaluate(expression string, v variables) (any, error) {
	query, err := gojq.Parse(expression)
	if err != nil {
		return nil, fmt.Errorf("the body %q is not a jq expression: %w", expression, err)
	}
	code, err := gojq.Compile(query, gojq.WithVariables(variableNames))
	if err != nil {
		return nil, fmt.Errorf("the body %q is not a jq expression: %w", expression, err)
	}
	value, ok := code.Run(nil, v.list()...).Next()
	if err, failed := value.(error); failed {
		return nil, fmt.Errorf("building the body %q: %w", expression, err)
	}
	if !ok {
		return nil, fmt.Errorf("the body %q has no result", expression)
	}
	return value, nil
}

// send sends a request with the headers that the server is known to want. A
// server that asks for authorisation is given it, and a rate limit is waited
// out. The error says that there was no reply at all.
func (d *drafting) send(ctx context.Context, r request, v variables) (*reply, error) {
	answer, err := d.sendOnce(ctx, r, v)
	if err != nil || d.authorised || !answer.unauthorised() {
		return answer, err
	}
	return d.authorise(ctx, r, v, answer)
}

func (d *drafting) sendOnce(ctx context.Context, r request, v variables) (*reply, error) {
	var payload []byte
	if r.body != "" {
		value, err := evaluate(r.body, v)
		if err != nil {
			return nil, err
		}
		if payload, err = json.Marshal(value); err != nil {
			return nil, fmt.Errorf("building the body of %s: %w", r, err)
		}
	}
	for tries := 0; ; tries++ {
		answer, err := d.attempt(ctx, r, v, payload)
		if err != nil || answer.status != http.StatusTooManyRequests || tries == 3 {
			return answer, err
		}
		d.limited = true
		seconds, err := strconv.Atoi(answer.header.Get("Retry-After"))
		if err != nil || seconds < 1 {
			seconds = 1
		}
		d.note("the server limits its clients (429); waiting %d s", min(seconds, 90))
		if err := d.pause(ctx, time.Duration(min(seconds, 90))*time.Second); err != nil {
			return nil, err
		}
	}
}

func (d *drafting) attempt(ctx context.Context, r request, v variables, payload []byte) (*reply, error) {
	ctx, cancel := context.WithTimeout(ctx, d.Timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, r.method, d.base+v.fill(r.path, url.PathEscape), bytes.NewReader(payload))
	if err != nil {
		return nil, fmt.Errorf("asking the server: %w", err)
	}
	for name, value := range d.headers {
		req.Header.Set(name, d.expand(value))
	}
	for name, value := range r.headers {
		req.Header.Set(name, v.fill(value, func(s string) string { return s }))
	}
	if payload != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	d.requests++
	resp, err := d.client.Do(req)
	if err != nil {
		return nil, fmt.Errorf("asking the server: %w", err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxReply))
	if err != nil {
		return nil, fmt.Errorf("reading the reply to %s: %w", r, err)
	}
	out := &reply{status: resp.StatusCode, header: resp.Header, body: body}
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber() // ids may be larger than a float holds
	if err := decoder.Decode(&out.json); err != nil {
		out.json = nil
	}
	return out, nil
}

// try is send for a guess: a guess that brings no reply is a wrong one.
func (d *drafting) try(ctx context.Context, r request, v variables) *reply {
	answer, err := d.send(ctx, r, v)
	if err != nil {
		return &reply{}
	}
	return answer
}

// authorise tries the usual ways to show a token, and keeps the one that works.
func (d *drafting) authorise(ctx context.Context, r request, v variables, refused *reply) (*reply, error) {
	if _, there := d.Env(tokenVariable); !there {
		return refused, nil
	}
	for _, h := range tokenHeaders {
		if d.headers[h.name] != "" {
			continue
		}
		d.headers[h.name] = h.value
		answer, err := d.sendOnce(ctx, r, v)
		if err == nil && !answer.unauthorised() {
			d.authorised = true
			d.note("it wants a token: %s: %s is taken", h.name, h.value)
			return answer, nil
		}
		delete(d.headers, h.name)
	}
	return refused, nil
}

// askToken asks a person for the header in which the server takes its token. The
// error says what to do where nobody knows.
func (d *drafting) askToken(ctx context.Context, refused *reply) error {
	seen := fmt.Sprintf("%d %s", refused.status, clip(string(refused.body), 300))
	if d.Ask != nil {
		answer, err := d.Ask(Question{Key: "headers", Text: "In which header does the server take its token?", Example: "X-Token: ${env:" + tokenVariable + "}", Seen: d.Providers.mask(seen)})
		if name, value, ok := strings.Cut(answer, ":"); err == nil && ok {
			d.headers[strings.TrimSpace(name)] = strings.TrimSpace(value)
			d.authorised = true
			return ctx.Err()
		}
	}
	var tried []string
	for _, h := range tokenHeaders {
		tried = append(tried, h.name+": "+strings.ReplaceAll(h.value, "${env:"+tokenVariable+"}", "TOKEN"))
	}
	if _, there := d.Env(tokenVariable); !there {
		return fmt.Errorf("the server wants a token: it answers %s. Put the token into the environment variable %s, or name its header: --header 'NAME: VALUE'", seen, tokenVariable)
	}
	return fmt.Errorf("the server wants a token: it answers %s. Of the usual headers it takes none (tried: %s). Name the header: --header 'NAME: ${env:%s}'", seen, strings.Join(tried, ", "), tokenVariable)
}
