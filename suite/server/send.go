package server

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/molecule-ai/byok-conformance/scenarios"
	"github.com/molecule-ai/byok-conformance/suite/target"
	"github.com/molecule-ai/byok-conformance/suite/timing"
)

// do sends one request of the profile and reads the reply, whatever it says. The
// server's rate limit is waited out.
func (t *Target) do(ctx context.Context, c *call, a subject) (*httpReply, error) {
	if strings.Contains(c.path, "${id}") {
		if err := safeID(a.workspace.ID); err != nil {
			return nil, fmt.Errorf("%s %s: %w", c.method, c.path, err)
		}
	}
	r, err := t.send(ctx, c, a.placeholders(), a.requestID, a.variables(), 0, plain, nil)
	if r != nil {
		r.hide = a.workspace.Token
		if c.body != nil {
			r.carries = a.key
		}
		keep(ctx, r, err)
	}
	if err == nil && t.show != nil {
		t.show(c.method+" "+c.path, target.Shown{Status: r.line, Header: r.header, Body: r.body})
	}
	return r, err
}

// keep gives what was sent, and what was read, to the trail of the context.
func keep(ctx context.Context, r *httpReply, err error) {
	target.Keep(ctx, func() target.Exchange {
		x := r.exchange()
		if err != nil {
			x.Note = err.Error()
		}
		return x
	})
}

// send is do for a request whose payload may be spoilt, and whose reply is
// looked at by the caller. patience bounds one attempt; zero means the target's
// timeout. With an error of what was sent comes what was read.
func (t *Target) send(ctx context.Context, c *call, p placeholders, requestID string, variables []any, patience time.Duration, spoil spoil, more *scenarios.Switch) (*httpReply, error) {
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
		r, err := t.attempt(ctx, c, p, requestID, payload, contentType, patience, more)
		if err != nil {
			return r, err
		}
		wait := t.limited(r)
		if wait == 0 {
			t.answered.Store(true)
			return r, nil
		}
		if waited += wait; waited > t.longestWait() {
			return nil, fmt.Errorf("%w (status %d) held us for %s; raise it for the run, or thin the matrix with --matrix pairwise", timing.ErrLimited, r.status, waited)
		}
		t.mu.Lock()
		t.pause = time.Now().Add(wait)
		t.mu.Unlock()
	}
}

// limited returns how long the server's rate limit wants us to wait; 0 where
// the reply is none.
func (t *Target) limited(r *httpReply) time.Duration {
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

// longestWait is how long one request waits for the rate limit, all in all:
// several windows where others compete for them; one where the server has never
// said anything else, for then more of them will not help.
func (t *Target) longestWait() time.Duration {
	if t.answered.Load() {
		return 5 * t.profile.rate.longest
	}
	return t.profile.rate.longest
}

func (t *Target) paused(ctx context.Context) error {
	t.mu.Lock()
	wait := time.Until(t.pause)
	t.mu.Unlock()
	if wait <= 0 {
		return nil
	}
	began := time.Now()
	defer func() { t.ledger.Limited(time.Since(began)) }()
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// attempt sends a request once. With an error comes what there is of the
// exchange; nil where nothing was sent.
func (t *Target) attempt(ctx context.Context, c *call, p placeholders, requestID string, payload []byte, contentType string, patience time.Duration, more *scenarios.Switch) (*httpReply, error) {
	limit := int64(maxReply)
	if c == &t.profile.create.call {
		limit = maxCreated
	}
	if patience == 0 {
		patience = t.timeout
	}
	ctx, cancel := t.pulse.Within(ctx, patience)
	defer cancel()
	var before early
	req, err := http.NewRequestWithContext(before.watched(ctx), c.method, *t.base.Load()+p.fill(c.path, url.PathEscape), bytes.NewReader(payload))
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
	addTo(req, more)
	if requestID != "" {
		req.Header.Set("X-Request-ID", requestID)
	}
	r := &httpReply{sent: req, sentRaw: string(payload), at: time.Now(), stopped: func(err error) { t.endless.CompareAndSwap(nil, &err) }}
	t.sent.Add(1)
	defer func() { t.ledger.Answered(time.Since(r.at)) }()
	resp, err := t.client.Do(req)
	if err != nil {
		r.took = time.Since(r.at)
		if died := t.diedWith(err); died != nil {
			return r, fmt.Errorf("%w: %w", timing.ErrGone, died)
		}
		return r, broken(ctx, err)
	}
	defer resp.Body.Close()
	r.body, err = readReply(resp, limit)
	r.took, r.status, r.line, r.header = time.Since(r.at), resp.StatusCode, resp.Status, before.all(resp)
	t.note(r)
	if err != nil {
		return r, fmt.Errorf("reading the reply (status %d): %w", resp.StatusCode, broken(ctx, err))
	}
	return r, nil
}

// diedWith is how the server ended where a request failed on the connection. One
// that ran out of time says nothing about it, and is not waited for.
func (t *Target) diedWith(err error) error {
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return nil
	}
	return t.died()
}

// readReply reads a body of at most limit bytes; of a longer one it keeps so many.
func readReply(resp *http.Response, limit int64) ([]byte, error) {
	if resp.StatusCode == http.StatusSwitchingProtocols {
		return nil, errors.New("it switches to a protocol that nobody asked for") // and reading that would heed no deadline
	}
	from, err := unpacked(resp)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(io.LimitReader(from, limit+1))
	if int64(len(body)) > limit {
		return body[:limit], fmt.Errorf("it is longer than %d KiB", limit>>10)
	}
	return body, err
}

// unpacked is the body of a reply, which a server may send in gzip: we say nothing of
// what we take, and that means anything (RFC 9110, 12.5.3).
func unpacked(resp *http.Response) (io.Reader, error) {
	if !strings.EqualFold(resp.Header.Get("Content-Encoding"), "gzip") {
		return resp.Body, nil
	}
	from, err := gzip.NewReader(resp.Body)
	if errors.Is(err, io.EOF) {
		return strings.NewReader(""), nil
	} else if err != nil {
		return nil, fmt.Errorf("its Content-Encoding says gzip, and the body is not gzip: %w", err)
	}
	return from, nil
}

// broken tells an error of a server that was reached from one of reaching it.
func broken(ctx context.Context, err error) error {
	var dial *net.OpError
	var certificate *tls.CertificateVerificationError
	var plain tls.RecordHeaderError
	if ctx.Err() != nil || errors.As(err, &dial) && dial.Op == "dial" || errors.As(err, &certificate) || errors.As(err, &plain) {
		return cause(ctx, err)
	}
	var request *url.Error
	if errors.As(err, &request) {
		err = request.Err // it names the URL, which the exchange shows already
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE) {
		err = fmt.Errorf("the connection ended before the reply did: %w", err)
	}
	return target.BrokenReplyError{Err: err}
}

func cause(ctx context.Context, err error) error {
	if c := context.Cause(ctx); errors.Is(c, timing.ErrLate) {
		return c
	}
	return err
}

// addTo adds what a switch has for the query and the headers; it may be nil.
func addTo(req *http.Request, more *scenarios.Switch) {
	if more == nil {
		return
	}
	if len(more.Query) > 0 {
		query := req.URL.Query()
		for name, v := range more.Query {
			query.Set(name, v)
		}
		req.URL.RawQuery = query.Encode()
	}
	for name, v := range more.Header {
		req.Header.Set(name, v)
	}
}
