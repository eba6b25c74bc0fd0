package upstream

import (
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"sync"

	"golang.org/x/net/http/httpguts"
)

// RoundTrip answers a request as the network would. Its errors are those of a
// real transport: *net.OpError for a refused or reset connection or a name
// that does not resolve, *tls.CertificateVerificationError, io.EOF for a
// connection that was closed, and the cause of the request's context when that
// ends first. A request that a real transport would not send (a header with a
// newline in it, no host) is refused like there and makes no exchange.
//
// A response's body must be closed. It honours the request's context, too.
func (u *Upstream) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := sendable(r); err != nil {
		closeBody(r)
		return nil, err
	}
	ctx := r.Context()
	x := &Exchange{
		Method: r.Method, Scheme: r.URL.Scheme, Host: canonicalHost(r.URL.Host),
		Path: r.URL.RequestURI(), Header: r.Header.Clone(),
	}
	if x.Method == "" {
		x.Method = http.MethodGet
	}
	if r.Body != nil && r.Body != http.NoBody {
		var err error
		x.Body, err = readBody(r.Body)
		closeBody(r)
		if err != nil {
			return nil, fmt.Errorf("reading the request's body to send it to %s: %w", x.Host, err)
		}
	}
	hostHeader := r.Host
	if hostHeader == "" {
		hostHeader = r.URL.Host
	}
	c := u.receive(ctx, x, hostHeader, userinfo(r.URL), "")
	return u.deliver(ctx, r, c)
}

// deliver asks for the reply and hands it over as a transport does.
func (u *Upstream) deliver(ctx context.Context, r *http.Request, c *call) (*http.Response, error) {
	x := c.exchange
	if ctx.Err() != nil {
		u.ended(x)
		return nil, context.Cause(ctx)
	}
	response, err := u.ask(c)
	if err != nil {
		err = u.fail(ctx, x, err)
		u.ended(x)
		return nil, err
	}
	x.noteFault()
	body := response.Body.(payload).stream
	x.Status, x.ReplyHeader = response.StatusCode, response.Header.Clone()
	response.Request = r
	if x.Method == http.MethodHead {
		body = &static{end: io.EOF}
	} else if x.Answer == "bad-gzip" && unzips(r) {
		response.Header.Del("Content-Encoding")
		response.Header.Del("Content-Length")
		response.ContentLength, response.Uncompressed = -1, true
		x.ReplyBody = replyStart(body)
		body = &static{end: gzip.ErrHeader}
	}
	response.Body = u.body(ctx, x, body)
	return response, nil
}

// fail returns the error that the client gets; it waits where there is none.
func (u *Upstream) fail(ctx context.Context, x *Exchange, err error) error {
	var f *fault
	if !errors.As(err, &f) {
		return err
	}
	x.Fault = string(f.answer)
	if f.err != nil {
		return f.err
	}
	ctx, cancel := u.waiting(ctx)
	defer cancel()
	<-ctx.Done()
	return context.Cause(ctx)
}

// body wraps a stream for a client. An exchange whose body does not wait has
// ended here: everything has been sent, whatever the client does with it.
func (u *Upstream) body(ctx context.Context, x *Exchange, s stream) io.ReadCloser {
	if _, waits := s.(*endless); !waits {
		if x.ReplyBody == nil {
			x.ReplyBody = replyStart(s)
		}
		u.ended(x)
		return &replyBody{ctx: ctx, stream: s}
	}
	b := &replyBody{stream: s}
	b.ctx, b.cancel = u.waiting(ctx)
	b.watch = &watch{exchange: x, ended: u.ended}
	context.AfterFunc(b.ctx, b.watch.finish)
	return b
}

// replyStart returns what an exchange keeps of a body that does not wait.
func replyStart(s stream) []byte {
	switch s := s.(type) {
	case *static:
		return s.text[:min(len(s.text), maxReplyBody)]
	case *padded:
		start := make([]byte, maxReplyBody)
		n, _ := (&padded{}).next(context.Background(), start)
		return start[:n]
	}
	return nil
}

// A replyBody is a response's body. Like a real one it is read by one
// goroutine at a time, and may be closed by another.
type replyBody struct {
	ctx    context.Context
	stream stream
	// cancel and watch are nil where the body does not wait.
	cancel context.CancelFunc
	watch  *watch

	mu     sync.Mutex
	closed bool
}

func (b *replyBody) Read(p []byte) (int, error) {
	b.mu.Lock()
	closed := b.closed
	b.mu.Unlock()
	if closed {
		return 0, http.ErrBodyReadAfterClose
	}
	n, err := b.stream.next(b.ctx, p)
	if b.watch != nil {
		b.watch.sent(p[:n])
	}
	return n, err
}

func (b *replyBody) Close() error {
	b.mu.Lock()
	b.closed = true
	b.mu.Unlock()
	if b.watch != nil {
		b.watch.finish()
		b.cancel()
	}
	return nil
}

// A watch ends an exchange whose body waits, once.
type watch struct {
	mu       sync.Mutex
	done     bool
	exchange *Exchange
	ended    func(*Exchange)
}

func (w *watch) sent(p []byte) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.done {
		w.exchange.keep(p)
	}
}

func (w *watch) finish() {
	w.mu.Lock()
	done := w.done
	w.done = true
	w.mu.Unlock()
	if !done {
		w.ended(w.exchange)
	}
}

// keep adds to what is kept of the reply's body.
func (x *Exchange) keep(p []byte) {
	if room := maxReplyBody - len(x.ReplyBody); room > 0 {
		x.ReplyBody = append(x.ReplyBody, p[:min(room, len(p))]...)
	}
}

// userinfo returns what stands before the @ of a URL.
func userinfo(u *url.URL) string {
	if u.User == nil {
		return ""
	}
	return u.User.String()
}

// sendable says why a real transport would not send a request, in its words.
func sendable(r *http.Request) error {
	switch {
	case r.URL == nil:
		return errors.New("http: nil Request.URL")
	case r.Header == nil:
		return errors.New("http: nil Request.Header")
	}
	for name, values := range r.Header {
		if !httpguts.ValidHeaderFieldName(name) {
			return fmt.Errorf("net/http: invalid header field name %q", name)
		}
		for _, value := range values {
			if !httpguts.ValidHeaderFieldValue(value) {
				// Like there, without the value: it may be a credential.
				return fmt.Errorf("net/http: invalid header field value for %q", name)
			}
		}
	}
	switch {
	case r.URL.Scheme != "http" && r.URL.Scheme != "https":
		return fmt.Errorf("unsupported protocol scheme %q", r.URL.Scheme)
	case r.Method != "" && !httpguts.ValidHeaderFieldName(r.Method): // a method is a token, as a name is
		return fmt.Errorf("net/http: invalid method %q", r.Method)
	case r.URL.Host == "":
		return errors.New("http: no Host in request URL")
	}
	if ctx := r.Context(); ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return nil
}

// unzips reports whether a real transport would have asked for gzip by itself
// and would unpack the answer.
func unzips(r *http.Request) bool {
	return r.Header.Get("Accept-Encoding") == "" && r.Header.Get("Range") == "" && r.Method != http.MethodHead
}

func closeBody(r *http.Request) {
	if r.Body != nil {
		_ = r.Body.Close() // nothing more is wanted of it
	}
}
